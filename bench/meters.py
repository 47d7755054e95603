# SPDX-License-Identifier: MIT
"""Reads the costs of a process: memory, processor time, wake-ups."""

import os
import time


def memory(pid):
    """(PSS, private) of a process in KB."""
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as rollup:
        for line in rollup:
            parts = line.split()
            if len(parts) == 3 and parts[2] == "kB":
                fields[parts[0].rstrip(":")] = int(parts[1])
    return fields["Pss"], fields["Private_Clean"] + fields["Private_Dirty"]


def processor_time(pid):
    """Seconds of processor time that the threads of a process have used, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def switches(pid):
    """How often all threads of a process have gone to sleep: once for each wake-up."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8", errors="replace") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
    return total


def wake_ups(pid, seconds):
    """The number of wake-ups during so many seconds, in which nothing happens."""
    before = switches(pid)
    time.sleep(seconds)
    return switches(pid) - before


def elapsed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start
