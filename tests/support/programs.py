# SPDX-License-Identifier: MIT
"""Where the programs under test are: built ones in $SM_BUILD, and Debian's Supervisor, the reference."""

import functools
import os

import pytest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = "/usr/bin/python3"
DEBIAN = {"supervisord": "/usr/bin/supervisord", "supervisorctl": "/usr/bin/supervisorctl",
          "pidproxy": "/usr/bin/pidproxy", "echo_supervisord_conf": "/usr/bin/echo_supervisord_conf"}


def build_dir():
    """The build directory (or an installation's) that holds our programs."""
    return os.path.abspath(os.environ.get("SM_BUILD", os.path.join(SOURCE, "build")))


@functools.lru_cache(maxsize=None)
def find(name):
    """The executable `name` anywhere below the build directory, or None."""
    for folder, folders, names in os.walk(build_dir()):
        folders[:] = [f for f in folders if not f.endswith(".p")]
        path = os.path.join(folder, name)
        if name in names and os.access(path, os.X_OK):
            return path
    return None


def program(name, kind="ours"):
    """The argv of a program: `kind` is "ours" or "debian". A program that was not built fails the test."""
    if kind == "debian":
        return [PYTHON, DEBIAN[name]]
    path = find(name)
    if path is None:
        pytest.fail(f"{name} is not in {build_dir()}: build it, or name the build directory in SM_BUILD")
    return [path]
