# SPDX-License-Identifier: MIT
# bash completion for supervisorctl and the links supervisorctl_NAME. The program itself lists the candidates: it knows its
# commands and asks its server for names. A server that does not answer delays completion by at most one second.

# Offers the lines of standard input that begin with the typed word ($1), quoted: names chosen by other accounts are data,
# never code. A word list of compgen -W would be expanded like a shell command.
_supervisorctl_offer()
{
    local candidate quoted
    while IFS= read -r candidate; do
        [[ -n $candidate && $candidate != *[[:cntrl:]]* ]] || continue
        printf -v quoted %q "$candidate"
        [[ $candidate == "$1"* || $quoted == "$1"* ]] && COMPREPLY+=("$quoted")
    done
}

# Whether completion may run the typed command ($1). As root, only a program that nobody else can change: Tab must not execute
# another account's code.
_supervisorctl_may_run()
{
    local path
    path=$(type -P -- "$1") || return
    ((EUID != 0)) || [[ -O $path && -O ${path%/*}/ ]]
}

_supervisorctl()
{
    local cur prev words cword
    _init_completion -n := || return

    local program=${words[0]/#\~/$HOME} i=1
    local -a options=()
    while ((i < cword)); do
        case ${words[i]} in
            -c | -s | -u | -p | -r | --configuration | --serverurl | --username | --password | --history_file | --password-file)
                options+=("${words[i]}" "${words[i + 1]}")
                ((i += 2))
                ;;
            -i | --interactive) ((i++)) ;;
            -*) options+=("${words[i]}"); ((i++)) ;;
            *) break ;;
        esac
    done
    if ((i > cword)); then  # the value of an option
        case $prev in
            -c | -r | --configuration | --history_file | --password-file) _filedir ;;
            -s | --serverurl)
                _supervisorctl_offer "$cur" < <(printf '%s\n' unix:// http://)
                compopt -o nospace
                __ltrim_colon_completions "$cur"
                ;;
        esac
        return
    fi
    if ((i == cword)) && [[ $cur == -* ]]; then
        _supervisorctl_offer "$cur" < <(printf '%s\n' --configuration --help --interactive --serverurl --username --password \
            --password-file --history_file --trust)
        return
    fi
    _supervisorctl_may_run "$program" || return
    # The program gets the words without the backslashes that an earlier completion inserted.
    _supervisorctl_offer "$cur" < <("$program" "${options[@]}" __complete "${words[@]:i:cword-i}" "=${cur//\\/}" \
        2>/dev/null </dev/null)
    __ltrim_colon_completions "$cur"
} &&
    complete -F _supervisorctl supervisorctl
