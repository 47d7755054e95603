# SPDX-License-Identifier: MIT
"""Owners who try to stop or starve the manager: a process of theirs that is stopped, hangs or talks without end is their
own trouble."""

import contextlib
import os
import signal
import subprocess

import pytest

from child_stopper import stopAChildOf
from hanging_files import HangingFiles
from processes import isRunning
from programs import program
from waiting import waitFor


@pytest.fixture
def hanging(manager):
    """Mounts what does not answer at /hang of the manager's root; gone before anything else is cleaned up."""
    with contextlib.ExitStack() as mounts:
        yield lambda hangs: mounts.enter_context(HangingFiles(manager.path("hang"), hangs))


def asOwner(owner, *command, **options):
    return subprocess.Popen(command, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], **options)


@pytest.mark.parametrize("end", ["restart", "crash"])
def testAChildThatItsOwnerStopsBeforeItsExecHoldsNothing(manager, owner, end):
    manager.entry("tsupv", owner)
    manager.entry("other", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    pid = None
    stopper = stopAChildOf(manager.process.pid, owner.pw_uid, owner.pw_gid)
    try:
        for _ in range(500):  # how often it is fast enough is chance
            if stopper.poll() is not None:
                break
            manager.tryCall("RestartInstance", "s", "tsupv")
        assert stopper.wait(10) == 0
        pid = int(stopper.stdout.readline())
        assert manager.get("other", "State") is not None  # answered while the child is stopped
        if end == "crash":
            manager.kill()  # and the next manager starts, though the child may still be there
            manager.start()
            manager.waitState("other", "running")
        else:
            waitFor(lambda: not isRunning(pid), "the end of the child that was stopped", 60)
        waitFor(lambda: manager.get("tsupv", "State") == "running", "the instance to be back")
    finally:
        if end == "crash" and pid and isRunning(pid):
            os.kill(pid, signal.SIGKILL)
        stopper.kill()
        stopper.wait()
        stopper.stdout.close()


def testADirectoryThatHangsIsAFailedStart(manager, owner, hanging):
    files = hanging("lookup")
    manager.entry("tsupv", owner, "directory = /hang/home")
    manager.entry("other", owner)
    manager.start()
    pid = files.waitForHang()
    assert manager.call("ListInstances")  # answered while the child hangs
    # What it holds of the manager's would keep the next one from starting.
    assert not [f for f in os.listdir(f"/proc/{pid}/fd") if "lock" in os.readlink(f"/proc/{pid}/fd/{f}")]
    manager.kill()
    manager.start()  # its child waits behind the first one, which no signal ends
    waitFor(lambda: "time limit" in (manager.get("tsupv", "StatusText") or ""), "the start to fail")
    manager.waitState("other", "running")


def testAnOwnerCannotTraceAChildOnItsWay(manager, owner, hanging):
    """It is a copy of the manager: who reads its memory has the passwords of other instances."""
    files = hanging("lookup")
    manager.entry("tsupv", owner, "directory = /hang/home")
    manager.start()
    pid = files.waitForHang()
    for name in ("mem", "environ", "maps"):
        reader = asOwner(owner, "/bin/cat", f"/proc/{pid}/{name}", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert b"Permission denied" in reader.communicate()[1], name
    attach = "import ctypes,sys; sys.exit(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) == 0)"
    assert asOwner(owner, "/usr/bin/python3", "-c", attach, str(pid)).wait() == 0


def testAProcessThatHangsInAnExecBlocksNobody(manager, owner, hanging):
    """Most files of its directory in /proc cannot be read then: a reader waits as long as the exec does."""
    files = hanging("flush")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.programPid("tsupv", "a")
    # Its descriptor is closed by the exec, and that hangs.
    hung = asOwner(owner, "/usr/bin/python3", "-c",
                   f"import os; os.open('{files.path}/file', os.O_RDONLY); os.execv('/bin/sleep', ['sleep', '1000'])")
    try:
        assert files.waitForHang() == hung.pid
        assert manager.tryCall("GetInstanceByPID", "u", hung.pid).returncode != 0
        assert manager.get("tsupv", "MemoryCurrent") > 0
        manager.call("RestartInstance", "s", "tsupv")  # with looks at what the account has running
        pid = manager.programPid("tsupv", "a")
        manager.kill()
        manager.start()  # with a look for what runs
        manager.waitState("tsupv", "running")
        assert isRunning(pid), manager.log()
        manager.call("StopInstance", "s", "tsupv")
    finally:
        hung.kill()
        files.__exit__()
        hung.wait()


def testTheMainProcessOfAnInstanceThatHangsInAnExecBlocksNobody(manager, owner, hanging, workDir):
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
    pid = files.waitForHang()
    manager.waitState("other", "running")
    assert manager.get("tsupv", "MemoryCurrent") is not None
    assert manager.tryCall("GetInstanceByPID", "u", pid).returncode == 0
    manager.kill()
    manager.start()
    manager.waitState("other", "running")
    manager.tryCall("StopInstance", "s", "tsupv")
    manager.call("RestartInstance", "s", "other")
    os.kill(pid, signal.SIGKILL)
    files.__exit__()
    waitFor(lambda: not isRunning(pid), "the end of the process that hung")


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


def testAnInstanceThatTalksWithoutEndHoldsUpNobody(manager, owner, cleanup):
    script = manager.write("home/supervisord", FLOOD.replace("\\\\", "\\"), owner)
    os.chown(os.path.dirname(script), owner.pw_uid, owner.pw_gid)
    os.chmod(script, 0o755)
    manager.write("etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\nsupervisord = {script}\n")
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
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


def testASignalReachesOnlyWhatTheOwnerCouldSignal(manager, owner, workDir):
    """A program that has become root, as with sudo: the owner could not signal it by itself."""
    become = os.path.join(workDir, "become")
    subprocess.run(["cp", "/usr/bin/setpriv", become], check=True)
    os.chmod(become, 0o4755)
    manager.entry("tsupv", owner, programs=[
        ("roots", f"{become} --reuid=0 --regid=0 --clear-groups /bin/sleep 1000"), ("own", "/bin/sleep 1000")])
    manager.start()
    roots, own = manager.programPid("tsupv", "roots"), manager.programPid("tsupv", "own")
    waitFor(lambda: os.stat(f"/proc/{roots}").st_uid == 0, "the program to be root")
    try:
        manager.call("KillInstance", "ssi", "tsupv", "all", signal.SIGUSR1)
        waitFor(lambda: not isRunning(own), "the signal to reach the owner's program")
        assert isRunning(roots)
    finally:
        os.kill(roots, signal.SIGKILL)


def testWhatAnInstancePrintedIsForItsOwnerAndRoot(manager, owner, account):
    other = account("smother")
    manager.entry("tsupv", owner, "state = stopped")
    manager.start()
    manager.waitState("tsupv", "inactive")
    manager.write("etc/supervisord_tsupv.d/private.ini", "[program:x]\ncommand = x\nstartsecs = secret-word\n", owner)
    for method in "StartInstance", "ForceRestartInstance":
        started = manager.tryCall(method, "s", "tsupv")
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


def secondManager(manager):
    return subprocess.run([*program("supervisor-managerd"), "--root", manager.root, "--no-bus"], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def testWhoHoldsTheLockIsNamed(manager, owner):
    manager.start()
    second = secondManager(manager)
    assert second.returncode == 1
    assert f"is locked by process {manager.process.pid} (supervisor-mana, user root)" in second.stderr


def testAHolderOfTheLockThatIsNoManagerIsNamed(manager, owner):
    manager.start()
    manager.stop()
    lock = manager.path("run/supervisor-manager/lock")
    with subprocess.Popen(["flock", "--no-fork", lock, "sleep", "1000"]) as holder:
        try:
            waitFor(lambda: subprocess.run(["flock", "--nonblock", lock, "true"], check=False).returncode != 0, "the lock")
            second = secondManager(manager)
            assert second.returncode == 1
            assert f"locked by process {holder.pid} (sleep, user root)" in second.stderr
        finally:
            holder.kill()
