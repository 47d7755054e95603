# SPDX-License-Identifier: MIT
"""How long a process may live: max_runtime and max_age."""

import time

import pytest

from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

FOREVER = "[program:it]\ncommand=/bin/cat\nstartsecs=0\n"


def starts(server, name="it"):
    return server.log().count(f"INFO spawned: '{name}' with pid ")


def info(server, name="it"):
    return server.rpc.supervisor.getProcessInfo(name)


def test_what_runs_too_long_is_started_again(daemon):
    server = daemon(FOREVER + "max_runtime=200ms\n")
    wait_for(lambda: starts(server) > 2, "two restarts")
    assert ("WARN max_runtime: it ran longer than max_runtime (0.2 seconds); it is restarted\n") in server.log()
    assert "stopped: it (terminated by SIGTERM)" in server.log()
    assert info(server)["restarts"] >= 2


def test_without_autorestart_it_stays_stopped_with_the_reason(daemon):
    server = daemon(FOREVER + "max_runtime=200ms\nautorestart=false\n"
                    "[eventlistener:l]\ncommand=/bin/cat\nevents=TICK_3600\n")
    what = server.wait_state("it", "STOPPED")
    assert what["description"].endswith(", ran longer than max_runtime (0.2 seconds)")
    assert what["spawnerr"] == "ran longer than max_runtime (0.2 seconds)"
    assert what["lastExit"]["signal"] == 15
    assert "max_runtime: it ran longer than max_runtime (0.2 seconds); it is stopped\n" in server.log()
    server.rpc.supervisor.startProcess("it", False)  # it gets the same time again
    wait_for(lambda: starts(server) == 2 and info(server)["statename"] == "STOPPED", "the end of the second run")


def test_a_run_of_a_schedule_is_stopped_and_the_next_one_follows(daemon):
    """Although it would be started again after a failure."""
    server = daemon("[program:it]\ncommand=/bin/cat\nschedule=@every 2s\nmax_runtime=200ms\n"
                    "startsecs=0\n")
    what = server.wait_state("it", "STOPPED")
    assert what["nextStart"] > 0
    wait_for(lambda: server.log().count("it ran longer than max_runtime (0.2 seconds); it is stopped") == 2, "two runs")
    assert starts(server) == 2


def test_it_counts_for_restart_limit(daemon):
    server = daemon(FOREVER + "max_runtime=50ms\nrestart_limit=1/1h\n")
    what = server.wait_state("it", "FATAL")
    assert what["description"] == ("ran longer than max_runtime (0.05 seconds); restarted 1 time in 3600 seconds "
                                   "(restart_limit)")


def test_a_start_that_takes_longer_has_failed(daemon):
    server = daemon("[program:it]\ncommand=/bin/cat\nready=file:%(here)s/never\nmax_runtime=100ms\nstartretries=0\n")
    what = server.wait_state("it", "FATAL")
    assert what["description"] == "ran longer than max_runtime (0.1 seconds)"


def test_a_program_that_ignores_the_stop_is_killed(daemon):
    server = daemon("[program:it]\ncommand=/bin/sh -c 'trap \"\" TERM; while :; do sleep 0.05; done'\nstartsecs=0\n"
                    "max_runtime=300ms\nautorestart=false\nstopsignal=TERM 0.2\n")
    server.wait_state("it", "STOPPED")
    assert "stopped: it (terminated by SIGKILL)" in server.log()


def test_an_old_process_is_replaced_as_planned(daemon):
    server = daemon(FOREVER + "max_age=100ms\nrestart_limit=1/1h\nrestart_delay=1h\n")
    wait_for(lambda: starts(server) > 3, "three restarts")
    assert "INFO max_age: it is older than 0.1 seconds; it is restarted\n" in server.log()
    assert info(server)["spawnerr"] == ""
    server.rpc.supervisor.stopProcess("it")
    assert info(server)["statename"] == "STOPPED"
    assert info(server)["nextStart"] == 0


def test_several_processes_are_not_replaced_together(daemon):
    server = daemon("[program:it]\ncommand=/bin/cat\nnumprocs=8\nprocess_name=%(process_num)s\nstartsecs=0\n"
                    "max_age=100ms\nmax_age_jitter=1h\n")
    wait_for(lambda: server.log().count("spawned: ") >= 8, "the first processes")
    # All times are within an hour: that two of them are within the first second is unlikely, and all eight impossible.
    assert server.log().count("max_age: ") < 8


def test_a_change_reaches_the_running_process(daemon):
    server = daemon(FOREVER)
    first = info(server)["pid"]
    for keys in ("max_runtime=1h\n", "max_runtime=2h\nmax_age=1h\n", "", "restart_delay=10ms\n"):
        server.configure(FOREVER + keys)
        assert "ERROR" not in server.ctl("update").stdout
    server.configure(FOREVER + "restart_delay=10ms\nmax_age=100ms\nmax_age_jitter=0\n")
    assert info(server)["pid"] == first
    server.ctl("update")
    wait_for(lambda: starts(server) > 2, "the process is too old by now")
    server.configure(FOREVER + "restart_delay=10ms\n")
    server.ctl("update")
    now = info(server)["pid"]
    assert now != 0
    assert info(server)["statename"] == "RUNNING"


def test_a_stop_that_is_under_way_is_not_disturbed(daemon):
    text = ("[program:it]\ncommand=/bin/sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.05; done'\n"
            "startsecs=0\nstopwaitsecs=1\nstdout_logfile=%(here)s/out\n")
    server = daemon(text)
    wait_for(lambda: server.read("out"), "the trap")
    server.rpc.supervisor.stopProcess("it", False)
    server.configure(text + "max_age=100ms\nmax_runtime=100ms\n")
    server.ctl("update")
    server.wait_state("it", "STOPPED")
    assert "ran longer" not in server.log() and "is older" not in server.log()
    assert starts(server) == 1


@pytest.mark.parametrize("key", ["max_runtime", "max_age"])
def test_the_time_goes_on_over_an_upgrade(daemon, work_dir, key):
    """It is that of the process, so a limit that passes while the new supervisord begins counts as well."""
    installation = Installation(work_dir)
    server = daemon(FOREVER + f"{key}=4s\nmax_age_jitter=0\n", executable=installation.path)
    pid = server.wait_state("it", "RUNNING")["pid"]
    started = time.monotonic()
    installation.newer()
    assert server.rpc.supervisor.upgrade() is True
    if time.monotonic() < started + 3:
        assert info(server)["pid"] == pid
    wait_for(lambda: f"{key}: it" in server.log(), "the limit")
    assert server.wait_state("it", "RUNNING")["pid"] != pid


def test_the_time_passes_while_nobody_looks(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(work_dir, FOREVER + "max_runtime=1s\nautorestart=false\n"))
    server.wait_state("it", "RUNNING")
    server.crash()
    limit = time.monotonic() + 1
    wait_for(lambda: time.monotonic() > limit, "the limit")
    server.take_over()
    server.wait_ready()

    def stopped():
        server.reap()
        return info(server)["statename"] == "STOPPED"

    wait_for(stopped, "the stop")
    assert "max_runtime: it ran longer than max_runtime (1 second); it is stopped" in server.log()
