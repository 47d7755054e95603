# SPDX-License-Identifier: MIT
"""The costs of the manager and its instances: {figure: value}. Needs root, for the account of the instances."""

import json
import os
import pwd
import time

from compiled import compiled, numbers
from manager_root import Managerd
from meters import memory, wake_ups

OWNER = "games"  # every Debian has this account and its group, and nothing runs as it


def directory_for(directory):
    """Lets the account enter a directory, below which its instances have their files."""
    os.chmod(directory, 0o755)
    return directory


def running(manager):
    """The pids of the instances that run."""
    reply = manager.try_call("ListInstances")
    rows = json.loads(reply.stdout)["data"][0] if reply.returncode == 0 else []
    return [pid for _, _, state, _, pid, *_ in rows if state == "running"]


def started(directory, count):
    """A manager with `count` running instances, and the seconds until all ran."""
    manager = Managerd(directory_for(directory))
    for index in range(count):
        manager.entry(f"i{index:03d}", pwd.getpwnam(OWNER))
    manager.__enter__()
    try:
        start = time.monotonic()
        manager.start()
        while len(running(manager)) < count:
            if time.monotonic() - start > 240:
                raise AssertionError(f"{len(running(manager))} of {count} instances run\n{manager.log()[-3000:]}")
            time.sleep(0.05)
        return manager, time.monotonic() - start
    except BaseException:
        manager.__exit__()
        raise


def starting(directory, count):
    """The times until `count` instances run and until they have ended, and the memory of them and the manager."""
    manager, duration = started(directory, count)
    try:
        costs = [memory(pid) for pid in running(manager)]
        own = memory(manager.process.pid)
        figures = {f"{count} instances: all running, s": duration,
                   f"{count} instances: manager, private KB": own[1],
                   f"{count} instances: each further instance, private KB": sum(c[1] for c in costs) / count,
                   f"{count} instances: each further instance, PSS KB": sum(c[0] for c in costs) / count}
        start = time.monotonic()
        manager.stop()
        figures[f"{count} instances: all stopped, s"] = time.monotonic() - start
        return figures
    finally:
        manager.__exit__()


def quiet(directory, seconds):
    """One manager with ten instances: its calls per second on the bus, and wake-ups."""
    manager, _ = started(directory, 10)
    try:
        caller = compiled("bus_rate", directory, "-lsystemd")
        figures = {f"10 instances: {method} per second": numbers(caller, manager.bus.address, method, "2")[0]
                   for method in ("ListInstances",)}
        pid = manager.process.pid
        figures["10 instances: manager, private KB"] = memory(pid)[1]
        figures[f"10 instances: manager, wake-ups in {seconds} idle s"] = wake_ups(pid, seconds)
        return figures
    finally:
        manager.__exit__()
