# SPDX-License-Identifier: MIT
"""A supervisord that is installed in a directory of its own, so that a test can install another over it, and programs
and calls that go through the upgrade."""

import os
import re
import shutil
import subprocess
import threading
import xmlrpc.client

from programs import PYTHON, SOURCE, program

# The command of a program that prints numbered lines.
COUNT = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'count_lines.py')}"

# What a supervisord does with the state that it is tested with, and then with the process it takes over.
ACCEPTS = '[ "$1" = --check-state ] && echo the state is understood && exit 0\n'


def version():
    """The version of the package that is under test."""
    usage = subprocess.run([*program("supervisord"), "--help"], capture_output=True, text=True, check=True).stdout
    return re.search(r"This is supervisor-manager (\S+),", usage)[1]


def other_version():
    """A version with as many characters."""
    return "".join("9" if character.isdigit() else character for character in version())


class Installation:
    """`path` is the program. Each method installs another in its place, as packages do: by renaming it over the old."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "supervisord")
        self.current()

    def _install(self, content, mode=0o755):
        with open(self.path + ".new", "wb") as file:
            file.write(content)
        os.chmod(self.path + ".new", mode)
        os.rename(self.path + ".new", self.path)

    def current(self):
        """The program that is under test."""
        shutil.copy(program("supervisord")[0], self.path + ".new")
        os.rename(self.path + ".new", self.path)

    def newer(self):
        """The same with another version."""
        with open(program("supervisord")[0], "rb") as file:
            content = file.read()
        old, new = version().encode() + b"\0", other_version().encode() + b"\0"
        assert old in content
        self._install(content.replace(old, new))

    def script(self, text, mode=0o755):
        """A shell script."""
        self._install(b"#!/bin/sh\n" + text.encode(), mode)

    def garbage(self):
        """A file that the kernel does not execute."""
        self._install(b"\x7fELF and no more")

    def remove(self):
        os.unlink(self.path)


def in_thread(call, *arguments):
    """Calls in a thread. The returned function waits for the outcome: the result, the Fault, or the OSError."""
    outcome = []

    def run():
        try:
            outcome.append(call(*arguments))
        except (xmlrpc.client.Fault, OSError) as failure:
            outcome.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result():
        thread.join(60)
        return outcome[0]

    return result


def infos(server):
    """{full name: what getAllProcessInfo has of it}"""
    return {f"{info['group']}:{info['name']}": info for info in server.rpc.supervisor.getAllProcessInfo()}


def counted(directory, name):
    """The lines of a log with its backups, the oldest first."""
    backups = sorted((int(file[len(name) + 1:]) for file in os.listdir(directory)
                      if file.startswith(name + ".") and file[len(name) + 1:].isdigit()), reverse=True)
    text = ""
    for file in [f"{name}.{number}" for number in backups] + [name]:
        with open(os.path.join(directory, file), encoding="utf-8") as log:
            text += log.read()
    return text.splitlines()
