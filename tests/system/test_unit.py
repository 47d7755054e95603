# SPDX-License-Identifier: MIT
"""The unit under systemd: what it tells, what boots start, and who lives on when the manager stops or dies."""

import os
import signal

import pytest

from fleet import MANAGER, UNIT, counter, deploy, entry, program, show, status, waitPrograms, waitState
from waiting import waitFor

TWO = {"first": entry("first", "first", "priority = 1") + counter("first", "count"),
       "second": entry("second", "second", "priority = 2") + program("second", "sleep", "/bin/sleep 1000")}


@pytest.fixture
def two(machine):
    """Two instances, of an account each, with one program each."""
    deploy(machine, TWO, ("first", "second"))
    for name in TWO:
        waitPrograms(machine, name, 1)
    return machine


def accounts(machine):
    return {**machine.processes("first"), **machine.processes("second")}


def testItTellsSystemdHowItIs(two):
    told = show(two, "Type", "ActiveState", "NotifyAccess", "WatchdogUSec", "KillMode", "Delegate", "MainPID")
    assert told == {"Type": "notify", "ActiveState": "active", "NotifyAccess": "main", "WatchdogUSec": "1min",
                    "KillMode": "process", "Delegate": "yes", "MainPID": told["MainPID"]}
    waitFor(lambda: show(two, "StatusText")["StatusText"] == "2 of 2 instances run", "the status text")
    two.run("supervisor-manager", "stop", "first")
    waitFor(lambda: show(two, "StatusText")["StatusText"] == "1 of 2 instances run", "the status text")
    two.run("systemctl", "reload", UNIT)
    assert show(two, "ActiveState", "MainPID") == {"ActiveState": "active", "MainPID": told["MainPID"]}


def testAManagerThatHangsIsReplacedAndItsInstancesLive(machine):
    deploy(machine, TWO, ("first", "second"), "[Service]\nWatchdogSec=1\n")
    for name in TWO:
        waitPrograms(machine, name, 1)
    before = accounts(machine)
    hanging = machine.pidOf(MANAGER)
    os.kill(hanging, signal.SIGSTOP)
    waitFor(lambda: machine.pidOf(MANAGER) not in (None, hanging), "systemd to start another manager")
    for name in TWO:
        assert waitPrograms(machine, name, 1)["n_restarts"] == 0
    assert accounts(machine) == before
    # The next one feeds the watchdog: it is there still when its time has passed more than once.
    fed = show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"]
    for _ in range(4):
        waitFor(lambda: show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"] != fed, "a sign of life")
        fed = show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"]
    assert show(machine, "NRestarts")["NRestarts"] == "1"


def testTheNextOneTakesOverWhatRunsWithoutARecord(two):
    """Whatever takes the records away, what is recognisably an instance lives on."""
    before = accounts(two)
    told = {name: status(two, name) for name in TWO}
    killed = two.pidOf(MANAGER)
    os.kill(killed, signal.SIGKILL)
    two.run("rm", "-rf", "/run/supervisor-manager/adoption")
    waitFor(lambda: two.pidOf(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        now = waitPrograms(two, name, 1)
        assert now["main_pid"] == told[name]["main_pid"] and now["programs"] == told[name]["programs"]
    assert accounts(two) == before


def testProcessorTimeIsThatOfTheRun(two):
    """...not of all that ran in the control group before, and so it is for the next manager."""
    name = "first"
    burn = f"/etc/supervisord_{name}.d/burn.ini"
    two.write(burn, "[program:burn]\ncommand=/bin/sh -c 'while :; do :; done'\nstartsecs=0\n")
    two.run(f"supervisorctl_{name}", "update")
    waitFor(lambda: status(two, name)["cpu_usage_usec"] > 1_500_000, "the time that a program takes")
    used = status(two, name)["cpu_usage_usec"]
    two.run("rm", burn)
    two.run("supervisor-manager", "restart", name)
    assert status(two, name)["cpu_usage_usec"] < used // 2
    killed = two.pidOf(MANAGER)
    os.kill(killed, signal.SIGKILL)
    waitFor(lambda: two.pidOf(MANAGER) not in (None, killed), "systemd to start another manager")
    assert waitPrograms(two, name, 1)["cpu_usage_usec"] < used // 2


def testSystemdNeverGivesTheManagerUp(two):
    """As shipped: systemd's default gives up after five ends in ten seconds, and removes the records with the unit."""
    before = accounts(two)
    told = show(two, "StartLimitIntervalUSec", "RuntimeDirectoryPreserve")
    assert told == {"StartLimitIntervalUSec": "0", "RuntimeDirectoryPreserve": "yes"}
    for _ in range(7):
        killed = waitFor(lambda: two.pidOf(MANAGER), "the manager")
        os.kill(killed, signal.SIGKILL)
        waitFor(lambda: two.pidOf(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        waitPrograms(two, name, 1)
    assert accounts(two) == before


def testStoppedBehindACrashItLeavesNothingRunning(machine):
    """systemd runs no command of a unit that it stops while it waits for the next try."""
    deploy(machine, TWO, ("first", "second"), "[Service]\nRestartSec=1h\n")
    for name in TWO:
        waitPrograms(machine, name, 1)
    os.kill(machine.pidOf(MANAGER), signal.SIGKILL)
    waitFor(lambda: show(machine, "SubState")["SubState"] == "auto-restart", "the manager to be gone")
    before = accounts(machine)
    machine.run("systemctl", "restart", UNIT)  # no stop: they are found again
    for name in TWO:
        waitPrograms(machine, name, 1)
    assert before and accounts(machine) == before
    os.kill(machine.pidOf(MANAGER), signal.SIGKILL)
    waitFor(lambda: show(machine, "SubState")["SubState"] == "auto-restart", "the manager to be gone")
    assert accounts(machine) == before
    machine.run("systemctl", "stop", UNIT)
    assert not accounts(machine)
    machine.run("systemctl", "start", UNIT)
    for name in TWO:
        waitPrograms(machine, name, 1)
    machine.run("systemctl", "stop", UNIT)
    assert not accounts(machine)


def testKilledItLeavesAllRunningAndTheNextOneTakesItOver(two):
    before = accounts(two)
    told = {name: status(two, name) for name in TWO}
    killed = two.pidOf(MANAGER)
    os.kill(killed, signal.SIGKILL)
    waitFor(lambda: two.pidOf(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        now = waitPrograms(two, name, 1)
        assert now["n_restarts"] == 0 and now["main_pid"] == told[name]["main_pid"]
        assert now["state_change_timestamp"] == told[name]["state_change_timestamp"]
        assert now["programs"] == told[name]["programs"]
    assert accounts(two) == before
    # What it took over obeys it.
    two.run("supervisor-manager", "restart", "first")
    waitPrograms(two, "first", 1)
    assert not set(two.processes("first")) & set(before)
    assert two.processes("second").items() <= before.items()


def testAStopLeavesNothingAndARestartBringsItBack(two):
    before = accounts(two)
    two.run("systemctl", "restart", UNIT)
    for name in TWO:
        waitPrograms(two, name, 1)
    after = accounts(two)
    assert len(after) == len(before) and not set(before) & set(after)

    two.run("systemctl", "stop", UNIT)
    assert accounts(two) == {}
    assert show(two, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    two.run("systemctl", "start", UNIT)
    for name in TWO:
        waitPrograms(two, name, 1)


def testWhatIsDisabledIsNotThereAfterTheNextBoot(two):
    two.run("supervisor-manager", "disable", "first")
    two.run("supervisor-manager", "stop", "second")
    waitState(two, "second", "inactive")
    assert status(two, "first")["state"] == "running"
    two.reboot()
    # A stop is for now, a disable for the next boots.
    waitPrograms(two, "second", 1)
    assert status(two, "first")["state"] == "inactive" and two.processes("first") == {}

    two.run("supervisor-manager", "enable", "first")
    two.reboot()
    for name in TWO:
        waitPrograms(two, name, 1)
    two.run("systemctl", "disable", UNIT)
    two.reboot()
    assert show(two, "ActiveState")["ActiveState"] == "inactive" and accounts(two) == {}


def testPrioritiesOrderStartAndStop(two):
    def order(text):
        lines = two.run("journalctl", "-b", "-o", "cat", "--unit", UNIT).stdout.splitlines()
        return [name for line in lines for name in TWO if line.startswith(f"instance '{name}' {text}")]

    assert order("runs") == ["first", "second"]
    tagged = two.run("journalctl", "-b", "-o", "cat", "SUPERVISOR_INSTANCE=first").stdout.splitlines()
    assert tagged and all(line.startswith("instance 'first'") for line in tagged)
    two.run("systemctl", "stop", UNIT)
    waitFor(lambda: order("is stopped"), "the journal")
    assert order("is stopped") == ["second", "first"]


def testAskingStartsNothing(two):
    """After an administrator's stop no question of anybody starts the manager, nor an instance."""
    two.run("systemctl", "stop", UNIT)
    for command in (["supervisor-manager", "list"], ["supervisor-manager", "status", "first"],
                    ["supervisor-manager", "start", "first"], ["busctl", "tree", "org.supervisormanager1"],
                    ["bash", "-c", "source /usr/share/bash-completion/completions/supervisor-manager; "
                                   "COMP_WORDS=(supervisor-manager start ''); COMP_CWORD=2; _supervisor_manager"]):
        asked = two.run(*command, user="first", check=False)
        if command[0] == "supervisor-manager":
            assert asked.returncode == 6 and "systemctl start supervisor-manager" in asked.stderr, command
    assert show(two, "ActiveState")["ActiveState"] == "inactive"
    assert not accounts(two)
    two.run("systemctl", "mask", "--runtime", UNIT)
    masked = two.run("supervisor-manager", "list", check=False)
    assert masked.returncode == 6 and "is not running" in masked.stderr


def testAReplacedManagerAnswersWhenTheCommandReturns(two):
    for _ in range(20):
        before = show(two, "ExecMainStartTimestampMonotonic")
        two.run("supervisor-manager", "daemon-reexec")
        assert two.run("supervisor-manager", "list").stdout
        assert show(two, "ExecMainStartTimestampMonotonic") == before  # the same process
