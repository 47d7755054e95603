# SPDX-License-Identifier: MIT
"""The manager and an instance killed at the same time: what systemd keeps lets the next ones take the programs over."""

import os
import signal

from fleet import UNIT, counter, counter_log, deploy, entry, program, show, status, wait_programs
from waiting import wait_for

# More descriptors than a service may have open by default.
SLEEPERS = 400
PROGRAMS = SLEEPERS + 1
MANY = {"many": entry("many", "many") + counter("many", "count", 0.02) +
        program("many", "sleep", "/bin/sleep 4321",
                f"numprocs = {SLEEPERS}\nprocess_name = %(process_num)03d\nstartsecs = 0")}


def pids_by_name(machine):
    return {one["name"]: one["pid"] for one in wait_programs(machine, "many", PROGRAMS)["programs"]}


def check_count(machine):
    lines = machine.run("cat", counter_log("many", "count")).stdout.splitlines()
    assert lines == [str(n) for n in range(len(lines))]
    return len(lines)


def test_both_killed_at_once(machine):
    deploy(machine, MANY, ("many",))
    before = pids_by_name(machine)
    for _ in range(3):
        wait_for(lambda: int(show(machine, "NFileDescriptorStore")["NFileDescriptorStore"]) >= 3 * PROGRAMS,
                 "systemd to have the descriptors")
        manager = show(machine, "MainPID")
        (instance,) = [pid for pid, line in machine.processes("many").items() if "supervisord" in line]
        machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", UNIT)
        os.kill(instance, signal.SIGKILL)
        wait_for(lambda: show(machine, "MainPID") not in ({"MainPID": "0"}, manager), "systemd to start another manager")
        assert pids_by_name(machine) == before
        seen = check_count(machine)
        wait_for(lambda: check_count(machine) > seen + 5, "more lines")
    assert status(machine, "many")["n_takeovers"] >= 1
    machine.run("supervisor-manager", "stop", "many")
    assert not machine.processes("many")
