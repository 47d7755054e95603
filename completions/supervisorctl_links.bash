# SPDX-License-Identifier: MIT
# bash-completion finds a command's completion by the command's name, and an instance's link has a name of its own. So the links
# that exist are registered when a shell starts; the completion itself is loaded at the first Tab. An instance that is new
# to a running shell completes in the next one; a link in another place that is named plain "supervisorctl" completes at once.

_supervisorctl_link()
{
    declare -F _supervisorctl >/dev/null || __load_completion supervisorctl
    _supervisorctl "$@"
}

for _supervisorctl_path in /usr/bin/supervisorctl_* /usr/local/bin/supervisorctl_*; do
    [[ -x $_supervisorctl_path ]] && complete -F _supervisorctl_link "${_supervisorctl_path##*/}"
done
unset -v _supervisorctl_path
