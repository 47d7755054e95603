# SPDX-License-Identifier: MIT
"""What it costs that programs outlive their supervisord: how long clients wait in an upgrade, and the memory of the
descriptors and the state that are kept for a crash. One function for each group of figures, {figure: value}."""

import os
import pwd
import statistics
import threading
import time

from daemon import Daemon, connect
from manager_bench import OWNER, directory_for
from manager_root import Managerd
from meters import elapsed, memory
from store_keeper import KeptDaemon
from waiting import wait_for

SLEEPERS = ("[program:p]\ncommand=/bin/sleep 100000\nnumprocs={count}\nprocess_name=%(process_num)04d\nstartsecs=0\n"
            "stdout_logfile=%(here)s/%(process_num)04d.out\nstderr_logfile=%(here)s/%(process_num)04d.err\n")
LIMITS = "minfds=16384"
UPGRADES = 10


class Calls:
    """A client that calls all the time; `longest` is the longest wait for an answer, in seconds."""

    def __init__(self, path):
        self.longest, self._path, self._ended = 0.0, path, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _run(self):
        call = connect(self._path).supervisor.getState
        while not self._ended.is_set():
            self.longest = max(self.longest, elapsed(call))


def wait_running(server, count):
    wait_for(lambda: server.log().count("entered RUNNING state") >= count, f"{count} programs", limit=120)


def upgrading(directory, count):
    """Upgrades of a supervisord with `count` programs, all with two logs: ms until the new program serves, and the
    longest wait of another client in each. The medians, and the worst of the waits."""
    took, waits = [], []
    with Daemon("ours", directory, SLEEPERS.format(count=count), supervisord=LIMITS) as server:
        wait_running(server, count)
        for _ in range(UPGRADES):
            with Calls(server.socket) as others:
                took.append(elapsed(lambda: server.rpc.supervisor.upgrade()) * 1000)
            waits.append(others.longest * 1000)
    name = f"upgrade with {count} programs"
    return {f"{name}: until the new one serves, ms": statistics.median(took),
            f"{name}: longest wait of another call, ms": statistics.median(waits),
            f"{name}: the same, worst of {UPGRADES}, ms": max(waits)}


def resident(descriptor):
    """KB of memory behind a file in memory."""
    return os.fstat(descriptor).st_blocks // 2


def storing(directory, count):
    """Private memory of a supervisord with `count` programs, without and with a process that keeps their descriptors,
    and the state in memory that both share."""
    plain, kept = os.path.join(directory, "plain"), os.path.join(directory, "kept")
    figures = {}
    for path in (plain, kept):
        os.mkdir(path)
    with Daemon("ours", plain, SLEEPERS.format(count=count), supervisord=LIMITS) as server:
        wait_running(server, count)
        figures["private without a store, KB"] = memory(server.pid)[1]
    with KeptDaemon(kept, SLEEPERS.format(count=count), supervisord=LIMITS) as server:
        wait_running(server, count)
        wait_for(lambda: server.receive() or len(server.store) > 3 * count, "all descriptors")
        figures["private with a store, KB"] = memory(server.pid)[1]
        figures["the state, KB"] = resident(server.store["state"])
        figures["descriptors kept"] = len(server.store)
    return {f"{count} programs: {name}": value for name, value in figures.items()}


def managing(directory, count):
    """Private memory of a manager whose instance has `count` programs with one log each, and with two: then it
    keeps `count` more descriptors."""
    used, held = [], []
    directory_for(directory)
    for redirected in ("true", "false"):
        path = os.path.join(directory, redirected)
        os.mkdir(path)
        manager = Managerd(directory_for(path))
        manager.entry("many", pwd.getpwnam(OWNER), more=(
            f"\n[supervisor_program:p]\nsupervisor = many\ncommand = /bin/sleep 100000\nnumprocs = {count}\n"
            f"process_name = %(process_num)04d\nstartsecs = 0\nredirect_stderr = {redirected}\n"))
        with manager:
            manager.start()
            descriptors = f"/proc/{manager.process.pid}/fd"
            wait_for(lambda: len(os.listdir(descriptors)) >= (2 if redirected == "true" else 3) * count,
                     "the manager to have the descriptors", limit=120)
            time.sleep(1)  # memory of its last messages is given back
            used.append(memory(manager.process.pid)[1])
            held.append(len(os.listdir(descriptors)))
    return {f"manager of {count} programs, {number} open files: private, KB": private
            for number, private in zip(held, used)}
