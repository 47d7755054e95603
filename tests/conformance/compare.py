# SPDX-License-Identifier: MIT
"""One scenario, two supervisords, the same transcript.

    def testStops(compare):
        def play(daemon, note):
            note("stop", daemon.call("stopProcess", "cat"))
        compare("[program:cat]\\ncommand=cat\\n", play)

`note(what, value)` writes a line of the transcript; values that differ from run to run (pids, times, the directory,
random file names) are replaced by a word first. At the end the activity log and the exit status are appended.

SM_KINDS=debian,debian compares Debian's Supervisor with itself: a difference is then a fault of the scenario.
"""

import difflib
import http.client
import os
import re
import xmlrpc.client

from daemon import Daemon
from waiting import wait_for

KINDS = os.environ.get("SM_KINDS", "debian,ours").split(",")

# Fields of answers that hold a time or a pid: only whether there is one is compared.
VARYING = {"start", "stop", "now", "pid"}

REPLACEMENTS = [
    (re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", re.M), ""),
    (re.compile(r"---supervisor-[A-Za-z0-9_]{6,10}\.log"), "---supervisor-RANDOM.log"),
    (re.compile(r"\bpid[ :=]?\s?\d+"), "pid PID"),
    (re.compile(r"\(\d+\) with SIGKILL"), "(PID) with SIGKILL"),
    (re.compile(r"uptime \d+:\d\d:\d\d"), "uptime TIME"),
    (re.compile(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M"), "DATE"),
    # Ours also quotes what the listener wrote.
    (re.compile(r"(event was rejected): the answer was .*|(violated the eventlistener protocol): it wrote .*"), r"\1\2"),
]


def normalise(value, directory):
    """`value` with everything replaced that varies between two runs."""
    if isinstance(value, dict):
        return {key: bool(item) if key in VARYING and isinstance(item, int) else normalise(item, directory)
                for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        items = [normalise(item, directory) for item in value]
        is_result = all(isinstance(item, dict) and "status" in item for item in items)
        return sorted(items, key=lambda item: item["name"]) if is_result else items  # Supervisor's: as they are done
    if isinstance(value, str):
        value = value.replace(directory, "DIR")
        for pattern, word in REPLACEMENTS:
            value = pattern.sub(word, value)
    return value


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):  # it has ended, before or after the file was opened
        return None


class Player(Daemon):
    """A Daemon whose calls return their value or, as text, the fault that they raised, ready for a transcript."""

    def call(self, method, *arguments):
        """`method` of the namespace supervisor, or "system.x": its value, or "fault CODE TEXT", or "HTTP STATUS"."""
        name = method if "." in method else f"supervisor.{method}"
        try:
            answer = getattr(self.rpc, name)(*arguments)
            return self.shared(answer) if name == "system.listMethods" else answer
        except xmlrpc.client.Fault as fault:
            return f"fault {fault.faultCode} {fault.faultString}"
        except xmlrpc.client.ProtocolError as error:
            return f"HTTP {error.errcode}"
        except (ConnectionError, http.client.HTTPException):
            return "connection closed"

    @staticmethod
    def shared(methods):
        """The methods that Supervisor can have too: methods of our own have another namespace."""
        return [name for name in methods if not name.startswith("supervisor_manager.")]

    def wait_state(self, name, state):
        """Waits until the program itself runs: before its exec the child is a copy of Python's supervisord, which would
        handle signals that are meant for the program."""
        info = super().wait_state(name, state)
        if info["pid"]:
            wait_for(lambda: command_line(info["pid"]) != command_line(self.pid), f"{name} to be executed")
        return info

    def log_lines(self):
        """The activity log without lines of level debug and below, which describe the implementation, and without lines
        that depend on the speed of processes and machine: a stop that takes a while; who is still waited for after
        three seconds, and again after six; and the success of a start with startsecs=0, which is not logged if the
        program has ended by then."""
        kept = []
        for line in normalise(self.log(), self.directory).splitlines():
            again = " waiting for " in line and any(" waiting for " in earlier for earlier in kept)
            chance = again or line.endswith(" to stop") or " for > than 0 seconds" in line
            if not (chance or line.startswith(("DEBG", "TRAC", "BLAT"))):
                kept.append(line)
        return kept


def transcript(kind, directory, config, play, ignore_log=(), with_log=True, **options):
    """Plays a scenario on one kind of daemon and returns its transcript, a list of lines."""
    os.mkdir(directory)
    lines = []

    def note(what, value):
        lines.append(f"{normalise(what, directory)}: {normalise(value, directory)!r}")

    with Player(kind, directory, config, **options) as daemon:
        play(daemon, note)
        note("exit status", daemon.process.returncode if daemon.process.poll() is not None else daemon.stop())
        if with_log:
            lines += ["log: " + line for line in daemon.log_lines() if not any(word in line for word in ignore_log)]
    return lines


def compare(work_dir, config, play, **options):
    """Plays a scenario on both and fails with the difference of the transcripts."""
    theirs, ours = (transcript(kind, os.path.join(work_dir, f"run{number}"), config, play, **options)
                    for number, kind in enumerate(KINDS))
    difference = "\n".join(difflib.unified_diff(theirs, ours, *KINDS, lineterm="", n=2))
    assert not difference, "\n" + difference
