# SPDX-License-Identifier: MIT
"""When processes started; the end of all processes of an account."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os
import signal
import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children

PATIENCE = 3  # seconds between SIGTERM and SIGKILL
LIMIT = 20  # seconds in all
PAUSE = 0.05


def uid_of(pid):
    """The real uid of a process, or None. This never blocks."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Uid:"))
    except (OSError, StopIteration):
        return None


def started_at(pid, start=0):
    """When a process started, in seconds since 1970 with fractions; `start` if it cannot be seen.

    This waits while the process is in the middle of an exec, which its account can make last for ever: only for
    processes of this account, or in a child that is bounded in time.
    """
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            ticks = int(file.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return float(start)
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME if hasattr(time, "CLOCK_BOOTTIME") else 7)
    return boot + float(ticks) / os.sysconf("SC_CLK_TCK")


def pids_of(uid):
    """(the processes that have the id as their real, effective or saved one, whether containers have others of it)

    Zombies do not count. In a container without a user namespace of its own the same number is another account's.
    """
    found, elsewhere = [], False
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                fields = dict(line.split(":", 1) for line in file if line.startswith(("State:", "Uid:", "NSpid:")))
        except OSError:
            continue
        if str(uid) not in fields.get("Uid", "").split()[:3] or fields["State"].strip()[:1] in "ZX":
            continue
        if len(fields.get("NSpid", "").split()) > 1 and has_our_users(pid):
            elsewhere = True
        else:
            found.append(int(pid))
    return found, elsewhere


def has_our_users(pid):
    """Whether a process is in the user namespace of this one; what cannot be seen counts as in it."""
    try:
        return os.readlink(f"/proc/{pid}/ns/user") == os.readlink("/proc/self/ns/user")
    except OSError:
        return True


def end_processes(entry):
    """Asks all processes of an account to end, then kills them; false if some are still there after LIMIT seconds."""
    begin = time.monotonic()
    asked = False
    while True:
        found, elsewhere = pids_of(entry.pw_uid)
        if not found:
            return True
        waited = time.monotonic() - begin
        if waited > LIMIT:
            return False
        if not asked or waited > PATIENCE:
            # All in one call, so that no new process gets away, unless that would reach containers.
            send_all(entry, signal.SIGKILL if asked else signal.SIGTERM, found if elsewhere else [-1])
            asked = True
        time.sleep(PAUSE)


def send_all(entry, number, targets):
    """Sends with the ids of the account: nothing of another account is hit, whoever has got one of the numbers."""
    def send():
        for pid in targets:
            try:
                os.kill(pid, number)
            except OSError:
                pass  # it is gone, or another account's

    try:
        children.in_child(send, children.Identity(entry.pw_name), limit=5)
    except children.ChildFailed:
        pass  # the child was killed by one of them: the caller looks again
