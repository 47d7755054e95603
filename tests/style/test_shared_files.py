# SPDX-License-Identifier: MIT
"""Two runs of one suite side by side: each file is run by one of them, whole."""

import collections
import os
import re
import subprocess
import sys

SUPPORT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")

CONFTEST = f"""import sys
sys.path.insert(0, {SUPPORT!r})
from shared_files import SharedFiles

def pytest_configure(config):
    config.pluginmanager.register(SharedFiles({{directory!r}}))
"""

TESTS = """import pytest

@pytest.fixture(scope="module", autouse=True)
def ended():
    yield
    print("ended", __name__)

@pytest.mark.parametrize("case", range(20))
def test_it(case):
    assert case != 7
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def test_each_file_is_run_once(tmp_path):
    suite, taken = tmp_path / "suite", tmp_path / "taken"
    suite.mkdir()
    taken.mkdir()
    write(suite / "conftest.py", CONFTEST.format(directory=str(taken)))
    names = [f"test_{letter}" for letter in "abcdefghij"]
    for name in names:
        write(suite / f"{name}.py", TESTS)
    command = [sys.executable, "-m", "pytest", "-vs", "-p", "no:cacheprovider", str(suite)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=suite) for _ in range(2)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    by_run = [collections.Counter(re.findall(r"(test_\w)\.py::test_it\[\d+\] (?:PASSED|FAILED)", output))
              for output in outputs]
    assert not by_run[0].keys() & by_run[1].keys()
    assert by_run[0] + by_run[1] == collections.Counter({name: 20 for name in names})
    for counts, run, output in zip(by_run, runs, outputs):
        assert set(re.findall(r"ended (?:suite\.)?(\w+)", output)) == counts.keys()
        assert run.returncode == (1 if counts else 0)
        assert not counts or f"{len(counts)} failed, {19 * len(counts)} passed" in output
