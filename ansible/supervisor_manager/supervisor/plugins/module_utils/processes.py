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


def started_at(pid, start=0):
    """When a process started, in seconds since 1970 with fractions; `start` if it cannot be seen."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            ticks = int(file.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return float(start)
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME if hasattr(time, "CLOCK_BOOTTIME") else 7)
    return boot + float(ticks) / os.sysconf("SC_CLK_TCK")


def has_processes(uid):
    """Whether a process, zombies aside, has the id as its real, effective or saved one."""
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                fields = dict(line.split(":", 1) for line in file if line.startswith(("State:", "Uid:")))
        except OSError:
            continue
        if str(uid) in fields.get("Uid", "").split()[:3] and fields["State"].strip()[:1] not in "ZX":
            return True
    return False


def end_processes(entry):
    """Asks all processes of an account to end, then kills them; false if some are still there after LIMIT seconds.

    A child with the ids of the account sends the signal to all in one call: no new process gets away, and none of
    another account is hit.
    """
    begin = time.monotonic()
    asked = False
    while has_processes(entry.pw_uid):
        waited = time.monotonic() - begin
        if waited > LIMIT:
            return False
        if not asked or waited > PATIENCE:
            send_all(entry, signal.SIGKILL if asked else signal.SIGTERM)
            asked = True
        time.sleep(PAUSE)
    return True


def send_all(entry, number):
    def send():
        os.kill(-1, number)

    try:
        children.in_child(send, children.Identity(entry.pw_name), limit=5)
    except children.ChildFailed:
        pass  # all are gone, or the child was killed by one of them: the caller looks again
