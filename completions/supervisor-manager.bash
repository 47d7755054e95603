# SPDX-License-Identifier: MIT
# bash completion for supervisor-manager. The program itself lists the candidates: verbs, options, and the names of the
# manager's instances and programs.

# Uses the functions of supervisorctl's completion that offer candidates and decide whether the command may be run.
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
    _supervisorctl_may_run "${words[0]}" || return
    local -a ask=(__complete)
    if [[ $cur == -* && ! ( $verb == ctl && cword -gt at+1 ) ]]; then
        ask+=(options ${verb:+"$verb"})
    elif [[ -n $verb ]]; then
        # The arguments without the backslashes that an earlier completion inserted.
        local word
        ask=("${options[@]}" __complete -- words "$verb")
        for word in "${words[@]:at+1:cword-at-1}"; do ask+=("${word//\\/}"); done
    fi
    _supervisorctl_offer "$cur" < <("${words[0]}" "${ask[@]}" 2>/dev/null </dev/null)
    __ltrim_colon_completions "$cur"
} &&
    complete -F _supervisor_manager supervisor-manager
