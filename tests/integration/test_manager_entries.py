# SPDX-License-Identifier: MIT
"""Entries while the manager runs: reload, plan, create, change, remove, enable."""

import os
import shutil
import subprocess

import pytest

from processes import is_running, of_user
from programs import program
from waiting import wait_for


def test_reload_adds_changes_and_removes(manager, owner):
    manager.entry("kept", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("gone", owner)
    manager.start()
    pid = manager.program_pid("kept", "a")
    manager.wait_state("gone", "running")
    os.unlink(os.path.join(manager.conf, "gone.conf"))
    manager.entry("new", owner)
    changes = {name: action for name, action, _ in manager.call("PlanReload")[0]}
    assert changes == {"gone": "remove", "new": "add"}
    assert manager.get("gone", "State") == "running"  # a plan does nothing
    changes = {name: action for name, action, _ in manager.call("Reload")[0]}
    assert changes == {"gone": "remove", "new": "add"}
    assert manager.get("new", "State") == "running"
    assert manager.get("gone", "State") is None
    assert not os.path.lexists(manager.path("etc/supervisord_gone.conf"))
    assert not os.path.lexists(manager.path("usr/bin/supervisorctl_gone"))
    assert os.path.isdir(manager.path("var/log/supervisor_gone"))  # logs stay without a purge
    assert manager.program_pid("kept", "a") == pid


@pytest.mark.parametrize("restarted", [False, True])
def test_a_newcomer_does_not_take_what_runs(manager, owner, restarted):
    manager.entry("older", owner, "logs_dir = /srv/logs")
    manager.start()
    manager.wait_state("older", "running")
    main = manager.main_pid("older")
    manager.entry("a-newcomer", owner, "logs_dir = /srv/logs")
    if restarted:
        manager.kill()
        manager.start()
    manager.call("Reload")
    refused = manager.call("PlanReload")[1]
    assert [(section, key) for _, _, section, key, _ in refused] == [("supervisor:a-newcomer", "logs_dir")]
    assert "instance 'older'" in refused[0][4]
    assert manager.get("older", "State") == "running" and manager.main_pid("older") == main


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("section, words", [
    ("supervisor:older]\nuser = {0}\ngroup = {0}\nnice = 5", "instance 'older' is already declared in "),
    ("supervisor_program:a]\nsupervisor = older\ncommand = /bin/sleep 7", "'a' is already declared in "),
])
def test_a_newcomer_does_not_take_the_name_of_what_runs(manager, owner, section, words, restarted):
    file = manager.entry("older", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("older", "a")
    newcomer = manager.write("etc/supervisor-manager/conf.d/0.conf", "[" + section.format(owner.pw_name) + "\n")
    if restarted:
        manager.kill()
        manager.start()
    manager.call("Reload")
    changes, refused, _ = manager.call("PlanReload")
    assert changes == [] and [(where, reason) for where, _, _, _, reason in refused] == [(newcomer, words + file)]
    assert is_running(pid)
    os.rename(newcomer, newcomer + ".off")
    os.rename(file, file[:-5] + "-moved.conf")  # the same entry in another file is not a new one
    manager.call("Reload")
    assert manager.call("PlanReload") == [[], [], []] and is_running(pid)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_file_that_cannot_be_read_takes_no_program_from_an_entry_elsewhere(manager, owner, restarted):
    manager.entry("one", owner)
    text = "[supervisor_program:{0}]\nsupervisor = one\ncommand = /bin/sleep 1000\n"
    more = manager.write("etc/supervisor-manager/conf.d/more.conf", text.format("a"))
    manager.start()
    pid = manager.program_pid("one", "a")
    manager.write(more, "not a configuration\n")
    if restarted:
        manager.kill()
        manager.start()
        manager.wait_state("one", "running")
    else:
        assert manager.call("Reload") == [[]]
    # A changed entry does not get the name either.
    manager.write("etc/supervisor-manager/conf.d/other.conf", text.format("b"))
    assert [name for name, _, _ in manager.call("Reload")[0]] == ["one"]
    manager.program_pid("one", "b")
    assert is_running(pid)
    manager.write(more, text.format("a"))
    manager.call("Reload")
    assert manager.call("PlanReload")[0] == [] and is_running(pid)


def test_what_is_wrong_changes_nothing_that_runs(manager, owner):
    manager.entry("one", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, programs=[("b", "/bin/sleep 1000")])
    manager.start()
    one, two = manager.program_pid("one", "a"), manager.program_pid("two", "b")
    manager.write("etc/supervisor-manager/conf.d/one.conf", "not a configuration\n")
    manager.entry("two", owner, "state = upside-down")
    assert manager.call("Reload") == [[]]
    assert is_running(one) and is_running(two)
    refused = manager.call("PlanReload")[1]
    assert [(os.path.basename(file), key) for file, _, _, key, _ in refused] == [("one.conf", ""), ("two.conf", "state")]
    assert os.path.exists(manager.path("etc/supervisord_two.d/b_prg.ini"))


def test_a_changed_program_is_taken_in_without_a_restart(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    a = manager.program_pid("tsupv", "a")
    main = manager.main_pid("tsupv")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000"), ("b", "/bin/sleep 1001")])
    manager.call("Reload")
    b = manager.program_pid("tsupv", "b")
    assert (manager.main_pid("tsupv"), manager.program_pid("tsupv", "a")) == (main, a)
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.call("Reload")
    wait_for(lambda: not is_running(b), "the end of the program that was taken away")
    assert not os.path.exists(manager.path("etc/supervisord_tsupv.d/b_prg.ini"))
    assert is_running(a)


def test_a_changed_attribute_restarts_the_instance(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    manager.entry("tsupv", owner, "logs_dir = /srv/logs\nenvironment = GREETING=hello")
    name, action, details = manager.call("PlanReload")[0][0]
    assert (name, action) == ("tsupv", "restart")
    assert "logs_dir: (default) -> /srv/logs" in details
    manager.call("Reload")
    manager.wait_state("tsupv", "running")
    assert manager.main_pid("tsupv") != main
    assert os.path.exists(manager.path("srv/logs/supervisord.log"))
    with open(f"/proc/{manager.main_pid('tsupv')}/environ", encoding="utf-8") as environ:
        variables = environ.read().split("\0")
    assert "GREETING=hello" in variables and f"USER={owner.pw_name}" in variables


def test_state_stopped_stops(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.entry("tsupv", owner, "state = stopped")
    manager.call("Reload")
    assert manager.get("tsupv", "State") == "inactive"
    manager.entry("tsupv", owner, "state = started")
    manager.call("Reload")
    assert manager.get("tsupv", "State") == "running"


def properties(**values):
    words = [str(len(values))]
    for key, value in values.items():
        words += [key, "s", value]
    return words


def test_create_change_and_remove(manager, owner):
    manager.start()
    manager.call("CreateInstance", "sa{sv}", "made", *properties(user=owner.pw_name, group=owner.pw_name, nice="5"))
    assert manager.get("made", "State") == "running"
    path = os.path.join(manager.conf, "made.conf")
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.getpriority(os.PRIO_PROCESS, manager.main_pid("made")) == 5
    manager.call("SetInstanceProperties", "sa{sv}", "made", *properties(nice="6"))
    manager.wait_state("made", "running")
    assert os.getpriority(os.PRIO_PROCESS, manager.main_pid("made")) == 6
    manager.call("RemoveInstance", "sb", "made", "true")
    assert manager.get("made", "State") is None
    assert not os.path.exists(path)
    for name in ("etc/supervisord_made.conf", "etc/supervisord_made.d", "var/log/supervisor_made", "run/supervisor_made",
                 "usr/bin/supervisorctl_made"):
        assert not os.path.lexists(manager.path(name)), name
    assert of_user(owner.pw_uid) == []


@pytest.mark.parametrize("values, words", [
    ({"user": "no-such-account", "group": "root"}, "there is no account"),
    ({"user": "nobody", "grop": "nogroup"}, "did you mean 'group'"),
    ({"user": "nobody", "group": "nogroup\nuser = root"}, "cannot be written on one line"),
    ({"user": "nobody", "group": "nogroup", "logs_dir": "/etc"}, "directory of the system"),
    ({"user": "nobody"}, "is required"),
    ({"user": "root", "group": "root"}, "without privileges"),
])
def test_what_cannot_be_created_leaves_nothing(manager, values, words):
    manager.start()
    result = manager.try_call("CreateInstance", "sa{sv}", "made", *properties(**values))
    assert result.returncode != 0 and words in result.stderr
    assert os.listdir(manager.conf) == []
    assert manager.call("ListInstances") == [[]]


def test_changes_at_the_same_time_all_count(manager, owner):
    path = manager.entry("tsupv", owner, "state = stopped", programs=[("a", "/bin/sleep 1000")])
    manager.start()
    values = {"nice": "3", "umask": "027", "limit_core": "0", "priority": "5", "no_remove": "no"}
    calls = [subprocess.Popen(["busctl", f"--address={manager.bus.address}", "call", "org.supervisormanager1",
                               "/org/supervisormanager1", "org.supervisormanager1.Manager", "SetInstanceProperties",
                               "sa{sv}", "tsupv", "1", key, "s", value]) for key, value in values.items()]
    assert [call.wait(60) for call in calls] == [0] * len(calls)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert all(f"{key} = {value}\n" in text for key, value in values.items()), text


def test_a_change_keeps_the_group_of_the_file(manager, owner):
    path = manager.entry("tsupv", owner)
    os.chown(path, 0, owner.pw_gid)
    os.chmod(path, 0o640)
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.call("SetInstanceProperties", "sa{sv}", "tsupv", *properties(nice="3"))
    info = os.stat(path)
    assert (info.st_uid, info.st_gid, info.st_mode & 0o777) == (0, owner.pw_gid, 0o640)


def test_an_entry_behind_a_link_is_not_replaced_by_a_file(manager, owner):
    path = manager.entry("tsupv", owner)
    real = manager.path("srv/tsupv.conf")
    os.makedirs(os.path.dirname(real))
    os.rename(path, real)
    os.symlink(real, path)
    manager.start()
    manager.wait_state("tsupv", "running")
    assert path in manager.try_call("SetInstanceProperties", "sa{sv}", "tsupv", *properties(nice="3")).stderr
    assert path in manager.try_call("RemoveInstance", "sb", "tsupv", "false").stderr
    assert os.path.islink(path) and manager.get("tsupv", "State") == "running"


def test_a_change_that_would_be_refused_changes_nothing(manager, owner):
    path = manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    main = manager.main_pid("tsupv")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    result = manager.try_call("SetInstanceProperties", "sa{sv}", "tsupv", *properties(user="root"))
    assert "without privileges" in result.stderr
    with open(path, encoding="utf-8") as file:
        assert file.read() == before
    assert manager.main_pid("tsupv") == main


def test_no_remove_protects(manager, owner):
    manager.entry("tsupv", owner, "no_remove = yes")
    manager.start()
    manager.wait_state("tsupv", "running")
    assert "protected" in manager.try_call("RemoveInstance", "sb", "tsupv", "false").stderr
    assert manager.get("tsupv", "State") == "running"


def test_disabled_is_remembered(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    assert manager.call("DisableInstances", "as", 1, "tsupv") == [["tsupv"]]
    assert manager.call("DisableInstances", "as", 1, "tsupv") == [[]]
    assert manager.get("tsupv", "State") == "running"
    manager.stop()
    shutil.rmtree(manager.path("run"))  # as after a boot
    manager.start()
    assert manager.get("tsupv", "State") == "inactive"
    manager.call("EnableInstances", "as", 1, "tsupv")
    manager.stop()
    shutil.rmtree(manager.path("run"))
    manager.start()
    manager.wait_state("tsupv", "running")


def test_programs_are_controlled_as_their_owner(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "a")

    def call(method, name):
        return manager.bus.busctl("call", "org.supervisormanager1", "/org/supervisormanager1/instance/tsupv",
                                  "org.supervisormanager1.Instance", method, "s", name)

    assert call("StopProgram", "a").returncode == 0
    assert not is_running(pid)
    assert call("StartProgram", "a").returncode == 0
    assert manager.program_pid("tsupv", "a") != pid
    assert "no program 'nope'" in call("StartProgram", "nope").stderr
    assert "not the name of a program" in call("StartProgram", "a all").stderr


def test_an_entry_taken_away_while_no_manager_ran(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    manager.kill()
    os.unlink(os.path.join(manager.conf, "tsupv.conf"))
    manager.start()
    wait_for(lambda: manager.call("ListInstances") == [[]], "the end of the instance")
    assert of_user(owner.pw_uid) == []
    assert not os.path.lexists(manager.path("usr/bin/supervisorctl_tsupv"))


def test_verify_says_what_is_wrong(manager, owner):
    manager.entry("good", owner)
    manager.entry("bad", owner, "http_server.endpoint = nowhere")
    result = subprocess.run([*program("supervisor-managerd"), "--verify", "--root", manager.root], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 1
    assert f"refused: {manager.conf}/bad.conf:4: [supervisor:bad] http_server.endpoint: 'nowhere'" in result.stderr
    assert result.stdout == "1 good, 1 refused, 0 warnings\n"
