# SPDX-License-Identifier: MIT
"""`machine`: a Machine with a clean root, not yet booted; tests skip where none can run."""

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
