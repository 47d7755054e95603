# SPDX-License-Identifier: MIT
# bash completion for supervisor-manager: verbs, and names of instances as the manager tells them.

# Offers the lines of standard input that begin with the word typed so far ($1), quoted: what others named is data, never code.
# A word list of compgen -W would be expanded as the shell expands a command.
_supervisor_manager_offer()
{
    local candidate quoted
    while IFS= read -r candidate; do
        [[ -n $candidate && $candidate != *[[:cntrl:]]* ]] || continue
        printf -v quoted %q "$candidate"
        [[ $candidate == "$1"* || $quoted == "$1"* ]] && COMPREPLY+=("$quoted")
    done
}

# Whether Tab may run the command typed ($1): for root only what root alone can change, for Tab is no Enter.
_supervisor_manager_may_run()
{
    local path
    path=$(type -P -- "$1") || return
    ((EUID != 0)) || [[ -O $path && -O ${path%/*}/ ]]
}

_supervisor_manager()
{
    local cur prev words cword
    _init_completion -n := || return

    case $prev in
        -H | --host) _known_hosts_real -- "$cur"; return ;;
        --root) _filedir -d; return ;;
        -s | --signal) _signals; return ;;
        --kill-whom) _supervisor_manager_offer "$cur" < <(printf '%s\n' main all); return ;;
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
        _supervisor_manager_offer "$cur" < <(printf '%s\n' --host --bus-address --root --signal --kill-whom --lines --rounds \
            --json --no-pager --no-legend --quiet --no-ask-password --follow --raw --purge --now --help --version)
    elif [[ $verb == verify ]]; then
        _filedir conf
    else
        _supervisor_manager_may_run "${words[0]}" || return
        local -a ask=(__complete)
        [[ -z $verb ]] || ask=("${options[@]}" __complete names)
        _supervisor_manager_offer "$cur" < <("${words[0]}" "${ask[@]}" 2>/dev/null </dev/null)
    fi
} &&
    complete -F _supervisor_manager supervisor-manager
