# SPDX-License-Identifier: MIT
"""The manager is killed with SIGKILL at random moments, hundreds of times: programs keep their pids, run once, and lose
no line.

  SM_SEED=7      the seed of the moments
  SM_SECONDS=30  how long the manager is killed and replaced
"""

import os
import random
import signal
import time

import pytest

from fleet import COUNTER, MANAGER, UNIT, counter, counter_log, deploy, entry, program, status, wait_programs
from waiting import wait_for

SEED = int(os.environ.get("SM_SEED", str(random.randrange(10000))))
SECONDS = float(os.environ.get("SM_SECONDS", "30"))
NAMES = ("alpha", "beta", "gamma", "delta")
PAUSES = {"quick": 0.0005, "slow": 0.02}
# Without the delays between restarts, which are not tested here.
UNIT_LINES = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=0\n"
SETTINGS = "restart_delay = 1\nrestart_delay_max = 1\nstart_limit = 1000\n"
SUPERVISORD = "/usr/bin/supervisord"
# A process with a session, parent and environment that do not show where it comes from.
RUNAWAY = "/opt/runaway"
RUNAWAY_SCRIPT = "#!/bin/sh\nenv -i setsid sleep 31415 &\nexec sleep 27182\n"


SHAPES = sorted([*[COUNTER] * len(PAUSES), SUPERVISORD, "sleep 27182", "sleep 31415"])


def shapes(processes):
    """The part of a command line that is the same for every copy and instance."""
    return [line.removeprefix("/usr/bin/perl ").split(" /home")[0].split(" -n ")[0] for line in processes.values()]


def declared(name):
    counters = "".join(counter(name, f"{kind}-{name}", pause) for kind, pause in PAUSES.items())
    return entry(name, name) + counters + program(name, f"runaway-{name}", RUNAWAY, "startsecs = 0")


def plant(machine, path, text):
    """Writes a script into the machine, which does not run yet."""
    full = os.path.join(machine.root, path[1:])
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="ascii") as script:
        script.write(text)
    os.chmod(full, 0o755)


@pytest.fixture
def fleet(machine):
    """Four instances, each with an account of its own, three programs, and a process that left one of them."""
    plant(machine, RUNAWAY, RUNAWAY_SCRIPT)
    deploy(machine, {name: declared(name) for name in NAMES}, NAMES, UNIT_LINES, SETTINGS)
    wait_all(machine)
    return machine


def wait_all(machine):
    return {name: wait_programs(machine, name, len(PAUSES) + 1) for name in NAMES}


def everything(machine):
    """Waits until each instance has exactly the processes that it should have, and returns them all."""

    def complete():
        found = {name: machine.processes(name) for name in NAMES}
        return found if all(sorted(shapes(found[name])) == SHAPES for name in NAMES) else None

    try:
        return wait_for(complete, "each instance to have each process once")
    except AssertionError as error:
        raise AssertionError(f"{error}: {[machine.processes(name) for name in NAMES]}") from None


def read(machine, path):
    """The text of a file of the machine, None if there is none."""
    full = os.path.join(machine.root, path[1:])
    if not os.path.exists(full):
        return None
    with open(full, encoding="ascii") as file:
        return file.read()


def assert_nothing_doubled(machine):
    doubled = {(name, kind): read(machine, f"/home/{name}/{kind}-{name}.doubled") for name in NAMES for kind in PAUSES}
    assert not any(doubled.values()), doubled


def manager_of(machine, but=None):
    return wait_for(lambda: (pid := machine.pid_of(MANAGER)) != but and pid, "a manager")


def test_managers_come_and_go_and_nobody_notices(fleet):
    print(f"SM_SEED={SEED}")
    chance = random.Random(SEED)
    before, told = everything(fleet), wait_all(fleet)
    killed = reexecuted = 0
    dead = None
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        manager = manager_of(fleet, but=dead)
        time.sleep(chance.uniform(0, 0.06))  # the moment, not a wait for anything
        if chance.random() < 0.15:
            # There is no answer if the call comes before the new manager is ready.
            done = fleet.run("supervisor-manager", "daemon-reexec", check=False)
            reexecuted += done.returncode == 0
        else:
            try:
                os.kill(manager, signal.SIGKILL)
            except ProcessLookupError:  # a helper of the manager that was killed before, which looks like the manager
                continue
            dead = manager
            killed += 1
    print(f"{killed} killed, {reexecuted} replaced")

    now = wait_all(fleet)
    for name in NAMES:
        assert now[name]["n_restarts"] == 0 and now[name]["main_pid"] == told[name]["main_pid"]
        assert now[name]["programs"] == told[name]["programs"]
        assert now[name]["state_change_timestamp"] == told[name]["state_change_timestamp"]
    assert everything(fleet) == before
    assert_nothing_doubled(fleet)

    fleet.run("systemctl", "stop", UNIT)
    assert [fleet.processes(name) for name in NAMES] == [{}] * len(NAMES)
    for name in NAMES:
        for kind in PAUSES:
            count = int(read(fleet, f"/home/{name}/{kind}-{name}.count"))
            lines = read(fleet, counter_log(name, f"{kind}-{name}")).splitlines()
            assert count > 100 and lines == [str(i) for i in range(count)], f"{kind}-{name}"
    assert killed >= SECONDS * 2


def is_taken_over(machine, name, before):
    """Whether an instance has another supervisord, and still the same programs."""
    now = machine.processes(name)
    changed = set(now) ^ set(before)
    return sorted(shapes(now)) == SHAPES and len(changed) == 2 and all(
        {**before, **now}[pid].startswith(SUPERVISORD) for pid in changed)


def test_killed_instances_come_back_once_and_alone_and_programs_stay(fleet):
    print(f"SM_SEED={SEED}")
    chance = random.Random(SEED)
    kills = dict.fromkeys(NAMES, 0)
    for turn in range(8):
        before = everything(fleet)
        victims = chance.sample(NAMES, chance.randint(1, len(NAMES)))
        for name in victims:
            os.kill(next(pid for pid, line in before[name].items() if line.startswith(SUPERVISORD)), signal.SIGKILL)
            kills[name] += 1
        if turn % 2:  # kill the manager too: another one finds what was left
            time.sleep(chance.uniform(0, 0.03))
            manager = manager_of(fleet)
            os.kill(manager, signal.SIGKILL)
            manager_of(fleet, but=manager)

        wait_for(lambda: all(is_taken_over(fleet, name, before[name]) for name in victims),
                 f"{victims} to be taken over, turn {turn}")
        after = everything(fleet)
        assert all(after[name] == before[name] for name in NAMES if name not in victims)
        assert_nothing_doubled(fleet)
    now = wait_all(fleet)
    assert {name: now[name]["n_restarts"] for name in NAMES} == kills


def test_a_stop_that_outlives_its_manager_is_still_a_stop(machine):
    plant(machine, RUNAWAY, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    stubborn = program("alpha", "stubborn", RUNAWAY, "stopwaitsecs = 2\nstartsecs = 0")
    deploy(machine, {"alpha": entry("alpha", "alpha") + stubborn}, ("alpha",), UNIT_LINES, SETTINGS)
    wait_programs(machine, "alpha", 1)
    machine.run("systemd-run", "supervisor-manager", "stop", "alpha")
    wait_for(lambda: status(machine, "alpha")["state"] == "stopping", "the stop to begin")
    os.kill(manager_of(machine), signal.SIGKILL)
    wait_for(lambda: status(machine, "alpha").get("state") == "inactive", "the instance to be stopped")
    assert machine.processes("alpha") == {}
