# SPDX-License-Identifier: MIT
"""run_window: programs that run at some times of the day only. supervisord gets a time zone in which it is just before
the time that the test waits for, since the clock cannot be set."""

import os
import re
import socket
import time
import xmlrpc.client

import pytest

from daemon import Daemon
from page import free_port
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for


def zone(clock, ahead):
    """A value of TZ in which it will be `clock`, "HH:MM", in `ahead` seconds; and when that is, since the epoch."""
    moment = int(time.time()) + ahead
    hours, minutes = map(int, clock.split(":"))
    east = (hours * 3600 + minutes * 60 - moment) % 86400
    if east > 43200:
        east -= 86400
    sign, size = ("-", east) if east >= 0 else ("+", -east)  # POSIX counts to the west
    return f"XYZ{sign}{size // 3600:02}:{size // 60 % 60:02}:{size % 60:02}", moment


def at(clock, ahead):
    value, moment = zone(clock, ahead)
    return dict(os.environ, TZ=value), moment


def shortly_before(daemon, clock, config, look):
    """A server whose clock shows `clock` in a few seconds, that moment, and what `look` has seen until then: on a busy
    machine with more time."""
    for ahead in (4, 20, 60):
        env, moment = at(clock, ahead)
        server = daemon(config, env=env)
        try:
            seen = look(server)
        except (AssertionError, xmlrpc.client.Fault):
            if time.time() < moment:
                raise
        if time.time() < moment:
            return server, moment, seen
        server.stop()
    raise AssertionError("a minute was not enough")


def it(window="08:00-18:00", more=""):
    return f"[program:it]\ncommand=/bin/cat\nstartsecs=0\nrun_window={window}\n{more}"


def info(server, name="it"):
    return server.rpc.supervisor.getProcessInfo(name)


def starts(server, name="it"):
    return server.log().count(f"INFO spawned: '{name}' with pid ")


def waits_until(moment):
    wait_for(lambda: time.time() > moment + 0.2, "that moment", limit=90)


def test_it_is_started_when_its_window_opens(daemon):
    server, moment, (what, manual) = shortly_before(
        daemon, "08:00", it(more="[program:manual]\ncommand=/bin/cat\nautostart=false\nrun_window=08:00-18:00\n"),
        lambda server: (info(server), info(server, "manual")))
    assert what["statename"] == "STOPPED" and what["nextStart"] == moment
    assert re.fullmatch(r"Not started; next start at 08:00:00; outside of run_window", what["description"])
    assert (manual["description"], manual["nextStart"]) == ("Not started; outside of run_window", 0)
    what = server.wait_state("it", "RUNNING")
    assert what["start"] >= moment
    assert "INFO run_window: it is time for it\n" in server.log()
    assert info(server, "manual")["statename"] == "STOPPED"


def test_it_is_stopped_when_its_window_closes_and_its_dependents_before_it(daemon):
    server, moment, _ = shortly_before(
        daemon, "18:00", it() + "[program:web]\ncommand=/bin/cat\nstartsecs=0\ndepends_on=it\n"
        "[program:other]\ncommand=/bin/cat\nstartsecs=0\n", lambda server: server.wait_state("web", "RUNNING"))
    what = server.wait_state("it", "STOPPED")
    assert what["stop"] >= moment and what["spawnerr"] == ""
    assert 13 * 3600 < what["nextStart"] - moment == 14 * 3600
    assert re.search(r"PM; next start at \w{3} \d\d 08:00:00; outside of run_window$", what["description"])
    log = server.log()
    assert "INFO run_window: the time of it is over; it is stopped\n" in log
    assert log.index("stopped: web") < log.index("stopped: it")
    assert info(server, "web")["description"] == "waiting for it, which is outside of its run_window"
    assert info(server, "other")["statename"] == "RUNNING"


def test_a_request_counts_more_than_the_window(daemon):
    def ask(server):
        server.rpc.supervisor.stopProcess("it")  # until it opens the next time
        server.rpc.supervisor.startProcess("later")  # until it closes the next time
        return info(server)

    server, moment, what = shortly_before(
        daemon, "18:00", it() + "[program:later]\ncommand=/bin/cat\nstartsecs=0\nrun_window=20:00-21:00\n", ask)
    assert (what["statename"], what["nextStart"]) == ("STOPPED", moment + 14 * 3600)
    waits_until(moment)
    assert info(server)["statename"] == "STOPPED"
    assert info(server, "later")["statename"] == "RUNNING"
    assert "run_window: " not in server.log()
    assert server.rpc.supervisor.startProcess("it") is True  # outside of it
    assert info(server)["statename"] == "RUNNING"


def test_outside_of_it_nothing_starts_it_by_itself(daemon):
    env, _ = at("19:00", 0)
    server = daemon(it(more="autorestart=true\n") + "[program:fails]\ncommand=/bin/false\nrestart_delay=1ms\n"
                    "run_window=08:00-18:00\n[program:off]\ncommand=/bin/cat\nrun_window=08:00-18:00\n", env=env)
    server.rpc.supervisor.startProcess("it")
    server.rpc.supervisor.signalProcess("it", "KILL")
    assert re.search(r"; next start at \w{3} \d\d 08:00:00; outside of run_window$",
                     server.wait_state("it", "EXITED")["description"])
    server.rpc.supervisor.startProcess("fails", False)
    server.wait_state("fails", "BACKOFF")
    server.ctl("disable", "off")
    assert info(server, "off")["nextStart"] == 0
    started = server.rpc.supervisor.startAllProcesses(True)
    assert starts(server) == starts(server, "fails") == 1 and started == []
    server.rpc.supervisor.stopProcess("fails")
    assert info(server, "fails")["statename"] == "STOPPED"


def test_a_window_counts_for_a_program_that_others_need(daemon):
    env, _ = at("19:00", 0)
    server = daemon("[program:db]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nrun_window=08:00-18:00\n"
                    "[program:cache]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n"
                    "[program:web]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\ndepends_on=cache,db\n"
                    "[program:proxy]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\ndepends_on=web\n", env=env)
    with pytest.raises(xmlrpc.client.Fault) as refused:
        server.rpc.supervisor.startProcess("proxy")
    assert refused.value.faultString.endswith("proxy: waits for db, which is outside of its run_window")
    what = info(server, "web")
    assert what["description"] == "waiting for db, which is outside of its run_window" and what["waitingFor"] == ["db"]
    assert info(server, "proxy")["description"] == "waiting for web"
    assert info(server, "cache")["statename"] == "RUNNING"
    server.rpc.supervisor.startAllProcesses(False)
    assert info(server, "db")["statename"] == "STOPPED" and starts(server, "db") == 0
    server.rpc.supervisor.stopProcess("cache")
    server.rpc.supervisor.startProcess("web", False)
    server.rpc.supervisor.startProcess("db")  # by name
    server.wait_state("proxy", "RUNNING")


def test_restart_all_restarts_what_runs_by_request(daemon):
    env, _ = at("19:00", 0)
    server = daemon(it() + "[program:idle]\ncommand=/bin/cat\nrun_window=08:00-18:00\n"
                    "[program:off]\ncommand=/bin/cat\nstartsecs=0\nrun_window=08:00-18:00\n"
                    "[group:g]\nprograms=member\n[program:member]\ncommand=/bin/cat\nstartsecs=0\nrun_window=08:00-18:00\n", env=env)
    for name in ("it", "off", "g:member"):
        server.rpc.supervisor.startProcess(name)
    server.ctl("disable", "off")
    before = {name: info(server, name)["pid"] for name in ("it", "off", "g:member")}
    done = server.ctl("restart", "all")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["g:member: started", "g:member: stopped", "it: started", "it: stopped",
                                                "off: stopped"]
    assert info(server)["statename"] == "RUNNING" and info(server)["pid"] != before["it"]
    assert info(server, "off")["statename"] == info(server, "idle")["statename"] == "STOPPED"
    pid = info(server, "g:member")["pid"]
    assert pid != before["g:member"]
    server.ctl("restart", "g:*")
    assert info(server, "g:member")["statename"] == "RUNNING" and info(server, "g:member")["pid"] != pid


def test_a_schedule_that_is_never_within_it(daemon):
    server = daemon("[program:it]\ncommand=/bin/cat\nschedule=30 2 * * *\nrun_window=00:00-02:30,02:31-24:00\n")
    assert info(server)["description"] == "Not started; no time of its schedule is within run_window"
    assert info(server)["nextStart"] == 0
    warning = (r"WARN Key 'schedule' never starts the program: none of its times is within 'run_window' in section 'program:it' "
               r"\(file: '.*', line \d+\)")
    assert len(re.findall(warning, server.log())) == 1
    text = "[program:it]\ncommand=/bin/cat\nschedule=30 2 * * *\nrun_window="
    server.configure(text + "02:00-03:00\n")
    server.ctl("update")
    assert "never" not in info(server)["description"] and "schedule" not in info(server)["description"]
    server.configure(text + "00:00-02:00,03:00-24:00\n")
    server.ctl("update")
    assert "no time of its schedule is within run_window" in info(server)["description"]
    assert len(re.findall(warning, server.log())) == 2


def test_what_was_waiting_for_its_window_starts_with_it(daemon):
    def fail(server):
        server.rpc.supervisor.startProcess("it", False)
        server.wait_state("it", "BACKOFF")
        with open(os.path.join(server.directory, "works"), "w", encoding="utf-8"):
            pass

    server, _, _ = shortly_before(
        daemon, "08:00", "[program:it]\ncommand=/bin/sh -c 'test -e %(here)s/works && exec sleep 1000'\n"
        "startretries=1\nrun_window=08:00-18:00\n", fail)
    server.wait_state("it", "RUNNING")
    assert starts(server) == 2


def test_a_change_of_the_window_reaches_the_program(daemon):
    env, _ = at("12:00", 0)
    server = daemon(it().replace("run_window=08:00-18:00\n", ""), env=env)
    first = server.wait_state("it", "RUNNING")["pid"]
    for window in ("08:00-18:00", "mon-sun 11:00-12:30", "12:00-11:00"):
        server.configure(it(window))
        server.ctl("update")
        assert info(server)["pid"] == first
    server.configure(it("08:00-09:00"))
    server.ctl("update")
    server.wait_state("it", "STOPPED")
    server.configure(it("08:00-18:00"))
    server.ctl("update")
    second = server.wait_state("it", "RUNNING")["pid"]
    server.configure(it("08:00-09:00"))
    server.ctl("update")
    server.wait_state("it", "STOPPED")
    server.configure(it().replace("run_window=08:00-18:00\n", ""))
    server.ctl("update")
    assert server.wait_state("it", "RUNNING")["pid"] not in (first, second)
    assert starts(server) == 3


def test_the_times_are_those_of_time_zone(daemon):
    """A change of it reaches the program, too."""
    hour = time.gmtime().tm_hour
    window = f"{hour:02}:00-{(hour + 2) % 24:02}:00"
    server = daemon(it(window, "time_zone=UTC\n"), env=at("12:00", 0)[0])
    server.wait_state("it", "RUNNING")
    server.configure(it(window, "time_zone=Etc/GMT+12\n"))
    server.ctl("update")
    assert "outside of run_window" in server.wait_state("it", "STOPPED")["description"]


def test_a_schedule_starts_nothing_outside_of_it(daemon):
    server = daemon("[program:it]\ncommand=/bin/true\nschedule=@every 1s\nrun_window=08:00-18:00\n"
                    "[program:other]\ncommand=/bin/true\nschedule=@every 1s\n", env=at("19:00", 0)[0])
    wait_for(lambda: starts(server, "other") > 1, "two runs")
    assert starts(server) == 0


def test_it_opens_while_the_program_is_being_stopped(daemon):
    env, _ = at("12:00", 0)
    slow = ("[program:it]\nstartsecs=0\nstdout_logfile=%(here)s/out\nstopwaitsecs=60\n"
            "command=/bin/sh -c 'trap \"until [ -e %(here)s/end ]; do sleep 0.02; done; exit 0\" TERM; echo up; "
            "while :; do sleep 0.02; done'\nrun_window=")
    server = daemon(slow + "08:00-18:00\n", env=env)
    wait_for(lambda: server.read("out"), "the trap")
    for window, state in (("08:00-09:00", "STOPPING"), ("08:00-18:00", "STOPPING")):
        server.configure(slow + window + "\n")
        server.ctl("update")
        server.wait_state("it", state)
    with open(os.path.join(server.directory, "end"), "w", encoding="utf-8"):
        pass
    wait_for(lambda: starts(server) == 2, "the next start")


def test_it_opens_while_the_stop_waits_for_a_dependent_program(daemon):
    slow = ("[program:web]\nstartsecs=0\nstdout_logfile=%(here)s/out\nstopwaitsecs=60\ndepends_on=it\n"
            "command=/bin/sh -c 'trap \"until [ -e %(here)s/end ]; do sleep 0.02; done; exit 0\" TERM; echo up; "
            "while :; do sleep 0.02; done'\n")
    server = daemon(it() + slow, env=at("12:00", 0)[0])
    wait_for(lambda: server.read("out"), "the trap")
    server.configure(it("08:00-09:00") + slow)
    server.ctl("update")
    server.wait_state("web", "STOPPING")
    assert info(server)["statename"] == "RUNNING"
    server.configure(it() + slow)
    server.ctl("update")
    with open(os.path.join(server.directory, "end"), "w", encoding="utf-8"):
        pass
    wait_for(lambda: starts(server) == 2 and starts(server, "web") == 2, "both to start again")


def test_exit_when_and_essential_wait_for_the_next_opening(daemon):
    env, _ = at("12:00", 0)
    server = daemon("[program:it]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nautorestart=false\nessential=true\n"
                    "run_window=08:00-18:00\n", supervisord="exit_when=all_exited", env=env)
    assert "next start at" in server.wait_state("it", "EXITED")["description"]
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    server.ctl("disable", "it")
    assert server.process.wait(30) == 3


def test_the_end_of_its_window_is_not_what_autostart_last_remembers(work_dir, cleanup):
    text = it(more="autostart=last\n")
    first = cleanup.enter_context(Daemon("ours", work_dir, text, env=at("18:00", 6)[0]))
    first.wait_state("it", "RUNNING")
    first.wait_state("it", "STOPPED")
    assert first.stop() == 0
    second = cleanup.enter_context(Daemon("ours", work_dir, text, env=at("12:00", 0)[0]))
    second.wait_state("it", "RUNNING")


@pytest.mark.parametrize("clock,before,after", [("18:00", "RUNNING", "STOPPED"), ("08:00", "STOPPED", "RUNNING")])
def test_an_edge_that_passes_during_an_upgrade(daemon, work_dir, clock, before, after):
    env, moment = at(clock, 8)
    installation = Installation(work_dir)
    server = daemon(it(), env=env, executable=installation.path)
    server.wait_state("it", before)
    installation.newer()
    assert server.rpc.supervisor.upgrade() is True
    server.wait_state("it", after)
    assert time.time() >= moment


@pytest.mark.parametrize("clock,before,after", [("18:00", "RUNNING", "STOPPED"), ("08:00", "STOPPED", "RUNNING")])
def test_an_edge_that_passes_while_nobody_looks(work_dir, cleanup, clock, before, after):
    server = KeptDaemon(work_dir, it())
    settings, moment = at(clock, 8)
    server._settings["TZ"] = settings["TZ"]  # pylint: disable=protected-access
    cleanup.enter_context(server)
    pid = server.wait_state("it", before)["pid"]
    server.crash()
    waits_until(moment)
    server.take_over()
    server.wait_ready()

    def reached():
        server.reap()
        return info(server)["statename"] == after

    wait_for(reached, f"it to be {after}")
    assert info(server)["pid"] != pid or pid == 0


def test_a_takeover_within_a_window_changes_nothing(work_dir, cleanup):
    server = KeptDaemon(work_dir, it() + "[program:byhand]\ncommand=/bin/cat\nstartsecs=0\nrun_window=20:00-21:00\n"
                        "[program:stopped]\ncommand=/bin/cat\nstartsecs=0\nrun_window=08:00-18:00\n")
    server._settings["TZ"] = at("12:00", 0)[0]["TZ"]  # pylint: disable=protected-access
    cleanup.enter_context(server)
    server.rpc.supervisor.startProcess("byhand")
    server.stop_program("stopped")
    pids = [info(server, name)["pid"] for name in ("it", "byhand", "stopped")]
    server.crash_and_take_over()
    assert [info(server, name)["pid"] for name in ("it", "byhand", "stopped")] == pids
    assert "run_window: " not in server.log()


def test_outside_of_it_its_sockets_are_closed(daemon):
    """Clients are refused, and do not wait for hours."""
    port = free_port()
    config = (f"[socket:web]\nsocket=tcp://127.0.0.1:{port}\n[program:it]\ncommand=/bin/cat\nsockets=web\n"
              "autostart=ondemand\n")
    server = daemon(config + "run_window=08:00-18:00\n", env=at("19:00", 0)[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
    assert info(server)["description"].endswith("08:00:00; outside of run_window")
    server.configure(config)
    server.ctl("update")
    wait_for(lambda: "; listening on tcp://" in info(server)["description"], "it to listen")
    socket.create_connection(("127.0.0.1", port)).close()
    server.wait_state("it", "RUNNING")
