# SPDX-License-Identifier: MIT
"""Work with the ids of the account that owns an instance, in a child that is bounded in time and in what it answers.

The files and the supervisord of an account are hostile to root: whatever looks at them runs here.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children


class OwnerFailed(Exception):
    """The work was not finished. `emitted` has the values that came before."""

    def __init__(self, reason, emitted=()):
        super(OwnerFailed, self).__init__(reason)
        self.emitted = list(emitted)


def identity_of(user, group=None):
    """A children.Identity, or None if there is no such account or group."""
    try:
        return children.Identity(user, group)
    except KeyError:
        return None


def run_as(identity, work, seconds):
    """Calls work(emit) in a child with the ids of `identity`, and returns the values that it gave to emit().

    Values are what JSON has. Without root the ids must be the own ones. Raises OwnerFailed if the ids cannot be taken,
    the work raised an exception, answered too much, or took longer than `seconds`; the child is ended in any case.
    """
    emitted = []
    try:
        children.listen(work, emitted.append, identity, total=seconds)
    except children.ChildFailed as failure:
        raise OwnerFailed(str(failure), emitted)
    return emitted
