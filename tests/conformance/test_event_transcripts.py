# SPDX-License-Identifier: MIT
"""What event listeners receive: both send the same headers and payloads in the same order."""

import os
import re

import pytest

from programs import PYTHON
from waiting import wait_for

LISTENER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "event_recorder.py")


def listening(events, name="ear", extra=""):
    return (f"[eventlistener:{name}]\ncommand={PYTHON} {LISTENER} %(here)s/{name}.txt\nevents={events}\nstartsecs=0\n"
            f"{extra}\n")


def wait_event(daemon, word, count=1, name="ear"):
    return wait_for(lambda: daemon.read(f"{name}.txt").count(word) >= count and daemon.read(f"{name}.txt"),
                   f"{count} events with {word}")


def note_events(daemon, note, name="ear"):
    """All received events; serials are relative to the first, since their start differs."""
    for block in daemon.read(f"{name}.txt").split("--\n"):
        note("event", re.sub(r"(len|serial|poolserial|when):\d+", r"\1:N", block))


def test_process_states(compare):
    def play(daemon, note):
        daemon.wait_state("ear", "RUNNING")
        daemon.call("startProcess", "cat")
        daemon.call("stopProcess", "cat")
        wait_event(daemon, "PROCESS_STATE_STOPPED")
        daemon.call("startProcess", "quick")
        wait_event(daemon, "PROCESS_STATE_FATAL")
        daemon.call("startProcess", "ends")
        wait_event(daemon, "PROCESS_STATE_EXITED")
        note_events(daemon, note)

    compare("[program:cat]\ncommand=cat\nautostart=false\nstartsecs=0\n"
            "[program:quick]\ncommand=sh -c 'exit 2'\nautostart=false\nstartretries=1\nstartsecs=20\n"
            "[program:ends]\ncommand=sh -c 'exit 3'\nautostart=false\nstartsecs=0\nautorestart=false\n"
            # Not RUNNING: whether the listener is ready early enough to receive the event of its own start is chance.
            + listening("PROCESS_STATE_STARTING,PROCESS_STATE_STOPPING,PROCESS_STATE_STOPPED,PROCESS_STATE_BACKOFF,"
                        "PROCESS_STATE_FATAL,PROCESS_STATE_EXITED"), play, with_log=False)


def test_groups_and_remote_events(compare):
    def play(daemon, note):
        daemon.wait_state("ear", "RUNNING")
        note("remove", daemon.call("removeProcessGroup", "cat"))
        note("add", daemon.call("addProcessGroup", "cat"))
        # ASCII: for other text our len counts bytes, where Supervisor's counts characters.
        note("send", daemon.call("sendRemoteCommEvent", "kind of thing", "line one\nline two & <tag>"))
        note("refused at first", daemon.call("sendRemoteCommEvent", "again", "please fail"))
        wait_event(daemon, "please fail", 2)
        note_events(daemon, note)

    compare("[program:cat]\ncommand=cat\nautostart=false\n" + listening("PROCESS_GROUP,REMOTE_COMMUNICATION"), play)


def test_output_events(compare):
    script = ("echo plain; echo wrong >&2; "
              "echo '<!--XSUPERVISOR:BEGIN-->captured<!--XSUPERVISOR:END-->after that, enough to see the end'; cat")

    def play(daemon, note):
        daemon.wait_state("ear", "RUNNING")
        note("start", daemon.call("startProcess", "talk"))
        text = wait_for(lambda: (read := daemon.read("ear.txt")) and "captured" in read and "wrong" in read
                       and "after" in read and read, "all the output")
        note("kinds", sorted(set(re.findall(r"eventname:(\S+)", text))))
        note("captured", re.findall(r"eventname:PROCESS_COMMUNICATION_STDOUT.*\n.*\n([^-]*)\n--", text))
        note("log", daemon.call("readProcessStdoutLog", "talk", 0, 0))

    compare(f"[program:talk]\ncommand=sh -c \"{script}\"\nautostart=false\nstartsecs=0\nstdout_capture_maxbytes=1MB\n"
            "stdout_events_enabled=true\nstderr_events_enabled=true\n"
            + listening("PROCESS_LOG,PROCESS_COMMUNICATION"), play, with_log=False)


@pytest.mark.parametrize("script", [
    "echo nonsense; cat",  # no READY
    "echo READY; read line; echo RESULT x; cat",  # not a length
    "echo READY; read line; exit 0",  # ends in the middle of an event
], ids=["nonsense", "bad length", "exit"])
def test_listeners_that_misbehave(compare, script):
    def play(daemon, note):
        daemon.wait_state("bad", "RUNNING")
        daemon.call("sendRemoteCommEvent", "a", "b")
        wait_for(lambda: "UNKNOWN" in daemon.log() or "exited" in daemon.log(), "the violation in the log")
        words = ("-> UNKNOWN", "has bad result", "exited: bad")
        note("log", sorted({line for line in daemon.log_lines() if any(word in line for word in words)}))

    compare(f"[eventlistener:bad]\ncommand=sh -c \"{script}\"\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n"
            "autorestart=false\n", play, with_log=False)


def test_pools_share_and_wait(compare):
    """Two pools get each event; a pool whose listener does not run keeps events until it runs."""

    def play(daemon, note):
        daemon.wait_state("ear", "RUNNING")
        for number in range(3):
            note("send", daemon.call("sendRemoteCommEvent", "n", f"payload {number}"))
        wait_event(daemon, "payload 2")
        note("late", daemon.call("startProcess", "late:late"))
        wait_event(daemon, "payload 2", name="late")
        note_events(daemon, note)
        note_events(daemon, note, "late")

    compare(listening("REMOTE_COMMUNICATION") + listening("REMOTE_COMMUNICATION", "late", "autostart=false"), play,
            with_log=False)
