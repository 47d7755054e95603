# SPDX-License-Identifier: MIT
"""systemd as the service manager: the PID 1 of a Debian in namespaces (tests/system/machine.py)."""

import os
import shutil
import subprocess
import tempfile

import machine
from meters import processor_time
from peers.records import Records
from peers.supervisors import Peer

_UNIT = """[Service]
ExecStart=/bench/program /bench/started
Restart=always
RestartSec=0
StandardOutput=null
StandardError=null
"""


class Systemd(Peer):
    """PID 1, booted before the measurement, and a template unit with `count` instances that a target wants."""

    name = "systemd"
    note = ("PID 1 of a Debian in namespaces, without its journal and D-Bus, booted before the measurement; `nsenter` "
            "enters it for each command, which costs about 2 ms. Its control groups have no controllers here.")
    package = "systemd"
    is_stopping = False
    shares_memory = False

    def __init__(self, directory, tools, count):
        super().__init__(directory, tools, count)
        self._machine = machine.Machine(tempfile.mkdtemp(prefix="sm-machine-"))
        self._binary = self.program[0]

    @classmethod
    def why_not(cls):
        return machine.why_not()

    def __enter__(self):
        root = self._machine.__enter__().root
        try:
            self._write_units(root)
            self.records = Records(os.path.join(root, "bench/started"))
            self.records.__enter__()
            self._machine.boot()
        except BaseException:
            self._machine.__exit__()
            raise
        self._boot = processor_time(self.managers()[0])
        return self

    def _write_units(self, root):
        wants = os.path.join(root, "etc/systemd/system/bench.target.wants")
        os.makedirs(wants)
        os.mkdir(os.path.join(root, "bench"))
        shutil.copy(self._binary, os.path.join(root, "bench/program"))
        for name, text in (("bench@.service", _UNIT), ("bench.target", "[Unit]\n")):
            with open(os.path.join(root, "etc/systemd/system", name), "w", encoding="ascii") as file:
                file.write(text)
        for index in range(self.count):
            os.symlink("../bench@.service", os.path.join(wants, f"bench@{index:04d}.service"))

    def __exit__(self, *_):
        self.records.__exit__()
        self._machine.__exit__()

    def start(self):
        subprocess.run([*self._machine.entering(), "systemctl", "start", "--no-block", "bench.target"], check=True)

    def wait_started(self):
        last = super().wait_started()
        self.pids = self._outer(self.pids)
        return last

    def _outer(self, pids):
        """The pids on the outside of pids in the machine."""
        inner = {}
        for pid in self._machine.processes():
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
                inner[next(int(line.split()[-1]) for line in status if line.startswith("NSpid:"))] = pid
        return [inner[pid] for pid in pids]

    def managers(self):
        return [self._machine.pid_of("/lib/systemd/systemd")]

    def processor(self):
        return super().processor() - self._boot

    def status(self):
        return [*self._machine.entering(), "systemctl", "list-units", "--no-pager", "bench@*"]

    def stop(self):
        subprocess.run([*self._machine.entering(), "systemctl", "stop", "--no-block", "bench@*"], check=True)
