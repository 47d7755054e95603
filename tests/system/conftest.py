# SPDX-License-Identifier: MIT
"""`machine`: a Machine with a clean root, not yet booted; tests are skipped where machines cannot run."""

import tempfile

import pytest

from machine import Machine, why_not


@pytest.fixture
def machine():
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with Machine(tempfile.mkdtemp(prefix="sm-machine-")) as clean:
        yield clean
