# SPDX-License-Identifier: MIT
"""pidproxy, ours against Debian's."""

import os
import signal
import subprocess

import pytest

from processes import is_running
from programs import program
from waiting import wait_for

# The command starts a daemon that writes its pid to the file and records the signals that it receives.
DAEMON = r"""
for name in TERM HUP INT USR1 USR2 QUIT; do trap "echo $name >> signals" $name; done
echo $$ > pid.new; mv pid.new pid
while :; do sleep 0.05; done
"""


@pytest.fixture
def proxy(work_dir, cleanup):
    def start(kind, command, pid_file="pid"):
        with open(os.path.join(work_dir, "out"), "ab") as output:
            process = subprocess.Popen([*program("pidproxy", kind), pid_file, *command], cwd=work_dir, stdout=output,
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


def content(work_dir, name):
    try:
        with open(os.path.join(work_dir, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def target(work_dir):
    """The pid in the file, once the daemon has written it."""
    return int(wait_for(lambda: content(work_dir, "pid"), "the pid file"))


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_signals_reach_the_pid_of_the_file_only(proxy, work_dir, kind):
    process = proxy(kind, ["/bin/sh", "-c", DAEMON])
    target(work_dir)
    expected = ""
    for name in ("HUP", "USR1", "USR2"):
        process.send_signal(getattr(signal, f"SIG{name}"))
        expected += name + "\n"
        wait_for(lambda: content(work_dir, "signals") == expected, f"{name} to arrive")
        assert process.poll() is None


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("name", ["TERM", "INT", "QUIT"])
def test_it_ends_at_once_after_a_signal_that_ends(proxy, work_dir, kind, name):
    process = proxy(kind, ["/bin/sh", "-c", DAEMON])
    pid = target(work_dir)
    process.send_signal(getattr(signal, f"SIG{name}"))
    assert process.wait(30) == 0
    wait_for(lambda: content(work_dir, "signals") == name + "\n", f"{name} to arrive")
    assert is_running(pid)


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("text", [None, "", "x\n", "1.5"])
def test_a_pid_file_that_says_nothing(proxy, work_dir, kind, text):
    if text is not None:
        with open(os.path.join(work_dir, "pid"), "w", encoding="utf-8") as file:
            file.write(text)
    process = proxy(kind, ["/bin/sh", "-c", "touch up; exec sleep 1000"])
    wait_for(lambda: os.path.exists(os.path.join(work_dir, "up")), "the command to start")
    process.send_signal(signal.SIGTERM)
    wait_for(lambda: content(work_dir, "out") == "Can't read child pidfile pid!\n", "the complaint")
    assert process.poll() is None


@pytest.mark.parametrize("kind", ["debian", "ours"])
@pytest.mark.parametrize("command", [["/bin/sh", "-c", "exit 3"], ["/nonexistent"], ["sh", "-c", "touch found"], ["./run", "a b"]])
def test_it_ends_with_its_command_and_always_well(proxy, work_dir, kind, command):
    with open(os.path.join(work_dir, "run"), "w", encoding="utf-8") as script:
        script.write('#!/bin/sh\nprintf "%s" "$1" > argument\n')
    os.chmod(os.path.join(work_dir, "run"), 0o755)
    assert proxy(kind, command).wait(30) == 0
    assert not os.path.exists(os.path.join(work_dir, "found"))  # PATH is not searched
    if command[0] == "./run":
        assert content(work_dir, "argument") == "a b"


def test_the_command_starts_with_no_signal_blocked(proxy, work_dir):
    assert proxy("ours", ["/bin/sh", "-c", "grep SigBlk /proc/self/status > mask"]).wait(30) == 0
    assert content(work_dir, "mask").split()[1].strip("0") == ""


@pytest.mark.parametrize("words", [[], ["pid"]])
def test_too_few_words_print_the_usage(words):
    for kind in ("debian", "ours"):
        done = subprocess.run([*program("pidproxy", kind), *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "")
        assert "<pidfile name> <command> [<cmdarg1> ...]" in done.stdout
