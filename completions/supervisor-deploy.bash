# SPDX-License-Identifier: MIT
# bash completion for supervisor-deploy, which is also called hadeploy.

_supervisor_deploy()
{
    # shellcheck disable=SC2034 # _init_completion sets them all
    local cur prev words cword split
    _init_completion -s || return

    case $prev in
        --src) _filedir '@(yml|yaml)'; return ;;
        --vaultPasswordFile | --loggingConf) _filedir; return ;;
        --workingFolder) _filedir -d; return ;;
        --action)
            # shellcheck disable=SC2207 # words without blanks
            COMPREPLY=($(compgen -W 'deploy remove start stop status dump dumpvars none' -- "$cur"))
            return
            ;;
        --scope | --noScope)
            # shellcheck disable=SC2207
            COMPREPLY=($(compgen -W 'all none users files systemd supervisor ansible' -- "$cur"))
            return
            ;;
        --var | --limit | --forks) return ;;
    esac
    $split && return
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W '--src --var --action --scope --noScope --limit --dryRun --diff --purge --prune
        --askVaultPassword --vaultPasswordFile --askBecomePass --workingFolder --keep --forks --json --v --vv --vvv
        --loggingConf --help --version' -- "$cur"))
} &&
    complete -F _supervisor_deploy supervisor-deploy hadeploy
