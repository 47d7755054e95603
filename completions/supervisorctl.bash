# SPDX-License-Identifier: MIT
# bash completion for supervisorctl and the links supervisorctl_NAME. What is possible is asked of the program itself, which
# knows its commands and asks its server for names; a server that does not answer costs a second at most.

# Offers the lines of standard input that begin with the word typed so far ($1), quoted: what others named is data, never code.
# A word list of compgen -W would be expanded as the shell expands a command.
_supervisorctl_offer()
{
    local candidate quoted
    while IFS= read -r candidate; do
        [[ -n $candidate && $candidate != *[[:cntrl:]]* ]] || continue
        printf -v quoted %q "$candidate"
        [[ $candidate == "$1"* || $quoted == "$1"* ]] && COMPREPLY+=("$quoted")
    done
}

# Whether Tab may run the command typed ($1): for root only what root alone can change, for Tab is no Enter.
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
    # The program takes the word as it is meant, without the backslashes that an earlier Tab put in.
    _supervisorctl_offer "$cur" < <("$program" "${options[@]}" __complete "${words[@]:i:cword-i}" "=${cur//\\/}" \
        2>/dev/null </dev/null)
    __ltrim_colon_completions "$cur"
} &&
    complete -F _supervisorctl supervisorctl
