# SPDX-License-Identifier: MIT
# bash completion for supervisorctl and the links supervisorctl_NAME. What is possible is asked of the program itself, which
# knows its commands and asks its server for names; a server that does not answer costs a second at most.

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
            -s | --serverurl) COMPREPLY=($(compgen -W "unix:// http://" -- "$cur")); compopt -o nospace; __ltrim_colon_completions "$cur" ;;
        esac
        return
    fi
    if ((i == cword)) && [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "--configuration --help --interactive --serverurl --username --password --password-file
            --history_file" -- "$cur"))
        return
    fi
    mapfile -t COMPREPLY < <("$program" "${options[@]}" __complete "${words[@]:i:cword-i}" "=$cur" 2>/dev/null)
    __ltrim_colon_completions "$cur"
} &&
    complete -F _supervisorctl supervisorctl
