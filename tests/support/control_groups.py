# SPDX-License-Identifier: MIT
"""A control group (cgroup v2) of a test, as the manager makes one for an instance: with a group for its supervisord."""

import os
import signal
import tempfile

from waiting import wait_for


def mount():
    """Where the tree is; None if there is none."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        found = [line.split()[4] for line in mounts if " - cgroup2 " in line]
    return found[0] if found else None


def why_not():
    """Why a test cannot have a group, or None."""
    if os.geteuid() != 0:
        return "needs root"
    tree = mount()
    if tree is None or not os.access(tree, os.W_OK):
        return "needs a tree of control groups that can be written to"
    try:
        os.rmdir(tempfile.mkdtemp(prefix="sm-test-", dir=tree))
    except OSError as error:
        return f"no control group can be made: {error}"
    return None


class ControlGroup:
    """From enter to exit there is a group; what is in it then is killed."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="sm-test-", dir=mount())
        os.mkdir(self._leaf())
        return self

    def __exit__(self, *_):
        for directory in [*self.groups(), ""]:
            for pid in self.members(directory):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        wait_for(self._remove, "the control group to be empty")

    def _leaf(self):
        return os.path.join(self.path, "supervisord")

    def _remove(self):
        for directory in [os.path.join(self.path, name) for name in self.groups()] + [self.path]:
            try:
                os.rmdir(directory)
            except OSError:
                pass
        return not os.path.exists(self.path)

    def enter(self, pid):
        """Puts a supervisord where the manager starts it."""
        with open(os.path.join(self._leaf(), "cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(pid))

    def groups(self):
        return sorted(one.name for one in os.scandir(self.path) if one.is_dir())

    def members(self, name):
        try:
            with open(os.path.join(self.path, name, "cgroup.procs"), encoding="ascii") as file:
                return sorted(int(line) for line in file)
        except FileNotFoundError:
            return []
