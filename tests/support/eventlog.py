# SPDX-License-Identifier: MIT
"""Configuration of the listeners in listener.py, and reading what they recorded."""

import os
import re

from programs import PYTHON, SOURCE

SCRIPT = os.path.join(SOURCE, "tests", "support", "listener.py")


def listener_section(name, manner, events="EVENT", **options):
    """An [eventlistener:NAME] that records in NAME.events of the daemon's directory."""
    options = {"buffer_size": 1000, "startsecs": 0, **options}
    lines = "".join(f"{key}={value}\n" for key, value in options.items())
    return (f"[eventlistener:{name}]\ncommand={PYTHON} {SCRIPT} {manner} %(here)s/{name}.events\n"
            f"events={events}\nstderr_logfile=%(here)s/{name}.err\n{lines}\n")


def stdout_section(more=""):
    """[eventlistener:stdout], which prints what programs print, as supervisor_stdout does."""
    script = os.path.join(SOURCE, "tests", "support", "echo_listener.py")
    return (f"[eventlistener:stdout]\ncommand={PYTHON} {script}\nevents=PROCESS_LOG\nstartsecs=0\n"
            "environment=LC_ALL=\"C.UTF-8\"\nresult_handler=supervisor_stdout:event_handler\n"
            f"stderr_logfile=%(here)s/stdout.err\n{more}\n")


def parse(data):
    """The events in the bytes that a listener recorded: (headers in order, payload). Checks `len` against the bytes."""
    events = []
    while data:
        line, _, data = data.partition(b"\n")
        headers = [tuple(token.split(":", 1)) for token in line.decode().split()]
        size = int(dict(headers)["len"])
        if len(data) <= size:
            break  # the listener is still writing
        assert data[size:size + 1] == b"\n", f"len of {line} does not fit {data[:size + 20]}"
        events.append((headers, data[:size].decode()))
        data = data[size + 1:]
    return events


def recorded(daemon, name):
    """The events that listener NAME has recorded so far."""
    try:
        with open(os.path.join(daemon.directory, f"{name}.events"), "rb") as file:
            return parse(file.read())
    except FileNotFoundError:
        return []


def comparable(events):
    """Events without what differs from run to run: process ids and, with them, lengths."""
    return [([(key, value) for key, value in headers if key != "len"], re.sub(r"\bpid:\d+", "pid:N", payload))
            for headers, payload in events]


def touch(daemon, name):
    with open(os.path.join(daemon.directory, name), "wb"):
        pass
