# SPDX-License-Identifier: MIT
"""The section "What a program can say" of README.md: its configuration runs as printed, and does what its comments say."""

import os
import re
import subprocess

import pytest

from processes import children, end_session, is_running
from programs import program
from readme import blocks
from waiting import wait_for

NAMES = ["db", "migrate", "web", "worker:worker_0", "worker:worker_1", "worker:worker_2"]


@pytest.fixture
def printed():
    """The configuration, and the session below it: [(command, its output)]."""
    page = blocks("What a program can say")
    assert [block.language for block in page] == ["ini", ""]
    return page[0].text, page[1].session()


@pytest.fixture
def shop(daemon, printed, cleanup):
    server = daemon(printed[0], raw=True)

    def end_db():
        """With kill_scope=tree db leads a session of its own, which the end of the daemon's does not reach."""
        pid = info(server, "db")["pid"] if server.process.poll() is None else 0
        server.process.kill()
        server.process.wait()
        if pid:
            end_session(pid)

    cleanup.callback(end_db)
    with open(os.path.join(server.directory, "shop.conf"), "w", encoding="utf-8") as file:
        file.write(printed[0])
    return server


def info(shop, name):
    return shop.rpc.supervisor.getProcessInfo(name)


def wait_up(shop):
    """Until the states that the page shows are reached."""
    for name in NAMES:
        shop.wait_state(name, "EXITED" if name == "migrate" else "RUNNING")
    wait_for(lambda: info(shop, "web")["health"]["state"] == "healthy", "web to be healthy")


def places(shop, *lines):
    """Where the lines are in the activity log. Each must be there."""
    log = shop.log()
    found = [log.find(line) for line in lines]
    assert -1 not in found, f"{lines[found.index(-1)]!r} is not in the log:\n{log}"
    return found


def shape(text):
    """Text without what differs from run to run."""
    text = re.sub(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "DATE", text)
    return [re.sub(r"\d+", "N", line).split() for line in text.splitlines()]


def test_the_file_is_short_and_good(printed, work_dir):
    path = os.path.join(work_dir, "shop.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(printed[0])
    assert len(printed[0].splitlines()) <= 40
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], cwd=work_dir, capture_output=True, text=True,
                          check=False)
    # No warning either, such as one about a misspelt key.
    assert (done.returncode, done.stdout + done.stderr) == (0, f"{path}: the configuration is good\n")


def test_the_starts_have_their_order(shop):
    wait_up(shop)
    found = places(shop, "db is waiting for migrate", "spawned: 'migrate'", "exited: migrate (exit status 0; expected)",
                   "spawned: 'db'", "db entered RUNNING state, it is ready", "spawned: 'web'", "web is healthy")
    assert found == sorted(found)
    found = places(shop, *(f"spawned: 'worker_{number}'" for number in range(3)))
    assert found == sorted(found)
    assert places(shop, "worker_1 is waiting for start_delay", "worker_2 is waiting for start_delay")
    # The one-shot program had ended when db read what it left, and exec_start_pre came before web.
    assert shop.read("schema") == "tables\n"
    assert "accepting connections\ntables\n" in shop.rpc.supervisor.readProcessStdoutLog("db", 0, 0)
    assert os.path.exists(os.path.join(shop.directory, "up"))


def test_the_session_prints_what_the_page_shows(shop, printed):
    wait_up(shop)
    db = info(shop, "db")["pid"]
    below = wait_for(lambda: children(db), "the child of db")
    path = os.path.dirname(program("supervisorctl")[0])
    assert len(printed[1]) >= 2
    for command, expected in printed[1]:
        done = subprocess.run(["sh", "-c", command], cwd=shop.directory, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})
        assert shape(done.stdout) == shape(expected), f"`{command}` printed\n{done.stdout}{done.stderr}"
    # The last command has stopped db, after what depends on it, and with everything that db has started.
    found = places(shop, "stopped: web", "stopped: db")
    assert found == sorted(found)
    assert not any(is_running(pid) for pid in [db, *below])
    assert info(shop, "web")["description"] == "waiting for db"
    assert shop.read("ends") == "signal\n"
    # "and starts again with it"
    shop.rpc.supervisor.startProcess("db", False)
    shop.wait_state("web", "RUNNING")


def crash(shop, name):
    """Kills a program, waits until it waits for its next start, and returns the length of that plan in seconds."""
    shop.rpc.supervisor.signalProcess(name, "KILL")
    waiting = wait_for(lambda: (found := info(shop, name))["nextStart"] and found, f"{name} to wait for its next start")
    assert "next start at" in waiting["description"]
    return waiting["nextStart"] - waiting["lastExit"]["time"]


def test_crashes_are_paced(shop):
    wait_up(shop)
    plans = []
    for _ in range(3):
        before = info(shop, "worker:worker_0")["pid"]
        plans.append(crash(shop, "worker:worker_0"))
        assert shop.wait_state("worker:worker_0", "RUNNING")["pid"] != before
    assert plans[2] > plans[0], plans
    assert info(shop, "worker:worker_0")["restarts"] == 3
    assert info(shop, "worker:worker_1")["restarts"] == 0


def test_an_unhealthy_program_is_restarted(shop):
    wait_up(shop)
    before = info(shop, "web")["pid"]
    os.remove(os.path.join(shop.directory, "up"))
    # Its command before the start makes the file again.
    wait_for(lambda: info(shop, "web")["pid"] not in (0, before), "web to be restarted")
    wait_up(shop)
    assert "health: web is unhealthy: exec:/usr/bin/test -e" in shop.log()
    assert shop.read("ends") == "signal\n"
    assert info(shop, "db")["restarts"] == 0


def test_a_variable_of_the_environment_file_comes_with_the_next_start(shop):
    wait_up(shop)
    with open(os.path.join(shop.directory, "shop.env"), "w", encoding="utf-8") as file:
        file.write("export SHOP='corner shop'\n")
    assert shop.ctl("restart", "worker:worker_1").returncode == 0
    with open(f"/proc/{info(shop, 'worker:worker_1')['pid']}/environ", encoding="utf-8") as file:
        assert "SHOP=corner shop" in file.read().split("\0")


def test_a_shutdown_stops_in_reverse(shop):
    wait_up(shop)
    assert shop.stop() == 0
    found = places(shop, "stopped: web", "stopped: db")
    assert found == sorted(found)
