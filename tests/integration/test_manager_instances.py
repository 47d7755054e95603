# SPDX-License-Identifier: MIT
"""The manager with real accounts and real instances: deployment, start, crash, adoption, end."""

import os
import shutil
import signal
import stat
import subprocess
import sys

import pytest

from manager_root import kill_instance
from processes import is_running, of_user, wait_for_sleep
from programs import program
from waiting import wait_for


def snapshot(root):
    """Every path below `root` with its type, owner, mode, time of change and target."""
    seen = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            seen[path] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino,
                          os.readlink(path) if stat.S_ISLNK(info.st_mode) else "")
    return seen


def test_an_entry_becomes_a_running_instance_of_its_owner(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    manager.wait_state("tsupv", "running")
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    assert set(of_user(owner.pw_uid)) == {main, pid}
    for process in (main, pid):
        with open(f"/proc/{process}/status", encoding="utf-8") as status:
            lines = dict(line.split(":", 1) for line in status.read().splitlines())
        assert lines["Uid"].split() == [str(owner.pw_uid)] * 4
        assert lines["Gid"].split() == [str(owner.pw_gid)] * 4
        assert lines["Groups"].split() == [str(owner.pw_gid)]
        assert int(lines["SigBlk"], 16) == 0 or process == main
    assert all(os.readlink(f"/proc/{main}/fd/{fd}").startswith(("/dev/null", "/memfd:")) for fd in (0, 1, 2))
    result = manager.ctl("tsupv", "status", owner=owner)
    assert result.stdout.startswith(f"program1                         RUNNING   pid {pid}"), result.stderr
    conf = os.stat(manager.path("etc/supervisord_tsupv.conf"))
    assert (conf.st_uid, conf.st_gid, stat.S_IMODE(conf.st_mode)) == (0, owner.pw_gid, 0o640)
    logs = os.stat(manager.path("var/log/supervisor_tsupv"))
    assert (logs.st_uid, stat.S_IMODE(logs.st_mode)) == (owner.pw_uid, 0o750)
    assert stat.S_IMODE(os.stat(manager.path("run/supervisor_tsupv/supervisor.sock")).st_mode) == 0o700


def test_another_account_is_refused(manager, owner, account):
    other = account("smother")
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    result = manager.ctl("tsupv", "status", owner=other)
    assert result.returncode != 0
    assert "could not read config file" in result.stderr
    # Nor by the socket itself, whose path it knows.
    socket = manager.path("run/supervisor_tsupv/supervisor.sock")
    result = manager.ctl("tsupv", "-s", f"unix://{socket}", "-c", "/dev/null", "status", owner=other)
    assert result.returncode != 0 and "RUNNING" not in result.stdout


def test_applying_twice_changes_nothing(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    before = {p: v for p, v in snapshot(manager.root).items() if "/run/" not in p and "/var/lib/" not in p}
    assert manager.call("PlanReload") == [[], [], []]
    assert manager.call("Reload") == [[]]
    after = {p: v for p, v in snapshot(manager.root).items() if "/run/" not in p and "/var/lib/" not in p}
    assert before == after
    assert is_running(pid)


def test_stop_leaves_nothing_and_start_brings_it_back(manager, owner):
    manager.entry("tsupv", owner, programs=[("detached", "/bin/sh -c 'setsid env -i /bin/sleep 1001 & exec sleep 1002'")])
    manager.start()
    manager.program_pid("tsupv", "detached")
    wait_for(lambda: len(of_user(owner.pw_uid)) == 3, "the detached process")
    manager.call("StopInstance", "s", "tsupv")
    assert manager.get("tsupv", "State") == "inactive"
    assert of_user(owner.pw_uid) == []
    manager.call("StartInstance", "s", "tsupv")
    assert manager.get("tsupv", "State") == "running"
    manager.program_pid("tsupv", "detached")


def test_an_instance_that_is_killed_comes_back_and_its_programs_live_on(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    kill_instance(main)
    wait_for(lambda: manager.main_pid("tsupv") not in (0, main), "a new process")
    manager.wait_state("tsupv", "running")
    assert manager.program_pid("tsupv", "program1") == pid
    assert set(of_user(owner.pw_uid)) == {manager.main_pid("tsupv"), pid}
    assert (manager.get("tsupv", "NRestarts"), manager.get("tsupv", "NTakeovers")) == (1, 1)


def test_one_that_fails_again_and_again_fails_with_the_reason(manager, owner):
    manager.entry("tsupv", owner)
    manager.write("etc/supervisord_tsupv.d/bad.ini", "[program:x]\nautostart=perhaps\ncommand=/bin/true\n")
    os.chown(manager.path("etc/supervisord_tsupv.d"), owner.pw_uid, owner.pw_gid)
    manager.start()
    manager.wait_state("tsupv", "failed")
    reason = manager.get("tsupv", "StatusText")
    assert reason.startswith("failed 3 times in a row; the last time it exited with status 2"), reason
    details = manager.call("GetFailureDetails", "s", "tsupv")[0]
    assert "bad.ini" in details and "autostart" in details


def test_the_owner_may_shut_it_down(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    assert manager.ctl("tsupv", "shutdown", owner=owner).returncode == 0
    manager.wait_state("tsupv", "inactive")
    assert manager.get("tsupv", "Result") == "success"


@pytest.mark.parametrize("rounds", [5])
def test_a_manager_that_is_killed_finds_its_instances_again(manager, owner, rounds):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    for _ in range(rounds):
        manager.kill()
        manager.start()
        manager.wait_state("tsupv", "running")
        assert manager.main_pid("tsupv") == main
        assert manager.program_pid("tsupv", "program1") == pid
        assert manager.get("tsupv", "NRestarts") == 0
    # It supervises the processes that it found.
    kill_instance(main)
    wait_for(lambda: manager.main_pid("tsupv") not in (0, main), "a new process")
    manager.wait_state("tsupv", "running")
    assert manager.program_pid("tsupv", "program1") == pid
    assert manager.get("tsupv", "NTakeovers") == 1


def test_reexecution_keeps_everything(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    manager.call("Reexecute")
    wait_for(lambda: "taken over" in manager.log(), "the new manager")
    manager.wait_state("tsupv", "running")
    assert manager.process.poll() is None
    assert manager.main_pid("tsupv") == main
    assert manager.program_pid("tsupv", "program1") == pid


# Takes all inotify descriptors that the account may have, and prints a line.
EXHAUST = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
while libc.inotify_init1(0) >= 0:
    pass
print("all", flush=True)
time.sleep(1000)
"""


def test_a_new_manager_knows_the_programs_of_an_account_without_inotify(manager, owner):
    """An account can have 128 of its descriptors, and may need them all."""
    with subprocess.Popen([sys.executable, "-SEc", EXHAUST], user=owner.pw_uid, stdout=subprocess.PIPE) as exhaust:
        try:
            assert exhaust.stdout.readline() == b"all\n"
            manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
            manager.start()
            pid = manager.program_pid("tsupv", "program1")
            manager.kill()
            manager.start()
            manager.wait_state("tsupv", "running")
            assert manager.program_pid("tsupv", "program1") == pid
        finally:
            exhaust.kill()


def test_an_instance_that_died_meanwhile_is_cleared_before_a_new_copy_starts(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    manager.kill()
    kill_instance(main)
    wait_for(lambda: not is_running(main), "its end")
    assert is_running(pid)
    manager.start()
    manager.wait_state("tsupv", "running")
    assert not is_running(pid)
    assert set(of_user(owner.pw_uid)) == {manager.main_pid("tsupv"), manager.program_pid("tsupv", "program1")}


@pytest.mark.parametrize("wanted", [False, True])
def test_a_wish_between_two_processes_outlives_a_crash(manager, owner, wanted):
    """While no process of the instance runs, a record is written only when it says something else about the next start."""
    manager.write("etc/supervisor-manager/supervisor-manager.conf", "[supervisor-manager]\nrestart_delay = 600\n"
                  f"supervisord = {program('supervisord')[0]}\n")
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    kill_instance(main)
    manager.wait_state("tsupv", "restarting")
    if not wanted:
        manager.call("StopInstance", "s", "tsupv")
    manager.kill()
    manager.start()
    manager.wait_state("tsupv", "running" if wanted else "inactive")
    assert len(of_user(owner.pw_uid)) == wanted


def test_a_record_that_lies_is_not_believed(manager, owner, cleanup):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    manager.kill()
    kill_instance(main)
    wait_for(lambda: not is_running(main), "its end")
    path = manager.path("run/supervisor-manager/adoption/tsupv")
    with open(path, encoding="utf-8") as record:
        lines = [f"pid={os.getpid()}\n" if line.startswith("pid=") else line for line in record]
    with open(path, "w", encoding="utf-8") as record:
        record.writelines(lines)
    manager.start()
    manager.wait_state("tsupv", "running")
    assert manager.main_pid("tsupv") != os.getpid()


def test_a_process_that_runs_another_program_is_not_taken_over(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    manager.kill()
    path = manager.path("run/supervisor-manager/adoption/tsupv")
    with open(path, encoding="utf-8") as record:
        lines = [f"{key}=other\n" if key.startswith("executable") else f"{key}={value}"
                 for key, value in (line.split("=", 1) for line in record)]
    with open(path, "w", encoding="utf-8") as record:
        record.writelines(lines)
    # It is not the program that the manager would start now, either.
    copy = shutil.copy(program("supervisord")[0], manager.path("supervisord"))
    manager.write("etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\nsupervisord = {copy}\n")
    manager.start()
    manager.wait_state("tsupv", "running")
    assert manager.main_pid("tsupv") != main and of_user(owner.pw_uid) == [manager.main_pid("tsupv")]


def test_a_half_written_file_of_the_state_is_no_instance(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    manager.wait_state("tsupv", "running")
    before = set(of_user(owner.pw_uid))
    manager.kill()
    state = manager.path("var/lib/supervisor-manager/state")
    shutil.copy(f"{state}/tsupv", f"{state}/.tsupv.a1b2c3")
    manager.start()
    manager.wait_state("tsupv", "running")
    assert set(of_user(owner.pw_uid)) == before and os.listdir(state) == ["tsupv"]


def test_stopping_the_manager_stops_all(manager, owner):
    manager.entry("one", owner, "priority = 1", programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, "priority = 2", programs=[("b", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("one", "a")
    manager.program_pid("two", "b")
    manager.stop()
    assert of_user(owner.pw_uid) == []
    log = manager.log()
    assert log.index("instance 'two' is stopped") < log.index("instance 'one' is stopped")


def test_two_instances_of_one_owner_do_not_touch_each_other(manager, owner):
    manager.entry("one", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, programs=[("b", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("one", "a")
    kept = manager.program_pid("two", "b")
    kill_instance(manager.main_pid("one"))
    manager.program_pid("one", "a")
    manager.call("StopInstance", "s", "one")
    assert is_running(kept)
    assert manager.get("two", "State") == "running"


def test_states_of_the_entry(manager, owner):
    manager.entry("stopped", owner, "state = stopped")
    manager.entry("current", owner, "state = current")
    manager.entry("disabled", owner, "enabled = no")
    manager.entry("described", owner, "managed = no")
    manager.start()
    manager.wait_state("disabled", "running")  # enabled is for the next boot: a new entry is started
    assert manager.get("stopped", "State") == "inactive"
    assert manager.get("current", "State") == "inactive"
    assert manager.get("described", "State") == "unmanaged"
    assert not os.path.exists(manager.path("etc/supervisord_described.conf"))
    assert os.path.exists(manager.path("etc/supervisord_stopped.conf"))
    assert "InstanceUnmanaged" in manager.try_call("StartInstance", "s", "described").stderr or \
        "only described" in manager.try_call("StartInstance", "s", "described").stderr


def test_signals_to_the_whole_tree(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "program1")
    main = manager.main_pid("tsupv")
    manager.call("KillInstance", "ssi", "tsupv", "all", int(signal.SIGKILL))
    wait_for(lambda: not is_running(pid) and not is_running(main), "the end of the tree")
    wait_for(lambda: manager.main_pid("tsupv") not in (0, main), "a new process")


def test_a_manager_of_quiet_programs_sleeps(manager, owner):
    """Also after it has reported their states."""
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")

    wait_for_sleep(manager.process.pid)
