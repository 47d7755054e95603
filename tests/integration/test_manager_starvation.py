# SPDX-License-Identifier: MIT
"""Owners who try to stop or starve the manager: a process of theirs that is stopped, hangs or sends endlessly affects
only its owner."""

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
    """Mounts a file system that does not answer at /hang of the manager's root; unmounted before all other cleanup."""
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
        def has_stopped_one():  # when it is fast enough is chance
            if stopper.poll() is None:
                manager.try_call("RestartInstance", "s", "tsupv")
            return stopper.poll() is not None

        wait_for(has_stopped_one, "the owner to stop a child", 180)
        assert stopper.returncode == 0
        pid = int(stopper.stdout.readline())
        assert manager.get("other", "State") is not None  # it answers while the child is stopped
        if end == "crash":
            manager.kill()  # the next manager starts although the child may still exist
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
    assert manager.call("ListInstances")  # it answers while the child hangs
    # If the child had the manager's lock open, the next manager could not start.
    assert not [f for f in os.listdir(f"/proc/{pid}/fd") if "lock" in os.readlink(f"/proc/{pid}/fd/{f}")]
    manager.kill()
    manager.start()  # its own child waits after the first one, which no signal ends
    wait_for(lambda: "time limit" in (manager.get("tsupv", "StatusText") or ""), "the start to fail")
    manager.wait_state("other", "running")


def test_an_owner_cannot_trace_a_child_on_its_way(manager, owner, hanging):
    """Before its exec the child is a copy of the manager: its memory has the passwords of other instances."""
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
    """Reading most files of its directory in /proc then blocks until the exec ends."""
    files = hanging("flush")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    # The exec closes the descriptor, and the close hangs.
    hung = as_owner(owner, "/usr/bin/python3", "-c",
                   f"import os; os.open('{files.path}/file', os.O_RDONLY); os.execv('/bin/sleep', ['sleep', '1000'])")
    try:
        assert files.wait_for_hang() == hung.pid
        assert manager.try_call("GetInstanceByPID", "u", hung.pid).returncode != 0
        assert manager.get("tsupv", "MemoryCurrent") > 0
        manager.call("RestartInstance", "s", "tsupv")  # this looks at the account's processes
        pid = manager.program_pid("tsupv", "a")
        manager.kill()
        manager.start()  # this looks for running instances
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
    assert counter.stdout.readline()  # the flood has begun
    for _ in range(50):
        assert manager.call("ListInstances")
    # The manager reads as many of the 150,000 changes as the instance's budget allows; the sender has to wait.
    assert not os.path.exists(script + ".flooded")


def test_a_signal_reaches_only_what_the_owner_could_signal(manager, owner, work_dir):
    """A program that has become root, as with sudo: the owner itself could not signal it."""
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
        assert "secret-word" in started.stderr  # callers that may start it may read this
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
