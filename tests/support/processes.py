# SPDX-License-Identifier: MIT
"""Looking at processes through /proc, and ending those of one session."""

import os
import signal

from waiting import wait_for


def _stat(pid):
    """State, ppid, pgrp and session of a process; None if it has ended. From `status`, which never blocks: `stat`
    would, for a process that hangs in an exec, as in some tests."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            fields = dict(line.split(":", 1) for line in status.read().splitlines() if ":" in line)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return [fields[key].split()[0] for key in ("State", "PPid", "NSpgid", "NSsid")]


def is_running(pid):
    """Whether `pid` is a process that is not a zombie."""
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def parent_of(pid):
    """0: the process has ended."""
    fields = _stat(pid)
    return 0 if fields is None else int(fields[1])


def _matching(wanted):
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if (fields := _stat(pid)) and fields[0] not in "ZX" and wanted(fields)]


def children(pid):
    return _matching(lambda fields: int(fields[1]) == pid)


def group(pgid):
    """The pids of a process group."""
    return _matching(lambda fields: int(fields[2]) == pgid)


def session(sid):
    return _matching(lambda fields: int(fields[3]) == sid)


def of_user(uid):
    """The pids of a user's processes."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == uid and is_running(int(name)):
                found.append(int(name))
        except FileNotFoundError:
            pass
    return found


def wait_for_sleep(pid, looks=50):
    """Waits until the process was not woken up between `looks` looks at it, 10 ms or more apart. On a loaded machine work
    that was pending before the call may take a while, so earlier wake-ups do not count."""
    seen = []

    def sleeps():
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            seen.append([line for line in status if line.startswith("voluntary_ctxt_switches")])
        return len(seen) > looks and all(look == seen[-1] for look in seen[-looks:])

    wait_for(sleeps, f"process {pid} to sleep")


def end_session(sid):
    """Kills every process of a session, by pid, and waits until none is left."""

    def killed():
        left = session(sid)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not left

    wait_for(killed, f"the end of session {sid}")
