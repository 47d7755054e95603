# SPDX-License-Identifier: MIT
"""Programs that run at times: schedule, schedule_overlap, schedule_jitter, time_zone."""

import datetime
import os
import re
import signal
import xmlrpc.client

import pytest

from memory_plan import MemoryPlan
from processes import is_running
from sanitizers import without_sanitizer
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for
from wall_clock import WallClock

other_clock = without_sanitizer("the library that is preloaded must not come before that of a sanitizer")
# Each run adds a line; it lasts until the test lets it go.
BRIEF = "command=/bin/sh -c 'echo run >> %(here)s/runs'\n"
LONG = ("command=/bin/sh -c 'echo run >> %(here)s/runs; trap \"exit 0\" TERM; "
        "while ! [ -e %(here)s/go ]; do sleep 0.02; done; rm %(here)s/go'\n")


def info(server, name="job"):
    return server.rpc.supervisor.getProcessInfo(name)


def runs(server):
    try:
        return server.read("runs").count("run\n")
    except FileNotFoundError:
        return 0


def wait_runs(server, count):
    wait_for(lambda: runs(server) >= count, f"{count} runs")


def let_go(server):
    path = os.path.join(server.directory, "go")
    with open(path, "w", encoding="utf-8"):
        pass
    wait_for(lambda: not os.path.exists(path), "the run to end")


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


def test_a_job_runs_again_and_again(daemon):
    server = daemon(f"[program:job]\n{BRIEF}schedule=@every 1\n")
    what = info(server)
    assert what["statename"] == "STOPPED" and what["nextStart"] >= what["now"]
    assert re.fullmatch(r"Not started; next start at (\w{3} \d\d )?\d\d:\d\d:\d\d", what["description"])
    wait_runs(server, 3)
    what = server.wait_state("job", "EXITED")
    assert re.fullmatch(r"\w{3} \d\d \d\d:\d\d [AP]M; next start at (\w{3} \d\d )?\d\d:\d\d:\d\d", what["description"])
    # Each run was a success, however short it was.
    assert "BACKOFF" not in server.log() and "gave up" not in server.log()
    assert what["lastExit"]["code"] == 0
    assert server.ctl("status", "job").returncode == 3  # as of any program that does not run


@other_clock
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


@other_clock
def test_local_time_of_the_log_is_not_that_of_a_job(at):
    server = at("2026-05-01 11:59:59", f"[program:job]\n{BRIEF}schedule=* * * * *\ntime_zone=Asia/Kathmandu\n"
                                       "[program:env]\ncommand=/bin/sh -c 'echo zone $TZ; date +%%H; sleep 1000'\n"
                                       "stdout_logfile=%(here)s/env.log\nautostart=false\n")
    wait_runs(server, 1)
    server.rpc.supervisor.startProcess("env")
    wait_for(lambda: server.read("env.log").count("\n") == 2, "its lines")
    assert server.read("env.log") == "zone UTC\n12\n"
    assert {line[:13] for line in server.log().splitlines()} <= {"2026-05-01 11", "2026-05-01 12"}


def test_autostart_and_start_all_leave_jobs_out(daemon):
    server = daemon(f"[program:job]\n{BRIEF}schedule=@yearly\n"
                    f"[program:both]\n{BRIEF}schedule=@yearly\nautostart=true\n"
                    "[program:other]\ncommand=/bin/sleep 1000\nautostart=false\n")
    server.wait_state("both", "EXITED")
    assert runs(server) == 1
    server.ctl("start", "other", "job")
    wait_runs(server, 2)
    server.wait_state("job", "EXITED")
    server.ctl("stop", "other")
    assert server.ctl("start", "all").stdout == "both: started\nother: started\n"
    wait_runs(server, 3)
    config = {one["name"]: one for one in server.rpc.supervisor.getAllConfigInfo()}
    assert config["job"]["autostart"] is False and config["both"]["autostart"] is True
    assert config["job"]["schedule"] == "@yearly"


def test_overlap_skip(daemon):
    server = daemon(f"[program:job]\n{LONG}schedule=@every 1\n")
    wait_runs(server, 1)
    line = "WARN schedule: job is due, and its last run has not ended: the new one is left out (schedule_overlap)\n"
    wait_for(lambda: line in server.log(), "the second time")
    pid = info(server)["pid"]
    before = info(server)["nextStart"]
    wait_for(lambda: info(server)["nextStart"] > before, "the third time")
    assert server.log().count("schedule: job") == 1 and info(server)["pid"] == pid and runs(server) == 1
    let_go(server)
    wait_runs(server, 2)


def test_overlap_queue(daemon):
    server = daemon(f"[program:job]\n{LONG}schedule=@every 1\nschedule_overlap=queue\n")
    wait_runs(server, 1)
    line = ("INFO schedule: job is due, and its last run has not ended: the new one follows when it has "
            "(schedule_overlap)\n")
    wait_for(lambda: line in server.log(), "the second time")
    assert info(server)["description"].endswith(", the next run waits for its end")
    server.configure(f"[program:job]\n{LONG}schedule=@yearly\nschedule_overlap=queue\n")
    server.ctl("update")
    first = info(server)["pid"]
    let_go(server)
    wait_runs(server, 2)
    assert info(server)["pid"] != first
    let_go(server)
    what = server.wait_state("job", "EXITED")
    assert runs(server) == 2 and what["nextStart"] > what["now"] + 1


def test_a_stop_drops_the_run_that_waits_and_the_schedule_goes_on(daemon):
    server = daemon(f"[program:job]\n{LONG}schedule=@every 1\nschedule_overlap=queue\n")
    wait_runs(server, 1)
    wait_for(lambda: "the new one follows" in server.log(), "the second time")
    server.configure(f"[program:job]\n{LONG}schedule=@every 1h\nschedule_overlap=queue\n")
    server.ctl("update")
    assert server.ctl("stop", "job").stdout == "job: stopped\n"
    what = info(server)
    assert what["statename"] == "STOPPED" and what["nextStart"] > what["now"]
    assert runs(server) == 1
    server.configure(f"[program:job]\n{LONG}schedule=@every 1s\nschedule_overlap=queue\n")
    server.ctl("update")
    wait_runs(server, 2)


def test_overlap_kill(daemon):
    server = daemon(f"[program:job]\n{LONG}schedule=@every 1\nschedule_overlap=kill\n")
    wait_runs(server, 3)
    log = server.log()
    assert ("INFO schedule: job is due, and its last run has not ended: it is stopped, and the new one follows "
            "(schedule_overlap)\n") in log
    assert "INFO stopped: job (exit status 0)\n" in log and "BACKOFF" not in log


def test_a_disabled_job_is_not_started(daemon):
    server = daemon(f"[program:job]\n{BRIEF}schedule=@every 1\n[program:tick]\n"
                    "command=/bin/true\nschedule=@every 1\n",
                    supervisord="statefile=%(here)s/state")
    server.ctl("disable", "job")
    done = runs(server)
    start = server.log().count("spawned: 'tick'")
    wait_for(lambda: server.log().count("spawned: 'tick'") >= start + 2, "two times of the other job")
    assert runs(server) == done
    assert info(server)["nextStart"] == 0 and "next start" not in info(server)["description"]
    server.ctl("enable", "job")
    wait_runs(server, done + 1)


def test_a_failed_run_is_retried_and_the_next_one_begins_anew(daemon):
    server = daemon("[program:job]\ncommand=/bin/sh -c 'echo run >> %(here)s/runs; exit 3'\nschedule=@every 1\n"
                    "startretries=1\nrestart_delay=10ms\n")
    wait_for(lambda: server.log().count("gave up: job entered FATAL state") >= 2, "two failed runs")
    assert runs(server) in (4, 5, 6)  # two tries each


def test_a_run_waits_for_what_it_depends_on(daemon):
    server = daemon(f"[program:job]\n{BRIEF}schedule=@every 1\ndepends_on=db\n"
                    "[program:db]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n")
    wait_for(lambda: "its last run has not begun: the new one is left out" in server.log(), "a second time")
    assert runs(server) == 0
    server.rpc.supervisor.startProcess("db")
    wait_runs(server, 1)


def test_update_takes_up_a_schedule_without_a_restart(daemon):
    other = "[program:job]\ncommand=/bin/sleep 1000\ntype=oneshot\nautostart=true\nstartsecs=0\n"
    server = daemon(other)
    pid = server.wait_state("job", "RUNNING")["pid"]

    def update(more):
        server.configure(other + more)
        assert server.ctl("update").stdout == "job: updated process group\n"
        return info(server)

    for more in ("schedule=@yearly\n", "schedule=@every 1h\nschedule_jitter=1m\n", "schedule=@daily\ntime_zone=UTC\n",
                 "schedule=@daily\nschedule_overlap=kill\n"):
        what = update(more)
        assert what["pid"] == pid and what["nextStart"] > what["now"], more
    assert update("schedule=@every 1\nschedule_overlap=kill\n")["pid"] == pid
    wait_for(lambda: info(server)["pid"] not in (0, pid), "the next run")
    pid = info(server)["pid"]
    update("")
    what = server.wait_state("job", "RUNNING")
    assert what["nextStart"] == 0
    log = server.log()
    assert "next start" not in what["description"] and is_running(what["pid"]) and log.count("spawned") >= 2


def test_a_bad_schedule_changes_nothing(daemon):
    server = daemon(f"[program:job]\n{BRIEF}schedule=@yearly\n")
    before = info(server)["nextStart"]
    server.configure(f"[program:job]\n{BRIEF}schedule=61 * * * *\n")
    with pytest.raises(xmlrpc.client.Fault, match=r"'61' is not a minute \(0 to 59\) for key 'schedule' "
                                                  r"in section 'program:job' \(file: '.*supervisord.conf', line \d+\)"):
        server.rpc.supervisor.reloadConfig()
    assert info(server)["nextStart"] == before


@without_sanitizer("failing_malloc.so replaces malloc, and so does a sanitizer")
@pytest.mark.parametrize("overlap", ["skip", "kill"])
def test_without_memory_the_run_that_is_due_begins_when_there_is_some(daemon, work_dir, overlap):
    plan = MemoryPlan(work_dir)
    command = BRIEF if overlap == "skip" else LONG
    server = daemon(f"[program:job]\n{command}schedule=@every 1\nschedule_overlap={overlap}\nrestart_delay=10ms\n",
                    env=plan.environment)
    wait_runs(server, 1)
    for first in (1, 2, 3, 5, 8, 13):
        before = runs(server)
        with plan.fail(first, 4):
            wait_for(lambda first=first, before=before: plan.seen > first + 4 or runs(server) > before, "allocations")
        wait_runs(server, before + 1)
    assert server.is_answering()


def test_shutdown_does_not_wait_for_a_job_and_starts_none(daemon):
    server = daemon(f"[program:job]\n{LONG}schedule=@every 1\nschedule_overlap=queue\n")
    wait_runs(server, 1)
    wait_for(lambda: "the new one follows" in server.log(), "the second time")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0
    assert server.log().count("INFO spawned: 'job'") == 1


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


@other_clock
def test_a_schedule_goes_through_an_upgrade(at, work_dir):
    server = at("2026-05-01 11:59:58", GOES_ON, executable=Installation(work_dir).path)
    check_that_it_goes_on(server, server.rpc.supervisor.upgrade)


@other_clock
def test_a_schedule_goes_through_a_crash(work_dir, monkeypatch):
    clock = WallClock(work_dir)
    clock.set("2026-05-01 11:59:58")
    for name in ("LD_PRELOAD", "TEST_WALL_CLOCK", "TZ"):
        monkeypatch.setenv(name, clock.environment[name])
    with KeptDaemon(work_dir, GOES_ON) as server:
        check_that_it_goes_on(server, server.crash_and_take_over)


@other_clock
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


@other_clock
def test_when_the_clocks_are_changed(at):
    zone = "time_zone=Europe/Berlin\n"
    server = at("2026-03-28 12:00:00", f"[program:night]\n{BRIEF}schedule=30 2 * * *\n{zone}"
                                       f"[program:hourly]\n{BRIEF}schedule=30 */2 * * *\n{zone}"
                                       f"[program:autumn]\n{BRIEF}schedule=30 2 25 10 *\n{zone}")
    # 02:00 to 03:00 is skipped on the 29th: a fixed time comes after the gap.
    assert shown(info(server, "night")["nextStart"]) == "2026-03-29 01:00:00"
    assert shown(info(server, "hourly")["nextStart"]) == "2026-03-28 13:30:00"
    assert shown(info(server, "autumn")["nextStart"]) == "2026-10-25 00:30:00"


def test_a_schedule_of_a_group_and_of_a_program_that_is_added(daemon):
    server = daemon("[rpcinterface:twiddler]\n"
                    "supervisor.rpcinterface_factory=supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n"
                    f"[program-defaults]\ntime_zone=UTC\n[group:g]\nprograms=job\nschedule=@every 1\n[program:job]\n{BRIEF}"
                    "[program:plain]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    server.wait_state("plain", "RUNNING")
    wait_runs(server, 1)
    command = f"/bin/sh -c 'echo run >> {server.directory}/more'"
    assert server.rpc.twiddler.addProgramToGroup("g", "more", {"command": command, "schedule": "@every 1",
                                                               "time_zone": "Europe/Berlin"})
    wait_for(lambda: os.path.exists(os.path.join(server.directory, "more")), "a run")
    with pytest.raises(xmlrpc.client.Fault, match="'often' has 1 field"):
        server.rpc.twiddler.addProgramToGroup("g", "bad", {"command": command, "schedule": "often"})

    def removed():
        try:
            return server.rpc.twiddler.removeProcessFromGroup("g", "more")
        except xmlrpc.client.Fault as fault:
            assert "STILL_RUNNING" in fault.faultString
            return False

    wait_for(removed, "a moment between two runs")


def test_the_processes_of_a_section_have_a_schedule_each(daemon):
    server = daemon("[program:w]\ncommand=/bin/true\nprocess_name=%(process_num)d\nnumprocs=2\nschedule=@every 1\n")
    for name in ("0", "1"):
        wait_for(lambda name=name: f"INFO spawned: '{name}'" in server.log(), "its run")
    server.ctl("scale", "w=3")
    wait_for(lambda: "INFO spawned: '2'" in server.log(), "a run of the third")
