# SPDX-License-Identifier: MIT
# bash-completion finds a completion by the name of the command, and each instance's link has a different name. Therefore the
# existing links are registered when a shell starts; the completion itself is loaded at the first Tab. The link of a new
# instance completes in shells started later. A link in another directory that is named "supervisorctl" always completes.

_supervisorctl_link()
{
    declare -F _supervisorctl >/dev/null || __load_completion supervisorctl
    _supervisorctl "$@"
}

for _supervisorctl_path in /usr/bin/supervisorctl_* /usr/local/bin/supervisorctl_*; do
    [[ -x $_supervisorctl_path ]] && complete -F _supervisorctl_link "${_supervisorctl_path##*/}"
done
unset -v _supervisorctl_path
