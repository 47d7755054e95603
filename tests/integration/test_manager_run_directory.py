# SPDX-License-Identifier: MIT
"""The end of /run/supervisor_NAME: no socket of an ended instance remains; the directory is removed with the entry."""

import os
import signal

import pytest

from processes import of_user
from waiting import wait_for

RUN = "run/supervisor_tsupv"


@pytest.fixture
def running(manager, owner):
    """The instance tsupv with a program and, beside its socket, one of the program's own."""
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    manager.write(f"{RUN}/app/app.sock", "", owner)
    os.chown(manager.path(f"{RUN}/app"), owner.pw_uid, owner.pw_gid)
    return manager


def left(manager):
    return sorted(os.listdir(manager.path(RUN)))


def test_a_stopped_instance_has_no_socket_and_its_directory(running):
    assert left(running) == ["app", "supervisor.sock", "supervisord.pid"]
    running.call("StopInstance", "s", "tsupv")
    assert left(running) == ["app"]
    running.call("StartInstance", "s", "tsupv")
    running.stop()
    assert left(running) == ["app"]


def test_one_that_was_killed_leaves_no_socket_either(running, owner):
    """It cannot remove its socket itself; clients that found the file would always be refused."""
    # Something else with the same name belongs to the owner, and stays.
    os.unlink(running.path(f"{RUN}/supervisord.pid"))
    os.mkdir(running.path(f"{RUN}/supervisord.pid"))

    def is_given_up():
        pid = running.main_pid("tsupv")
        if pid and running.get("tsupv", "State") == "running":
            os.kill(pid, signal.SIGSEGV)  # as by a fault of its own: after SIGKILL the next one always takes over
        return running.get("tsupv", "State") == "failed"

    wait_for(is_given_up, "the manager to give the instance up")
    assert left(running) == ["app", "supervisord.pid"]
    assert of_user(owner.pw_uid) == []
    running.call("StartInstance", "s", "tsupv")
    assert "supervisor.sock" in left(running)


@pytest.mark.parametrize("is_manager_there", [True, False])
def test_the_directory_goes_with_the_entry(running, owner, is_manager_there):
    if not is_manager_there:
        running.kill()
    os.unlink(os.path.join(running.conf, "tsupv.conf"))
    if is_manager_there:
        running.call("Reload")
    else:
        running.start()
    wait_for(lambda: not os.path.exists(running.path(RUN)), "the run directory to go")
    assert of_user(owner.pw_uid) == []
    # Logs and programs stay for the next instance of this name.
    for path in ("var/log/supervisor_tsupv", "etc/supervisord_tsupv.d"):
        assert os.path.exists(running.path(path)), path


def test_a_directory_of_the_accounts_own_stays(manager, owner):
    own = manager.path("srv/own")
    os.makedirs(own)
    os.chown(own, owner.pw_uid, owner.pw_gid)
    manager.entry("tsupv", owner, "pid_dir = /srv/own\nsocks_dir = /srv/own")
    manager.start()
    manager.wait_state("tsupv", "running")
    assert sorted(os.listdir(own)) == ["supervisor.sock", "supervisord.pid"]
    os.unlink(os.path.join(manager.conf, "tsupv.conf"))
    manager.call("Reload")
    assert os.listdir(own) == [] and not os.path.exists(manager.path(RUN))


def test_a_directory_that_the_entry_no_longer_names_goes(running, owner):
    running.entry("tsupv", owner, "pid_dir = /run/tsupv\nsocks_dir = /run/tsupv",
                  programs=[("a", "/bin/sleep 1000")])
    running.call("Reload")
    running.program_pid("tsupv", "a")
    assert not os.path.exists(running.path(RUN))
    assert sorted(os.listdir(running.path("run/tsupv"))) == ["supervisor.sock", "supervisord.pid"]
