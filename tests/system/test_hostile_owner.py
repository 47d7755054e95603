# SPDX-License-Identifier: MIT
"""An owner who attacks the manager on a real system: attacks on its own processes must not affect those of others."""

import os

import pytest

from child_stopper import stop_a_child_of
from fleet import MANAGER, UNIT, counter, deploy, entry, show, status, wait_programs
from hanging_files import HangingFiles
from processes import is_running
from waiting import wait_for

NAMES = ("alpha", "beta")
HANG = """[program:hang]
command = /usr/bin/perl -e "open(my $file, '<', '/hang/file'); exec('sleep', '1000')"
startsecs = 0
autorestart = false
"""


@pytest.fixture
def fleet(machine):
    """alpha attacks, beta has a program that must live on."""
    deploy(machine, {name: entry(name, name) + counter(name, f"count-{name}") for name in NAMES}, NAMES,
           settings="stop_timeout = 3")
    for name in NAMES:
        wait_programs(machine, name, 1)
    return machine


def beta(machine):
    """Waits until the manager knows the pid of beta's program, and returns it."""
    return wait_programs(machine, "beta", 1)["programs"][0]["pid"]


def manager_pid(machine):
    return wait_for(lambda: machine.pid_of(MANAGER), "the manager")


def crash(machine):
    """Kills the manager; systemd starts the next one."""
    before = show(machine, "MainPID")["MainPID"]
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
    wait_for(lambda: show(machine, "MainPID")["MainPID"] not in ("0", before), "the next manager")
    wait_for(lambda: status(machine, "beta").get("state") == "running", "the next manager to know beta")


def test_a_child_stopped_on_its_way_keeps_no_manager_from_starting(fleet):
    known = beta(fleet)
    account = fleet._account("alpha")
    stopper = stop_a_child_of(manager_pid(fleet), int(account[2]), int(account[3]))
    try:
        def has_stopped_one():  # when the attacker is fast enough is chance
            if stopper.poll() is None:
                fleet.run("supervisor-manager", "restart", "alpha", check=False)
            return stopper.poll() is not None

        wait_for(has_stopped_one, "the owner to stop a child", 180)
        assert stopper.returncode == 0
        stopped = int(stopper.stdout.readline())
        fleet.run("supervisor-manager", "daemon-reexec")
        assert beta(fleet) == known
        crash(fleet)
        assert beta(fleet) == known
        assert show(fleet, "ActiveState")["ActiveState"] == "active"
        fleet.run("supervisor-manager", "start", "alpha")  # the manager has failed if the stopped process was a helper
        wait_programs(fleet, "alpha", 1)
        assert not is_running(stopped)
    finally:
        stopper.kill()
        stopper.wait()
        stopper.stdout.close()


def test_a_process_that_hangs_in_an_exec_is_its_owners_trouble_alone(fleet):
    known = beta(fleet)
    with HangingFiles("/hang", "flush", namespace_of=fleet._init) as files:
        fleet.write("/etc/supervisord_alpha.d/hang.ini", HANG)
        fleet.run("supervisorctl_alpha", "update", user="alpha")
        hung = files.wait_for_hang()
        with open(f"/proc/{hung}/status", encoding="utf-8") as text:
            inside = next(line for line in text if line.startswith("NSpid:")).split()[-1]
        found = fleet.run("busctl", "call", "org.supervisormanager1", "/org/supervisormanager1",
                          "org.supervisormanager1.Manager", "GetInstanceByPID", "u", inside).stdout
        assert found.strip() == 'o "/org/supervisormanager1/instance/alpha"'
        assert fleet.run("supervisor-manager", "list").stdout
        assert status(fleet, "alpha")["memory_current"] > 0
        crash(fleet)
        assert beta(fleet) == known
        fleet.run("supervisor-manager", "restart", "alpha", check=False)
        fleet.run("supervisor-manager", "daemon-reexec")
        assert beta(fleet) == known
        # Signals to all of it come from a process of its owner.
        fleet.run("supervisor-manager", "kill", "--kill-whom=all", "--signal=CONT", "alpha", check=False)
    assert os.path.exists(f"/proc/{manager_pid(fleet)}")
    assert beta(fleet) == known
