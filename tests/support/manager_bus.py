# SPDX-License-Identifier: MIT
"""The manager's bus part with simulated instances, a simulated polkit, and calls by any account."""

import json
import os
import subprocess

from bus import PrivateBus
from programs import SOURCE, program

NAME = "org.supervisormanager1"
ROOT = "/org/supervisormanager1"
MANAGER = NAME + ".Manager"
INSTANCE = NAME + ".Instance"
POLICY = os.path.join(SOURCE, "dbus", "org.supervisormanager1.conf")


class Program:
    """A program that prints "ready" when it is ready; ended on exit."""

    def __init__(self, *argv):
        self._argv = argv

    def __enter__(self):
        self.process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if first != "ready\n":
            raise AssertionError(f"{self._argv[0]} did not start: {first!r}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def line(self):
        """Waits for the next line of its output."""
        return self.process.stdout.readline().rstrip("\n")


class Service:
    """bus-harness on a private bus with the installed policy. `instances`: "NAME:UID:USER[:GID[:LOGFILE]]" words.
    `under`: a command that runs it, such as prlimit."""

    def __init__(self, directory, *instances, under=()):
        self._bus = PrivateBus(directory, [POLICY])
        self._instances = instances
        self._under = under

    def __enter__(self):
        self._bus.__enter__()
        self.address = self._bus.address
        self.socket = self._bus.socket
        self.program = Program(*self._under, *program("bus-harness"), self.address, *self._instances)
        try:
            self.program.__enter__()
        except BaseException:
            self._bus.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.program.__exit__()
        self._bus.__exit__()

    @property
    def pid(self):
        return self.program.process.pid

    def end_bus(self):
        """Kills the bus; returns the exit status of the service."""
        self._bus.process.kill()
        return self.program.process.wait()

    def polkit(self, answer):
        """A simulated polkit: `with service.polkit("yes") as asked: ... asked.line()`"""
        return Program(*program("polkit-pretender"), self.address, answer)

    def busctl(self, *arguments, user=None):
        return self._bus.busctl(*arguments, user=user)

    def call(self, method, signature="", *arguments, user=None, path=ROOT, interface=MANAGER, options=()):
        """The reply's values; raises AssertionError if there is an error."""
        result = self.try_call(method, signature, *arguments, user=user, path=path, interface=interface, options=options)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["data"] if result.stdout.strip() else None

    def try_call(self, method, signature="", *arguments, user=None, path=ROOT, interface=MANAGER, options=()):
        words = [signature, *map(str, arguments)] if signature else []
        return self._bus.busctl("--json=short", *options, "call", NAME, path, interface, method, *words, user=user)

    def error(self, method, signature="", *arguments, user=None, path=ROOT, interface=MANAGER):
        """The name and text of the D-Bus error with which a call must fail."""
        command = ["dbus-send", f"--bus={self.address}", "--print-reply", f"--dest={NAME}", path,
                   f"{interface}.{method}", *_send_words(signature, arguments)]
        result = subprocess.run(command, user=user, capture_output=True, text=True, check=False)
        assert result.returncode != 0, f"{method} worked"
        name, _, text = result.stderr.strip().removeprefix("Error ").partition(": ")
        return name, text

    def property(self, name, path=ROOT, interface=MANAGER, user=None):
        result = self._bus.busctl("--json=short", "get-property", NAME, path, interface, name, user=user)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["data"]

    def manager(self, *arguments, user=None, **options):
        """Runs supervisor-manager on this bus."""
        return subprocess.run([*program("supervisor-manager"), f"--bus-address={self.address}", *arguments], user=user,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)

    def start(self, *arguments, user=None, **options):
        """supervisor-manager in the background, its output a pipe of text."""
        return subprocess.Popen([*program("supervisor-manager"), f"--bus-address={self.address}", *arguments],
                                user=user, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, **options)


_TYPES = {"s": "string", "u": "uint32", "i": "int32", "b": "boolean"}


def _send_words(signature, arguments):
    return [f"{_TYPES[kind]}:{value}" for kind, value in zip(signature, arguments)]


def instance_path(name):
    encoded = "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in name)
    return f"{ROOT}/instance/{encoded}"
