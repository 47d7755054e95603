# SPDX-License-Identifier: MIT
"""scripts/quickstart, the first command of a new user, with the programs under test."""

import os
import re
import subprocess

import pytest

from programs import SOURCE, build_dir


def test_it_shows_the_sample_at_work_and_leaves_nothing():
    if not os.path.exists(os.path.join(build_dir(), "build.ninja")):
        pytest.skip("an installation: there is nothing to build")
    done = subprocess.run([os.path.join(SOURCE, "scripts/quickstart")], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, env={**os.environ, "BUILD": build_dir(), "NO_INSTALL": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^tsupv +\w+ +running ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^program1 +RUNNING ", done.stdout, re.MULTILINE), done.stdout
    assert "Hello from" in done.stdout and "program1: stopped" in done.stdout
    (work,) = re.findall(r"removing (/tmp/quickstart\.\w+)$", done.stdout, re.MULTILINE)
    assert not os.path.exists(work)
