# SPDX-License-Identifier: MIT
"""Event listeners: with Supervisor's childutils or without, correct and incorrect ones."""

import json
import os
import re
import signal

import pytest

from eventlog import listener_section, parse, recorded, stdout_section, touch
from programs import PYTHON
from waiting import wait_for


def payloads(server, name="l"):
    return [payload for _, payload in recorded(server, name)]


def send(server, data, kind="t"):
    assert server.rpc.supervisor.sendRemoteCommEvent(kind, data) is True


def wait_payload(server, payload, name="l"):
    wait_for(lambda: payload in payloads(server, name), f"{name} to receive {payload!r}")


def wait_log(server, text, count=1):
    wait_for(lambda: server.log().count(text) >= count, f"{text!r} in the log")


def test_a_listener_written_with_childutils(daemon):
    server = daemon(listener_section("l", "childutils", "PROCESS_STATE,REMOTE_COMMUNICATION", autorestart="false")
                    + "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n")

    def told():
        return [json.loads(line) for line in server.read("l.events").splitlines()]

    server.wait_state("l", "RUNNING")
    server.rpc.supervisor.startProcess("cat")
    wait_for(lambda: [e for e in told() if e.get("process", {}).get("processname") == "cat"
                     and e["headers"]["eventname"] == "PROCESS_STATE_RUNNING"], "the start of cat")
    send(server, "some\ndata")
    wait_for(lambda: [e for e in told() if e.get("data") == "some\ndata"], "the remote event")
    assert all(event["state"] == "RUNNING" for event in told())
    running = [e for e in told() if e["headers"]["eventname"] == "PROCESS_STATE_RUNNING"][-1]["process"]
    assert running == {"processname": "cat", "groupname": "cat", "from_state": "STARTING",
                       "pid": str(server.rpc.supervisor.getProcessInfo("cat")["pid"])}
    assert "UNKNOWN" not in server.log()


@pytest.mark.parametrize("text", ["", "x", "a\nb\n", "héllo €", "\U0001f600" * 50])
def test_the_length_counts_bytes(daemon, text):
    server = daemon(listener_section("l", "ok", "REMOTE_COMMUNICATION"))
    send(server, text)
    send(server, "end")
    wait_payload(server, "type:t\nend")
    assert payloads(server) == [f"type:t\n{text}", "type:t\nend"]


def test_a_large_event_arrives_whole(daemon):
    server = daemon(listener_section("l", "ok", "REMOTE_COMMUNICATION"))
    text = "0123456789" * 100_000
    send(server, text)
    wait_payload(server, f"type:t\n{text}")


def test_overlapping_subscriptions_deliver_once(daemon):
    server = daemon(listener_section("l", "ok", "EVENT,REMOTE_COMMUNICATION,PROCESS_STATE,PROCESS_STATE_RUNNING"))
    send(server, "end")
    wait_payload(server, "type:t\nend")
    serials = [dict(headers)["serial"] for headers, _ in recorded(server, "l")]
    assert serials == [str(n) for n in range(len(serials))]
    assert payloads(server).count("type:t\nend") == 1


def test_the_first_events_of_a_supervisor(daemon):
    server = daemon(listener_section("l", "ok", "EVENT") + "[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    send(server, "end")
    wait_payload(server, "type:t\nend")
    names = [dict(headers)["eventname"] for headers, _ in recorded(server, "l")]
    assert names == ["PROCESS_GROUP_ADDED", "PROCESS_GROUP_ADDED", "SUPERVISOR_STATE_CHANGE_RUNNING",
                     "PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING", "REMOTE_COMMUNICATION"]
    assert payloads(server)[:2] == ["groupname:l\n", "groupname:cat\n"]


def test_a_rejected_event_stays_in_its_pool(daemon):
    server = daemon(listener_section("l", "fail", "REMOTE_COMMUNICATION")
                    + listener_section("other", "ok", "PROCESS_GROUP")
                    + listener_section("third", "ok", "REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    send(server, "fail")
    wait_for(lambda: len(recorded(server, "l")) >= 3, "the event to be rejected twice")
    touch(server, "l.events.ok")
    send(server, "end")
    wait_payload(server, "type:t\nend")
    wait_payload(server, "type:t\nend", "third")
    assert payloads(server, "third") == ["type:t\nfail", "type:t\nend"]
    assert all(payload.startswith("groupname:") for payload in payloads(server, "other"))
    serials = {(dict(h)["serial"], dict(h)["poolserial"]) for h, p in recorded(server, "l") if p == "type:t\nfail"}
    assert len(serials) == 1


@pytest.mark.parametrize("manner", ["chatty", "greedy"])
def test_a_listener_that_breaks_the_protocol_is_restarted(daemon, manner):
    server = daemon(listener_section("l", manner, "REMOTE_COMMUNICATION"))
    send(server, "x")
    wait_log(server, "l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the "
                    "process violated the eventlistener protocol")
    wait_log(server, "l: will be restarted in 1 s, since it receives no events in the UNKNOWN state")
    send(server, "y")
    wait_payload(server, "type:t\ny")
    assert len(re.findall(r"spawned: 'l' with pid", server.log())) == 2
    assert [p for p in payloads(server) if p != payloads(server)[0]] == ["type:t\ny"]
    assert server.log().count("has entered the UNKNOWN state") == 1


def test_a_listener_that_does_not_improve_is_restarted_later_and_later(daemon):
    server = daemon(listener_section("l", "babble", "REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    send(server, "x")
    wait_log(server, "l: will be restarted in 2 s")
    assert server.log().count("l: will be restarted in 1 s") == 1
    assert server.rpc.supervisor.stopProcess("l")
    assert server.rpc.supervisor.getProcessInfo("l")["statename"] == "STOPPED"


def test_a_listener_that_breaks_the_protocol_is_shown(daemon):
    server = daemon(listener_section("l", "babble", "REMOTE_COMMUNICATION", autorestart="false"))
    info = server.wait_state("l", "RUNNING")
    assert re.fullmatch(r"pid \d+, uptime 0:00:\d\d", info["description"])
    send(server, "x")
    wait_log(server, "l: has entered the UNKNOWN state")
    info = server.rpc.supervisor.getProcessInfo("l")
    assert info["statename"] == "RUNNING"
    assert re.fullmatch(r"pid \d+, uptime 0:00:\d\d, listener UNKNOWN", info["description"])
    assert "will be restarted" not in server.log()


def test_a_listener_that_dies_at_work_loses_nothing(daemon):
    server = daemon(listener_section("l", "crash", "REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    for text in ("a", "b", "c"):
        send(server, text)
    wait_payload(server, "type:t\nc")
    assert payloads(server) == ["type:t\na", "type:t\na", "type:t\nb", "type:t\nc"]


def test_a_killed_listener_loses_nothing(daemon):
    server = daemon(listener_section("l", "slow", "REMOTE_COMMUNICATION"))
    pid = server.wait_state("l", "RUNNING")["pid"]
    send(server, "a")
    wait_payload(server, "type:t\na")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(recorded(server, "l")) == 2, "the event to come again")
    touch(server, "l.events.go")
    send(server, "b")
    wait_payload(server, "type:t\nb")
    assert payloads(server) == ["type:t\na", "type:t\na", "type:t\nb"]


def test_several_listeners_share_the_work(daemon):
    section = listener_section("l", "slow", "REMOTE_COMMUNICATION", numprocs=3, process_name="l%(process_num)d")
    server = daemon(section)
    for number in range(3):
        server.wait_state(f"l:l{number}", "RUNNING")
    for text in "abc":
        send(server, text)
    wait_for(lambda: len(recorded(server, "l")) == 3, "three listeners at work")
    touch(server, "l.events.go")
    assert sorted(payloads(server)) == ["type:t\na", "type:t\nb", "type:t\nc"]


ECHO = """
[program:asker]
command=/bin/sh -c 'printf "<!--XSUPERVISOR:BEGIN-->answer\\n<!--XSUPERVISOR:END-->"; read a; echo "got $a"; exec sleep 1000'
startsecs=0
stdout_capture_maxbytes=1000
autostart=false
"""


def test_a_result_may_be_written_to_the_program(daemon):
    server = daemon(ECHO + listener_section(
        "l", "stdin", "PROCESS_COMMUNICATION,REMOTE_COMMUNICATION",
        result_handler="supervisor_twiddler.resulthandler:stdin_write_handler"))
    server.rpc.supervisor.startProcess("asker")
    wait_for(lambda: server.rpc.supervisor.tailProcessStdoutLog("asker", 0, 100)[0] == "got answer\n", "the answer")
    send(server, "still working")
    wait_payload(server, "type:t\nstill working")
    assert "UNKNOWN" not in server.log()


def timers(server):
    """The deadlines of the daemon's timer descriptors: {clock id: armed?}"""
    armed = {}
    for name in os.listdir(f"/proc/{server.pid}/fdinfo"):
        try:
            with open(f"/proc/{server.pid}/fdinfo/{name}", encoding="ascii") as file:
                text = file.read()
        except FileNotFoundError:  # a connection that has been closed meanwhile
            continue
        clock = re.search(r"clockid: (\d+)", text)
        if clock:
            value = re.search(r"it_value: \((\d+), (\d+)\)", text).groups()
            armed[int(clock[1])] = armed.get(int(clock[1]), False) or value != ("0", "0")
    return armed


def test_ticks_fall_on_their_boundary(daemon):
    server = daemon(listener_section("l", "ok", "TICK,TICK_5"))
    wait_for(lambda: len(payloads(server)) >= 2, "two ticks")
    fives = [(dict(headers), payload) for headers, payload in recorded(server, "l")
             if dict(headers)["eventname"] == "TICK_5"]
    whens = [int(re.fullmatch(r"when:(\d+)", payload)[1]) for _, payload in fives]
    assert all(when % 5 == 0 for when in whens)
    assert whens == sorted(set(whens))
    assert timers(server).get(0) is True


def test_no_timer_runs_without_a_tick_listener(daemon):
    server = daemon(listener_section("l", "ok", "PROCESS_STATE,REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    send(server, "x")
    wait_payload(server, "type:t\nx")
    assert timers(server).get(0, False) is False
    server.configure(listener_section("t", "ok", "TICK_3600"))
    server.rpc.supervisor.reloadConfig()
    server.rpc.supervisor.addProcessGroup("t")
    assert timers(server).get(0) is True
    server.wait_state("t", "RUNNING")
    server.rpc.supervisor.stopProcess("t")
    server.rpc.supervisor.removeProcessGroup("t")
    assert timers(server).get(0, False) is False


def test_the_serial_survives_a_reload(daemon):
    server = daemon(listener_section("l", "ok", "REMOTE_COMMUNICATION"))
    for text in ("a", "b"):
        send(server, text)
    wait_payload(server, "type:t\nb")
    server.kill(signal.SIGHUP)
    wait_log(server, "supervisord started with pid", 2)
    server.wait_ready()
    send(server, "c")
    wait_payload(server, "type:t\nc")
    with open(os.path.join(server.directory, "l.events"), "rb") as file:
        headers = [dict(headers) for headers, _ in parse(file.read())]
    assert [header["serial"] for header in headers] == ["0", "1", "2"]
    assert [header["poolserial"] for header in headers] == ["0", "1", "0"]


def test_listeners_hear_of_the_shutdown(daemon):
    server = daemon(listener_section("l", "ok", "SUPERVISOR_STATE_CHANGE,REMOTE_COMMUNICATION")
                    + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    send(server, "x")
    wait_payload(server, "type:t\nx")
    assert server.stop() == 0
    assert [dict(headers)["eventname"] for headers, _ in recorded(server, "l")] == [
        "SUPERVISOR_STATE_CHANGE_RUNNING", "REMOTE_COMMUNICATION", "SUPERVISOR_STATE_CHANGE_STOPPING"]


def test_a_lonely_listener_hears_of_the_shutdown(daemon):
    server = daemon(listener_section("l", "ok", "SUPERVISOR_STATE_CHANGE_STOPPING,REMOTE_COMMUNICATION"))
    send(server, "x")
    wait_payload(server, "type:t\nx")
    assert server.stop() == 0
    assert payloads(server) == ["type:t\nx", ""]


def test_a_listener_that_never_answers_does_not_hold_up_the_shutdown(daemon):
    server = daemon(listener_section("l", "slow", "REMOTE_COMMUNICATION"))
    send(server, "x")
    wait_payload(server, "type:t\nx")
    assert server.stop() == 0


def test_output_may_go_to_standard_output_with_names(daemon):
    """supervisor_stdout, which many images contain: its handler is built in."""
    server = daemon(stdout_section("buffer_size=100") +
                    "[program:talk]\ncommand=/bin/sh -c 'echo one; echo two; echo grün >&2; cat'\nautostart=false\nstartsecs=0\n"
                    "stdout_events_enabled=true\nstderr_events_enabled=true\n")
    server.wait_state("stdout", "RUNNING")
    server.rpc.supervisor.startProcess("talk")
    for number in range(5):
        server.rpc.supervisor.sendProcessStdin("talk", f"line € {number}\n")
        wait_for(lambda text=f"talk stdout | line € {number}\n": text in server.output(), f"line {number}")
    printed = [line for line in server.output().splitlines() if line.startswith("talk ")]
    assert sorted(printed) == sorted(["talk stdout | one", "talk stdout | two", "talk stderr | grün",
                                      *(f"talk stdout | line € {number}" for number in range(5))])
    assert "UNKNOWN" not in server.log()


def test_a_rejected_event_is_sent_again_later_and_later(daemon):
    server = daemon(listener_section("l", "fail", "REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    send(server, "fail")
    send(server, "behind")
    for pause in ("0.1", "0.2", "0.4", "0.8"):
        wait_log(server, f"l: event was rejected: the answer was 'FAIL' instead of 'OK'; it is sent again in {pause} s")
    touch(server, "l.events.ok")
    wait_payload(server, "type:t\nbehind")
    assert payloads(server) == ["type:t\nfail"] * (server.log().count("event was rejected") + 1) + ["type:t\nbehind"]
    server.stop()


def test_an_event_that_was_rejected_holds_up_no_shutdown(daemon):
    server = daemon(listener_section("l", "fail", "REMOTE_COMMUNICATION"))
    server.wait_state("l", "RUNNING")
    send(server, "fail")
    wait_log(server, "it is sent again in 0.8 s")
    assert server.stop() == 0


@pytest.mark.parametrize("wrong,told", [("Hello, world", r"it wrote 'Hello, world\n' instead of 'READY\n'"),
                                        (r"READY\nmore", r"more\n' between READY and an event")])
def test_the_wrong_bytes_of_a_listener_are_told(daemon, wrong, told):
    server = daemon(f"[eventlistener:l]\ncommand=/bin/sh -c 'printf \"{wrong}\\\\n\"; exec sleep 1000'\nevents=TICK_3600\nstartsecs=0\n"
                    "autorestart=false\n")
    wait_log(server, "l: has entered the UNKNOWN state")
    assert told in [line for line in server.log().splitlines() if "UNKNOWN" in line][0]
