# SPDX-License-Identifier: MIT
"""The output of supervisor-manager about real instances: their last end, their resources, and the next step after a
failure."""

import json
import os
import subprocess

from manager_root import kill_instance
from processes import is_running
from programs import program
from waiting import wait_for

DONE, FAILED, MISUSED, NOT_RUNNING, NO_SUCH_NAME, DENIED = range(6)


def command(manager, *words, account=None):
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    return subprocess.run([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *words], **who,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def status(manager, name):
    return json.loads(command(manager, "status", "-j", name).stdout)[0]


def test_the_last_end_is_told_after_the_next_start(manager, owner):
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    kill_instance(manager.main_pid("inst"))
    wait_for(lambda: manager.get("inst", "NRestarts") == 1, "the next start")
    manager.wait_state("inst", "running")
    for _ in range(2):  # by this manager and by the next one
        assert (manager.get("inst", "Result"), manager.get("inst", "NRestarts")) == ("signal", 1)
        shown = command(manager, "status", "inst").stdout
        assert "  Restarts: 1 (last end: signal)\n" in shown and " Last time: was killed by signal 9 (KILL)\n" in shown
        assert command(manager, "list", "--no-legend").stdout.split()[-2:] == ["enabled", "none"]  # not the reason of this start
        manager.kill()
        manager.start()


def test_memory_and_processor_time_are_there_at_once(manager, owner):
    manager.entry("inst", owner)
    manager.start()
    for verb in ("start", "restart", "restart"):
        assert command(manager, verb, "inst").returncode == DONE
        now = status(manager, "inst")
        assert now["memory_current"] > 1_000_000, (verb, now)
        row = command(manager, "top", "--no-legend").stdout.split()
        assert row[2] == "running" and row[4][-1] in "MK" and float(row[5]) >= 0 and row[6].endswith("s")


def test_what_an_earlier_manager_started_ends_nobody_knows_how(manager, owner):
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    manager.kill()
    manager.start()
    kill_instance(manager.main_pid("inst"))
    wait_for(lambda: manager.get("inst", "NRestarts") == 1, "the next start")
    assert manager.get("inst", "Result") == "unknown"


def test_a_restart_of_a_program_that_does_not_run_starts_it(manager, owner):
    manager.entry("inst", owner, programs=[("a", "/bin/sleep 1000"), ("bad", "/nonexistent/x\nautostart = no")])
    manager.start()
    manager.program_pid("inst", "a")
    command(manager, "stop-program", "inst", "a")
    done = command(manager, "restart-program", "inst", "a", "bad")
    assert (done.returncode, done.stdout) == (1, "a: restarted\n")
    assert done.stderr == "supervisor-manager: bad: ERROR (no such file)\n"
    manager.program_pid("inst", "a")


def test_top_shows_states_as_list_does(manager, owner):
    manager.entry("inst", owner, programs=[("a", "/bin/sleep 1000"), ("bad", "/nonexistent/x\nstartretries = 0")])
    manager.entry("none", owner)
    manager.start()
    manager.program_pid("inst", "a")
    wait_for(lambda: manager.call("ListProgramCounts")[0].get("inst", {}).get("FATAL") == 1, "one to be given up")
    rows = [line.split() for line in command(manager, "top", "--no-legend").stdout.splitlines()]
    assert [(row[0], row[2], row[7:]) for row in rows] == [
        ("inst", "degraded", ["1", "run,", "1", "FATAL"]), ("none", "running", ["none"])]


def test_an_instance_that_does_not_run_is_said_with_the_next_step(manager, owner):
    manager.entry("inst", owner, programs=[("p", "/bin/cat")])
    manager.start()
    command(manager, "stop", "inst")
    for words in (["reload", "inst"], ["kill", "inst"], ["stop-program", "inst", "p"], ["ctl", "inst", "status"]):
        result = command(manager, *words)
        assert result.returncode == NOT_RUNNING, (words, result)
        assert "Instance 'inst' does not run" in result.stderr
        assert "supervisor-manager start inst" in result.stderr and "Error" not in result.stderr
    assert command(manager, "ctl", "inst", "help").returncode == DONE


def test_an_instance_of_somebody_else_is_said_with_the_next_step(manager, owner, account):
    stranger = account("smother")
    manager.entry("inst", owner, programs=[("p", "/bin/cat")])
    manager.start()
    command(manager, "start", "inst")
    os.chmod(manager.get("inst", "LogFile"), 0o600)
    for words in (["stop", "inst"], ["ctl", "inst", "status"], ["logs", "inst"], ["stop-program", "inst", "p"]):
        result = command(manager, *words, account=stranger)
        assert result.returncode == DENIED, (words, result)
        assert f"sudo supervisor-manager {' '.join(words)}\n" in result.stderr, result.stderr
    assert is_running(manager.main_pid("inst"))
    assert command(manager, "ctl", "inst", "status", account=owner).returncode == DONE
