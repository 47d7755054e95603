# SPDX-License-Identifier: MIT
"""pidproxy, ours against Debian's."""

import os
import signal
import subprocess

import pytest

from processes import isRunning
from programs import program
from waiting import waitFor

# The command starts a daemon of its own, whose pid is in the file, and which writes down the signals it gets.
DAEMON = r"""
for name in TERM HUP INT USR1 USR2 QUIT; do trap "echo $name >> signals" $name; done
echo $$ > pid.new; mv pid.new pid
while :; do sleep 0.05; done
"""


@pytest.fixture
def proxy(workDir, cleanup):
    def start(kind, command, pidFile="pid"):
        with open(os.path.join(workDir, "out"), "ab") as output:
            process = subprocess.Popen([*program("pidproxy", kind), pidFile, *command], cwd=workDir, stdout=output,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)

        def end():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

        cleanup.callback(end)
        return process

    return start


def content(workDir, name):
    try:
        with open(os.path.join(workDir, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def target(workDir):
    """The pid in the file, once the daemon is there."""
    return int(waitFor(lambda: content(workDir, "pid"), "the pid file"))


@pytest.mark.parametrize("kind", ["debian", "ours"])
def testSignalsReachThePidOfTheFileOnly(proxy, workDir, kind):
    process = proxy(kind, ["/bin/sh", "-c", DAEMON])
    target(workDir)
    expected = ""
    for name in ("HUP", "USR1", "USR2"):
        process.send_signal(getattr(signal, f"SIG{name}"))
        expected += name + "\n"
        waitFor(lambda: content(workDir, "signals") == expected, f"{name} to arrive")
        assert process.poll() is None


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("name", ["TERM", "INT", "QUIT"])
def testItEndsAtOnceAfterASignalThatEnds(proxy, workDir, kind, name):
    process = proxy(kind, ["/bin/sh", "-c", DAEMON])
    pid = target(workDir)
    process.send_signal(getattr(signal, f"SIG{name}"))
    assert process.wait(30) == 0
    waitFor(lambda: content(workDir, "signals") == name + "\n", f"{name} to arrive")
    assert isRunning(pid)


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("text", [None, "", "x\n", "1.5"])
def testAPidFileThatSaysNothing(proxy, workDir, kind, text):
    if text is not None:
        with open(os.path.join(workDir, "pid"), "w", encoding="utf-8") as file:
            file.write(text)
    process = proxy(kind, ["/bin/sh", "-c", "touch up; exec sleep 1000"])
    waitFor(lambda: os.path.exists(os.path.join(workDir, "up")), "the command to start")
    process.send_signal(signal.SIGTERM)
    waitFor(lambda: content(workDir, "out") == "Can't read child pidfile pid!\n", "the complaint")
    assert process.poll() is None


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("command", [["/bin/sh", "-c", "exit 3"], ["/nonexistent"], ["sh", "-c", "touch found"], ["./run", "a b"]])
def testItEndsWithItsCommandAndAlwaysWell(proxy, workDir, kind, command):
    with open(os.path.join(workDir, "run"), "w", encoding="utf-8") as script:
        script.write('#!/bin/sh\nprintf "%s" "$1" > argument\n')
    os.chmod(os.path.join(workDir, "run"), 0o755)
    assert proxy(kind, command).wait(30) == 0
    assert not os.path.exists(os.path.join(workDir, "found"))  # PATH is not searched
    if command[0] == "./run":
        assert content(workDir, "argument") == "a b"


def testTheCommandStartsWithNoSignalBlocked(proxy, workDir):
    assert proxy("ours", ["/bin/sh", "-c", "grep SigBlk /proc/self/status > mask"]).wait(30) == 0
    assert content(workDir, "mask").split()[1].strip("0") == ""


@pytest.mark.parametrize("words", [[], ["pid"]])
def testTooFewWordsPrintTheUsage(words):
    for kind in ("debian", "ours"):
        done = subprocess.run([*program("pidproxy", kind), *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "")
        assert "<pidfile name> <command> [<cmdarg1> ...]" in done.stdout
