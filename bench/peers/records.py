# SPDX-License-Identifier: MIT
"""The FIFO through which the programs report that they run (program.c)."""

import os
import select
import struct
import time

_RECORD = struct.Struct("qq")


class Records:
    """Reads the reports of programs, from enter to exit, and sees when the last program has ended."""

    def __init__(self, path):
        self.path = path
        self._fd = None

    def __enter__(self):
        os.mkfifo(self.path)
        self._fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def wait(self, count, limit=240):
        """The next `count` reports: [(pid, ns of the monotonic clock)]."""
        found = []
        deadline = time.monotonic() + limit
        while len(found) < count:
            try:
                data = os.read(self._fd, _RECORD.size * (count - len(found)))
            except BlockingIOError:
                data = b""
            found += _RECORD.iter_unpack(data)
            if not data:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{len(found)} of {count} programs run after {limit} s")
                time.sleep(0.002)
        return found

    def wait_ended(self, limit=120):
        """Waits until no program runs."""
        poll = select.poll()
        poll.register(self._fd, 0)
        if not poll.poll(limit * 1000):
            raise AssertionError(f"programs still run {limit} s after they were stopped")
