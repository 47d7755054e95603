# SPDX-License-Identifier: MIT
"""Programs that run at times: schedule, schedule_overlap, schedule_jitter, time_zone."""

import os
import re
import signal
import xmlrpc.client

import pytest

from jobs import BRIEF, info, runs, wait_runs
from memory_plan import MemoryPlan
from processes import is_running
from sanitizers import without_sanitizer
from waiting import wait_for

# Each run lasts until the test lets it end.
LONG = ("command=/bin/sh -c 'echo run >> %(here)s/runs; trap \"exit 0\" TERM; "
        "while ! [ -e %(here)s/go ]; do sleep 0.02; done; rm %(here)s/go'\n")


def let_go(server):
    path = os.path.join(server.directory, "go")
    with open(path, "w", encoding="utf-8"):
        pass
    wait_for(lambda: not os.path.exists(path), "the run to end")


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
    server.wait_state("job", "RUNNING")  # it may be due before startsecs have passed
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
