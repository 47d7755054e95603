# SPDX-License-Identifier: MIT
"""A series of one-shot supervisorctl commands, whose transcript is the same for every client and daemon."""

import os
import re
import subprocess

from programs import program
from waiting import wait_for

PROGRAMS = """
[program:bad]
command=/bin/false
autostart=false
autorestart=false
startretries=0
startsecs=10

[program:cat]
command=/bin/cat
startsecs=0

[program:nofile]
command=/nonexistent/program
autostart=false
startretries=0

[program:notexec]
command=/etc/passwd
autostart=false
startretries=0

[program:off]
command=/bin/sleep 1000
autostart=false
startsecs=0
priority=7

[program:talk]
command=/bin/sh -c 'echo one; echo two; echo trouble >&2; exec sleep 1000'
startsecs=0

[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=3
startsecs=0

[group:pair]
programs=left,right

[program:left]
command=/bin/sleep 1000
startsecs=0

[program:right]
command=/bin/sleep 1000
startsecs=0
"""
MORE = "[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
CHANGED = PROGRAMS.replace("command=/bin/cat", "command=/bin/cat -u").replace("[program:bad]", "[program:worse]")
BROKEN = "[program:x]\nautostart=perhaps\n"

# Only the first line is compared: the help for the command follows, whose text is ours or Supervisor's.
FIRST_LINE = object()


def steps(daemon):
    """Yields the words of each command, or a callable, a step between commands. Of a tuple (words, FIRST_LINE) only the
    first line of output is compared."""

    def settled():
        for name in ("cat", "talk", "web:web_00", "web:web_01", "web:web_02", "pair:left", "pair:right"):
            daemon.wait_state(name, "RUNNING")
        wait_for(lambda: daemon.rpc.supervisor.readProcessStderrLog("talk", 0, 0), "talk's output")
        wait_for(lambda: "two" in daemon.rpc.supervisor.readProcessStdoutLog("talk", 0, 0), "talk's output")

    def configured(text):
        return lambda: daemon.configure(text)

    def running(*names):
        return lambda: [daemon.wait_state(name, "RUNNING") for name in names]

    def given_up(name):
        return lambda: daemon.wait_state(name, "FATAL")

    yield settled
    for words in ("status", "status all", "status cat", "status nope", "status web", "status web:* cat", "status nope:*",
                  "status cat cat nope", "status pair:left left", "status-cat", "avail"):
        yield words.split()
    for words in ("start", "stop", "restart", "signal", "signal HUP", "tail", "tail a b c d", "maintail a b", "clear", "fg",
                  "avail x", "reread x", "version x", "shutdown x", "reload x"):
        yield words.split(), FIRST_LINE
    for words in ("help", "?", "help help", "help nope", "help two words", "? help", "!ls", "=x", "nonsense", "", "EOF", "quit", "exit",
                  "pid nope", "pid off", "pid off nope", "open foo", "open https://localhost",
                  "tail -f", "tail -x cat", "tail cat foo", "tail -f nope", "tail nope", "tail talk", "tail talk stderr",
                  "tail -3 talk", "tail -0 talk STDOUT", "tail off", "maintail x", "maintail -x", "fg a b", "fg nope", "fg off",
                  "signal FOO cat", "signal HUP nope", "signal HUP nope:*", "signal HUP off", "signal CONT web:* cat",
                  "signal CONT all", "clear nope", "clear cat", "clear web:*", "clear all", "add", "remove"):
        yield words.split()
    for words in ("start off", "start off", "stop off", "stop off", "start nofile", "start notexec", "start bad"):
        yield words.split()
    yield given_up("bad")
    for words in ("start nope", "start nope:*", "start cat nope bad off"):
        yield words.split()
    yield given_up("bad")
    for words in ("stop cat nope off", "start web:*", "stop web:*", "start web:web_01",
                  "start web:* cat", "restart cat", "restart pair:* nope", "restart web:* nope:*", "stop nope:*", "stop pair:left",
                  "status pair:*", "start pair:", "restart off", "status"):
        yield words.split()
    yield ["reread"]
    yield ["update"]
    yield configured(PROGRAMS + MORE)
    for words in ("reread", "add new nope", "add new"):
        yield words.split()
    yield running("new")
    for words in ("remove new", "stop new", "remove new nope", "reread", "update nope", "update new"):
        yield words.split()
    yield running("new")
    yield configured(CHANGED)
    for words in ("reread", "update pair cat", "status cat", "update all", "update"):
        yield words.split()
    yield configured(BROKEN)
    yield ["reread"]
    yield ["update"]
    yield configured(CHANGED)
    yield running("cat")
    for words in ("stop all", "status", "start all"):
        yield words.split()
    yield given_up("worse")
    for words in ("restart all", "pid nope all off", "shutdown"):
        yield words.split()


def normalised(text, daemon):
    """The output without values that differ from run to run."""
    text = text.replace(daemon.directory, "DIR")
    text = re.sub(r"pid \d+, uptime \d+:\d\d:\d\d", "pid N, uptime T", text)
    text = re.sub(r"file: \S+ line: \d+", "file: F line: L", text)
    text = re.sub(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "DATE", text)
    text = re.sub(r"(?<=\(type help <topic>\):\n)=+\n((?:\S.*\n)+)", shared_commands, text)
    return re.sub(r"^[1-9]\d*$", "N", text, flags=re.M)  # a pid on a line of its own


def shared_commands(table):
    """The commands that `help` lists, without our own one; not the text itself, as columns may differ."""
    return " ".join(sorted(set(table[1].split()) - {"serialrestart"})) + "\n"


def reason_less(line):
    """A message about a refused configuration without its end, which has more details in ours, in every command."""
    return re.sub(r"^(ERROR: |error: .*<Fault 92: ['\"])CANT_REREAD: .*", "ERROR: CANT_REREAD: REASON", line)


def run(daemon, client):
    """The transcript: a list of (words, exit status, output) of the client "ours" or "debian"."""
    transcript = []
    argv = [*program("supervisorctl", client), "-c", daemon.config_path]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    for step in steps(daemon):
        if callable(step):
            step()
            continue
        words, first = step if isinstance(step, tuple) else (step, None)
        done = subprocess.run([*argv, *(words or [""])], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env=environment, timeout=60)
        output = [reason_less(line) for line in normalised(done.stdout + done.stderr, daemon).splitlines()]
        if words[:1] in (["start"], ["stop"], ["restart"]) and {"all", "web:*", "pair:*"} & set(words):
            output.sort()  # members of a group are reported as they finish
        transcript.append((" ".join(words), done.returncode, output[:1] if first else output))
    return transcript
