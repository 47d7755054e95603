# SPDX-License-Identifier: MIT
"""What is measured of each peer: {line: value}, one function for each group of lines."""

import os
import select
import statistics
import subprocess
import time
from contextlib import ExitStack

from meters import elapsed, memory, switches

SETTLED = 1.5  # seconds in which all come to rest: more than the second of startsecs and of a cycle of monit
WATCHED = 10   # seconds without an event in which wake-ups are counted


def _subdirectory(directory, name):
    path = os.path.join(directory, name)
    os.mkdir(path)
    return path


def _running(stack, kind, directory, tools, count):
    """A peer whose programs run, until the stack ends."""
    peer = stack.enter_context(kind(directory, tools, count))
    peer.start()
    peer.wait_started()
    return peer


def _memory_of(pids):
    costs = [memory(pid) for pid in pids]
    return sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)


def _restarts(peer):
    """The median of the times, in ms, from the death of a program to the start of its successor, of five programs."""
    times = []
    for index, pid in enumerate(peer.pids[:5]):
        killed = time.monotonic_ns()
        os.kill(pid, 9)
        [(successor, started)] = peer.records.wait(1)
        times.append((started - killed) / 1e6)
        peer.pids[index] = successor
    return statistics.median(times)


def _stopping(peer):
    """Seconds from the order to stop until no program runs, and no supervisor, if that ends, too."""
    ends = [os.pidfd_open(pid) for pid in peer.managers()] if peer.is_stopping else []
    start = time.monotonic()
    peer.stop()
    peer.records.wait_ended()
    for fd in ends:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(60_000):
            raise AssertionError(f"{peer.name} still runs 60 s after its programs have ended")
    duration = time.monotonic() - start
    for fd in ends:
        os.close(fd)
    peer.ended()
    return duration


def population(kind, directory, tools, count):
    """Starts `count` programs, looks at the supervisor at rest, kills some programs of ten, and stops all. A second
    supervisor with a program runs beside it, so that shared memory does not count as private."""
    with ExitStack() as stack:
        if kind.shares_memory:
            _running(stack, kind, _subdirectory(directory, "other"), tools, 1)
        peer = stack.enter_context(kind(_subdirectory(directory, "peer"), tools, count))
        start = time.monotonic_ns()
        peer.start()
        last = peer.wait_started()
        figures = {}
        if peer.is_timed:
            figures[f"start of {count}, ms"] = (last - start) / 1e6
            figures[f"start of {count}: processor ms, with the programs"] = peer.processor() * 1000
        time.sleep(SETTLED)
        figures[f"{count} programs: PSS, KB"], figures[f"{count} programs: private, KB"] = _memory_of(peer.managers())
        status = peer.status()
        if status and count:
            times = [elapsed(lambda: subprocess.run(status, check=True, stdout=subprocess.DEVNULL)) for _ in range(3)]
            figures[f"status of {count}, ms"] = min(times) * 1000
        if count == 10:
            figures["restart after a death, ms"] = _restarts(peer)
            time.sleep(SETTLED)  # runit and daemontools let no program end within a second of its start
        if peer.is_timed:
            figures[f"stop of {count}, ms"] = _stopping(peer) * 1000
        return figures


def wake_ups(kinds, directory, tools, count):
    """{peer: {line: value}}: the wake-ups of all peers, counted at the same time."""
    with ExitStack() as stack:
        peers = {kind.name: _running(stack, kind, _subdirectory(directory, kind.name), tools, count) for kind in kinds}
        time.sleep(SETTLED)
        pids = {name: peer.managers() for name, peer in peers.items()}
        before = {name: sum(map(switches, pids[name])) for name in peers}
        time.sleep(WATCHED)
        line = f"{count} programs: wake-ups in {WATCHED} idle s"
        return {name: {line: sum(map(switches, pids[name])) - before[name]} for name in peers}


def log(kind, directory, tools, writers, size, lines):
    """`writers` programs write `size` bytes in total, `lines` lines of 80 bytes in one write: the processor time of
    what brings them into files. The start and the end of the writers do not count."""
    each = size // writers // (lines * 80) * lines * 80
    with kind(directory, tools, writers, each, lines) as logger:
        logger.start()
        logger.records.wait(writers)
        time.sleep(SETTLED)
        before = logger.processor()
        logger.go()
        logger.wait_written(writers * each)
        used = logger.processor() - before
        many = "1 writer" if writers == 1 else f"{writers} writers"
        block = "80-byte lines" if lines == 1 else f"{lines * 80 // 1024} KB blocks"
        return {f"CPU ms per MB of log, {block}, {many}": used * 1000 / (writers * each / 1e6)}
