# SPDX-License-Identifier: MIT
"""The stages `programs` and `status` of a deployment: files, what restarts, notify, check mode, hostile owners."""

import json
import os
import signal
import socket
import stat
import threading
import time

import pytest

from daemon import Daemon
from deployment import Host, content_of, load, read, supervised, supervisor, write
from hanging_files import HangingFiles
from waiting import wait_for


class Instance:
    """A supervisord that the account runs itself (managed: no), ours or Debian's, and items for it."""

    def __init__(self, daemon, owner):
        self.daemon = daemon
        self.owner = owner
        self.include = os.path.join(daemon.directory, "d")
        self.host = Host()
        self.supervisor = supervisor("tsupv", owner, managed=False, conf_file_dst=daemon.config_path,
                                     include_dir=self.include)

    def items(self, *programs, groups=(), files=()):
        return {"supervisors": [self.supervisor], "supervisor_programs": list(programs),
                "supervisor_groups": list(groups), "files": list(files)}

    def deploy(self, *programs, action="deploy", truth=True, groups=(), files=(), **options):
        """The stage, first in check mode: what it predicts must happen."""
        items = self.items(*programs, groups=groups, files=files)
        predicted = self.host.run(action, items, ["programs"], check=True, **options)
        outcome = self.host.run(action, items, ["programs"], **options)
        if truth and outcome.failed is None:
            assert steps_of(predicted) == steps_of(outcome)
        return outcome

    def state(self, name):
        return self.info(name)["statename"]

    def info(self, name):
        return self.daemon.rpc.supervisor.getProcessInfo(name)

    def names(self):
        return {info["name"] for info in self.daemon.rpc.supervisor.getAllProcessInfo()}

    def pid(self, name):
        return self.daemon.wait_state(name, "RUNNING")["pid"]

    def file(self, name):
        return os.path.join(self.include, name)

    def write(self, name, text):
        write(self.file(name), text)
        os.chown(self.file(name), self.owner.pw_uid, self.owner.pw_gid)


def steps_of(outcome):
    return [(step["name"], step["result"], step["handler"]) for step in outcome.run.steps]


@pytest.fixture(params=["ours", "debian"])
def instance(request, owner, work_dir, cleanup):
    return start_instance(request.param, owner, work_dir, cleanup)


@pytest.fixture
def ours(owner, work_dir, cleanup):
    return start_instance("ours", owner, work_dir, cleanup)


def start_instance(kind, owner, work_dir, cleanup):
    directory = os.path.join(work_dir, kind)
    os.makedirs(os.path.join(directory, "d"))
    daemon = cleanup.enter_context(Daemon(kind, directory, "[include]\nfiles=%(here)s/d/*.ini", user=owner.pw_name))
    return Instance(daemon, owner)


def setup(name):
    return f"Setup program '{name}' of supervisor 'tsupv'"


def verb(word, name):
    return f"{word} supervisor_tsupv program {name}"


def test_first_deployment_and_the_second(instance):
    first = instance.deploy(supervised("program1", "tsupv", startsecs=0))
    assert first.changed == [setup("program1"), verb("Start", "program1")]
    assert instance.state("program1") == "RUNNING"
    info = os.stat(instance.file("program1_prg.ini"))
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (
        instance.owner.pw_uid, instance.owner.pw_gid, 0o640)
    pid = instance.pid("program1")
    second = instance.deploy(supervised("program1", "tsupv", startsecs=0))
    assert second.changed == [] and second.names == [setup("program1"), verb("Start", "program1")]
    assert instance.pid("program1") == pid


def test_only_what_changed_restarts(instance):
    instance.write("own.ini", "[program:own]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    instance.daemon.ctl("update")
    instance.deploy(*[supervised(name, "tsupv", startsecs=0) for name in "abc"])
    pids = {name: instance.pid(name) for name in ("a", "b", "c", "own")}
    # A change that the owner has not loaded is its own business.
    instance.write("own.ini", "[program:own]\ncommand=/bin/sleep 2000\nstartsecs=0\n")
    outcome = instance.deploy(supervised("a", "tsupv", startsecs=0), supervised("c", "tsupv", startsecs=0),
                              supervised("b", "tsupv", startsecs=0, directory="/"))
    assert outcome.changed == [setup("b"), verb("Restart", "b")]
    assert [name for name in pids if instance.pid(name) != pids[name]] == ["b"]


def test_states(instance):
    def one(state):
        return supervised("a", "tsupv", startsecs=0, state=state, autostart=state == "started")

    assert instance.deploy(one("current")).changed == [setup("a")]
    assert instance.state("a") == "STOPPED"
    assert verb("Start", "a") in instance.deploy(one("started")).changed
    instance.daemon.rpc.supervisor.stopProcess("a")
    assert instance.deploy(one("started")).changed == [verb("Start", "a")]  # at each deployment
    outcome = instance.deploy(one("current"))
    assert outcome.changed == [setup("a"), verb("Restart", "a")] and instance.state("a") == "RUNNING"
    assert instance.deploy(one("stopped")).changed == [verb("Stop", "a")]
    assert instance.state("a") == "STOPPED"
    assert instance.deploy(one("stopped")).changed == []


def test_groups_and_several_processes(instance):
    programs = [supervised("a", "tsupv", startsecs=0), supervised("b", "tsupv", startsecs=0, numprocs=2,
                                                                  process_name="%(program_name)s_%(process_num)02d")]
    assert instance.deploy(*programs).changed == [setup("a"), setup("b"), verb("Start", "a"), verb("Start", "b")]
    assert instance.state("b:b_01") == "RUNNING"
    group = {"name": "g", "supervisor": "tsupv", "programs": ["a", "b"], "at": "app.yml:20:3"}
    outcome = instance.deploy(*programs, groups=[group])
    assert outcome.changed == ["Setup group 'g' of supervisor 'tsupv'", verb("Restart", "a"), verb("Restart", "b")]
    assert {instance.state(name) for name in ("g:a", "g:b_00", "g:b_01")} == {"RUNNING"}
    assert instance.deploy(*programs, groups=[group]).changed == []
    instance.deploy(*programs, groups=[group], action="stop")
    assert {instance.state(name) for name in ("g:a", "g:b_00", "g:b_01")} == {"STOPPED"}


@pytest.mark.parametrize("state", ["started", "current"])
def test_other_processes_of_a_program_that_ran_are_a_restart(instance, state):
    def one(numprocs, number="", **more):
        return supervised("p", "tsupv", startsecs=0, numprocs=numprocs, process_name=f"%(program_name)s{number}",
                          **more)

    instance.deploy(one(1))
    numbered = "_%(process_num)02d"
    for program, count in ((one(2, numbered, state=state), 2), (one(3, numbered, state=state), 3)):
        assert instance.deploy(program).changed == [setup("p"), verb("Restart", "p")]
        assert [instance.state(f"p:p_0{number}") for number in range(count)] == ["RUNNING"] * count
    assert instance.deploy(one(1, state=state)).changed == [setup("p"), verb("Restart", "p")]
    assert instance.state("p") == "RUNNING" and instance.names() == {"p"}


def test_values_survive(instance):
    program = supervised(
        "a", "tsupv", command="/bin/sh -c 'echo \"$A|$B|100%%|%(program_name)s|x;y#z\"; sleep 1000'", startsecs=0,
        environment=['A="one, two"', "B='x;y'"], exitcodes=[0, 2], autorestart="unexpected", stopasgroup=True,
        killasgroup=True, stdout_logfile_maxbytes="1MB", umask="027", directory=instance.daemon.directory)
    assert instance.deploy(program).failed is None
    wait_for(lambda: "one, two|x;y|100%|a|x;y#z" in instance.daemon.rpc.supervisor.readProcessStdoutLog("a", 0, 0),
             "output")
    lines = "/bin/sleep\n  100000\n[program:x]\nuser=root"  # one value, whatever its lines look like
    instance.deploy(supervised("m", "tsupv", command="/bin/sleep\n  100000", startsecs=0),
                    supervised("n", "tsupv", state="current", autostart=False, environment=[f'A="{lines}"']))
    assert instance.names() == {"a", "m", "n"}


def test_values_of_an_environment_are_not_shown(ours):
    """...neither by a difference nor by a refusal; nor are passwords in a text of its own."""
    def parts(*items, **options):
        outcome = ours.deploy(*items, diff=True, **options)
        return [part for step in outcome.run.steps for part in step["diff"] or ()], outcome

    program = supervised("a", "tsupv", startsecs=0, environment=['A="Wei-Qu0raesh\n x"', "B=1"])
    (part,), _ = parts(program)
    assert "environment=(hidden)\nautostart" in part["after"] or part["after"].endswith("environment=(hidden)\n"), part
    assert "Wei-Qu0raesh" not in str(part) and "command=/bin/sleep" in part["after"]
    (part,), _ = parts(dict(program, environment=["B=2"]))
    assert "environment=(hidden)\n" in part["before"] and "environment=(hidden, another)\n" in part["after"], part
    _, outcome = parts(dict(program, environment=["B=Wei-Qu0raesh b"]))
    assert outcome.failed and "Wei-Qu0raesh" not in str(outcome.run.steps)
    sha256, contents = content_of(b"[program:b]\ncommand=/bin/sleep 1000\nEnvironment : X=Wei-Qu0raesh,\n Y=2\n")
    item = supervised("b", "tsupv", state="current", conf_file_src="tmpl://b.ini", sha256=sha256)
    found, _ = parts(program, item, contents=contents)
    assert "Wei-Qu0raesh" not in str(found) and "Environment : (hidden)\n" in str(found[-1]["after"])
    found, _ = parts(program, dict(item, name="c", is_secret=True), contents=contents)
    assert found[-1]["after"] == "(new content, not shown)\n"


@pytest.mark.parametrize("more, words", [
    ({"command": "/bin/sleep 1 ; comment"}, "command"),
    ({"command": "/bin/date +%s"}, "'%%'"),
    ({"environment": ["A=b c"]}, "A=..."),
    ({"environment": ["A"]}, "KEY="),
    ({"name": "x]\n[program:y"}, "section"),
])
def test_values_that_would_be_read_otherwise_are_refused(ours, more, words):
    outcome = ours.deploy(dict(supervised("a", "tsupv"), **more), supervised("b", "tsupv"))
    assert words in outcome.failed and outcome.failures[0][2] == "app.yml:9:3"
    assert os.listdir(ours.include) == []


def test_a_program_that_does_not_start_is_named_with_its_last_lines(instance):
    programs = [supervised("bad", "tsupv", command="/bin/sh -c 'echo out; echo no such thing >&2; exit 3'",
                           startretries=0, at="app.yml:30:3"),
                supervised("absent", "tsupv", command="/nonexistent/x", startretries=0),
                supervised("good", "tsupv", startsecs=0)]
    outcome = instance.deploy(*programs)
    assert [(name, at) for name, unused, at in outcome.failures] == [
        (verb("Start", "bad"), "app.yml:30:3"), (verb("Start", "absent"), "app.yml:9:3")]
    assert "FATAL" in outcome.failures[0][1] and "no such thing" in outcome.failures[0][1]
    assert "/nonexistent/x" in outcome.failures[1][1] or "FATAL" in outcome.failures[1][1]
    assert verb("Start", "good") in outcome.changed and instance.state("good") == "RUNNING"


def test_what_supervisord_refuses_is_put_back(instance):
    instance.deploy(supervised("a", "tsupv", startsecs=0))
    text, pid = read(instance.file("a_prg.ini")), instance.pid("a")
    outcome = instance.deploy(supervised("a", "tsupv", startsecs=0, stopsignal="NONSENSE"), supervised("b", "tsupv"))
    assert outcome.failures[0][0] == setup("a") and "NONSENSE" in outcome.failed
    assert read(instance.file("a_prg.ini")) == text and os.listdir(instance.include) == ["a_prg.ini"]
    assert instance.pid("a") == pid
    assert instance.deploy(supervised("a", "tsupv", startsecs=0)).changed == []


def test_own_text(instance):
    for number, changed in ((1000, [setup("a"), verb("Start", "a")]), (2000, [setup("a"), verb("Restart", "a")]),
                            (2000, [])):
        sha256, contents = content_of(b"[program:a]\ncommand=/bin/sleep %d\nstartsecs=0\n" % number)
        item = supervised("a", "tsupv", conf_file_src="tmpl://a.ini", sha256=sha256)
        del item["command"]
        check = instance.host.run("deploy", instance.items(item), ["programs"], check=True)
        assert check.run.wanted == ([sha256] if changed else [])
        if changed:
            with pytest.raises(load("module_utils.run").ContentMissing):
                instance.host.run("deploy", instance.items(item), ["programs"])
        assert instance.deploy(item, contents=contents).changed == changed


class TestNotify:
    """notify: program1 restarts only if the file changed, once, and only if it is running."""

    @pytest.fixture
    def notified(self, instance, work_dir):
        path = os.path.join(work_dir, "program1.sh")
        write(path, "#!/bin/sh\nexec sleep 100000\n")
        os.chmod(path, 0o755)
        files = [{"dest": path, "notify": [{"kind": "program", "supervisor": "tsupv", "program": "program1"}]}]
        # It does not read the file: a shell that did so in the middle of a test's write() would end early.
        program = supervised("program1", "tsupv", command="/bin/sleep 100000", startsecs=0)
        instance.deploy(program, files=files)
        instance.daemon.wait_state("program1", "RUNNING")
        instance.path, instance.files, instance.program = path, files, program
        return instance

    def run(self, instance, **options):
        return instance.deploy(instance.program, files=instance.files, **options)

    def test_a_changed_file_restarts_once(self, notified):
        assert self.run(notified).changed == []
        pid = notified.pid("program1")
        write(notified.path, "#!/bin/sh\nexec sleep 200000\n")
        outcome = self.run(notified, before={"changed_paths": [notified.path]})
        assert outcome.changed == [verb("Restart", "program1")]
        assert "Get current state for supervisor_tsupv_program1 programs" in outcome.names
        assert outcome.run.steps[-2]["handler"] is True and notified.pid("program1") != pid
        assert self.run(notified).changed == []

    def test_an_interrupted_run_does_not_lose_the_restart(self, notified):
        write(notified.path, "#!/bin/sh\nexec sleep 200000\n")
        assert self.run(notified).changed == [verb("Restart", "program1")]  # a file that changed earlier
        assert self.run(notified).changed == []

    def test_a_changed_mode_counts_if_this_deployment_changed_it(self, notified):
        os.chmod(notified.path, 0o700 | 0o055)
        os.chmod(notified.path, 0o750 | 0o005)
        assert self.run(notified).changed == []
        assert self.run(notified, before={"changed_paths": [notified.path]}).changed == [verb("Restart", "program1")]

    def test_check_mode_knows_files_that_are_not_written_yet(self, notified):
        outcome = notified.host.run("deploy", notified.items(notified.program, files=notified.files), ["programs"],
                                    check=True, before={"changed_paths": [notified.path]})
        assert outcome.changed == [verb("Restart", "program1")]

    def test_a_program_that_is_still_starting_restarts(self, instance, notified):
        """It has the old file, too."""
        program = dict(notified.program, startsecs=5)
        path, files = notified.path, notified.files
        notified.daemon.rpc.supervisor.stopProcess("program1")
        assert instance.deploy(dict(program, state="current"), files=files).changed
        notified.daemon.rpc.supervisor.startProcess("program1", False)
        notified.daemon.wait_state("program1", "STARTING")
        write(path, "#!/bin/sh\nexec sleep 200000\n")
        assert instance.deploy(dict(program, state="current"), files=files).changed == [verb("Restart", "program1")]

    def test_a_stopped_program_is_not_restarted(self, notified):
        notified.program = dict(notified.program, state="current")
        self.run(notified)
        notified.daemon.rpc.supervisor.stopProcess("program1")
        write(notified.path, "#!/bin/sh\nexec sleep 200000\n")
        assert self.run(notified, before={"changed_paths": [notified.path]}).changed == []
        assert notified.state("program1") == "STOPPED"

    def test_changed_definition_and_file_restart_once(self, notified):
        write(notified.path, "#!/bin/sh\nexec sleep 200000\n")
        notified.program = dict(notified.program, directory="/")
        outcome = self.run(notified, before={"changed_paths": [notified.path]})
        assert outcome.changed == [setup("program1"), verb("Restart", "program1")]
        assert notified.daemon.log().count("spawned: 'program1'") == 2

    def test_a_time_in_the_future_does_not_restart_for_ever(self, notified):
        os.utime(notified.path, (time.time() + 10000, time.time() + 10000))
        assert self.run(notified).changed == []


def test_a_file_that_notifies_an_instance_of_others_restarts_it(instance, work_dir):
    path = os.path.join(work_dir, "settings")
    files = [{"dest": path, "notify": [{"kind": "instance", "supervisor": "tsupv"}]}]
    program = supervised("a", "tsupv", startsecs=0)
    write(path, "old")
    instance.deploy(program, files=files)
    pid = instance.pid("a")
    assert instance.deploy(program, files=files).changed == []
    write(path, "new")
    assert instance.deploy(program, files=files).changed == ["Restart supervisord_tsupv service"]
    instance.daemon.wait_ready()
    assert wait_for(lambda: instance.names() and instance.pid("a"), "a to run again") != pid
    assert instance.deploy(program, files=files).changed == []


def test_leftovers_are_listed_and_pruned(instance):
    instance.write("own_prg.ini", "[program:own]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    instance.daemon.ctl("update")
    instance.deploy(supervised("a", "tsupv", startsecs=0), supervised("old", "tsupv", startsecs=0))
    name = "Remove program 'old' of supervisor 'tsupv'"
    listed = instance.deploy(supervised("a", "tsupv", startsecs=0))
    assert listed.changed == [] and "--prune" in listed.message(name) and instance.state("old") == "RUNNING"
    assert instance.deploy(supervised("a", "tsupv", startsecs=0), prune=True).changed == [name]
    assert sorted(os.listdir(instance.include)) == ["a_prg.ini", "own_prg.ini"]
    assert instance.names() == {"a", "own"}


def test_stop_start_and_remove(instance):
    programs = [supervised("a", "tsupv", startsecs=0), supervised("kept", "tsupv", startsecs=0, no_remove=True),
                supervised("down", "tsupv", startsecs=0, state="stopped", autostart=False)]
    instance.write("own_prg.ini", "[program:own]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    instance.deploy(*programs)
    assert instance.deploy(*programs, action="stop").changed == [verb("Stop", "a"), verb("Stop", "kept")]
    assert instance.deploy(*programs, action="stop").changed == []
    assert instance.deploy(*programs, action="start").changed == [verb("Start", "a"), verb("Start", "kept")]
    assert instance.deploy(*programs, action="start").changed == []
    removed = instance.deploy(*programs, action="remove")
    assert removed.changed == [verb("Stop", "a"), "Remove program 'down' of supervisor 'tsupv'",
                               "Remove program 'a' of supervisor 'tsupv'"]
    assert sorted(os.listdir(instance.include)) == ["kept_prg.ini", "own_prg.ini"]
    assert instance.names() == {"kept"}
    assert instance.deploy(*programs, action="remove").changed == []


def test_an_interrupted_run_is_completed_by_the_next(instance, monkeypatch):
    instance.deploy(supervised("a", "tsupv", startsecs=0), supervised("old", "tsupv", startsecs=0))
    pid = instance.pid("a")
    program = supervised("a", "tsupv", startsecs=0, directory="/")
    with monkeypatch.context() as patched:
        patched.setattr(load("module_utils.owner_programs").OwnersPart, "_reread", lambda *unused: os._exit(1))
        outcome = instance.deploy(program, truth=False, prune=True)
    assert "before it had finished" in outcome.failed and instance.pid("a") == pid  # files written, and not loaded
    assert instance.host.run("deploy", instance.items(program), ["programs"], check=True).changed
    assert instance.deploy(program, truth=False).failed is None
    assert instance.pid("a") != pid and instance.names() == {"a"}
    assert instance.deploy(program).changed == []


@pytest.mark.parametrize("why", ["its definition", "a file"])
def test_a_program_that_ran_runs_again_after_an_interruption(instance, work_dir, monkeypatch, why):
    """state: current is what it was before the run that was interrupted between its stop and its start."""
    program = supervised("a", "tsupv", startsecs=0, state="current", autostart=False)
    down = supervised("down", "tsupv", startsecs=0, state="current", autostart=False)
    instance.deploy(program, down)
    instance.daemon.ctl("start", "a")
    instance.pid("a")
    changed, files = program, ()
    if why == "a file":
        path = os.path.join(work_dir, "file")
        write(path, "new\n")
        files = [{"at": "app.yml:9:3", "dest": path,
                  "notify": [{"kind": "program", "supervisor": "tsupv", "program": "a"}]}]
        wait_for(lambda: time.time() > os.stat(path).st_mtime, "the file to be older than now")
    else:
        changed = dict(program, directory="/")
    with monkeypatch.context() as patched:
        patched.setattr(load("module_utils.owner_programs").OwnersPart, "_start_processes", lambda *unused: os._exit(1))
        outcome = instance.deploy(changed, down, files=files, truth=False)
    assert "before it had finished" in outcome.failed and instance.state("a") == "STOPPED"
    assert instance.host.run("deploy", instance.items(changed, down, files=files), ["programs"], check=True).changed
    assert instance.deploy(changed, down, files=files).failed is None
    assert instance.state("a") == "RUNNING" and instance.state("down") == "STOPPED"
    assert instance.deploy(changed, down, files=files).changed == []
    assert sorted(os.listdir(instance.include)) == ["a_prg.ini", "down_prg.ini"]
    instance.daemon.ctl("stop", "a")
    assert instance.deploy(changed, down, files=files).changed == [] and instance.state("a") == "STOPPED"


def test_fifty_programs_are_one_pass(instance):
    programs = [supervised(f"p{number}", "tsupv", startsecs=0) for number in range(50)]
    outcome = instance.deploy(*programs)
    assert len(outcome.changed) == 100 and outcome.failed is None
    assert instance.deploy(*programs).changed == []


def test_an_instance_that_does_not_run_only_gets_files(ours):
    ours.daemon.stop()
    outcome = ours.deploy(supervised("a", "tsupv"))
    assert outcome.changed == [setup("a")] and "does not run" in repr(outcome.run.steps)
    assert "does not run" in ours.deploy(supervised("a", "tsupv"), action="start").failed
    assert ours.deploy(supervised("a", "tsupv"), action="stop").changed == []


def test_as_the_owner_no_root_is_used(ours):
    """managed: no: the whole stage in a process that has only the account's ids."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(*[ours.owner.pw_gid] * 3)
        os.setresuid(*[ours.owner.pw_uid] * 3)
        outcome = ours.host.run("deploy", ours.items(supervised("a", "tsupv", startsecs=0)), ["programs"])
        os.write(writer, json.dumps([outcome.changed, outcome.failed]).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    assert json.loads(os.read(reader, 65536)) == [[setup("a"), verb("Start", "a")], None]
    os.close(reader)
    assert ours.state("a") == "RUNNING"


@pytest.mark.parametrize("state", ["started", "current"])
def test_more_processes_and_other_names(instance, state):
    """The prediction knows them, and a program whose state is current continues to run under its new names."""
    def program(**more):
        return supervised("a", "tsupv", startsecs=0, state=state, autostart=False, **more)

    numbered = dict(process_name="%(program_name)s_%(process_num)d", numprocs=2)
    instance.deploy(program())
    if state == "current":
        instance.daemon.rpc.supervisor.startProcess("a")
    assert instance.deploy(program(**numbered)).changed == [setup("a"), verb("Restart", "a")]
    assert instance.names() == {"a_0", "a_1"} and instance.state("a:a_0") == instance.state("a:a_1") == "RUNNING"
    assert instance.deploy(program(**dict(numbered, numprocs=3))).changed == [setup("a"), verb("Restart", "a")]
    assert instance.state("a:a_2") == "RUNNING"
    instance.daemon.rpc.supervisor.stopProcess("a:a_1")
    outcome = instance.deploy(program(**dict(numbered, numprocs=3, stopwaitsecs=7)))
    started = [verb("Start", "a")] if state == "started" else []
    assert outcome.changed == [setup("a"), verb("Restart", "a"), *started]
    assert instance.deploy(program(**dict(numbered, numprocs=3, stopwaitsecs=7))).changed == []


def test_before_the_account_exists_check_mode_predicts_all(ours):
    stranger = dict(ours.supervisor, user="smabsent", group="smabsent")
    items = dict(ours.items(supervised("a", "tsupv")), supervisors=[stranger])
    assert ours.host.run("deploy", items, ["programs"], check=True).changed == [setup("a")]
    assert "smabsent" in ours.host.run("deploy", items, ["programs"]).failed


class TestHostileOwner:
    """Whatever the account puts in place of its files and its supervisord: bounded, and with its own rights only."""

    @pytest.fixture(autouse=True)
    def short(self, monkeypatch):
        monkeypatch.setattr(load("module_utils.programs").Task, "seconds", 2)

    def test_an_include_directory_that_is_a_link(self, ours, work_dir):
        target = os.path.join(work_dir, "roots")
        os.mkdir(target, 0o755)
        os.rmdir(ours.include)
        os.symlink(target, ours.include)
        assert "Permission denied" in ours.deploy(supervised("a", "tsupv")).failed
        assert os.listdir(target) == []

    @pytest.mark.parametrize("name", ["a_prg.ini", ".a_prg.ini.new"])
    def test_links_to_files_of_root(self, ours, work_dir, name):
        secret = os.path.join(work_dir, "secret")
        write(secret, "for root's eyes")
        os.chmod(secret, 0o600)
        os.symlink(secret, ours.file(name))
        outcome = ours.deploy(supervised("a", "tsupv", startsecs=0), truth=False)
        assert read(secret) == "for root's eyes" and "eyes" not in repr(outcome.run.steps)

    def test_a_fifo_instead_of_a_file(self, ours):
        os.mkfifo(ours.file("a_prg.ini"))
        assert "not a regular file" in ours.deploy(supervised("a", "tsupv")).failed

    def test_a_huge_file(self, ours):
        with open(ours.file("a_prg.ini"), "wb") as file:
            file.truncate(1 << 40)
        assert "more than" in ours.deploy(supervised("a", "tsupv")).failed

    @pytest.fixture
    def pretend(self, ours, cleanup):
        """Puts a server of the test in place of the supervisord."""
        ours.daemon.stop()

        def start(handler):
            server = socket.socket(socket.AF_UNIX)
            if os.path.lexists(ours.daemon.socket):
                os.unlink(ours.daemon.socket)
            server.bind(ours.daemon.socket)
            os.chmod(ours.daemon.socket, 0o777)
            server.listen()
            connections = []

            def serve():
                while True:
                    try:
                        connection, unused = server.accept()
                    except OSError:
                        return
                    connections.append(connection)
                    try:
                        handler(connection)
                    except OSError:
                        pass

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            cleanup.callback(lambda: [server.shutdown(socket.SHUT_RDWR), server.close(), thread.join(10),
                                      [one.close() for one in connections]])
            return ours

        return start

    def test_a_socket_that_never_answers(self, pretend):
        instance = pretend(lambda connection: None)
        assert "no answer within" in instance.deploy(supervised("a", "tsupv")).failed
        rows = status_of(instance, supervised("a", "tsupv"), monkeypatched_seconds=1)
        assert [row["instance_state"] for row in rows] == ["refused"]

    def test_an_answer_without_end(self, pretend):
        def flood(connection):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)

        assert "more than" in pretend(flood).deploy(supervised("a", "tsupv")).failed

    @pytest.mark.parametrize("handler", ["flood", "silence"])
    def test_nothing_keeps_a_stop_and_a_removal(self, ours, pretend, handler):
        ours.deploy(supervised("a", "tsupv"))

        def flood(connection):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)

        pretend(flood if handler == "flood" else lambda connection: None)
        stopped = ours.deploy(supervised("a", "tsupv"), action="stop")
        assert stopped.failed is None and stopped.changed == []
        assert "more than" in repr(stopped.run.steps) or "no answer within" in repr(stopped.run.steps)
        removed = ours.deploy(supervised("a", "tsupv"), action="remove", truth=False)
        assert removed.failed is None
        assert os.listdir(ours.include) == ([] if handler == "flood" else ["a_prg.ini"])

    def test_after_the_account_a_removal_finds_nothing(self, ours):
        items = dict(ours.items(supervised("a", "tsupv")), supervisors=[dict(ours.supervisor, user="smabsent")])
        for action in ("remove", "stop"):
            outcome = ours.host.run(action, items, ["programs"])
            assert (outcome.failed, outcome.changed) == (None, [])

    @pytest.mark.parametrize("body", [
        b"", b"nonsense",
        b"<methodResponse><params><param><value><int>1</int></value></param></params></methodResponse>"])
    def test_an_answer_without_sense(self, pretend, body):
        def answer(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            connection.close()

        outcome = pretend(answer).deploy(supervised("a", "tsupv"))
        assert "cannot be asked" in outcome.failed or "could not be looked after" in outcome.failed

    def test_variables_of_root_stay_hidden(self, ours, monkeypatch):
        monkeypatch.setenv("SECRET", "for-roots-eyes")
        write(ours.daemon.config_path, "[unix_http_server]\nfile=/tmp/%(ENV_SECRET)s\n")
        failed = ours.deploy(supervised("a", "tsupv")).failed
        assert "names no Unix socket" in failed and "eyes" not in failed

    def test_an_include_directory_that_hangs(self, ours):
        """In a file system of the account that never answers: the helper is left behind in it."""
        with HangingFiles(ours.include, "lookup"):
            failures = ours.host.run("deploy", ours.items(supervised("a", "tsupv")), ["programs"]).failures
        assert ["no answer within 2 seconds" in message for unused, message, at in failures] == [True]

    def test_a_child_that_is_stopped_is_left_after_a_time(self, ours, monkeypatch):
        part = load("module_utils.owner_programs").OwnersPart
        monkeypatch.setattr(part, "_connect", lambda self: os.kill(os.getpid(), signal.SIGSTOP))
        assert "no answer within 2 seconds" in ours.deploy(supervised("a", "tsupv")).failed

    def test_control_characters_of_a_program_do_not_reach_the_terminal(self, ours, monkeypatch):
        monkeypatch.undo()
        bad = supervised("bad", "tsupv", command="/bin/sh -c 'printf \"\\302\\233\\342\\200\\256evil\" >&2; exit 3'",
                         startretries=0)
        failed = ours.deploy(bad).failed
        assert "\\x9b\\u202eevil" in failed


def status_of(instance, *programs, monkeypatched_seconds=None):
    status = load("module_utils.status")
    seconds = status.MOST_SECONDS
    try:
        status.MOST_SECONDS = monkeypatched_seconds or seconds
        return instance.host.run("status", instance.items(*programs), ["status"]).run.status
    finally:
        status.MOST_SECONDS = seconds


def test_status(instance):
    programs = [supervised("a", "tsupv", startsecs=0), supervised("off", "tsupv", state="stopped", autostart=False),
                supervised("bad", "tsupv", command="/bin/false", startretries=0)]
    instance.write("own.ini", "[program:own]\ncommand=/bin/sleep 1000\nautostart=false\n")
    instance.deploy(*programs, truth=False)
    instance.daemon.ctl("update")
    rows = status_of(instance, *programs, supervised("missing", "tsupv"))
    assert [(row["program"], row["state"], row["wanted"]) for row in rows] == [
        ("a", "RUNNING", True), ("bad", "FATAL", False), ("missing", "absent", False), ("off", "STOPPED", True),
        ("own", "STOPPED", True)]
    assert (rows[0]["supervisor"], rows[0]["instance_state"]) == ("tsupv", "running")
    assert "pid " in rows[0]["description"]
    instance.daemon.stop()
    rows = status_of(instance, *programs)
    assert [(row["program"], row["instance_state"], row["wanted"]) for row in rows] == [(None, "stopped", False)]


class TestManaged:
    """Both stages on a host with a manager."""

    @pytest.fixture
    def host(self, manager):
        return Host(manager.start())

    def test_the_whole_application(self, host, manager, owner):
        items = {"supervisors": [supervisor("tsupv", owner)],
                 "supervisor_programs": [supervised("program1", "tsupv", startsecs=0)]}
        predicted, outcome = host.deploy(items, check=True), host.deploy(items)
        assert steps_of(predicted) == steps_of(outcome)
        assert outcome.changed[-3:] == ["Start supervisord_tsupv service", setup("program1"), verb("Start", "program1")]
        assert host.deploy(items, check=True).changed == host.deploy(items).changed == []
        rows = host.run("status", items, ["status"]).run.status
        assert [(row["program"], row["state"], row["wanted"]) for row in rows] == [("program1", "RUNNING", True)]
        for action, stages, changed in (
                ("stop", ("programs", "instances"), [verb("Stop", "program1"), "Stop supervisord_tsupv service"]),
                ("start", ("instances", "programs"), ["Start supervisord_tsupv service"])):
            predicted = host.run(action, items, stages, check=True)
            outcome = host.run(action, items, stages)
            assert outcome.changed == changed == predicted.changed
            assert host.run(action, items, stages).changed == []
        manager.program_pid("tsupv", "program1")
        assert host.run("remove", items, ("programs", "instances")).changed[:2] == [
            verb("Stop", "program1"), "Remove program 'program1' of supervisor 'tsupv'"]
        assert [row["instance_state"] for row in host.run("status", items, ["status"]).run.status] == ["absent"]

    def test_an_instance_that_restarts_has_restarted_its_programs(self, host, manager, owner, work_dir):
        path = os.path.join(work_dir, "program1.sh")
        write(path, "exec sleep 100000\n")
        items = {"supervisors": [supervisor("tsupv", owner)], "files": [
            {"dest": path, "notify": [{"kind": "program", "supervisor": "tsupv", "program": "program1"}]}],
            "supervisor_programs": [supervised("program1", "tsupv", f"/bin/sh {path}")]}
        host.deploy(items)
        pid = manager.program_pid("tsupv", "program1")
        write(path, "exec sleep 200000\n")
        items["supervisors"][0]["nice"] = 3
        before = {"changed_paths": [path]}
        predicted, outcome = host.deploy(items, check=True, before=before), host.deploy(items, before=before)
        assert steps_of(predicted) == steps_of(outcome)
        assert outcome.changed == ["Setup configuration file /etc/supervisord_tsupv.conf",
                                   "Restart supervisord_tsupv service"]
        assert manager.program_pid("tsupv", "program1") != pid
        assert host.deploy(items, before=before).changed == []

    def test_a_program_that_an_entry_declares_is_not_taken(self, host, manager, owner):
        manager.entry("tsupv", owner, programs=[("program1", "/bin/sleep 1000")])
        manager.call("Reload")
        items = {"supervisors": [supervisor("tsupv", owner, managed=False)],
                 "supervisor_programs": [supervised("program1", "tsupv")]}
        assert "already declares it" in host.deploy(items, ["programs"]).failed
