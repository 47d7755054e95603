# SPDX-License-Identifier: MIT
"""Children of a deployment's helper: how they end, with the kernel's notice and, on older hosts, without it."""

import contextlib
import os

import pytest

from deploy_host import children


@pytest.fixture(params=["notice", "polled"])
def helper(request, monkeypatch):
    if request.param == "polled":
        monkeypatch.delattr(os, "pidfd_open")
    return children


def has_children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def test_a_command_has_its_status_and_output(helper):
    outcome = helper.run_command(["/bin/sh", "-c", "cat; echo no >&2; exit 3"], text="yes\n")
    assert (outcome.status, outcome.output, outcome.errors) == (3, "yes\n", "no\n")
    assert helper.run_command(["/bin/sh", "-c", "kill -9 $$"]).status == -9
    assert not has_children()


def test_a_command_without_end_is_killed(helper):
    with pytest.raises(helper.ChildFailed, match="^/bin/sleep 1000 did not end within 0.1 seconds$"):
        helper.run_command(["/bin/sleep", "1000"], limit=0.1)
    with contextlib.suppress(ChildProcessError):  # Popen reaps it if it has ended by then
        pid, status = os.waitpid(-1, 0)
        assert pid and os.WTERMSIG(status) == 9
    assert not has_children()


def test_a_child_answers_and_is_reaped(helper):
    assert helper.in_child(lambda: [1, "two"]) == [1, "two"]
    with pytest.raises(helper.ChildFailed, match="^no$"):
        helper.in_child(fails)
    assert not has_children()


def fails():
    raise ValueError("no")
