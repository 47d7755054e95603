# SPDX-License-Identifier: MIT
"""A whole supervisor-managerd below a directory of its own, on a private bus with the installed policy."""

import json
import os
import subprocess

from bus import PrivateBus
from manager_bus import NAME, POLICY
from programs import program
from waiting import wait_for


class Managerd:
    """Runs the manager with --root until exit; it then stops its instances in order.

    directory   the parent of the root: a short path that the owners of the instances may enter
    entries     {"tsupv": "[supervisor:tsupv]\\n..."}: conf.d files by name; %(root)s in them is the root
    settings    more lines for [supervisor-manager]
    """

    def __init__(self, directory, entries, settings=""):
        self.root = os.path.join(directory, "root")
        self.bus = PrivateBus(directory, [POLICY])
        self.conf_dir = os.path.join(self.root, "etc/supervisor-manager/conf.d")
        os.makedirs(self.conf_dir)
        os.makedirs(os.path.join(self.root, "usr/bin"))
        with open(os.path.join(self.root, "etc/supervisor-manager/supervisor-manager.conf"), "w", encoding="utf-8") as file:
            file.write(f"[supervisor-manager]\nsupervisord = {program('supervisord')[0]}\n"
                       f"supervisorctl = {program('supervisorctl')[0]}\n{settings}\n")
        for name, text in entries.items():
            self.declare(name, text)
        self._log = os.path.join(directory, "managerd.log")

    def declare(self, name, text):
        """Writes conf.d/NAME.conf, without a reload."""
        with open(self.entry_file(name), "w", encoding="utf-8") as file:
            file.write(text.replace("%(root)s", self.root))

    def entry_file(self, name):
        return os.path.join(self.conf_dir, name + ".conf")

    def start(self):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [*program("supervisor-managerd"), "--root", self.root, "--bus-address", self.bus.address],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        wait_for(self.is_on_the_bus, "the manager's name on the bus")

    def is_on_the_bus(self):
        if self.process.poll() is not None:
            raise AssertionError(f"supervisor-managerd ended with {self.process.returncode}:\n{self.log()}")
        return self.bus.has_owner(NAME)

    def __enter__(self):
        self.bus.__enter__()
        try:
            self.start()
        except BaseException:
            self.bus.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.bus.__exit__()

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def manager(self, *arguments, user=None, env=None):
        """Runs supervisor-manager; `env` is added to the environment."""
        return subprocess.run([*program("supervisor-manager"), f"--bus-address={self.bus.address}", *arguments],
                              user=user, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env={**os.environ, **(env or {})})

    def wait_state(self, name, state):
        """Waits until the instance is in `state` ("running"); returns its row of `list --json`."""
        def reached():
            rows = json.loads(self.manager("list", "--json").stdout)
            return next((row for row in rows if row["name"] == name and row["state"] == state), None)

        return wait_for(reached, f"{name} to be {state}")
