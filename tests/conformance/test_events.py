# SPDX-License-Identifier: MIT
"""The same things happen to Debian's supervisord and to ours: their listeners receive the same bytes."""

import re

import pytest

from eventlog import comparable, listener_section, recorded
from waiting import wait_for

PROGRAMS = """
[program:cat]
command=/bin/cat
autostart=false
startsecs=0
stdout_events_enabled=true

[program:talk]
command=/bin/sh -c 'printf "<!--XSUPERVISOR:BEGIN-->hello\\n<!--XSUPERVISOR:END-->"; printf "%%060d" 0 >&2; exec sleep 1000'
autostart=false
startsecs=0
stdout_capture_maxbytes=1000
stderr_events_enabled=true

[program:fails]
command=/bin/sh -c 'exit 3'
autostart=false
autorestart=false
startsecs=0
exitcodes=0,2

[program:expected]
command=/bin/sh -c 'exit 2'
autostart=false
autorestart=false
startsecs=0
exitcodes=0,2

[program:nothere]
command=/nonexistent/command
autostart=false
startretries=0
"""


@pytest.fixture(params=["all", "some"])
def twins(request, daemon):
    """Both daemons with a listener for all types but TICK, or for a few overlapping types."""
    events = {"all": "PROCESS_STATE,PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION,SUPERVISOR_STATE_CHANGE,"
                     "PROCESS_GROUP",
              "some": "PROCESS_STATE_EXITED,REMOTE_COMMUNICATION,PROCESS_LOG_STDERR"}[request.param]
    config = PROGRAMS + listener_section("l", "ok", events)
    return [daemon(config, kind=kind) for kind in ("debian", "ours")]


def state(server, name, wanted):
    wait_for(lambda: server.rpc.supervisor.getProcessInfo(name)["statename"] == wanted, f"{name} to be {wanted}")


def marker(server, text):
    """Sends a remote event and waits until the listener has it: all that was published before has arrived too."""
    server.rpc.supervisor.sendRemoteCommEvent("marker", text)
    wait_for(lambda: any(payload == f"type:marker\n{text}" for _, payload in recorded(server, "l")), f"marker {text}")


def act(server):
    """Does everything that causes events, one at a time."""
    state(server, "l", "RUNNING")
    marker(server, "begin")
    rpc = server.rpc.supervisor
    rpc.startProcess("cat")
    rpc.sendProcessStdin("cat", "one line\n")
    wait_for(lambda: rpc.tailProcessStdoutLog("cat", 0, 100)[0] == "one line\n", "the line to come back")
    marker(server, "line")
    rpc.stopProcess("cat")
    marker(server, "stopped")
    rpc.startProcess("talk")
    wait_for(lambda: len(rpc.tailProcessStderrLog("talk", 0, 100)[0]) == 60, "the whole talk")
    marker(server, "talked")
    rpc.stopProcess("talk")
    for name in ("fails", "expected"):
        rpc.startProcess(name)
        state(server, name, "EXITED")
        marker(server, name)
    with pytest.raises(Exception, match="NO_FILE"):
        rpc.startProcess("nothere")
    rpc.removeProcessGroup("fails")
    rpc.addProcessGroup("fails")
    marker(server, "end")


def test_listeners_are_told_the_same(twins):
    for server in twins:
        act(server)
    debian, ours = (comparable(recorded(server, "l")) for server in twins)
    assert ours == debian
    for server in twins:
        assert server.stop() == 0
    debian, ours = (comparable(recorded(server, "l")) for server in twins)
    assert ours == debian


def listener_log(server):
    """The lines of the activity log about the listener, without times and process ids."""
    lines = re.sub(r"(?m)^\d{4}-\S+ \S+ ", "", server.log()).replace("output:\n", "output: ").splitlines()
    return [re.sub(r"\d{2,}", "N", line) for line in lines
            if re.search(r"\bl: |event \d+ |pool l |rebuffering|'l' stdout", line)]


@pytest.mark.parametrize("manner", ["fail", "crash"])
def test_an_event_that_was_not_processed_comes_again(daemon, manner):
    seen = []
    for kind in ("debian", "ours"):
        server = daemon(listener_section("l", manner, "REMOTE_COMMUNICATION"), kind=kind)
        state(server, "l", "RUNNING")
        for text in ("ok then fail", "next"):
            server.rpc.supervisor.sendRemoteCommEvent("t", text)
        if manner == "fail":
            wait_for(lambda: len(recorded(server, "l")) > 3, "the event to be rejected")
            open(f"{server.directory}/l.events.ok", "wb").close()
        wait_for(lambda: [e for e in recorded(server, "l") if e[1].endswith("next")], "the next event")
        events = [event for index, event in enumerate(comparable(recorded(server, "l")))
                  if index == 0 or comparable(recorded(server, "l"))[index - 1] != event]
        seen.append(events)
    assert seen[0] == seen[1]
    assert [payload for _, payload in seen[1]] == ["type:t\nok then fail", "type:t\nnext"]


def test_the_log_tells_the_same_about_a_listener(daemon):
    seen = []
    for kind in ("debian", "ours"):
        server = daemon(listener_section("l", "chatty", "REMOTE_COMMUNICATION", autorestart="false"), kind=kind,
                        supervisord="loglevel=debug")
        state(server, "l", "RUNNING")
        wait_for(lambda: "ACKNOWLEDGED -> READY" in server.log(), "the listener to be ready")
        server.rpc.supervisor.sendRemoteCommEvent("t", "x")
        wait_for(lambda: "has entered the UNKNOWN state" in server.log(), "the violation")
        server.stop()
        seen.append(listener_log(server))
    assert seen[0] == seen[1]


def test_an_overflow_drops_the_oldest_events(daemon):
    seen = []
    for kind in ("debian", "ours"):
        server = daemon(listener_section("l", "slow", "REMOTE_COMMUNICATION", buffer_size=3), kind=kind)
        state(server, "l", "RUNNING")
        server.rpc.supervisor.sendRemoteCommEvent("t", "held")
        wait_for(lambda: recorded(server, "l"), "the first event")
        for number in range(6):
            server.rpc.supervisor.sendRemoteCommEvent("t", str(number))
        open(f"{server.directory}/l.events.go", "wb").close()
        wait_for(lambda: len(recorded(server, "l")) == 4, "the events that were kept")
        server.stop()
        seen.append((comparable(recorded(server, "l")), [line[24:] for line in server.log().splitlines()
                                                         if "overflowed" in line]))
    assert seen[0] == seen[1]
    assert [payload[7:] for _, payload in seen[1][0]] == ["held", "3", "4", "5"]
    assert seen[1][1] == [f"ERRO pool l event buffer overflowed, discarding event {n}" for n in (1, 2, 3)]
