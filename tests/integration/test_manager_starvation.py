# SPDX-License-Identifier: MIT
"""Owners who try to stop or starve the manager: a process of theirs that is stopped, hangs or talks without end is their
own trouble."""

import contextlib
import os
import signal
import subprocess

import pytest

from child_stopper import stop_a_child_of
from hanging_files import HangingFiles
from processes import is_running
from programs import program
from waiting import wait_for


@pytest.fixture
def hanging(manager):
    """Mounts what does not answer at /hang of the manager's root; gone before anything else is cleaned up."""
    with contextlib.ExitStack() as mounts:
        yield lambda hangs: mounts.enter_context(HangingFiles(manager.path("hang"), hangs))


def as_owner(owner, *command, **options):
    return subprocess.Popen(command, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], **options)


@pytest.mark.parametrize("end", ["restart", "crash"])
def test_a_child_that_its_owner_stops_before_its_exec_holds_nothing(manager, owner, end):
    manager.entry("tsupv", owner)
    manager.entry("other", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    pid = None
    stopper = stop_a_child_of(manager.process.pid, owner.pw_uid, owner.pw_gid)
    try:
        for _ in range(500):  # how often it is fast enough is chance
            if stopper.poll() is not None:
                break
            manager.try_call("RestartInstance", "s", "tsupv")
        assert stopper.wait(10) == 0
        pid = int(stopper.stdout.readline())
        assert manager.get("other", "State") is not None  # answered while the child is stopped
        if end == "crash":
            manager.kill()  # and the next manager starts, though the child may still be there
            manager.start()
            manager.wait_state("other", "running")
        else:
            wait_for(lambda: not is_running(pid), "the end of the child that was stopped", 60)
        wait_for(lambda: manager.get("tsupv", "State") == "running", "the instance to be back")
    finally:
        if end == "crash" and pid and is_running(pid):
            os.kill(pid, signal.SIGKILL)
        stopper.kill()
        stopper.wait()
        stopper.stdout.close()


def test_a_directory_that_hangs_is_a_failed_start(manager, owner, hanging):
    files = hanging("lookup")
    manager.entry("tsupv", owner, "directory = /hang/home")
    manager.entry("other", owner)
    manager.start()
    pid = files.wait_for_hang()
    assert manager.call("ListInstances")  # answered while the child hangs
    # What it holds of the manager's would keep the next one from starting.
    assert not [f for f in os.listdir(f"/proc/{pid}/fd") if "lock" in os.readlink(f"/proc/{pid}/fd/{f}")]
    manager.kill()
    manager.start()  # its child waits behind the first one, which no signal ends
    wait_for(lambda: "time limit" in (manager.get("tsupv", "StatusText") or ""), "the start to fail")
    manager.wait_state("other", "running")


def test_an_owner_cannot_trace_a_child_on_its_way(manager, owner, hanging):
    """It is a copy of the manager: who reads its memory has the passwords of other instances."""
    files = hanging("lookup")
    manager.entry("tsupv", owner, "directory = /hang/home")
    manager.start()
    pid = files.wait_for_hang()
    for name in ("mem", "environ", "maps"):
        reader = as_owner(owner, "/bin/cat", f"/proc/{pid}/{name}", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert b"Permission denied" in reader.communicate()[1], name
    attach = "import ctypes,sys; sys.exit(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) == 0)"
    assert as_owner(owner, "/usr/bin/python3", "-c", attach, str(pid)).wait() == 0


def test_a_process_that_hangs_in_an_exec_blocks_nobody(manager, owner, hanging):
    """Most files of its directory in /proc cannot be read then: a reader waits as long as the exec does."""
    files = hanging("flush")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    # Its descriptor is closed by the exec, and that hangs.
    hung = as_owner(owner, "/usr/bin/python3", "-c",
                   f"import os; os.open('{files.path}/file', os.O_RDONLY); os.execv('/bin/sleep', ['sleep', '1000'])")
    try:
        assert files.wait_for_hang() == hung.pid
        assert manager.try_call("GetInstanceByPID", "u", hung.pid).returncode != 0
        assert manager.get("tsupv", "MemoryCurrent") > 0
        manager.call("RestartInstance", "s", "tsupv")  # with looks at what the account has running
        pid = manager.program_pid("tsupv", "a")
        manager.kill()
        manager.start()  # with a look for what runs
        manager.wait_state("tsupv", "running")
        assert is_running(pid), manager.log()
        manager.call("StopInstance", "s", "tsupv")
    finally:
        hung.kill()
        files.__exit__()
        hung.wait()


def test_the_main_process_of_an_instance_that_hangs_in_an_exec_blocks_nobody(manager, owner, hanging, work_dir):
    files = hanging("flush")
    script = manager.write("supervisord", f"""#!/usr/bin/python3
import os, socket, sys
if "--check" in sys.argv:
    sys.exit(0)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
if "tsupv" in " ".join(__import__("sys").argv):
    os.open("{files.path}/file", os.O_RDONLY)
    os.execv("/bin/sleep", ["sleep", "1000"])
os.execv("{program("supervisord")[0]}", __import__("sys").argv)
""")
    os.chmod(script, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {script}\nstop_timeout = 1\n")
    manager.entry("tsupv", owner)
    manager.entry("other", owner)
    manager.start()
    pid = files.wait_for_hang()
    manager.wait_state("other", "running")
    assert manager.get("tsupv", "MemoryCurrent") is not None
    assert manager.try_call("GetInstanceByPID", "u", pid).returncode == 0
    manager.kill()
    manager.start()
    manager.wait_state("other", "running")
    manager.try_call("StopInstance", "s", "tsupv")
    manager.call("RestartInstance", "s", "other")
    os.kill(pid, signal.SIGKILL)
    files.__exit__()
    wait_for(lambda: not is_running(pid), "the end of the process that hung")


FLOOD = """#!/usr/bin/python3
import os, socket
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
path = os.environ["NOTIFY_SOCKET"]
notify.sendto(b"READY=1", path)
turn = 0
while True:
    turn += 1
    state = b"RUNNING" if turn % 2 else b"STARTING"
    for start in range(0, 5000, 1000):
        names = range(start, start + 1000)
        notify.sendto(b"\\n".join(b"X_SUPERVISOR_PROGRAM=%s %d p%d" % (state, turn, i) for i in names), path)
    if turn == 30:
        open(__file__ + ".flooded", "w").close()
"""


def test_an_instance_that_talks_without_end_holds_up_nobody(manager, owner, cleanup):
    script = manager.write("home/supervisord", FLOOD.replace("\\\\", "\\"), owner)
    os.chown(os.path.dirname(script), owner.pw_uid, owner.pw_gid)
    os.chmod(script, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\nsupervisord = {script}\n")
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    counter = subprocess.Popen(["busctl", f"--address={manager.bus.address}", "monitor", "--match",
                                "type='signal',member='ProgramStateChanged'", "--json=short"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    cleanup.callback(counter.stdout.close)
    cleanup.callback(counter.wait)
    cleanup.callback(counter.kill)
    assert counter.stdout.readline()  # it floods
    for _ in range(50):
        assert manager.call("ListInstances")
    # Of the 150,000 changes that were sent meanwhile the manager reads what the budget allows; the sender waits.
    assert not os.path.exists(script + ".flooded")


def test_a_signal_reaches_only_what_the_owner_could_signal(manager, owner, work_dir):
    """A program that has become root, as with sudo: the owner could not signal it by itself."""
    become = os.path.join(work_dir, "become")
    subprocess.run(["cp", "/usr/bin/setpriv", become], check=True)
    os.chmod(become, 0o4755)
    manager.entry("tsupv", owner, programs=[
        ("roots", f"{become} --reuid=0 --regid=0 --clear-groups /bin/sleep 1000"), ("own", "/bin/sleep 1000")])
    manager.start()
    roots, own = manager.program_pid("tsupv", "roots"), manager.program_pid("tsupv", "own")
    wait_for(lambda: os.stat(f"/proc/{roots}").st_uid == 0, "the program to be root")
    try:
        manager.call("KillInstance", "ssi", "tsupv", "all", signal.SIGUSR1)
        wait_for(lambda: not is_running(own), "the signal to reach the owner's program")
        assert is_running(roots)
    finally:
        os.kill(roots, signal.SIGKILL)


def test_what_an_instance_printed_is_for_its_owner_and_root(manager, owner, account):
    other = account("smother")
    manager.entry("tsupv", owner, "state = stopped")
    manager.start()
    manager.wait_state("tsupv", "inactive")
    manager.write("etc/supervisord_tsupv.d/private.ini", "[program:x]\ncommand = x\nstartsecs = secret-word\n", owner)
    for method in "StartInstance", "ForceRestartInstance":
        started = manager.try_call(method, "s", "tsupv")
        assert "secret-word" in started.stderr  # who may start it may know
    assert "secret-word" not in manager.get("tsupv", "StatusText")
    assert "before it was ready" in manager.get("tsupv", "StatusText")
    assert "secret-word" not in manager.bus.busctl("call", "org.supervisormanager1", "/org/supervisormanager1",
                                                   "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").stdout
    assert "secret-word" in manager.call("GetFailureDetails", "s", "tsupv")[0]

    def ask(user):
        return subprocess.run(["busctl", f"--address={manager.bus.address}", "call", "org.supervisormanager1",
                               "/org/supervisormanager1", "org.supervisormanager1.Manager", "GetFailureDetails", "s",
                               "tsupv"], user=user.pw_uid, group=user.pw_gid, extra_groups=[], capture_output=True,
                              text=True, check=False)

    assert "secret-word" in ask(owner).stdout
    assert "secret-word" not in ask(other).stdout + ask(other).stderr


def second_manager(manager):
    return subprocess.run([*program("supervisor-managerd"), "--root", manager.root, "--no-bus"], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_who_holds_the_lock_is_named(manager, owner):
    manager.start()
    second = second_manager(manager)
    assert second.returncode == 1
    assert f"is locked by process {manager.process.pid} (supervisor-mana, user root)" in second.stderr


def test_a_holder_of_the_lock_that_is_no_manager_is_named(manager, owner):
    manager.start()
    manager.stop()
    lock = manager.path("run/supervisor-manager/lock")
    with subprocess.Popen(["flock", "--no-fork", lock, "sleep", "1000"]) as holder:
        try:
            wait_for(lambda: subprocess.run(["flock", "--nonblock", lock, "true"], check=False).returncode != 0, "the lock")
            second = second_manager(manager)
            assert second.returncode == 1
            assert f"locked by process {holder.pid} (sleep, user root)" in second.stderr
        finally:
            holder.kill()
