# SPDX-License-Identifier: MIT
"""Reports changes of programs to a manager as its instances would: needs root, which may name any process as sender."""

import os
import random
import socket
import struct
import time

PROGRAMS = 20  # of each instance, as fake_instance.c reports them
NEXT = {"RUNNING": "STOPPING", "STOPPING": "STOPPED", "STOPPED": "STARTING", "STARTING": "RUNNING"}
SCM_CREDENTIALS = 2


class Storm:
    """`instances`: {name: pid}, whose notify sockets are below `directory`; `owner` is their account's user id."""

    def __init__(self, directory, instances, owner):
        self.states = {}  # (instance, program) -> the state reported last
        self.changed = set()  # those of them that the last storm has changed
        self.sent = 0
        self._random = random.Random(1)
        self._targets = []
        for name, pid in instances.items():
            end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            end.connect(os.path.join(directory, name, "socket"))
            self._targets.append((name, end, struct.pack("iII", pid, owner, owner)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _name, end, _sender in self._targets:
            end.close()

    def blow(self, rate, seconds):
        """Sends `rate` changes per second, each of a random program, for so many seconds."""
        start, before = time.monotonic(), self.sent
        self.changed.clear()
        while (passed := time.monotonic() - start) < seconds:
            while self.sent - before < int(passed * rate):
                self._change()
            time.sleep(0.0015)

    def _change(self):
        name, end, sender = self._random.choice(self._targets)
        number = self._random.randrange(PROGRAMS)
        key = name, f"program{number:02d}"
        self.changed.add(key)
        state = self.states[key] = NEXT[self.states.get(key, "RUNNING")]
        pid = 0 if state == "STOPPED" else 100000 + number
        end.sendmsg([f"X_SUPERVISOR_PROGRAM={state} {pid} {key[1]}\n".encode()],
                    [(socket.SOL_SOCKET, SCM_CREDENTIALS, sender)])
        self.sent += 1
