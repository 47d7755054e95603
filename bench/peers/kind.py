# SPDX-License-Identifier: MIT
"""What every peer has."""

import shutil


class Kind:
    """A program that is compared: a class for each."""

    name = ""       # in tables
    note = ""       # what to know when comparing it
    needs = ""      # the program that must be installed
    package = None  # Debian's package

    @classmethod
    def why_not(cls):
        """Why it cannot be measured here, or None."""
        return None if not cls.needs or shutil.which(cls.needs) else f"{cls.needs} is not installed"


class OurSupervisord(Kind):
    """This project's."""

    name = kind = "ours"  # a kind of daemon.Daemon


class DebianSupervisord(Kind):
    """That of Debian's Supervisor."""

    name = "Supervisor"
    note = "Debian's package `supervisor`: one process, in Python."
    kind = "debian"
    needs = "/usr/bin/supervisord"
    package = "supervisor"
