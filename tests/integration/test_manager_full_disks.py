# SPDX-License-Identifier: MIT
"""The manager's own disks are full: it reports what it cannot write, claims no success, and writes it when there is
room."""

import json
import os
import subprocess

import pytest

from processes import is_running
from programs import program
from waiting import wait_for

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
    """disk(name) mounts a small file system below the manager's root until the manager has ended."""
    disks = []

    def mount(name):
        disks.append(Disk(manager.path(name)).__enter__())
        return disks[-1]

    yield mount
    if manager.process and manager.process.poll() is None:
        manager.stop()  # before the unmount: the manager writes until its end
    for one in disks:
        one.__exit__()


def command(manager, *words):
    return subprocess.run([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def line_of(manager, name):
    rows = command(manager, "list", "--no-legend").stdout.splitlines()
    return next(row for row in rows if row.split()[0] == name)


def keys_of(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file)


def waits_without_limit(pid):
    """Whether a process waits in epoll_pwait2 for events alone: its time limit, the fourth argument, is a null pointer."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        call = file.read().split()
    return call[0] == "441" and int(call[4], 16) == 0


def command_of(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return file.read().replace("\0", " ")


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


def test_a_record_is_written_when_there_is_room_again(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    run.fill()
    manager.call("RestartInstance", "s", "inst")
    pid = manager.main_pid("inst")
    assert "not recorded: " in line_of(manager, "inst") and "No space left on device" in line_of(manager, "inst")
    assert json.loads(command(manager, "list", "-j").stdout)[0]["state"] == "running"
    assert leftovers(manager.path("run/supervisor-manager/adoption")) == []
    run.free()
    record = manager.path("run/supervisor-manager/adoption/inst")
    wait_for(lambda: keys_of(record)["pid"] == str(pid), "the record")
    wait_for(lambda: "not recorded" not in line_of(manager, "inst"), "a list without trouble")
    assert manager.log().count("No space left on device") == 1
    assert "is written again" in manager.log()


def test_an_old_record_does_not_stop_what_was_started_since(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    manager.call("StopInstance", "s", "inst")
    run.fill()
    manager.call("StartInstance", "s", "inst")
    pid = manager.main_pid("inst")
    manager.kill()
    manager.start()
    manager.wait_state("inst", "running")
    assert manager.main_pid("inst") == pid and is_running(pid)
    run.free()
    wait_for(lambda: keys_of(manager.path("run/supervisor-manager/adoption/inst"))["pid"] == str(pid), "the record")


def test_a_reload_that_cannot_be_recorded_says_so(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    path = manager.path("var/lib/supervisor-manager/state/inst")
    before = keys_of(path)["deployed"]
    state.fill()
    manager.entry("inst", owner, "environment = A=1\n")
    result = command(manager, "reload")
    assert result.returncode == FAILED, result
    assert "No space left on device" in result.stdout + result.stderr
    assert keys_of(path)["deployed"] == before
    assert "not recorded: " in line_of(manager, "inst")
    assert leftovers(os.path.dirname(path)) == []
    state.free()
    wait_for(lambda: keys_of(path)["deployed"] != before, "the state")
    wait_for(lambda: "not recorded" not in line_of(manager, "inst"), "a list without trouble")
    pid = manager.main_pid("inst")
    manager.kill()
    manager.start()  # it finds nothing that has changed since
    assert manager.main_pid("inst") == pid
    assert command(manager, "reload").stdout == "Nothing changed\n"


def test_a_refusal_is_a_failure(manager, owner, disk):
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
    wait_for(lambda: "/bin/sleep 1000" in command_of(manager.program_pid("inst", "p")), "the new program")


def test_a_new_instance_on_a_full_disk_is_started_by_a_later_reload(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.start()
    state.fill()
    manager.entry("inst", owner, "state = started\n")
    result = command(manager, "reload")
    assert result.returncode == FAILED and "No space left on device" in result.stdout + result.stderr
    assert not os.path.exists(manager.path("etc/supervisord_inst.conf"))
    state.free()
    assert command(manager, "reload").returncode == DONE
    manager.wait_state("inst", "running")


def test_enabling_is_not_claimed(manager, owner, disk):
    state = disk("var/lib/supervisor-manager")
    manager.entry("inst", owner, "enabled = no\n")
    manager.start()
    state.fill()
    result = command(manager, "enable", "inst")
    assert result.returncode == FAILED and "No space left on device" in result.stderr
    assert "disabled" in line_of(manager, "inst")
    state.free()
    assert command(manager, "enable", "inst").returncode == DONE
    assert "enabled" in line_of(manager, "inst")


def test_a_configuration_that_does_not_fit_is_tried_again(manager, owner, disk):
    full = disk("full")
    manager.entry("inst", owner, "conf_file_dst = /full/inst.conf\n")
    full.fill()
    manager.start()
    assert manager.try_call("StartInstance", "s", "inst").returncode != 0
    assert "No space left on device" in manager.failure("inst")
    assert leftovers(full.path) == []
    full.free()
    manager.call("StartInstance", "s", "inst")
    manager.wait_state("inst", "running")


def test_an_entry_is_changed_in_all_its_files_or_in_none(manager, owner, disk):
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
        result = manager.try_call(*call)
        assert result.returncode != 0 and "No space left on device" in result.stderr, result
    for path, text in zip((entry, more), texts):
        with open(path, encoding="utf-8") as file:
            assert file.read() == text
    assert leftovers(conf.path) == []
    conf.free()
    manager.call("SetInstanceProperties", "sa{sv}", "inst", 1, "umask", "s", "027")


def test_nothing_pending_means_no_wake_up(manager, owner, disk):
    run = disk("run/supervisor-manager")
    manager.entry("inst", owner)
    manager.start()
    manager.call("StartInstance", "s", "inst")
    run.fill()
    manager.call("StopInstance", "s", "inst")
    assert "not recorded: " in line_of(manager, "inst")
    run.free()
    record = manager.path("run/supervisor-manager/adoption/inst")
    wait_for(lambda: keys_of(record)["wanted"] == "no", "the record")
    wait_for(lambda: waits_without_limit(manager.process.pid), "a manager that waits for no time")
