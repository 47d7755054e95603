# SPDX-License-Identifier: MIT
"""`machine`: a Machine with a clean root, not yet booted; tests skip where none can run."""

import tempfile

import pytest

from machine import Machine, whyNot


@pytest.fixture
def machine():
    reason = whyNot()
    if reason:
        pytest.skip(reason)
    with Machine(tempfile.mkdtemp(prefix="sm-machine-")) as clean:
        yield clean
