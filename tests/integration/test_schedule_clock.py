# SPDX-License-Identifier: MIT
"""Programs that run at times of a calendar, by a wall clock that the tests choose, and their successors' schedules."""

import datetime
import os
import signal

import pytest

from jobs import BRIEF, info, runs, wait_runs
from sanitizers import without_sanitizer
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for
from wall_clock import WallClock

pytestmark = without_sanitizer("the library that is preloaded must not come before that of a sanitizer")


def shown(when):
    """What a time is in UTC."""
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime("%F %T")


@pytest.fixture
def at(daemon, work_dir):
    """at("2026-05-01 11:59:59", config) is a supervisord that is started at that time; `clock` is its clock."""
    def start(text, config, **options):
        clock = WallClock(work_dir)
        clock.set(text)
        server = daemon(config, env=clock.environment, **options)
        server.clock = clock
        return server

    return start


def test_a_calendar(at):
    server = at("2026-05-01 11:59:58.5", f"[program:job]\n{BRIEF}schedule=* * * * *\n"
                                         f"[program:night]\n{BRIEF}schedule=30 2 * * sat\n"
                                         f"[program:leap]\n{BRIEF}schedule=0 0 29 2 *\n"
                                         f"[program:shifted]\n{BRIEF}schedule=@daily\ntime_zone=Asia/Kathmandu\n")
    assert info(server, "night")["description"] == "Not started; next start at May 02 02:30:00"
    assert info(server, "leap")["description"] == "Not started; next start at Feb 29 2028 00:00:00"
    assert shown(info(server, "night")["nextStart"]) == "2026-05-02 02:30:00"
    assert shown(info(server, "shifted")["nextStart"]) == "2026-05-01 18:15:00"
    wait_runs(server, 1)
    started = info(server)["start"]
    assert shown(started)[:16] == "2026-05-01 12:00"
    assert shown(info(server)["nextStart"])[:16] > "2026-05-01 12:00"
    assert runs(server) == 1


def test_local_time_of_the_log_is_not_that_of_a_job(at):
    server = at("2026-05-01 11:59:59", f"[program:job]\n{BRIEF}schedule=* * * * *\ntime_zone=Asia/Kathmandu\n"
                                       "[program:env]\ncommand=/bin/sh -c 'echo zone $TZ; date +%%H; sleep 1000'\n"
                                       "stdout_logfile=%(here)s/env.log\nautostart=false\n")
    wait_runs(server, 1)
    server.rpc.supervisor.startProcess("env")
    wait_for(lambda: server.read("env.log").count("\n") == 2, "its lines")
    assert server.read("env.log") == "zone UTC\n12\n"
    assert {line[:13] for line in server.log().splitlines()} <= {"2026-05-01 11", "2026-05-01 12"}


GOES_ON = f"""[program:job]
{BRIEF}schedule=* * * * *
[program:every]
command=/bin/true
schedule=@every 1h
[program:queue]
command=/bin/sh -c 'echo queue >> %(here)s/queue; exec sleep 1000'
schedule=@every 1
schedule_overlap=queue
autorestart=false
"""


def check_that_it_goes_on(server, replace):
    """The schedules are those of before: a run that is due meanwhile is not lost, and none is doubled."""
    wait_for(lambda: "schedule: queue is due, and its last run has not ended" in server.log(), "a run that waits")
    wait_runs(server, 1)
    server.wait_state("job", "EXITED")
    job, every = info(server), info(server, "every")
    replace()
    assert info(server)["nextStart"] == job["nextStart"] and info(server)["start"] == job["start"]
    assert abs(info(server, "every")["nextStart"] - every["nextStart"]) <= 1
    assert runs(server) == 1
    os.kill(info(server, "queue")["pid"], signal.SIGTERM)
    wait_for(lambda: server.read("queue").count("\n") == 2, "the run that waited")


def test_a_schedule_goes_through_an_upgrade(at, work_dir):
    server = at("2026-05-01 11:59:58", GOES_ON, executable=Installation(work_dir).path)
    check_that_it_goes_on(server, server.rpc.supervisor.upgrade)


def test_a_schedule_goes_through_a_crash(work_dir, monkeypatch):
    clock = WallClock(work_dir)
    clock.set("2026-05-01 11:59:58")
    for name in ("LD_PRELOAD", "TEST_WALL_CLOCK", "TZ"):
        monkeypatch.setenv(name, clock.environment[name])
    with KeptDaemon(work_dir, GOES_ON) as server:
        check_that_it_goes_on(server, server.crash_and_take_over)


def test_a_run_that_was_due_while_nobody_was_there_is_made_up_once(work_dir, monkeypatch):
    clock = WallClock(work_dir)
    clock.set("2026-05-01 10:00:00")
    for name in ("LD_PRELOAD", "TEST_WALL_CLOCK", "TZ"):
        monkeypatch.setenv(name, clock.environment[name])
    with KeptDaemon(work_dir, f"[program:job]\n{BRIEF}schedule=0 * * * *\n") as server:
        assert shown(info(server)["nextStart"]) == "2026-05-01 11:00:00"
        clock.set("2026-05-01 13:30:00")
        server.crash_and_take_over()
        wait_runs(server, 1)
        server.wait_state("job", "EXITED")
        assert shown(info(server)["nextStart"]) == "2026-05-01 14:00:00"
        server.crash_and_take_over()
        assert shown(info(server)["nextStart"]) == "2026-05-01 14:00:00" and runs(server) == 1


def test_when_the_clocks_are_changed(at):
    zone = "time_zone=Europe/Berlin\n"
    server = at("2026-03-28 12:00:00", f"[program:night]\n{BRIEF}schedule=30 2 * * *\n{zone}"
                                       f"[program:hourly]\n{BRIEF}schedule=30 */2 * * *\n{zone}"
                                       f"[program:autumn]\n{BRIEF}schedule=30 2 25 10 *\n{zone}")
    # 02:00 to 03:00 is skipped on the 29th: a fixed time comes after the gap.
    assert shown(info(server, "night")["nextStart"]) == "2026-03-29 01:00:00"
    assert shown(info(server, "hourly")["nextStart"]) == "2026-03-28 13:30:00"
    assert shown(info(server, "autumn")["nextStart"]) == "2026-10-25 00:30:00"
