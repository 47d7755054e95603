# SPDX-License-Identifier: MIT
"""Entries while the manager runs: reload, plan, create, change, remove, enable."""

import os
import shutil
import subprocess

import pytest

from processes import isRunning, ofUser
from programs import program
from waiting import waitFor


def testReloadAddsChangesAndRemoves(manager, owner):
    manager.entry("kept", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("gone", owner)
    manager.start()
    pid = manager.programPid("kept", "a")
    manager.waitState("gone", "running")
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
    assert manager.programPid("kept", "a") == pid


@pytest.mark.parametrize("restarted", [False, True])
def testANewcomerDoesNotTakeWhatRuns(manager, owner, restarted):
    manager.entry("older", owner, "logs_dir = /srv/logs")
    manager.start()
    manager.waitState("older", "running")
    main = manager.mainPid("older")
    manager.entry("a-newcomer", owner, "logs_dir = /srv/logs")
    if restarted:
        manager.kill()
        manager.start()
    manager.call("Reload")
    refused = manager.call("PlanReload")[1]
    assert [(section, key) for _, _, section, key, _ in refused] == [("supervisor:a-newcomer", "logs_dir")]
    assert "instance 'older'" in refused[0][4]
    assert manager.get("older", "State") == "running" and manager.mainPid("older") == main


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("section, words", [
    ("supervisor:older]\nuser = {0}\ngroup = {0}\nnice = 5", "instance 'older' is already declared in "),
    ("supervisor_program:a]\nsupervisor = older\ncommand = /bin/sleep 7", "'a' is already declared in "),
])
def testANewcomerDoesNotTakeTheNameOfWhatRuns(manager, owner, section, words, restarted):
    file = manager.entry("older", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("older", "a")
    newcomer = manager.write("etc/supervisor-manager/conf.d/0.conf", "[" + section.format(owner.pw_name) + "\n")
    if restarted:
        manager.kill()
        manager.start()
    manager.call("Reload")
    changes, refused, _ = manager.call("PlanReload")
    assert changes == [] and [(where, reason) for where, _, _, _, reason in refused] == [(newcomer, words + file)]
    assert isRunning(pid)
    os.rename(newcomer, newcomer + ".off")
    os.rename(file, file[:-5] + "-moved.conf")  # the same entry in another file is no newcomer
    manager.call("Reload")
    assert manager.call("PlanReload") == [[], [], []] and isRunning(pid)


@pytest.mark.parametrize("restarted", [False, True])
def testAFileThatCannotBeReadTakesNoProgramFromAnEntryElsewhere(manager, owner, restarted):
    manager.entry("one", owner)
    text = "[supervisor_program:{0}]\nsupervisor = one\ncommand = /bin/sleep 1000\n"
    more = manager.write("etc/supervisor-manager/conf.d/more.conf", text.format("a"))
    manager.start()
    pid = manager.programPid("one", "a")
    manager.write(more, "this is no configuration\n")
    if restarted:
        manager.kill()
        manager.start()
        manager.waitState("one", "running")
    else:
        assert manager.call("Reload") == [[]]
    # Another change of the entry does not take it either.
    manager.write("etc/supervisor-manager/conf.d/other.conf", text.format("b"))
    assert [name for name, _, _ in manager.call("Reload")[0]] == ["one"]
    manager.programPid("one", "b")
    assert isRunning(pid)
    manager.write(more, text.format("a"))
    manager.call("Reload")
    assert manager.call("PlanReload")[0] == [] and isRunning(pid)


def testWhatIsWrongChangesNothingThatRuns(manager, owner):
    manager.entry("one", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("two", owner, programs=[("b", "/bin/sleep 1000")])
    manager.start()
    one, two = manager.programPid("one", "a"), manager.programPid("two", "b")
    manager.write("etc/supervisor-manager/conf.d/one.conf", "this is no configuration\n")
    manager.entry("two", owner, "state = upside-down")
    assert manager.call("Reload") == [[]]
    assert isRunning(one) and isRunning(two)
    refused = manager.call("PlanReload")[1]
    assert [(os.path.basename(file), key) for file, _, _, key, _ in refused] == [("one.conf", ""), ("two.conf", "state")]
    assert os.path.exists(manager.path("etc/supervisord_two.d/b_prg.ini"))


def testAChangedProgramIsTakenInWithoutARestart(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    a = manager.programPid("tsupv", "a")
    main = manager.mainPid("tsupv")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000"), ("b", "/bin/sleep 1001")])
    manager.call("Reload")
    b = manager.programPid("tsupv", "b")
    assert (manager.mainPid("tsupv"), manager.programPid("tsupv", "a")) == (main, a)
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.call("Reload")
    waitFor(lambda: not isRunning(b), "the end of the program that was taken away")
    assert not os.path.exists(manager.path("etc/supervisord_tsupv.d/b_prg.ini"))
    assert isRunning(a)


def testAChangedAttributeRestartsTheInstance(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    main = manager.mainPid("tsupv")
    manager.entry("tsupv", owner, "logs_dir = /srv/logs\nenvironment = GREETING=hello")
    name, action, details = manager.call("PlanReload")[0][0]
    assert (name, action) == ("tsupv", "restart")
    assert "logs_dir: (default) -> /srv/logs" in details
    manager.call("Reload")
    manager.waitState("tsupv", "running")
    assert manager.mainPid("tsupv") != main
    assert os.path.exists(manager.path("srv/logs/supervisord.log"))
    with open(f"/proc/{manager.mainPid('tsupv')}/environ", encoding="utf-8") as environ:
        variables = environ.read().split("\0")
    assert "GREETING=hello" in variables and f"USER={owner.pw_name}" in variables


def testStateStoppedStops(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
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


def testCreateChangeAndRemove(manager, owner):
    manager.start()
    manager.call("CreateInstance", "sa{sv}", "made", *properties(user=owner.pw_name, group=owner.pw_name, nice="5"))
    assert manager.get("made", "State") == "running"
    path = os.path.join(manager.conf, "made.conf")
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.getpriority(os.PRIO_PROCESS, manager.mainPid("made")) == 5
    manager.call("SetInstanceProperties", "sa{sv}", "made", *properties(nice="6"))
    manager.waitState("made", "running")
    assert os.getpriority(os.PRIO_PROCESS, manager.mainPid("made")) == 6
    manager.call("RemoveInstance", "sb", "made", "true")
    assert manager.get("made", "State") is None
    assert not os.path.exists(path)
    for name in ("etc/supervisord_made.conf", "etc/supervisord_made.d", "var/log/supervisor_made", "run/supervisor_made",
                 "usr/bin/supervisorctl_made"):
        assert not os.path.lexists(manager.path(name)), name
    assert ofUser(owner.pw_uid) == []


@pytest.mark.parametrize("values, words", [
    ({"user": "no-such-account", "group": "root"}, "there is no account"),
    ({"user": "nobody", "grop": "nogroup"}, "did you mean 'group'"),
    ({"user": "nobody", "group": "nogroup\nuser = root"}, "cannot be written on one line"),
    ({"user": "nobody", "group": "nogroup", "logs_dir": "/etc"}, "directory of the system"),
    ({"user": "nobody"}, "is required"),
    ({"user": "root", "group": "root"}, "without privileges"),
])
def testWhatCannotBeCreatedLeavesNothing(manager, values, words):
    manager.start()
    result = manager.tryCall("CreateInstance", "sa{sv}", "made", *properties(**values))
    assert result.returncode != 0 and words in result.stderr
    assert os.listdir(manager.conf) == []
    assert manager.call("ListInstances") == [[]]


def testChangesAtTheSameTimeAllCount(manager, owner):
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


def testAChangeKeepsTheGroupOfTheFile(manager, owner):
    path = manager.entry("tsupv", owner)
    os.chown(path, 0, owner.pw_gid)
    os.chmod(path, 0o640)
    manager.start()
    manager.waitState("tsupv", "running")
    manager.call("SetInstanceProperties", "sa{sv}", "tsupv", *properties(nice="3"))
    info = os.stat(path)
    assert (info.st_uid, info.st_gid, info.st_mode & 0o777) == (0, owner.pw_gid, 0o640)


def testAnEntryBehindALinkIsNotReplacedByAFile(manager, owner):
    path = manager.entry("tsupv", owner)
    real = manager.path("srv/tsupv.conf")
    os.makedirs(os.path.dirname(real))
    os.rename(path, real)
    os.symlink(real, path)
    manager.start()
    manager.waitState("tsupv", "running")
    assert path in manager.tryCall("SetInstanceProperties", "sa{sv}", "tsupv", *properties(nice="3")).stderr
    assert path in manager.tryCall("RemoveInstance", "sb", "tsupv", "false").stderr
    assert os.path.islink(path) and manager.get("tsupv", "State") == "running"


def testAChangeThatWouldBeRefusedChangesNothing(manager, owner):
    path = manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
    main = manager.mainPid("tsupv")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    result = manager.tryCall("SetInstanceProperties", "sa{sv}", "tsupv", *properties(user="root"))
    assert "without privileges" in result.stderr
    with open(path, encoding="utf-8") as file:
        assert file.read() == before
    assert manager.mainPid("tsupv") == main


def testNoRemoveProtects(manager, owner):
    manager.entry("tsupv", owner, "no_remove = yes")
    manager.start()
    manager.waitState("tsupv", "running")
    assert "protected" in manager.tryCall("RemoveInstance", "sb", "tsupv", "false").stderr
    assert manager.get("tsupv", "State") == "running"


def testDisabledIsRemembered(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.waitState("tsupv", "running")
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
    manager.waitState("tsupv", "running")


def testProgramsAreControlledAsTheirOwner(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.programPid("tsupv", "a")

    def call(method, name):
        return manager.bus.busctl("call", "org.supervisormanager1", "/org/supervisormanager1/instance/tsupv",
                                  "org.supervisormanager1.Instance", method, "s", name)

    assert call("StopProgram", "a").returncode == 0
    assert not isRunning(pid)
    assert call("StartProgram", "a").returncode == 0
    assert manager.programPid("tsupv", "a") != pid
    assert "no program 'nope'" in call("StartProgram", "nope").stderr
    assert "not the name of a program" in call("StartProgram", "a all").stderr


def testAnEntryTakenAwayWhileNoManagerRan(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.programPid("tsupv", "a")
    manager.kill()
    os.unlink(os.path.join(manager.conf, "tsupv.conf"))
    manager.start()
    waitFor(lambda: manager.call("ListInstances") == [[]], "the end of the instance")
    assert ofUser(owner.pw_uid) == []
    assert not os.path.lexists(manager.path("usr/bin/supervisorctl_tsupv"))


def testVerifySaysWhatIsWrong(manager, owner):
    manager.entry("good", owner)
    manager.entry("bad", owner, "http_server.endpoint = nowhere")
    result = subprocess.run([*program("supervisor-managerd"), "--verify", "--root", manager.root], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 1
    assert f"refused: {manager.conf}/bad.conf:4: [supervisor:bad] http_server.endpoint: 'nowhere'" in result.stderr
    assert result.stdout == "1 good, 1 refused, 0 warnings\n"
