# SPDX-License-Identifier: MIT
"""event_details: exit codes, signals and reasons behind Supervisor's payloads, and only for listeners that ask."""

import re
import urllib.parse

import pytest

from eventlog import listener_section, recorded, touch
from upgrading import Installation
from waiting import wait_for

PROGRAMS = """[program:exits]
command=/bin/sh -c 'exit 3'
startsecs=0
autorestart=false
[program:fine]
command=/bin/true
startsecs=0
autorestart=false
[program:runs]
command=/bin/sleep 1000
[program:killed]
command=/bin/sh -c 'kill -9 $$'
startsecs=0
autorestart=false
[program:fails]
command=/bin/sh -c 'kill -9 $$'
startretries=1
startsecs=20
[program:absent]
command=/nonexistent a:b
startretries=0
"""
TYPES = "PROCESS_STATE_EXITED,PROCESS_STATE_STOPPED,PROCESS_STATE_BACKOFF,PROCESS_STATE_FATAL"


def said(server, name):
    """The payloads that listener `name` has recorded of the programs, in order: {(program, type): [words]}."""
    found = {}
    for headers, payload in recorded(server, name):
        words = dict(word.split(":", 1) for word in payload.split(" "))  # as listeners do
        if words["processname"] in ("plain", "detailed"):
            continue
        payload = re.sub(r"pid:\d+", "pid:N", payload)
        found.setdefault((words["processname"], dict(headers)["eventname"][14:]), []).append(payload)
    return found


@pytest.fixture
def played(daemon):
    server = daemon(listener_section("plain", "ok", TYPES) + listener_section("detailed", "ok", TYPES, event_details="true")
                    + PROGRAMS)
    server.wait_state("runs", "RUNNING")
    server.rpc.supervisor.stopProcess("runs")
    for name in ("fails", "absent"):
        server.wait_state(name, "FATAL")
    for name in ("plain", "detailed"):
        wait_for(lambda name=name: len(said(server, name)) == 8 and ("fails", "FATAL") in said(server, name),
                 "the events")
    return server


def test_payloads_without_details_are_supervisors(played):
    assert said(played, "plain") == {
        ("exits", "EXITED"): ["processname:exits groupname:exits from_state:RUNNING expected:0 pid:N"],
        ("fine", "EXITED"): ["processname:fine groupname:fine from_state:RUNNING expected:1 pid:N"],
        ("killed", "EXITED"): ["processname:killed groupname:killed from_state:RUNNING expected:0 pid:N"],
        ("runs", "STOPPED"): ["processname:runs groupname:runs from_state:STOPPING pid:N"],
        ("fails", "BACKOFF"): ["processname:fails groupname:fails from_state:STARTING tries:1",
                               "processname:fails groupname:fails from_state:STARTING tries:2"],
        ("fails", "FATAL"): ["processname:fails groupname:fails from_state:BACKOFF"],
        ("absent", "BACKOFF"): ["processname:absent groupname:absent from_state:STARTING tries:1"],
        ("absent", "FATAL"): ["processname:absent groupname:absent from_state:BACKOFF"],
    }


def test_details_follow_them(played):
    plain, detailed = said(played, "plain"), said(played, "detailed")
    assert list(plain) == list(detailed)
    more = {}
    for key, payloads in detailed.items():
        for before, payload in zip(plain[key], payloads, strict=True):
            assert payload.startswith(before + " ") or payload == before
            more.setdefault(key, []).append(payload[len(before):].strip())
    quick = "reason:Exited%20too%20quickly%20%28process%20log%20may%20have%20details%29"
    absent = "reason:can%27t%20find%20command%20%27/nonexistent%27"
    assert more == {
        ("exits", "EXITED"): ["exitcode:3 reason:exit%20status%203"],
        ("fine", "EXITED"): ["exitcode:0"],
        ("killed", "EXITED"): ["signal:SIGKILL reason:terminated%20by%20SIGKILL"],
        ("runs", "STOPPED"): ["signal:SIGTERM"],
        ("fails", "BACKOFF"): [f"signal:SIGKILL {quick}"] * 2,
        ("fails", "FATAL"): [f"signal:SIGKILL {quick}"],
        ("absent", "BACKOFF"): [absent],
        ("absent", "FATAL"): [absent],
    }
    configured = {one["name"]: one for one in played.rpc.supervisor.getAllConfigInfo()}
    assert configured["detailed"]["event_details"] is True
    assert set(configured["detailed"]) - set(configured["plain"]) == {"event_details"}
    info = played.rpc.supervisor.getProcessInfo("absent")
    assert urllib.parse.unquote(absent) == f"reason:{info['spawnerr']}"


def test_a_restart_limit_is_an_event_for_those_who_name_it(daemon):
    server = daemon("".join(listener_section(name, "ok", types) for name, types in (
        ("all", "EVENT"), ("states", "PROCESS_STATE"), ("limits", "PROCESS_RESTART_LIMIT"),
        ("both", "EVENT,PROCESS_RESTART_LIMIT"))) +
        "[program:it]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nrestart_delay=10ms\nrestart_limit=2/1h\n")
    server.wait_state("it", "FATAL")

    def types(name):
        return [dict(headers)["eventname"] for headers, payload in recorded(server, name) if "processname:it " in payload]

    for name in ("all", "states", "both"):
        wait_for(lambda name=name: "PROCESS_STATE_FATAL" in types(name), "the end")
    wait_for(lambda: "PROCESS_RESTART_LIMIT" in types("both"), "the event of its own")
    wait_for(lambda: recorded(server, "limits"), "the event of its own")
    assert "PROCESS_RESTART_LIMIT" not in types("all") + types("states")
    [(_, payload)] = recorded(server, "limits")
    assert payload == ("processname:it groupname:it restarts:2 reason:exit%20status%203%3B%20restarted%202%20times%20in"
                       "%203600%20seconds%20%28restart_limit%29")


def test_details_that_wait_go_through_an_upgrade(daemon, work_dir):
    server = daemon(listener_section("detailed", "slow", "PROCESS_STATE_EXITED", event_details="true") +
                    "[program:first]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nautorestart=false\nautostart=false\n"
                    "[program:second]\ncommand=/bin/sh -c 'exit 4'\nstartsecs=0\nautorestart=false\nautostart=false\n",
                    executable=Installation(work_dir).path)
    server.wait_state("detailed", "RUNNING")
    for name in ("first", "second"):
        server.rpc.supervisor.startProcess(name, False)
        server.wait_state(name, "EXITED")
    server.rpc.supervisor.upgrade()
    touch(server, "detailed.events.go")
    wait_for(lambda: len(recorded(server, "detailed")) == 2, "both events")
    assert [payload.partition(" pid:")[2].partition(" ")[2] for _, payload in recorded(server, "detailed")] == [
        "exitcode:3 reason:exit%20status%203", "exitcode:4 reason:exit%20status%204"]


def test_a_bad_value_of_event_details(daemon):
    server = daemon(wait=False, config=listener_section("l", "ok", "TICK_5", event_details="maybe"))
    wait_for(lambda: server.process.poll() is not None, "the refusal")
    assert server.process.returncode == 2
    assert re.search(r"not a valid boolean value: 'maybe' for key 'event_details' in section 'eventlistener:l' "
                     r"\(file: '.*supervisord.conf', line \d+\)", server.output())


def test_an_update_turns_details_on_and_off(daemon):
    """Without a restart of the listener."""
    def config(details):
        return listener_section("l", "ok", "PROCESS_STATE_EXITED", event_details=details) + PROGRAMS

    server = daemon(config("false"))
    pid = server.wait_state("l", "RUNNING")["pid"]
    wait_for(lambda: ("exits", "EXITED") in said(server, "l"), "the first event")
    for details, words in (("true", ["exitcode:3"]), ("false", [])):
        server.configure(config(details))
        plan = server.ctl("update", "--dry-run").stdout
        assert "event_details" in plan
        assert server.ctl("update").stdout == "l: updated process group\n"
        before = len(said(server, "l")["exits", "EXITED"])
        server.rpc.supervisor.startProcess("exits", False)
        wait_for(lambda count=before: len(said(server, "l")["exits", "EXITED"]) > count, "the next event")
        payload = said(server, "l")["exits", "EXITED"][-1]
        assert [word for word in payload.split(" ") if word.startswith("exitcode:")] == words
    assert server.rpc.supervisor.getProcessInfo("l")["pid"] == pid
