# SPDX-License-Identifier: MIT
"""A process with another wall clock: wall_clock.so, preloaded, reads from a file what to add to the time."""

import datetime
import mmap
import os
import struct
import time

from programs import find


class WallClock:
    """`environment` goes to the process; its children have the clock, too. set() before it runs: that a clock is set
    later is noticed at the next look at it only. Times are of UTC, and so is local time."""

    def __init__(self, directory):
        path = os.path.join(directory, "wall.clock")
        with open(path, "wb") as file:
            file.write(bytes(8))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)
        self.environment = {**os.environ, "LD_PRELOAD": find("wall_clock.so"), "TEST_WALL_CLOCK": path, "TZ": "UTC"}

    def set(self, text):
        """From now on it is "2026-03-29 01:59:58", by the clock of UTC."""
        when = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp()
        self._map[0:8] = struct.pack("q", int((when - time.time()) * 1e6))

    def now(self):
        """What it shows, in seconds since the epoch."""
        return time.time() + struct.unpack("q", self._map[0:8])[0] / 1e6
