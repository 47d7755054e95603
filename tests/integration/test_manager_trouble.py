# SPDX-License-Identifier: MIT
"""Programs in trouble, as the manager shows them: real instances, a real manager."""

import json
import os
import re
import signal
import subprocess

import pytest

from programs import program
from waiting import wait_for

OK, TROUBLE = 0, 3

INSIDE = """
[program:nowhere]
command = /bin/cat
directory = /nonexistent/x
startretries = 0

[program:dies]
command = /bin/sh -c 'echo first; echo "no such table" >&2; exit 2'
startretries = 0

[program:shell]
command = /bin/sleep 0 && /bin/sleep 1000
startretries = 0

[program:fine]
command = /bin/sleep 1000
startsecs = 0
"""


@pytest.fixture
def trouble(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.write("etc/supervisord_tsupv.d/a.ini", INSIDE, owner)
    manager.ctl("tsupv", "update", owner=owner)
    wait_for(lambda: counts(manager).get("FATAL") == 3 and counts(manager).get("RUNNING") == 1, "three to be given up")
    return manager


def counts(manager):
    return manager.call("ListProgramCounts")[0].get("tsupv", {})


def command(manager, *words):
    return subprocess.run([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def descriptions(manager):
    return {name: description for name, _, _, description in manager.call("ListPrograms", "s", "tsupv")[0]}


EXPECTED = {
    "nowhere": "couldn't chdir to /nonexistent/x: ENOENT",
    "dies": "Exited too quickly (process log may have details)",
    "shell": "Exited too quickly (process log may have details); command is not run by a shell: '&&' is passed to it "
             "as an argument; write command=/bin/sh -c '...', or a script",
    "fine": "",
}


def test_trouble_is_seen_from_above(trouble):
    assert descriptions(trouble) == EXPECTED
    assert re.search(r"^tsupv +\S+ +degraded +\d+ +enabled +1 run, 3 FATAL$", command(trouble, "list").stdout, re.M)
    row = json.loads(command(trouble, "list", "--json").stdout)[0]
    assert (row["degraded"], row["programs_by_state"]) == (True, {"FATAL": 3, "RUNNING": 1})
    result = command(trouble, "status", "tsupv")
    assert result.returncode == TROUBLE, result.stderr
    assert "\nnowhere: FATAL, couldn't chdir to /nonexistent/x: ENOENT\n" \
           "    supervisor: couldn't chdir to /nonexistent/x: ENOENT\n" \
           "    supervisor: child process was not spawned\n" in result.stdout
    assert "\ndies: FATAL, Exited too quickly (process log may have details)\n    no such table\n" in result.stdout
    assert command(trouble, "status").returncode == TROUBLE


def test_the_next_manager_knows_it(trouble):
    trouble.kill()
    trouble.start()
    trouble.wait_state("tsupv", "running")
    wait_for(lambda: counts(trouble) == {"FATAL": 3, "RUNNING": 1}, "the instance to tell")
    assert descriptions(trouble) == EXPECTED


def test_what_is_mended_is_no_trouble(trouble, owner):
    trouble.ctl("tsupv", "stop", "all", owner=owner)
    for name in ("nowhere", "dies", "shell"):
        trouble.ctl("tsupv", "remove", name, owner=owner)
    wait_for(lambda: counts(trouble) == {"STOPPED": 1}, "the rest to be stopped")
    assert command(trouble, "status", "-q", "tsupv").returncode == OK
    assert descriptions(trouble)["fine"].endswith("M")  # the time of the stop


def test_a_log_that_hangs_holds_nobody_up(trouble, owner):
    """An owner may make a client of its log wait; after some seconds the answer comes without the log's lines."""
    for name in ("nix", "dies x", ""):
        assert "has no program" in trouble.try_call("GetProgramLog", "ss", "tsupv", name).stderr
    os.kill(trouble.main_pid("tsupv"), signal.SIGSTOP)
    try:
        assert "does not answer in time" in trouble.try_call("GetProgramLog", "ss", "tsupv", "dies").stderr
        result = command(trouble, "status", "tsupv")
        assert (result.returncode, result.stderr) == (TROUBLE, "")
        assert "\ndies: FATAL, Exited too quickly" in result.stdout and "no such table" not in result.stdout
    finally:
        os.kill(trouble.main_pid("tsupv"), signal.SIGCONT)


def test_a_program_that_is_unhealthy(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    well = manager.path("well")
    manager.write("etc/supervisord_tsupv.d/a.ini", f"""
[program:sick]
command = /bin/sleep 1000
startsecs = 0
health_check = exec:/usr/bin/test -e {well}
health_interval = 100ms
health_retries = 1
health_action = none
""", owner)
    manager.ctl("tsupv", "update", owner=owner)
    wait_for(lambda: descriptions(manager).get("sick") == f"unhealthy: exec:/usr/bin/test -e {well}: exit status 1",
             "the manager to hear of it")
    assert counts(manager) == {"RUNNING": 1}
    assert re.search(r"sick +RUNNING +pid \d+, unhealthy: exec:", command(manager, "status", "tsupv").stdout)
    manager.write("well", "")
    wait_for(lambda: descriptions(manager)["sick"] == "", "the program to be healthy")
