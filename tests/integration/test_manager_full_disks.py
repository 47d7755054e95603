# SPDX-License-Identifier: MIT
"""The manager's own disks full: what cannot be written is said, is not claimed, and is written when there is room."""

import json
import os
import subprocess

import pytest

from processes import isRunning
from programs import program
from waiting import waitFor

DONE, FAILED = 0, 1


class Disk:
    """A small file system at `path`, unmounted on exit."""

    def __init__(self, path):
        self.path = path
        self._filler = os.path.join(path, "filler")

    def __enter__(self):
        os.makedirs(self.path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k,mode=755", "tmpfs", self.path], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def fill(self):
        with open(self._filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        os.unlink(self._filler)


@pytest.fixture
def disk(manager, cleanup):
    """disk(name) mounts a small file system below the manager's root, which outlives the manager."""
    disks = []

    def mount(name):
        disks.append(Disk(manager.path(name)).__enter__())
        return disks[-1]

    yield mount
    if manager.process and manager.process.poll() is None:
        manager.stop()  # before its disks go: it writes to them until then
    for one in disks:
        one.__exit__()


def command(manager, *words):
    return subprocess.run([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def lineOf(manager, name):
    rows = command(manager, "list", "--no-legend").stdout.splitlines()
    return next(row for row in rows if row.split()[0] == name)


def keysOf(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file)


def timersOf(pid):
    """What is left of the timers that a process has armed."""
    lines = []
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
            lines += [line.split(": ")[1] for line in file.read().splitlines() if line.startswith("it_value")]
    return sorted(set(lines))


def commandOf(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return file.read().replace("\0", " ")


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


def testARecordIsWrittenWhenThereIsRoomAgain(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    run.fill()
    manager.call("RestartInstance", "s", "inst")
    pid = manager.mainPid("inst")
    assert "not recorded: " in lineOf(manager, "inst") and "No space left on device" in lineOf(manager, "inst")
    assert json.loads(command(manager, "list", "-j").stdout)[0]["state"] == "running"
    assert leftovers(manager.path("run/supervisor-manager/adoption")) == []
    run.free()
    record = manager.path("run/supervisor-manager/adoption/inst")
    waitFor(lambda: keysOf(record)["pid"] == str(pid), "the record")
    waitFor(lambda: "not recorded" not in lineOf(manager, "inst"), "a list without trouble")
    assert manager.log().count("No space left on device") == 1
    assert "is written again" in manager.log()


def testAnOldRecordDoesNotStopWhatWasStartedSince(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    manager.call("StopInstance", "s", "inst")
    run.fill()
    manager.call("StartInstance", "s", "inst")
    pid = manager.mainPid("inst")
    manager.kill()
    manager.start()
    manager.waitState("inst", "running")
    assert manager.mainPid("inst") == pid and isRunning(pid)
    run.free()
    waitFor(lambda: keysOf(manager.path("run/supervisor-manager/adoption/inst"))["pid"] == str(pid), "the record")


def testAReloadThatCannotBeRecordedSaysSo(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    path = manager.path("var/lib/supervisor-manager/state/inst")
    before = keysOf(path)["deployed"]
    state.fill()
    manager.entry("inst", owner, "environment = A=1\n")
    result = command(manager, "reload")
    assert result.returncode == FAILED, result
    assert "No space left on device" in result.stdout + result.stderr
    assert keysOf(path)["deployed"] == before
    assert "not recorded: " in lineOf(manager, "inst")
    assert leftovers(os.path.dirname(path)) == []
    state.free()
    waitFor(lambda: keysOf(path)["deployed"] != before, "the state")
    waitFor(lambda: "not recorded" not in lineOf(manager, "inst"), "a list without trouble")
    pid = manager.mainPid("inst")
    manager.kill()
    manager.start()  # ...which finds nothing that was changed since
    assert manager.mainPid("inst") == pid
    assert command(manager, "reload").stdout == "Nothing changed\n"


def testARefusalIsAFailure(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.entry("inst", owner, programs=[("p", "/bin/cat")])
    manager.start()
    manager.call("StartInstance", "s", "inst")
    state.fill()
    manager.entry("inst", owner, programs=[("p", "/bin/sleep 1000")])
    result = command(manager, "reload")
    assert result.returncode == FAILED, result
    assert "refused: " in result.stdout + result.stderr and "No space left on device" in result.stdout + result.stderr
    state.free()
    assert command(manager, "reload").returncode == DONE
    waitFor(lambda: "/bin/sleep 1000" in commandOf(manager.programPid("inst", "p")), "the new program")


def testANewInstanceOnAFullDiskIsStartedByALaterReload(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.start()
    state.fill()
    manager.entry("inst", owner, "state = started\n")
    result = command(manager, "reload")
    assert result.returncode == FAILED and "No space left on device" in result.stdout + result.stderr
    assert not os.path.exists(manager.path("etc/supervisord_inst.conf"))
    state.free()
    assert command(manager, "reload").returncode == DONE
    manager.waitState("inst", "running")


def testEnablingIsNotClaimed(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.entry("inst", owner, "enabled = no\n")
    manager.start()
    state.fill()
    result = command(manager, "enable", "inst")
    assert result.returncode == FAILED and "No space left on device" in result.stderr
    assert "disabled" in lineOf(manager, "inst")
    state.free()
    assert command(manager, "enable", "inst").returncode == DONE
    assert "enabled" in lineOf(manager, "inst")


def testAConfigurationThatDoesNotFitIsTriedAgain(manager, owner, disk):
    full = disk("full")
    manager.entry("inst", owner, "conf_file_dst = /full/inst.conf\n")
    full.fill()
    manager.start()
    assert manager.tryCall("StartInstance", "s", "inst").returncode != 0
    assert "No space left on device" in manager.failure("inst")
    assert leftovers(full.path) == []
    full.free()
    manager.call("StartInstance", "s", "inst")
    manager.waitState("inst", "running")


def testAnEntryIsChangedInAllItsFilesOrInNone(manager, owner, disk):
    conf = disk("etc/supervisor-manager/conf.d")
    entry = manager.entry("inst", owner, "no_remove = no\n")
    more = manager.write("etc/supervisor-manager/conf.d/more.conf",
                         "[supervisor_program:p]\nsupervisor = inst\ncommand = /bin/cat\n" + f"[supervisor:other]\nuser = {owner.pw_name}\ngroup = {owner.pw_name}\n" + "# much text\n" * 500)
    manager.start()
    texts = []
    for path in (entry, more):
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    conf.fill()
    for call in (("SetInstanceProperties", "sa{sv}", "inst", 1, "umask", "s", "027"), ("RemoveInstance", "sb", "inst", "false")):
        result = manager.tryCall(*call)
        assert result.returncode != 0 and "No space left on device" in result.stderr, result
    for path, text in zip((entry, more), texts):
        with open(path, encoding="utf-8") as file:
            assert file.read() == text
    assert leftovers(conf.path) == []
    conf.free()
    manager.call("SetInstanceProperties", "sa{sv}", "inst", 1, "umask", "s", "027")


def testNothingPendingMeansNoWakeUp(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    run.fill()
    manager.call("StopInstance", "s", "inst")
    assert "not recorded: " in lineOf(manager, "inst")
    run.free()
    record = manager.path("run/supervisor-manager/adoption/inst")
    waitFor(lambda: keysOf(record)["wanted"] == "no", "the record")
    waitFor(lambda: timersOf(manager.process.pid) == ["(0, 0)"], "a manager that waits for no time")
