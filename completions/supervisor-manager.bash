# SPDX-License-Identifier: MIT
# bash completion for supervisor-manager: verbs, and names of instances as the manager tells them.

# How candidates are offered, and whether Tab may run the command, is as for supervisorctl.
declare -F _supervisorctl_offer >/dev/null || __load_completion supervisorctl

_supervisor_manager()
{
    local cur prev words cword
    _init_completion -n := || return

    case $prev in
        -H | --host) _known_hosts_real -- "$cur"; return ;;
        --root) _filedir -d; return ;;
        -s | --signal) _signals; return ;;
        --kill-whom) _supervisorctl_offer "$cur" < <(printf '%s\n' main all); return ;;
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
        _supervisorctl_offer "$cur" < <(printf '%s\n' --host --bus-address --root --signal --kill-whom --lines --rounds \
            --json --no-pager --no-legend --quiet --no-ask-password --follow --raw --purge --now --help --version)
    elif [[ $verb == verify ]]; then
        _filedir conf
    else
        _supervisorctl_may_run "${words[0]}" || return
        local -a ask=(__complete)
        [[ -z $verb ]] || ask=("${options[@]}" __complete names)
        _supervisorctl_offer "$cur" < <("${words[0]}" "${ask[@]}" 2>/dev/null </dev/null)
    fi
} &&
    complete -F _supervisor_manager supervisor-manager
