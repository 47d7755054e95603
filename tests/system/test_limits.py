# SPDX-License-Identifier: MIT
"""Limits of instances with every controller of cgroup v2, in a virtual machine; and without one, in namespaces."""

import os

import pytest

from fleet import deploy, entry, program, status, wait_programs
from virtual_machine import booted, events, group, told
from waiting import wait_for

LIMITS = "memory_max = 96M\nmemory_high = 90M\ntasks_max = 40\ncpu_weight = 50\ncpu_max = 80%\nio_weight = 20"
HOG = "/usr/bin/perl -e 'my @held; while (1) { push @held, \"x\" x 1048576; }'"
FORKS = "/usr/bin/perl -e 'while (1) { my $pid = fork; if (!$pid) { sleep 1000 if defined $pid; sleep 1; } }'"
SWARM = "/bin/sh -c 'while :; do sleep 31417 & done'"
LATER = "autostart = false\nstartsecs = 0\nautorestart = false"
# It ignores a stop, and has a child that left session, parent and environment.
STUBBORN = "/opt/stubborn"
STUBBORN_SCRIPT = "#!/bin/sh\ntrap '' TERM\nenv -i setsid sleep 31415 &\nwhile :; do sleep 1; done\n"

ENTRIES = {
    "limited": entry("limited", "limited", LIMITS) + program("limited", "quiet", "/bin/sleep 1000") +
               program("limited", "forks", FORKS, LATER + "\nkillasgroup = true\nstopasgroup = true"),
    # Without memory_high: it would slow the program down long before memory_max kills it.
    "hungry": entry("hungry", "hungry", "memory_max = 96M") + program("hungry", "calm", "/bin/sleep 1000") +
              program("hungry", "hog", HOG, LATER) +
              program("hungry", "swarm", SWARM, LATER + "\nkillasgroup = true\nstopasgroup = true\nstopwaitsecs = 1"),
    "free": entry("free", "free") + program("free", "busy", "/bin/sleep 1000") +
            program("free", "stubborn", STUBBORN, LATER + "\nstopwaitsecs = 1000"),
}


@pytest.fixture(scope="module")
def vm():
    """One virtual machine for all tests: each uses an instance of its own or leaves it unchanged."""
    with booted(ENTRIES, {STUBBORN: STUBBORN_SCRIPT}, "stop_timeout = 2") as running:
        yield running


def assert_limits(vm):
    wanted = {"memory.max": str(96 << 20), "memory.high": str(90 << 20), "pids.max": "40", "cpu.weight": "50",
              "cpu.max": "80000 100000", "io.weight": "default 20"}
    assert group(vm, "limited", *wanted).splitlines() == list(wanted.values())
    assert group(vm, "free", "memory.max", "pids.max").split() == ["max", "max"]


def test_limits_are_in_the_kernel(vm):
    assert_limits(vm)
    for name in ENTRIES:
        now = told(vm, name)
        assert not now["reason"] and now["control_group"] == f"/system.slice/supervisor-manager.service/instance-{name}"
        assert set(group(vm, name, "cgroup.procs", "*/cgroup.procs").split()) == set(vm.run(f"pgrep -u {name}")[1].split())


def test_a_hog_is_killed_in_its_instance_only(vm):
    before = {name: told(vm, name) for name in ENTRIES}
    vm.run("supervisorctl_hungry start hog")
    wait_for(lambda: "hog" in vm.run("supervisorctl_hungry status hog | grep EXITED", check=False)[1], "the end of hog", 120)
    assert "terminated by SIGKILL" in vm.run("grep -h hog /var/log/supervisor_hungry/supervisord.log")[1]
    assert int(events(vm, "hungry", "memory.events")["oom_kill"]) >= 1
    for name in ENTRIES:
        after = told(vm, name)
        assert (after["main_pid"], after["n_restarts"]) == (before[name]["main_pid"], 0)
        assert [p for p in after["programs"] if p["pid"]] == [p for p in before[name]["programs"] if p["pid"]]


def test_a_hog_never_takes_its_supervisord_along(vm):
    """Ten times, also if each process is smaller than supervisord: a program is killed, and the log has the cause."""
    pid = told(vm, "hungry")["main_pid"]
    calm = vm.run("supervisorctl_hungry pid calm")[1].strip()
    assert int(vm.run(f"cat /proc/{calm}/oom_score_adj")[1]) == int(vm.run(f"cat /proc/{pid}/oom_score_adj")[1]) + 200
    assert group(vm, "hungry", "memory.oom.group") == "0"
    log = "/var/log/supervisor_hungry/supervisord.log"

    def kills():
        return int(vm.run(f"grep -c 'hog .* was killed by the kernel because memory ran out' {log}", check=False)[1])

    for count in range(kills() + 1, kills() + 11):
        vm.run("supervisorctl_hungry start hog")
        wait_for(lambda n=count: kills() == n, "the end of hog", 120)
        wait_for(lambda: vm.run("supervisorctl_hungry status hog | grep EXITED", check=False)[1], "its state", 60)
    line = vm.run(f"grep 'because memory ran out' {log} | tail -1")[1]
    assert "instance-hungry has a limit of 96 MB (memory.max); raise the limit, or make the program use less" in line
    before = int(events(vm, "hungry", "memory.events")["oom_kill"])
    vm.run("supervisorctl_hungry start swarm")
    wait_for(lambda: int(events(vm, "hungry", "memory.events")["oom_kill"]) > before, "the end of some", 120)
    vm.run("supervisorctl_hungry stop swarm; pkill -KILL -f 'sleep 31417'", check=False)
    assert (told(vm, "hungry")["main_pid"], told(vm, "hungry")["n_restarts"]) == (pid, 0)


def test_forks_end_at_the_limit(vm):
    vm.run("supervisorctl_limited start forks")
    wait_for(lambda: int(events(vm, "limited", "pids.events")["max"]) > 0, "a refused fork", 60)
    assert int(group(vm, "limited", "pids.current")) <= 40
    vm.run("supervisorctl_limited stop forks")
    wait_for(lambda: int(group(vm, "limited", "pids.current")) <= 3, "the forks to be gone", 60)


def test_memory_and_processor_time_are_told(vm):
    for name in ENTRIES:  # "free" is the last
        now = told(vm, name)
        assert 100_000 < now["memory_current"] < 96 << 20 and now["cpu_usage_usec"] > 0
    vm.run("supervisorctl_free status", check=False)  # something to do
    # A reading is kept for a moment.
    wait_for(lambda: told(vm, "free")["cpu_usage_usec"] > now["cpu_usage_usec"], "the time that this took")


def test_limits_are_back_with_the_next_manager(vm):
    before = {name: told(vm, name) for name in ENTRIES}
    for command in ("pkill -KILL -x supervisor-mana", "supervisor-manager daemon-reexec"):
        vm.run(command)
        wait_for(lambda: vm.run("supervisor-manager list", check=False)[0] == 0, "the next manager", 60)
        assert_limits(vm)
        for name in ENTRIES:
            after = told(vm, name)
            assert (after["main_pid"], after["n_restarts"]) == (before[name]["main_pid"], 0)


def test_a_stop_that_takes_too_long_ends_the_whole_tree(vm):
    vm.run("supervisorctl_free start stubborn")
    wait_for(lambda: "sleep 31415" in vm.run("pgrep -a -u free", check=False)[1], "the child that runs away", 60)
    vm.run("supervisor-manager stop free")
    assert vm.run("pgrep -a -u free", check=False)[1] == ""
    assert told(vm, "free")["result"] == "timeout"
    vm.run("supervisor-manager start free")


def test_without_controllers_the_limits_are_refused_and_the_rest_works(machine):
    limited = entry("limited", "limited", LIMITS) + program("limited", "quiet", "/bin/sleep 1000")
    deploy(machine, {"limited": limited}, ("limited",))
    now = wait_programs(machine, "limited", 1)
    assert "runs without its limits" in now["reason"] and "not available" in now["reason"]
    words = machine.run("journalctl", "-o", "cat", "--unit", "supervisor-manager.service").stdout
    assert "instance 'limited' runs without (all of) its limits: the controller" in words
    assert status(machine, "limited")["state"] == "running"
    assert os.path.exists(os.path.join(machine.root, "var/log/supervisor_limited/supervisord.log"))
