# SPDX-License-Identifier: MIT
"""The end-to-end tests that Debian's supervisor package installs, run against our programs.

They start `python -m supervisor.PROGRAM`. Here that spawn runs our program instead. Their fixtures are used from a copy
with the file that the package lacks (hello.sh), and the PATH has the `python` that the fixtures' commands need.
"""

import importlib
import os
import shutil
import unittest

import pexpect
import pkg_resources
import pytest

from programs import PYTHON, program
from terminals import end

PREFIX = "supervisor."

# One test's fixture is not in the package: a script that prints three lines, one a second.
HELLO = """for number in 1 2 3 4 5 6 7 8 9; do
  sleep 1
  echo "The Øresund bridge ends in Malmö - $number"
done
"""


def load_tests():
    os.environ["END_TO_END"] = "1"  # asked for when the module is loaded
    return importlib.import_module("supervisor.tests.test_end_to_end")


TESTS = load_tests()
NAMES = unittest.TestLoader().getTestCaseNames(TESTS.EndToEndTests)


def ours_instead(argv):
    """[python, -m, supervisor.X, ...] -> [our X, ...]"""
    if argv[1:2] == ["-m"] and argv[2].startswith(PREFIX):
        return [*program(argv[2][len(PREFIX):]), *argv[3:]]
    return argv


@pytest.fixture
def shim(work_dir, monkeypatch):
    shutil.copytree(pkg_resources.resource_filename(TESTS.__name__, "fixtures"), f"{work_dir}/fixtures")
    with open(f"{work_dir}/fixtures/hello.sh", "w", encoding="utf-8") as script:
        script.write(HELLO)
    os.mkdir(f"{work_dir}/bin")
    os.symlink(PYTHON, f"{work_dir}/bin/python")
    monkeypatch.setenv("PATH", f"{work_dir}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")  # the tests read a terminal, and know nothing of colours
    monkeypatch.setattr(pkg_resources, "resource_filename", lambda _, name: os.path.join(work_dir, name))

    def spawn(command, args=(), **options):
        argv = ours_instead([command, *args])
        shell = argv[-1]
        if argv[:2] == ["/bin/sh", "-c"]:  # one test writes a command line for the shell
            argv[-1] = shell.replace(f"'{TESTS.sys.executable}' -m supervisor.supervisorctl", program("supervisorctl")[0])
        child = original(argv[0], argv[1:], **options)
        spawned.append(child)
        return child

    original, spawned = pexpect.spawn, []
    monkeypatch.setattr(pexpect, "spawn", spawn)
    yield
    for child in spawned:
        end(child)


@pytest.mark.parametrize("name", NAMES)
def test_end_to_end(shim, name):
    result = unittest.TestResult()
    TESTS.EndToEndTests(name).run(result)
    for _, trace in result.failures + result.errors:
        pytest.fail(trace, pytrace=False)
