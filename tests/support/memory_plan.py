# SPDX-License-Identifier: MIT
"""A process with failing allocations: failing_malloc.so, preloaded, reads from a file which of them fail."""

import contextlib
import mmap
import os
import struct

from programs import find


class MemoryPlan:
    """`environment` goes to the process; one plan serves one process, not its children."""

    def __init__(self, directory):
        path = os.path.join(directory, "memory.plan")
        with open(path, "wb") as file:
            file.write(bytes(32))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 32)
        self.environment = {**os.environ, "LD_PRELOAD": find("failing_malloc.so"), "FAILING_MALLOC": path}

    def _set(self, first, length):
        # The first number arms it: last.
        self._map[0:8] = bytes(8)
        self._map[8:32] = struct.pack("qqq", length, 0, 0)
        self._map[0:8] = struct.pack("q", first)

    @property
    def seen(self):
        """Allocations since the last fail() or count()."""
        return struct.unpack("q", self._map[16:24])[0]

    @property
    def failed(self):
        """How many of them have failed."""
        return struct.unpack("q", self._map[24:32])[0]

    def count(self):
        """Starts to count; no allocation fails."""
        self._set(0, 0)

    @contextlib.contextmanager
    def fail(self, first, length=1):
        """Lets `length` allocations fail from number `first` on, as long as the block lasts."""
        self._set(first, length)
        try:
            yield
        finally:
            self._map[0:8] = bytes(8)
