# SPDX-License-Identifier: MIT
"""The manager with real accounts and real instances: deploying, starting, dying, adopting, ending."""

import os
import shutil
import signal
import stat
import time

import pytest

from manager_root import killInstance
from processes import isRunning, ofUser
from programs import program
from waiting import waitFor


def snapshot(root):
    """Every path below `root` with what makes it: type, owner, mode, time of change, target."""
    seen = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            seen[path] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino,
                          os.readlink(path) if stat.S_ISLNK(info.st_mode) else "")
    return seen


def testAnEntryBecomesARunningInstanceOfItsOwner(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    manager.waitState("tsupv", "running")
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    assert set(ofUser(owner.pw_uid)) == {main, pid}
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


def testAnotherAccountIsRefused(manager, owner, account):
    other = account("smother")
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    result = manager.ctl("tsupv", "status", owner=other)
    assert result.returncode != 0
    assert "could not read config file" in result.stderr
    # Nor by the socket itself, which it knows where to find.
    socket = manager.path("run/supervisor_tsupv/supervisor.sock")
    result = manager.ctl("tsupv", "-s", f"unix://{socket}", "-c", "/dev/null", "status", owner=other)
    assert result.returncode != 0 and "RUNNING" not in result.stdout


def testApplyingTwiceChangesNothing(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    before = {p: v for p, v in snapshot(manager.root).items() if "/run/" not in p and "/var/lib/" not in p}
    assert manager.call("PlanReload") == [[], [], []]
    assert manager.call("Reload") == [[]]
    after = {p: v for p, v in snapshot(manager.root).items() if "/run/" not in p and "/var/lib/" not in p}
    assert before == after
    assert isRunning(pid)


def testStopLeavesNothingAndStartBringsItBack(manager, owner):
    manager.entry("tsupv", owner, programs=[("detached", "/bin/sh -c 'setsid env -i /bin/sleep 1001 & exec sleep 1002'")])
    manager.start()
    manager.programPid("tsupv", "detached")
    waitFor(lambda: len(ofUser(owner.pw_uid)) == 3, "the detached process")
    manager.call("StopInstance", "s", "tsupv")
    assert manager.get("tsupv", "State") == "inactive"
    assert ofUser(owner.pw_uid) == []
    manager.call("StartInstance", "s", "tsupv")
    assert manager.get("tsupv", "State") == "running"
    manager.programPid("tsupv", "detached")


def testAnInstanceThatIsKilledComesBackAlone(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    killInstance(main)
    waitFor(lambda: manager.mainPid("tsupv") not in (0, main), "a new process")
    assert not isRunning(pid)
    new = manager.programPid("tsupv", "program1")
    assert set(ofUser(owner.pw_uid)) == {manager.mainPid("tsupv"), new}
    assert manager.get("tsupv", "NRestarts") == 1


def testOneThatFailsAgainAndAgainFailsWithTheReason(manager, owner):
    manager.entry("tsupv", owner)
    manager.write("etc/supervisord_tsupv.d/bad.ini", "[program:x]\nautostart=perhaps\ncommand=/bin/true\n")
    os.chown(manager.path("etc/supervisord_tsupv.d"), owner.pw_uid, owner.pw_gid)
    manager.start()
    manager.waitState("tsupv", "failed")
    reason = manager.get("tsupv", "StatusText")
    assert reason.startswith("failed 3 times in a row; the last time it exited with status 2"), reason
    details = manager.call("GetFailureDetails", "s", "tsupv")[0]
    assert "bad.ini" in details and "autostart" in details


def testTheOwnerMayShutItDown(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    assert manager.ctl("tsupv", "shutdown", owner=owner).returncode == 0
    manager.waitState("tsupv", "inactive")
    assert manager.get("tsupv", "Result") == "success"


@pytest.mark.parametrize("rounds", [5])
def testAManagerThatIsKilledFindsItsInstancesAgain(manager, owner, rounds):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    for _ in range(rounds):
        manager.kill()
        manager.start()
        manager.waitState("tsupv", "running")
        assert manager.mainPid("tsupv") == main
        assert manager.programPid("tsupv", "program1") == pid
        assert manager.get("tsupv", "NRestarts") == 0
    # It supervises what it found as before.
    killInstance(main)
    waitFor(lambda: manager.mainPid("tsupv") not in (0, main), "a new process")
    assert not isRunning(pid)


def testReexecutionKeepsEverything(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    manager.call("Reexecute")
    waitFor(lambda: "taken over" in manager.log(), "the new manager")
    manager.waitState("tsupv", "running")
    assert manager.process.poll() is None
    assert manager.mainPid("tsupv") == main
    assert manager.programPid("tsupv", "program1") == pid


def testAnInstanceThatDiedMeanwhileIsClearedBeforeANewCopyStarts(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    manager.kill()
    killInstance(main)
    waitFor(lambda: not isRunning(main), "its end")
    assert isRunning(pid)
    manager.start()
    manager.waitState("tsupv", "running")
    assert not isRunning(pid)
    assert set(ofUser(owner.pw_uid)) == {manager.mainPid("tsupv"), manager.programPid("tsupv", "program1")}


def testARecordThatLiesIsNotBelieved(manager, owner, cleanup):
    manager.entry("tsupv", owner)
    manager.start()
    main = manager.mainPid("tsupv")
    manager.kill()
    killInstance(main)
    waitFor(lambda: not isRunning(main), "its end")
    path = manager.path("run/supervisor-manager/adoption/tsupv")
    with open(path, encoding="utf-8") as record:
        lines = [f"pid={os.getpid()}\n" if line.startswith("pid=") else line for line in record]
    with open(path, "w", encoding="utf-8") as record:
        record.writelines(lines)
    manager.start()
    manager.waitState("tsupv", "running")
    assert manager.mainPid("tsupv") != os.getpid()


def testAProcessThatRunsAnotherProgramIsNotTakenOver(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    main = manager.mainPid("tsupv")
    manager.kill()
    path = manager.path("run/supervisor-manager/adoption/tsupv")
    with open(path, encoding="utf-8") as record:
        lines = [f"{key}=other\n" if key.startswith("executable") else f"{key}={value}"
                 for key, value in (line.split("=", 1) for line in record)]
    with open(path, "w", encoding="utf-8") as record:
        record.writelines(lines)
    # Nor is it the program that the manager would start now.
    copy = shutil.copy(program("supervisord")[0], manager.path("supervisord"))
    manager.write("etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\nsupervisord = {copy}\n")
    manager.start()
    manager.waitState("tsupv", "running")
    assert manager.mainPid("tsupv") != main and ofUser(owner.pw_uid) == [manager.mainPid("tsupv")]


def testAHalfWrittenFileOfTheStateIsNoInstance(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    manager.waitState("tsupv", "running")
    before = set(ofUser(owner.pw_uid))
    manager.kill()
    state = manager.path("var/lib/supervisor-manager/state")
    shutil.copy(f"{state}/tsupv", f"{state}/.tsupv.a1b2c3")
    manager.start()
    manager.waitState("tsupv", "running")
    assert set(ofUser(owner.pw_uid)) == before and os.listdir(state) == ["tsupv"]


def testStoppingTheManagerStopsAll(manager, owner):
    manager.entry("one", owner, "priority = 1", programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, "priority = 2", programs=[("b", "/bin/sleep 1000")])
    manager.start()
    manager.programPid("one", "a")
    manager.programPid("two", "b")
    manager.stop()
    assert ofUser(owner.pw_uid) == []
    log = manager.log()
    assert log.index("instance 'two' is stopped") < log.index("instance 'one' is stopped")


def testTwoInstancesOfOneOwnerDoNotTouchEachOther(manager, owner):
    manager.entry("one", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, programs=[("b", "/bin/sleep 1000")])
    manager.start()
    manager.programPid("one", "a")
    kept = manager.programPid("two", "b")
    killInstance(manager.mainPid("one"))
    manager.programPid("one", "a")
    manager.call("StopInstance", "s", "one")
    assert isRunning(kept)
    assert manager.get("two", "State") == "running"


def testStatesOfTheEntry(manager, owner):
    manager.entry("stopped", owner, "state = stopped")
    manager.entry("current", owner, "state = current")
    manager.entry("disabled", owner, "enabled = no")
    manager.entry("described", owner, "managed = no")
    manager.start()
    manager.waitState("disabled", "running")  # a new entry is deployed: its state counts
    assert manager.get("stopped", "State") == "inactive"
    assert manager.get("current", "State") == "inactive"
    assert manager.get("described", "State") == "unmanaged"
    assert not os.path.exists(manager.path("etc/supervisord_described.conf"))
    assert os.path.exists(manager.path("etc/supervisord_stopped.conf"))
    assert "InstanceUnmanaged" in manager.tryCall("StartInstance", "s", "described").stderr or \
        "only described" in manager.tryCall("StartInstance", "s", "described").stderr


def testSignalsToTheWholeTree(manager, owner):
    manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "program1")
    main = manager.mainPid("tsupv")
    manager.call("KillInstance", "ssi", "tsupv", "all", int(signal.SIGKILL))
    waitFor(lambda: not isRunning(pid) and not isRunning(main), "the end of the tree")
    waitFor(lambda: manager.mainPid("tsupv") not in (0, main), "a new process")


def testAManagerOfQuietProgramsSleeps(manager, owner):
    """Also after it has told of them."""
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.programPid("tsupv", "a")

    def switches():
        with open(f"/proc/{manager.process.pid}/status", encoding="ascii") as status:
            return [line for line in status if "ctxt_switches" in line]

    def asleep():
        before = switches()
        for _ in range(50):
            time.sleep(0.01)
        return switches() == before

    waitFor(asleep, "the manager to sleep")
