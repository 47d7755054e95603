# SPDX-License-Identifier: MIT
"""Keys that say where output goes: `update` applies them to a running program, which loses and repeats nothing."""

import os
import socket

import pytest

from upgrading import Installation
from waiting import wait_for

SECTION = ("[program:p]\ncommand=/bin/sh -c 'exec cat <>%(here)s/pipe'\nstartsecs=0\nstopwaitsecs=1\n"
           "stdout_logfile=%(here)s/{log}\n{more}")


def section(log="old.log", more=""):
    return SECTION.replace("{log}", log).replace("{more}", more)


class Talker:
    """A program that prints what it reads from a FIFO."""

    def __init__(self, server, cleanup):
        self.server = server
        path = os.path.join(server.directory, "pipe")
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR)
        cleanup.callback(os.close, self._pipe)
        server.rpc.supervisor.startProcess("p")
        self.pid = server.rpc.supervisor.getProcessInfo("p")["pid"]

    def say(self, text):
        os.write(self._pipe, text.encode())

    def tell(self, text, file):
        """Makes it print, and waits until the file ends with it."""
        self.say(text)
        wait_for(lambda: self.server.read(file).endswith(text), f"{text!r} in {file}")

    def change(self, text):
        self.server.configure(text)
        done = self.server.ctl("update")
        assert (done.stdout, done.returncode) == ("p: updated process group\n", 0)
        assert self.server.rpc.supervisor.getProcessInfo("p")["pid"] == self.pid


@pytest.fixture
def talk(daemon, cleanup):
    def make(text=section(), **options):
        return Talker(daemon(auto(text), **options), cleanup)

    return make


def auto(text):
    return text.replace("startsecs", "autostart=false\nstartsecs")


def test_the_log_is_another_file_from_the_update_on(talk):
    p = talk()
    p.tell("one\n", "old.log")
    p.change(auto(section("new.log")))
    p.tell("two\n", "new.log")
    assert p.server.read("old.log") == "one\n" and p.server.read("new.log") == "two\n"
    info = p.server.rpc.supervisor.getProcessInfo("p")
    assert info["stdout_logfile"] == os.path.join(p.server.directory, "new.log")
    assert p.server.rpc.supervisor.readProcessStdoutLog("p", 0, 0) == "two\n"
    assert p.server.rpc.supervisor.clearProcessLogs("p")
    assert p.server.read("old.log") == "one\n" and p.server.read("new.log") == ""
    p.tell("three\n", "new.log")
    held = [os.readlink(f"/proc/{p.server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.server.pid}/fd")
            if os.path.exists(f"/proc/{p.server.pid}/fd/{fd}")]
    assert not [name for name in held if name.endswith("/old.log")]


def test_no_log_and_an_auto_log(talk):
    p = talk()
    p.tell("one\n", "old.log")
    p.change(auto(section()).replace("%(here)s/old.log", "NONE"))
    p.say("lost\n")
    p.change(auto(section()).replace("%(here)s/old.log", "AUTO"))
    path = p.server.rpc.supervisor.getProcessInfo("p")["stdout_logfile"]
    p.tell("two\n", path)
    p.change(auto(section()))
    p.tell("three\n", "old.log")
    assert p.server.read("old.log") == "one\nthree\n"
    assert p.server.read(path).endswith("two\n")


def test_a_follower_goes_along(talk, cleanup):
    p = talk()
    with open(os.path.join(p.server.directory, "new.log"), "w", encoding="utf-8") as file:
        file.write("from before\n")
    p.tell("one\n", "old.log")
    client = socket.socket(socket.AF_UNIX)
    cleanup.callback(client.close)
    client.settimeout(30)
    client.connect(p.server.socket)
    client.sendall(b"GET /logtail/p HTTP/1.0\r\n\r\n")
    got = b""
    while not got.endswith(b"one\n"):
        got += client.recv(1000)
    p.change(auto(section("new.log")))
    p.tell("two\n", "new.log")
    while not got.endswith(b"two\n"):
        got += client.recv(1000)
    assert got.partition(b"\r\n\r\n")[2] == b"one\ntwo\n"


def test_a_log_that_cannot_be_opened_leaves_the_old_one(talk):
    p = talk()
    new = os.path.join(p.server.directory, "taken.log")
    os.mkdir(new)
    p.tell("one\n", "old.log")
    p.change(auto(section("taken.log")))
    p.tell("two\n", "old.log")
    old = os.path.join(p.server.directory, "old.log")
    assert (f"stdout of p cannot go over to another log: {new}: Is a directory; until its next start it continues "
            f"in {old}") in p.server.log()
    assert p.server.rpc.supervisor.stopProcess("p")
    assert "ERROR (spawn error)" in p.server.ctl("start", "p").stdout
    os.rmdir(new)
    p.server.wait_state("p", "RUNNING")
    p.tell("three\n", new)


def test_the_next_start_of_a_stopped_program_uses_the_new_log(talk):
    p = talk()
    p.tell("one\n", "old.log")
    assert p.server.rpc.supervisor.stopProcess("p")
    p.server.configure(auto(section("new.log")))
    assert p.server.ctl("update").stdout == "p: updated process group\n"
    assert not os.path.exists(os.path.join(p.server.directory, "new.log"))
    assert p.server.ctl("start", "p").stdout == "p: started\n"
    p.tell("two\n", "new.log")
    assert p.server.read("old.log") == "one\n"


def test_capture_begins_and_ends(talk):
    p = talk()
    p.tell("<!--XSUPERVISOR:BEGIN-->text<!--XSUPERVISOR:END-->\n", "old.log")
    p.change(auto(section(more="stdout_capture_maxbytes=1MB\n")))
    p.say("1<!--XSUPERVISOR:BEGIN-->taken<!--XSUPERVISOR:END-->2\n<!--XSUPERVISOR:BEGIN-->half")
    wait_for(lambda: p.server.read("old.log").endswith("12\n"), "the text around a message")
    p.change(auto(section()))
    p.tell(" and the rest<!--XSUPERVISOR:END-->\n", "old.log")
    assert p.server.read("old.log").endswith("12\nhalf and the rest<!--XSUPERVISOR:END-->\n")


def test_an_upgrade_after_the_change(talk, work_dir):
    p = talk(executable=Installation(work_dir).path)
    p.tell("one\n", "old.log")
    p.change(auto(section("new.log")))
    assert p.server.rpc.supervisor.upgrade() is True
    p.tell("two\n", "new.log")
    assert p.server.read("old.log") == "one\n" and p.server.read("new.log") == "two\n"


@pytest.mark.parametrize("log", ["new.log", "taken.log"])
def test_nothing_is_lost_or_doubled_by_a_crash(kept, cleanup, log):
    server = kept(auto(section()))
    os.mkdir(os.path.join(server.directory, "taken.log"))
    p = Talker(server, cleanup)
    p.tell("one\n", "old.log")
    p.change(auto(section(log)))
    p.say("two\n")
    server.crash()
    p.say("three\n")
    server.take_over()
    server.wait_ready()
    current = log if log == "new.log" else "old.log"
    p.tell("four\n", current)
    assert server.read("old.log") + server.read("new.log") == "one\ntwo\nthree\nfour\n"
