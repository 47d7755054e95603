# SPDX-License-Identifier: MIT
"""What the manager does when the supervisord of an instance crashes: the next one gets what it left. In its place runs a
script that keeps one program and writes down what it gets."""

import json
import os
import signal

import pytest

from manager_root import kill_instance
from waiting import wait_for

SUPERVISORD = r'''#!/usr/bin/python3
import fcntl, json, os, signal, socket, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
if "--check" in sys.argv:
    sys.exit(0)
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.connect(os.environ["NOTIFY_SOCKET"])
names = os.environ.get("LISTEN_FDNAMES", "").split(":") if "LISTEN_FDS" in os.environ else []
kept = {name: 3 + i for i, name in enumerate(names)}
if len(kept) != int(os.environ.get("LISTEN_FDS", 0)):
    sys.exit(2)

def note(**facts):
    with open(os.path.join(HERE, "notes"), "a", encoding="utf-8") as file:
        file.write(json.dumps(facts) + "\n")

def keep(name, fd):
    socket.send_fds(manager, [f"FDSTORE=1\nFDNAME={name}\nFDPOLL=0".encode()], [fd])

if kept:
    note(pid=os.getpid(), kept=sorted(names), crash=os.environ.get("SUPERVISORD_CRASH"))
    if os.path.exists(os.path.join(HERE, "refuse")):
        sys.exit(int(open(os.path.join(HERE, "refuse")).read()))
    program = int(os.pread(kept["state"], 100, 0).split()[0])
    line, end = kept["p1.out"], kept["p1.in"]
else:
    there, end = os.pipe()
    line, out = os.pipe()
    program = subprocess.Popen(["/bin/sh", "-c", "while read x; do echo got $x; test $x = quit && exit 5; done"],
                               stdin=there, stdout=out, start_new_session=True).pid
    os.close(there), os.close(out)
    journal = os.memfd_create("supervisord-state", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(journal, f"{program} ".encode().ljust(4096))
    fcntl.fcntl(journal, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    for name, fd in (("p1.in", end), ("p1.out", line), ("state", journal)):
        keep(name, fd)
    keep("exits", line)  # the name is the manager's own
    note(pid=os.getpid(), program=program)
manager.send(f"READY=1\nX_SUPERVISOR_PROGRAMS=all\nX_SUPERVISOR_PROGRAM=RUNNING {program} p".encode())
if kept:
    try:
        os.write(end, b"hello\n")
        note(said=os.read(line, 100).decode())
    except BrokenPipeError:
        note(gone=program)
    exits = socket.socket(fileno=kept["exits"])
    exits.setblocking(True)
    note(exits=exits.recv(100).decode())

def stop(*_):
    os.killpg(program, signal.SIGKILL)
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
while True:
    time.sleep(1000)
'''


class Copies:
    """The instance `tsupv`, and what its copies have noted."""

    def __init__(self, manager, directory):
        self.manager = manager
        self.directory = directory

    def notes(self, key):
        path = os.path.join(self.directory, "notes")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [note[key] for note in map(json.loads, file) if key in note]

    def wait_for(self, key, count):
        return wait_for(lambda: len(self.notes(key)) >= count and self.notes(key), f"{count} notes of {key}")

    def crash(self):
        """Kills the copy that runs; returns the pid of the next one, once that runs."""
        before = self.manager.main_pid("tsupv")
        kill_instance(before)
        return wait_for(lambda: self.manager.main_pid("tsupv") not in (0, before)
                        and self.manager.get("tsupv", "State") == "running" and self.manager.main_pid("tsupv"),
                        "the next copy")

    def refuse(self, status):
        with open(os.path.join(self.directory, "refuse"), "w", encoding="utf-8") as file:
            file.write(str(status))

    def accept(self):
        os.unlink(os.path.join(self.directory, "refuse"))


@pytest.fixture
def copies(manager, owner, work_dir):
    directory = os.path.join(work_dir, "fake")
    os.mkdir(directory)
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    path = os.path.join(directory, "supervisord")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SUPERVISORD)
    os.chmod(path, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {path}\nsupervisorctl = /bin/false\nstop_timeout = 5\n")
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    return Copies(manager, directory)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_next_copy_gets_what_the_last_one_left(copies):
    program = copies.wait_for("program", 1)[0]
    manager = copies.manager
    assert (manager.get("tsupv", "NTakeovers"), manager.get("tsupv", "NRestarts")) == (0, 0)
    pid = copies.crash()
    assert copies.wait_for("said", 1) == ["got hello\n"]
    assert copies.notes("kept") == [["exits", "p1.in", "p1.out", "state"]]
    assert copies.notes("crash") == ["signal 9"]
    assert is_alive(program)
    assert (manager.get("tsupv", "NTakeovers"), manager.get("tsupv", "NRestarts")) == (1, 1)
    reason = "took over 1 program after a crash (signal 9)"
    assert wait_for(lambda: manager.get("tsupv", "StatusText") == reason and reason, "the reason")
    assert manager.get("tsupv", "Result") == "signal"
    assert reason in manager.manager("list", "--full").stdout
    # It is a child of the manager now, and the copy gets its exit status.
    os.kill(program, signal.SIGTERM)
    assert copies.wait_for("exits", 1) == [f"EXITED={program} {signal.SIGTERM.value}"]
    assert manager.main_pid("tsupv") == pid


def test_an_end_between_a_crash_and_the_next_copy_is_not_lost(copies):
    program = copies.wait_for("program", 1)[0]
    copies.crash()
    copies.wait_for("said", 1)
    # The second crash within ten minutes has a delay, in which the program ends.
    kill_instance(copies.manager.main_pid("tsupv"))
    copies.manager.wait_state("tsupv", "restarting")
    os.kill(program, signal.SIGUSR1)
    copies.manager.wait_state("tsupv", "running")
    copies.wait_for("kept", 2)
    assert copies.wait_for("exits", 1) == [f"EXITED={program} {signal.SIGUSR1.value}"]


def test_a_copy_that_cannot_take_over_leads_to_a_start_of_everything(copies):
    program = copies.wait_for("program", 1)[0]
    copies.refuse(7)
    copies.crash()
    new = copies.wait_for("program", 2)[1]
    assert not is_alive(program) and is_alive(new)
    assert len(copies.notes("kept")) == 1
    assert copies.manager.get("tsupv", "StatusText") == \
        "could not take over its programs, which were ended; the last time it exited with status 7 before it was ready"
    assert copies.manager.get("tsupv", "NTakeovers") == 0


def test_three_takeovers_that_fail_lead_to_a_start_of_everything(copies):
    program = copies.wait_for("program", 1)[0]
    copies.refuse(3)
    kill_instance(copies.manager.main_pid("tsupv"))
    copies.wait_for("kept", 1)
    assert is_alive(program)
    new = copies.wait_for("program", 2)[1]
    assert not is_alive(program) and is_alive(new)
    assert copies.notes("crash") == ["signal 9", "exit status 3", "exit status 3"]
    wait_for(lambda: "could not take over" in copies.manager.manager("list", "--full").stdout, "the reason in the list")


def test_a_stop_ends_programs_and_leaves_nothing_to_the_next_start(copies):
    program = copies.wait_for("program", 1)[0]
    copies.manager.call("StopInstance", "s", "tsupv")
    assert not is_alive(program)
    copies.manager.call("StartInstance", "s", "tsupv")
    copies.wait_for("program", 2)
    assert copies.notes("kept") == []


def test_a_stop_during_the_delay_of_a_takeover_ends_the_programs(copies):
    program = copies.wait_for("program", 1)[0]
    copies.crash()
    copies.wait_for("said", 1)
    kill_instance(copies.manager.main_pid("tsupv"))
    copies.manager.wait_state("tsupv", "restarting")
    copies.manager.call("StopInstance", "s", "tsupv")
    assert not is_alive(program)
    assert copies.manager.get("tsupv", "State") == "inactive"
