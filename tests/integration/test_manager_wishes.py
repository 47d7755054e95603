# SPDX-License-Identifier: MIT
"""Requests that overlap: a start or a removal during a stop, and the end of the manager during both. Every caller gets
an answer, and the last permitted request is carried out."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from hanging_files import HangingFiles
from manager_root import NAME, ROOT, Managerd, kill_instance
from processes import is_running, of_user
from programs import program
from waiting import wait_for

# After SIGTERM it ends only when the test has created the file {go}.
SLOW = """#!/usr/bin/python3
import os, signal, socket, sys, time

def end(*_):
    while not os.path.exists("{go}"):
        time.sleep(0.01)
    os._exit(0)

if "slow" not in sys.argv[3]:
    os.execv("{supervisord}", sys.argv)
signal.signal(signal.SIGTERM, end)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
{then}
while True:
    signal.pause()
"""


@pytest.fixture
def owner(account):
    return account(f"smwish{os.getpid()}")


@pytest.fixture
def manager(owner, work_dir, cleanup):
    return cleanup.enter_context(Managerd(work_dir, "stop_timeout = 60\n"))


@pytest.fixture
def slow(manager, owner):
    """Instances whose names begin with "slow" end a stop only after a call of this. One of them is declared."""
    go = manager.path("go")
    script(manager, go)
    manager.entry("slow", owner)
    yield lambda: write(go)
    write(go)
    end(manager)


@pytest.fixture
def hanging(manager):
    """Mounts a file system that does not answer at /hang of the manager's root; unmounted before all other cleanup."""
    with contextlib.ExitStack() as mounts:
        yield lambda: mounts.enter_context(HangingFiles(manager.path("hang"), "lookup"))


def write(path):
    with open(path, "w", encoding="ascii"):
        pass


def end(manager):
    if manager.process and manager.process.poll() is None:
        manager.process.terminate()
        manager.process.wait(60)


def script(manager, go, then=""):
    path = manager.write("slow-supervisord", SLOW.format(go=go, supervisord=program("supervisord")[0], then=then))
    os.chmod(path, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {path}\nsupervisorctl = {program('supervisorctl')[0]}\n"
                  "stop_timeout = 60\nrestart_delay = 1\n")


class Asked:
    """A call whose answer is read later."""

    def __init__(self, manager, cleanup, method, *arguments):
        self._manager = manager
        self.process = subprocess.Popen(
            ["busctl", f"--address={manager.bus.address}", "--timeout=100", "call", NAME, ROOT, f"{NAME}.Manager",
             method, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        cleanup.callback(self._end)

    def _end(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def answer(self):
        """Waits for the answer: empty for success, else the error."""
        wait_for(lambda: self.process.poll() is not None, f"an answer\n{self._manager.log()}")
        return self.process.stderr.read()


@pytest.fixture
def ask(manager, cleanup):
    return lambda *words: Asked(manager, cleanup, *words)


def stopping(manager, ask, *words):
    """A call, once the instance stops because of it."""
    asked = ask(*words)
    manager.wait_state("slow", "stopping")
    return asked


def test_a_start_while_it_stops_leaves_no_stop_without_an_answer(manager, slow, ask):
    manager.start()
    manager.wait_state("slow", "running")
    main = manager.main_pid("slow")
    stop = stopping(manager, ask, "StopInstance", "s", "slow")
    start = ask("StartInstance", "s", "slow")
    manager.call("ListInstances")  # answered after the start, so the manager has that too
    slow()
    assert start.answer() == ""
    assert stop.answer() == ""
    manager.wait_state("slow", "running")
    assert manager.main_pid("slow") != main


# An instance whose name begins with "first" becomes ready only when the test has created the file {go}.
LATE = """#!/bin/sh
case $3 in *supervisord_first*) until [ -e {go} ]; do sleep 0.01; done ;; esac
exec {supervisord} "$@"
"""


def test_a_stop_before_its_turn_at_boot_wins(manager, owner):
    go = manager.path("go")
    path = manager.write("late-supervisord", LATE.format(go=go, supervisord=program("supervisord")[0]))
    os.chmod(path, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {path}\nsupervisorctl = {program('supervisorctl')[0]}\n"
                  "ready_timeout = 60\n")
    for priority, name in enumerate(("first", "second", "third")):
        manager.entry(name, owner, f"priority = {priority}")
    manager.start()
    manager.wait_state("first", "starting")
    manager.call("StopInstance", "s", "second")
    write(go)
    manager.wait_state("third", "running")
    assert manager.get("second", "State") == "inactive"


def test_a_stop_during_the_restart_of_a_reload_wins(manager, owner, slow, ask):
    manager.start()
    manager.wait_state("slow", "running")
    manager.entry("slow", owner, "environment = A=1")
    reload = stopping(manager, ask, "Reload")
    stop = ask("StopInstance", "s", "slow")
    manager.call("ListInstances")  # answered after the stop has begun
    slow()
    assert stop.answer() == "" and reload.answer() == ""
    assert manager.get("slow", "State") == "inactive"


@pytest.mark.parametrize("verb", ["StartInstance", "RestartInstance"])
def test_an_owner_cannot_keep_its_instance_from_being_removed(manager, owner, slow, ask, verb):
    manager.start()
    manager.wait_state("slow", "running")
    remove = stopping(manager, ask, "RemoveInstance", "sb", "slow", "false")
    assert "removed" in ask(verb, "s", "slow").answer()
    slow()
    assert remove.answer() == ""
    assert manager.call("ListInstances") == [[]]
    assert of_user(owner.pw_uid) == []


def test_an_entry_that_is_back_before_its_instance_is_gone(manager, owner, slow, ask):
    manager.start()
    manager.wait_state("slow", "running")
    main = manager.main_pid("slow")
    os.rename(f"{manager.conf}/slow.conf", f"{manager.conf}/slow.away")
    away = stopping(manager, ask, "Reload")
    os.rename(f"{manager.conf}/slow.away", f"{manager.conf}/slow.conf")
    back = ask("Reload")
    manager.call("ListInstances")
    slow()
    assert away.answer() == "" and back.answer() == ""
    manager.wait_state("slow", "running")
    assert manager.main_pid("slow") != main
    assert os.path.exists(manager.path("etc/supervisord_slow.conf"))


def test_a_forgotten_instance_that_is_slow_to_stop_is_not_started_again(manager, owner, slow):
    manager.start()
    manager.wait_state("slow", "running")
    manager.kill()
    os.unlink(f"{manager.conf}/slow.conf")
    manager.start()
    manager.wait_state("slow", "stopping")
    slow()
    wait_for(lambda: manager.call("ListInstances") == [[]], "the end of the instance")
    assert "ERROR" not in manager.log()
    assert of_user(owner.pw_uid) == []
    assert not os.path.exists(manager.path("var/lib/supervisor-manager/state/slow"))


def test_the_end_of_the_manager_goes_before_a_reload_that_is_under_way(manager, owner, slow, ask):
    manager.start()
    manager.wait_state("slow", "running")
    manager.entry("slow", owner, "umask = 027")
    stopping(manager, ask, "Reload")
    manager.process.terminate()
    wait_for(lambda: "stopping all instances" in manager.log(), "the manager to end")
    slow()
    assert manager.process.wait(60) == 0
    assert of_user(owner.pw_uid) == []
    manager.start()
    manager.wait_state("slow", "running")  # its state before the end of the manager was to run


def test_a_reexecution_while_an_instance_is_restarted_loses_no_wish(manager, slow, ask):
    manager.start()
    manager.wait_state("slow", "running")
    main = manager.main_pid("slow")
    stopping(manager, ask, "RestartInstance", "s", "slow")
    manager.call("Reexecute")
    wait_for(lambda: "taken over" in manager.log(), "the new manager")
    slow()
    wait_for(lambda: manager.main_pid("slow") not in (0, None, main), "a new process")
    manager.wait_state("slow", "running")


def test_a_reexecution_does_not_stop_the_end_of_the_manager(manager, owner, slow):
    manager.start()
    manager.wait_state("slow", "running")
    manager.call("Reexecute")
    manager.process.terminate()
    wait_for(lambda: "stopping all instances" in manager.log(), "the manager to end")
    assert "being stopped" in manager.try_call("Reexecute").stderr
    slow()
    assert manager.process.wait(60) == 0
    assert of_user(owner.pw_uid) == []


def test_a_manager_that_cannot_be_replaced_goes_on_watching(manager, owner, work_dir):
    own = os.path.join(work_dir, "managerd")
    shutil.copy(program("supervisor-managerd")[0], own)
    manager.entry("tsupv", owner)
    manager.program = own
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    os.chmod(own, 0o644)
    manager.call("Reexecute")
    wait_for(lambda: "this manager keeps running" in manager.log(), "the failure")
    kill_instance(main)
    wait_for(lambda: manager.main_pid("tsupv") not in (0, main), "a new process")


def test_every_signal_to_a_whole_instance_is_answered(manager, owner, ask, cleanup):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    # A process of the account that belongs to no instance: a helper has to examine it.
    other = subprocess.Popen(["/bin/sleep", "1000"], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[])
    cleanup.callback(other.wait)
    cleanup.callback(other.kill)
    asked = [ask("KillInstance", "ssi", "tsupv", "all", int(signal.SIGCONT)) for _ in range(8)]
    assert [one.answer() for one in asked] == [""] * 8


def test_a_removal_with_a_call_of_an_earlier_reload_under_way(manager, owner, ask):
    """The removed instance does not answer; its reload is answered all the same, and the manager lives."""
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {program('supervisord')[0]}\nstop_timeout = 1\n")
    for name in ("gone", "kept", "other"):
        manager.entry(name, owner)
    manager.start()
    for name in ("gone", "kept", "other"):
        manager.wait_state(name, "running")
    for umask in ("027", "022", "027"):
        manager.entry("gone", owner, programs=[("a", f"/bin/sleep {umask}1")])
        manager.entry("kept", owner, f"umask = {umask}")  # tried first, by a runner of its own
        os.kill(manager.main_pid("gone"), signal.SIGSTOP)
        first = ask("Reload")
        program_ = ask("StartProgram", "ss", "gone", "a")
        wait_for(lambda: any("supervisor-managerd" in command_of(pid) for pid in of_user(owner.pw_uid)), "the helper")
        manager.call("RemoveInstance", "sb", "gone", "false")
        first.answer()
        assert re.search("cannot be asked|given up|does not run", program_.answer())  # the instance ends before it has answered, or its end is noticed first
        assert manager.process.poll() is None, manager.log()
        manager.entry("gone", owner)
        manager.call("Reload")
        manager.wait_state("gone", "running")
    assert manager.process.poll() is None, manager.log()


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().replace("\0", " ")
    except OSError:
        return ""


def test_an_instance_that_no_signal_ends_holds_up_nobody(manager, owner, ask, hanging):
    """Its process hangs in the kernel, in a file system that its owner mounted."""
    files = hanging()
    script(manager, manager.path("go"), f'os.path.exists("{files.path}/file")')
    with open(manager.path("etc/supervisor-manager/supervisor-manager.conf"), "a", encoding="utf-8") as settings:
        settings.write("stop_timeout = 1\n")
    manager.entry("slow", owner, "priority = 2")
    manager.entry("other", owner, "priority = 1")
    manager.start()
    pid = files.wait_for_hang()
    manager.wait_state("other", "running")
    stop = ask("StopInstance", "s", "slow")
    assert "hangs in the kernel" in stop.answer()
    assert is_running(pid)
    manager.wait_state("slow", "inactive")
    assert "hangs in the kernel" in manager.get("slow", "StatusText")
    manager.process.terminate()
    assert manager.process.wait(60) == 0
    assert of_user(owner.pw_uid) == [pid]
    files.__exit__()
    wait_for(lambda: not is_running(pid), "the end of the process that hung")


@pytest.mark.parametrize("restarted", [False, True])
def test_an_instance_that_gets_another_owner(manager, owner, account, restarted):
    """Also while no manager runs: processes of the first owner are ended, and messages of the new owner accepted."""
    other = account(f"smother{os.getpid()}")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    if restarted:
        manager.kill()
    for directory in ("etc/supervisord_tsupv.d", "var/log/supervisor_tsupv", "run/supervisor_tsupv"):
        shutil.rmtree(manager.path(directory))
    manager.entry("tsupv", other, programs=[("a", "/bin/sleep 1000")])
    if restarted:
        manager.start()
    else:
        manager.call("Reload")
    wait_for(lambda: not of_user(owner.pw_uid), "the end of what the first owner ran")
    manager.wait_state("tsupv", "running")
    assert os.stat(f"/proc/{manager.program_pid('tsupv', 'a')}").st_uid == other.pw_uid


def test_a_changed_entry_that_is_refused_stops_nothing_when_the_manager_starts(manager, owner):
    manager.write("etc/hand.conf", "; by hand\n")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "a")
    main = manager.main_pid("tsupv")
    manager.kill()
    manager.entry("tsupv", owner, "conf_file_dst = /etc/hand.conf", programs=[("a", "/bin/sleep 1000")])
    for start in range(1, 4):
        if start > 1:
            manager.kill()
        manager.start()
        wait_for(lambda n=start: manager.log().count("keeps running as before") == n, "the refusal")
        manager.wait_state("tsupv", "running")
        assert manager.main_pid("tsupv") == main and is_running(pid)
    os.unlink(manager.path("etc/hand.conf"))
    assert manager.call("Reload")[0][0][1] == "restart"
    manager.wait_state("tsupv", "running")
    assert manager.main_pid("tsupv") != main and not is_running(pid)
    assert os.path.exists(manager.path("etc/hand.conf"))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_new_entry_whose_files_fail_is_added_by_the_next_reload(manager, owner, restarted):
    """Its first manager tries it as a reload does: what fails does not count as deployed."""
    manager.write("etc/hand.conf", "; by hand\n")
    if not restarted:
        manager.start()
    manager.entry("tsupv", owner, "conf_file_dst = /etc/hand.conf", programs=[("a", "/bin/sleep 1000")])
    if restarted:
        manager.start()
    else:
        manager.call("Reload")
    manager.wait_state("tsupv", "failed")
    os.unlink(manager.path("etc/hand.conf"))
    assert manager.call("Reload")[0][0][1] == "add"
    manager.program_pid("tsupv", "a")


def test_what_could_not_be_removed_is_removed_later(manager, owner, cleanup):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    conf = manager.path("etc/supervisord_tsupv.conf")
    subprocess.run(["mount", "--bind", conf, conf], check=True)
    cleanup.callback(subprocess.run, ["umount", conf], check=False, stderr=subprocess.DEVNULL)
    assert "cannot be removed" in manager.try_call("RemoveInstance", "sb", "tsupv", "false").stderr
    assert manager.call("ListInstances") == [[]]
    subprocess.run(["umount", conf], check=True)
    manager.stop()
    manager.start()
    wait_for(lambda: not os.path.exists(conf), "the removal")
    wait_for(lambda: os.listdir(manager.path("var/lib/supervisor-manager/state")) == [], "nothing to be left to do")


def test_a_hang_up_while_the_manager_starts_is_not_lost(manager, owner, work_dir, cleanup):
    manager.entry("tsupv", owner)
    notify = cleanup.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)))
    notify.bind(os.path.join(work_dir, "notify"))
    notify.settimeout(30)

    def hang_up():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        os.kill(os.getpid(), signal.SIGHUP)

    manager.start(preexec_fn=hang_up, env={**os.environ, "NOTIFY_SOCKET": os.path.join(work_dir, "notify")})
    while not notify.recv(4096).startswith(b"READY=1"):
        pass
    while not notify.recv(4096).startswith(b"RELOADING=1"):
        pass
