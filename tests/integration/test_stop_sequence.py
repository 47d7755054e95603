# SPDX-License-Identifier: MIT
"""stopsignal = TERM 10, INT 5, KILL: signals one after the other until a program has ended."""

import os
import subprocess

import pytest

from programs import program
from upgrading import Installation
from waiting import wait_for

# Notes each signal, and ends at the last one of its arguments.
COMMAND = ("/bin/sh -c 'for s in TERM INT; do trap \"echo $s; [ $s != $0 ] || exit 5\" $s; done; "
           "echo ready; while :; do sleep 0.02; done' {0}")


def section(keys, last):
    return (f"[program:x]\ncommand={COMMAND.format(last)}\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/x.log\n"
            f"{keys}")


def start(server):
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: "ready" in server.read("x.log"), "the program")


def words(server):
    return server.read("x.log").split()


@pytest.mark.parametrize("last, seen", [("TERM", ["TERM"]), ("INT", ["TERM", "INT"]), ("none", ["TERM", "INT"])])
def test_the_next_signal_follows_when_the_program_has_not_ended(daemon, last, seen):
    server = daemon(section("stopsignal=TERM 0.3, INT 0.3, KILL\nstopwaitsecs=100\n", last))
    assert server.rpc.supervisor.getAllConfigInfo()[0]["stopsignal"] == 15
    start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[1:] == seen
    assert ("with SIGKILL" in server.log()) == (last == "none")


def test_an_upgrade_continues_the_sequence(daemon, work_dir):
    installed = Installation(work_dir)
    server = daemon(section("stopsignal=TERM 2, INT 100\n", "INT"), executable=installed.path)
    start(server)
    assert server.rpc.supervisor.stopProcess("x", False)
    wait_for(lambda: "TERM" in words(server), "the first signal")
    assert server.rpc.supervisor.upgrade()
    server.wait_state("x", "STOPPED")
    assert words(server)[1:] == ["TERM", "INT"]


def test_bad_values_name_file_line_section_and_key(work_dir):
    path = os.path.join(work_dir, "bad.conf")
    for value, why in (("TERM 1, NO 2", "value 'NO' is not a valid signal name"),
                       ("TERM soon", "not a valid duration: ' soon'")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\n[program:x]\ncommand=/bin/true\nstopsignal={value}\n")
        done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True,
                              check=False)
        assert done.returncode != 0
        assert why in done.stdout + done.stderr
        assert f"for key 'stopsignal' in section 'program:x' (file: '{path}', line 4)" in done.stdout + done.stderr
