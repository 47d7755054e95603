# SPDX-License-Identifier: MIT
"""Throwaway accounts, for tests that run as root."""

import pwd
import signal
import os
import subprocess

from processes import of_user
from waiting import wait_for


class Account:
    """A user and a group of the same name, without a home; exit removes both and kills the user's processes."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
                        "--shell", "/bin/sh", self.name], check=True)
        self.entry = pwd.getpwnam(self.name)
        return self

    def __exit__(self, *_):
        wait_for(self._killed, f"the end of the processes of {self.name}")
        subprocess.run(["userdel", self.name], check=False, stderr=subprocess.DEVNULL)

    def _killed(self):
        left = of_user(self.entry.pw_uid)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not left
