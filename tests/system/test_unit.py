# SPDX-License-Identifier: MIT
"""The unit under systemd: what it tells, what boots start, and who lives on when the manager stops or dies."""

import os
import signal

import pytest

from fleet import MANAGER, UNIT, counter, deploy, entry, program, show, status, wait_programs, wait_state
from waiting import wait_for

TWO = {"first": entry("first", "first", "priority = 1") + counter("first", "count"),
       "second": entry("second", "second", "priority = 2") + program("second", "sleep", "/bin/sleep 1000")}


@pytest.fixture
def two(machine):
    """Two instances, of an account each, with one program each."""
    deploy(machine, TWO, ("first", "second"))
    for name in TWO:
        wait_programs(machine, name, 1)
    return machine


def accounts(machine):
    return {**machine.processes("first"), **machine.processes("second")}


def test_it_tells_systemd_how_it_is(two):
    told = show(two, "Type", "ActiveState", "NotifyAccess", "WatchdogUSec", "KillMode", "Delegate", "MainPID")
    assert told == {"Type": "notify", "ActiveState": "active", "NotifyAccess": "main", "WatchdogUSec": "1min",
                    "KillMode": "process", "Delegate": "yes", "MainPID": told["MainPID"]}
    wait_for(lambda: show(two, "StatusText")["StatusText"] == "2 of 2 instances run", "the status text")
    two.run("supervisor-manager", "stop", "first")
    wait_for(lambda: show(two, "StatusText")["StatusText"] == "1 of 2 instances run", "the status text")
    two.run("systemctl", "reload", UNIT)
    assert show(two, "ActiveState", "MainPID") == {"ActiveState": "active", "MainPID": told["MainPID"]}


def test_a_manager_that_hangs_is_replaced_and_its_instances_live(machine):
    deploy(machine, TWO, ("first", "second"), "[Service]\nWatchdogSec=1\n")
    for name in TWO:
        wait_programs(machine, name, 1)
    before = accounts(machine)
    hanging = machine.pid_of(MANAGER)
    os.kill(hanging, signal.SIGSTOP)
    wait_for(lambda: machine.pid_of(MANAGER) not in (None, hanging), "systemd to start another manager")
    for name in TWO:
        assert wait_programs(machine, name, 1)["n_restarts"] == 0
    assert accounts(machine) == before
    # The next one feeds the watchdog: it is there still when its time has passed more than once.
    fed = show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"]
    for _ in range(4):
        wait_for(lambda: show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"] != fed, "a sign of life")
        fed = show(machine, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"]
    assert show(machine, "NRestarts")["NRestarts"] == "1"


def test_the_next_one_takes_over_what_runs_without_a_record(two):
    """Whatever takes the records away, what is recognisably an instance lives on."""
    before = accounts(two)
    told = {name: status(two, name) for name in TWO}
    killed = two.pid_of(MANAGER)
    os.kill(killed, signal.SIGKILL)
    two.run("rm", "-rf", "/run/supervisor-manager/adoption")
    wait_for(lambda: two.pid_of(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        now = wait_programs(two, name, 1)
        assert now["main_pid"] == told[name]["main_pid"] and now["programs"] == told[name]["programs"]
    assert accounts(two) == before


def test_processor_time_is_that_of_the_run(two):
    """...not of all that ran in the control group before, and so it is for the next manager."""
    name = "first"
    burn = f"/etc/supervisord_{name}.d/burn.ini"
    two.write(burn, "[program:burn]\ncommand=/bin/sh -c 'while :; do :; done'\nstartsecs=0\n")
    two.run(f"supervisorctl_{name}", "update")
    wait_for(lambda: status(two, name)["cpu_usage_usec"] > 1_500_000, "the time that a program takes")
    used = status(two, name)["cpu_usage_usec"]
    two.run("rm", burn)
    two.run("supervisor-manager", "restart", name)
    assert status(two, name)["cpu_usage_usec"] < used // 2
    killed = two.pid_of(MANAGER)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: two.pid_of(MANAGER) not in (None, killed), "systemd to start another manager")
    assert wait_programs(two, name, 1)["cpu_usage_usec"] < used // 2


def test_systemd_never_gives_the_manager_up(two):
    """As shipped: systemd's default gives up after five ends in ten seconds, and removes the records with the unit."""
    before = accounts(two)
    told = show(two, "StartLimitIntervalUSec", "RuntimeDirectoryPreserve")
    assert told == {"StartLimitIntervalUSec": "0", "RuntimeDirectoryPreserve": "yes"}
    for _ in range(7):
        killed = wait_for(lambda: two.pid_of(MANAGER), "the manager")
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: two.pid_of(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        wait_programs(two, name, 1)
    assert accounts(two) == before


def test_stopped_behind_a_crash_it_leaves_nothing_running(machine):
    """systemd runs no command of a unit that it stops while it waits for the next try."""
    deploy(machine, TWO, ("first", "second"), "[Service]\nRestartSec=1h\n")
    for name in TWO:
        wait_programs(machine, name, 1)
    os.kill(machine.pid_of(MANAGER), signal.SIGKILL)
    wait_for(lambda: show(machine, "SubState")["SubState"] == "auto-restart", "the manager to be gone")
    before = accounts(machine)
    machine.run("systemctl", "restart", UNIT)  # no stop: they are found again
    for name in TWO:
        wait_programs(machine, name, 1)
    assert before and accounts(machine) == before
    os.kill(machine.pid_of(MANAGER), signal.SIGKILL)
    wait_for(lambda: show(machine, "SubState")["SubState"] == "auto-restart", "the manager to be gone")
    assert accounts(machine) == before
    machine.run("systemctl", "stop", UNIT)
    assert not accounts(machine)
    machine.run("systemctl", "start", UNIT)
    for name in TWO:
        wait_programs(machine, name, 1)
    machine.run("systemctl", "stop", UNIT)
    assert not accounts(machine)


def test_killed_it_leaves_all_running_and_the_next_one_takes_it_over(two):
    before = accounts(two)
    told = {name: status(two, name) for name in TWO}
    killed = two.pid_of(MANAGER)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: two.pid_of(MANAGER) not in (None, killed), "systemd to start another manager")
    for name in TWO:
        now = wait_programs(two, name, 1)
        assert now["n_restarts"] == 0 and now["main_pid"] == told[name]["main_pid"]
        assert now["state_change_timestamp"] == told[name]["state_change_timestamp"]
        assert now["programs"] == told[name]["programs"]
    assert accounts(two) == before
    # What it took over obeys it.
    two.run("supervisor-manager", "restart", "first")
    wait_programs(two, "first", 1)
    assert not set(two.processes("first")) & set(before)
    assert two.processes("second").items() <= before.items()


def test_a_stop_leaves_nothing_and_a_restart_brings_it_back(two):
    before = accounts(two)
    two.run("systemctl", "restart", UNIT)
    for name in TWO:
        wait_programs(two, name, 1)
    after = accounts(two)
    assert len(after) == len(before) and not set(before) & set(after)

    two.run("systemctl", "stop", UNIT)
    assert accounts(two) == {}
    assert show(two, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    two.run("systemctl", "start", UNIT)
    for name in TWO:
        wait_programs(two, name, 1)


def test_what_is_disabled_is_not_there_after_the_next_boot(two):
    two.run("supervisor-manager", "disable", "first")
    two.run("supervisor-manager", "stop", "second")
    wait_state(two, "second", "inactive")
    assert status(two, "first")["state"] == "running"
    two.reboot()
    # A stop is for now, a disable for the next boots.
    wait_programs(two, "second", 1)
    assert status(two, "first")["state"] == "inactive" and two.processes("first") == {}

    two.run("supervisor-manager", "enable", "first")
    two.reboot()
    for name in TWO:
        wait_programs(two, name, 1)
    two.run("systemctl", "disable", UNIT)
    two.reboot()
    assert show(two, "ActiveState")["ActiveState"] == "inactive" and accounts(two) == {}


def test_priorities_order_start_and_stop(two):
    def order(text):
        lines = two.run("journalctl", "-b", "-o", "cat", "--unit", UNIT).stdout.splitlines()
        return [name for line in lines for name in TWO if line.startswith(f"instance '{name}' {text}")]

    assert order("runs") == ["first", "second"]
    tagged = two.run("journalctl", "-b", "-o", "cat", "SUPERVISOR_INSTANCE=first").stdout.splitlines()
    assert tagged and all(line.startswith("instance 'first'") for line in tagged)
    two.run("systemctl", "stop", UNIT)
    wait_for(lambda: order("is stopped"), "the journal")
    assert order("is stopped") == ["second", "first"]


def test_asking_starts_nothing(two):
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


def test_a_replaced_manager_answers_when_the_command_returns(two):
    for _ in range(20):
        before = show(two, "ExecMainStartTimestampMonotonic")
        two.run("supervisor-manager", "daemon-reexec")
        assert two.run("supervisor-manager", "list").stdout
        assert show(two, "ExecMainStartTimestampMonotonic") == before  # the same process
