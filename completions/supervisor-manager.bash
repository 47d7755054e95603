# SPDX-License-Identifier: MIT
# bash completion for supervisor-manager: verbs, and names of instances as the manager tells them.

_supervisor_manager()
{
    local cur prev words cword
    _init_completion -n := || return

    case $prev in
        -H | --host) _known_hosts_real -- "$cur"; return ;;
        --root) _filedir -d; return ;;
        -s | --signal) _signals; return ;;
        --kill-whom) COMPREPLY=($(compgen -W "main all" -- "$cur")); return ;;
        -n | --lines | --rounds | --bus-address) return ;;
    esac

    local i verb="" at=0
    local -a options=()
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
            -H | --host | --bus-address | --root) options+=("${words[i]}" "${words[++i]}") ;;
            -s | -n | --signal | --kill-whom | --lines | --rounds) ((i++)) ;;
            -*) ;;
            *) verb=${words[i]} at=$i; break ;;
        esac
    done
    if [[ $verb == ctl ]] && ((cword > at + 1)); then
        return
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "--host --bus-address --root --signal --kill-whom --lines --rounds --json --no-pager --no-legend --quiet
            --no-ask-password --follow --purge --now --help --version" -- "$cur"))
    elif [[ $verb == verify ]]; then
        _filedir conf
    elif [[ -z $verb ]]; then
        COMPREPLY=($(compgen -W "$("${words[0]}" __complete 2>/dev/null)" -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$("${words[0]}" "${options[@]}" __complete names 2>/dev/null)" -- "$cur"))
    fi
} &&
    complete -F _supervisor_manager supervisor-manager
