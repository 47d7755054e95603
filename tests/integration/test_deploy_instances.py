# SPDX-License-Identifier: MIT
"""The stage `instances` of a deployment, with a real manager: entries, what restarts, refusals, check mode, removal."""

import os
import signal
import stat
import time

import pytest

from deployment import Host, content_of, load, read, supervisor, write
from processes import is_running

CONFIGURATION, SERVICE, LINK, START, STOP, RESTART = (
    "Setup configuration file /etc/supervisord_tsupv.conf", "Setup supervisord_tsupv.service",
    "Setup /usr/bin/supervisorctl_tsupv", "Start supervisord_tsupv service", "Stop supervisord_tsupv service",
    "Restart supervisord_tsupv service")


@pytest.fixture
def host(manager):
    return Host(manager.start())


def deploy(host, *supervisors, **options):
    """The stage, first in check mode: what it predicts must happen. A run that fails is not compared."""
    items = {"supervisors": list(supervisors)}
    predicted = host.deploy(items, ["instances"], check=True, **options)
    outcome = host.deploy(items, ["instances"], **options)
    if outcome.failed is None:
        assert steps_of(predicted) == steps_of(outcome), (host.options, outcome.run.steps)
    return outcome


def steps_of(outcome):
    return [(step["name"], step["result"], step["handler"]) for step in outcome.run.steps]


def test_first_deployment_and_the_second(host, manager, owner):
    first = deploy(host, supervisor("tsupv", owner))
    assert first.changed == [CONFIGURATION, SERVICE, LINK, START]
    assert manager.get("tsupv", "State") == "running"
    file = manager.entry_file("tsupv")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600 and os.stat(file).st_uid == 0
    second = deploy(host, supervisor("tsupv", owner))
    assert second.changed == [] and second.names[1:] == [CONFIGURATION, SERVICE, LINK, START]


def test_the_web_line_changes_two_things(host, manager, owner):
    deploy(host, supervisor("tsupv", owner))
    pid = manager.main_pid("tsupv")
    server = {"endpoint": "127.0.0.1:39517", "username": "admin", "password": "secret;1"}
    web = supervisor("tsupv", owner, http_server=server)
    outcome = deploy(host, web, diff=True)
    assert outcome.changed == [CONFIGURATION, RESTART]
    assert manager.main_pid("tsupv") != pid
    assert "secret" not in repr(outcome.run.steps) and "(hidden)" in repr(outcome.run.steps)
    assert deploy(host, web).changed == []


def test_differences_are_parts_of_ansible_and_only_on_request(host, manager, owner):
    items = {"supervisors": [supervisor("tsupv", owner)]}
    assert not any(step["diff"] for step in host.deploy(items, ("instances",), check=True).run.steps)
    steps = host.deploy(items, ("instances",), check=True, diff=True).run.steps
    ((part,),) = [step["diff"] for step in steps if step["diff"]]
    assert part["before"] == "" and "[supervisor:tsupv]\n" in part["after"], part


def test_values_of_an_environment_are_not_shown(host, manager, owner):
    item = supervisor("tsupv", owner, environment=['A="Wei-Qu0raesh"'])
    steps = host.deploy({"supervisors": [item]}, ("instances",), check=True, diff=True).run.steps
    assert "environment = (hidden)" in str(steps) and "Wei-Qu0raesh" not in str(steps)


@pytest.mark.parametrize("more", [{"enabled": False}, {"no_remove": True}, {"priority": 5}])
def test_what_the_process_does_not_depend_on_restarts_nothing(host, manager, owner, more):
    deploy(host, supervisor("tsupv", owner))
    pid = manager.main_pid("tsupv")
    assert deploy(host, supervisor("tsupv", owner, **more)).changed == [SERVICE]
    assert manager.main_pid("tsupv") == pid
    assert manager.row("tsupv")["enabled"] is more.get("enabled", True)


def test_states(host, manager, owner):
    assert deploy(host, supervisor("tsupv", owner, state="current")).changed == [CONFIGURATION, SERVICE, LINK]
    assert manager.get("tsupv", "State") == "inactive"
    assert START in deploy(host, supervisor("tsupv", owner)).changed
    assert SERVICE in deploy(host, supervisor("tsupv", owner, state="current")).changed
    assert manager.get("tsupv", "State") == "running"
    assert STOP in deploy(host, supervisor("tsupv", owner, state="stopped")).changed
    assert manager.get("tsupv", "State") == "inactive"
    manager.manager("start", "tsupv")
    assert deploy(host, supervisor("tsupv", owner, state="stopped")).changed == [STOP]  # at each deployment


def test_an_administrators_disable_is_undone(host, manager, owner):
    deploy(host, supervisor("tsupv", owner))
    manager.manager("disable", "tsupv")
    assert deploy(host, supervisor("tsupv", owner)).changed == [SERVICE]
    assert manager.row("tsupv")["enabled"] is True


def test_a_refused_entry_is_put_back_and_does_not_hold_up_others(host, manager, owner, account):
    other = account("smother")
    deploy(host, supervisor("tsupv", owner))
    pid, text = manager.main_pid("tsupv"), read(manager.entry_file("tsupv"))
    bad = supervisor("tsupv", owner, logs_dir="relative/path", at="app.yml:7:3")
    outcome = deploy(host, bad, supervisor("other", other), supervisor("broken", owner, nice="77"))
    assert [(name, at) for name, unused, at in outcome.failures] == [
        (CONFIGURATION, "app.yml:7:3"), ("Setup configuration file /etc/supervisord_broken.conf", "app.yml:3:3")]
    assert "logs_dir" in outcome.failed and "'relative/path'" in outcome.failed
    assert read(manager.entry_file("tsupv")) == text and manager.main_pid("tsupv") == pid
    assert not os.path.exists(manager.entry_file("broken"))
    assert manager.get("other", "State") == "running"
    assert manager.call("PlanReload") == [[], [], []]


def test_a_refusal_does_not_show_the_password(host, owner):
    server = {"endpoint": "127.0.0.1:39517", "username": "admin", "password": "{SHA256}geheim"}
    outcome = deploy(host, supervisor("tsupv", owner, http_server=server))
    assert "http_server.password" in outcome.failed and "geheim" not in repr(outcome.run.steps)


def test_an_existing_file_of_others_is_a_refusal(host, manager, owner):
    manager.write("etc/supervisord_tsupv.conf", "[supervisord]\n")
    outcome = deploy(host, supervisor("tsupv", owner))
    assert "supervisord_tsupv.conf" in outcome.failed
    assert not os.path.exists(manager.entry_file("tsupv")) and manager.row("tsupv") is None


@pytest.mark.parametrize("value", ["a\nstate = stopped", "a ;b", "#a", "a\x1b"])
def test_a_value_that_the_manager_would_read_otherwise_is_refused(host, manager, owner, value):
    outcome = deploy(host, supervisor("tsupv", owner, environment=f"A={value}", directory=value))
    assert "directory" in outcome.failed or "environment" in outcome.failed
    assert not os.path.exists(manager.entry_file("tsupv"))


def test_sections_of_others_in_the_file_are_not_overwritten(host, manager, owner):
    manager.entry("tsupv", owner, programs=[("mine", "/bin/sleep 1000")])
    text = read(manager.entry_file("tsupv"))
    outcome = deploy(host, supervisor("tsupv", owner))
    assert "supervisor_program:mine" in outcome.failed and "another file" in outcome.failed
    assert read(manager.entry_file("tsupv")) == text


def test_own_configuration(host, manager, owner):
    deploy(host, supervisor("tsupv", owner))
    paths = {key: manager.path(value) for key, value in
             {"socket": "run/supervisor_tsupv/supervisor.sock", "pid": "run/supervisor_tsupv/supervisord.pid",
              "log": "var/log/supervisor_tsupv/supervisord.log", "include": "etc/supervisord_tsupv.d"}.items()}
    text = ("[unix_http_server]\nfile={socket}\n[supervisord]\nlogfile={log}\npidfile={pid}\nidentifier={name}\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            "[supervisorctl]\nserverurl=unix://{socket}\n[include]\nfiles={include}/*.ini\n")
    for name, changed in (("one", [CONFIGURATION, RESTART]), ("two", [CONFIGURATION, RESTART]), ("two", [])):
        sha256, contents = content_of(text.format(name=name, **paths).encode())
        item = supervisor("tsupv", owner, conf_file_src="tmpl://x", sha256=sha256)
        wanted = host.deploy({"supervisors": [item]}, ["instances"], check=True).run.wanted
        assert wanted == ([sha256] if changed else [])
        assert deploy(host, item, contents=contents).changed == changed
        assert f"identifier={name}" in read(manager.path("etc/supervisord_tsupv.conf"))
        info = os.stat(manager.path("etc/supervisor-manager/templates/tsupv.conf"))
        assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (0, owner.pw_gid, 0o640)


def test_an_interrupted_run_is_completed_by_the_next(host, manager, owner):
    deploy(host, supervisor("tsupv", owner))
    pid = manager.main_pid("tsupv")
    text = read(manager.entry_file("tsupv")) + "nice = 3\n"
    manager.write(manager.entry_file("tsupv"), text)  # written, and never loaded
    os.chmod(manager.entry_file("tsupv"), 0o600)
    assert deploy(host, supervisor("tsupv", owner, nice=3)).changed == [CONFIGURATION, RESTART]
    assert manager.main_pid("tsupv") != pid
    assert deploy(host, supervisor("tsupv", owner, nice=3)).changed == []
    os.unlink(manager.path("usr/bin/supervisorctl_tsupv"))
    assert deploy(host, supervisor("tsupv", owner, nice=3)).changed == [LINK]
    assert os.path.lexists(manager.path("usr/bin/supervisorctl_tsupv"))


def test_a_file_that_notifies_an_instance_restarts_it_once(host, manager, owner, work_dir):
    path = os.path.join(work_dir, "settings")
    items = {"supervisors": [supervisor("tsupv", owner)],
             "files": [{"dest": path, "notify": [{"kind": "instance", "supervisor": "tsupv"}]}]}
    host.deploy(items, ["instances"])
    pid = manager.main_pid("tsupv")
    write(path, "new")
    before = {"changed_paths": [path]}
    assert host.deploy(items, ["instances"], check=True, before=before).changed == [RESTART]
    assert host.deploy(items, ["instances"]).changed == [RESTART]  # also if an earlier run wrote the file
    assert manager.main_pid("tsupv") != pid
    assert host.deploy(items, ["instances"], before=before).changed == []


def test_a_look_at_the_process_of_an_owner_is_bounded(host, manager, owner, work_dir, monkeypatch):
    """The owner can make its process block who looks at it: only a child with a limit does that."""
    path = os.path.join(work_dir, "settings")
    write(path, "1")
    item = {"at": "app.yml:9:3", "dest": path, "notify": [{"kind": "instance", "supervisor": "tsupv"}]}
    deploy(host, supervisor("tsupv", owner))
    module, looked = os.getpid(), os.path.join(work_dir, "looked")
    os.mkdir(looked, 0o777)
    os.chmod(looked, 0o777)

    def started_at(*_):
        os.mkdir(f"{looked}/{os.getpid()}")
        return time.time() + 1000

    monkeypatch.setattr(load("module_utils.processes"), "started_at", started_at)
    items = {"supervisors": [supervisor("tsupv", owner)], "files": [item]}
    assert host.deploy(items, ["instances"]).changed == []
    assert os.listdir(looked) and str(module) not in os.listdir(looked)


def test_start_stop_and_remove(host, manager, owner):
    items = {"supervisors": [supervisor("tsupv", owner), supervisor("held", owner, no_remove=True),
                             supervisor("described", owner, managed=False)]}
    host.deploy({"supervisors": items["supervisors"][:2]}, ["instances"])
    pid = manager.main_pid("tsupv")
    for action, changed in (("stop", [STOP, "Stop supervisord_held service"]), ("stop", []),
                            ("start", [START, "Start supervisord_held service"]), ("start", [])):
        assert host.run(action, items, ["instances"], check=True).changed == changed
        assert host.run(action, items, ["instances"]).changed == changed
    assert not is_running(pid) and manager.get("tsupv", "State") == "running"
    predicted = host.run("remove", items, ["instances"], check=True)
    removed = host.run("remove", items, ["instances"])
    assert steps_of(predicted) == steps_of(removed) and removed.changed == [
        STOP, "Remove configuration file /etc/supervisord_tsupv.conf", "Remove supervisord_tsupv.service",
        "Remove /usr/bin/supervisorctl_tsupv"]
    assert manager.row("tsupv") is None and manager.get("held", "State") == "running"
    for name in (manager.entry_file("tsupv"), "etc/supervisord_tsupv.d", "var/log/supervisor_tsupv"):
        assert not os.path.lexists(manager.path(name))
    assert host.run("remove", items, ["instances"]).changed == []


def test_start_of_what_is_not_deployed_fails_by_name(host, owner):
    outcome = host.run("start", {"supervisors": [supervisor("tsupv", owner)]}, ["instances"])
    assert outcome.failures == [(START, "there is no such instance: deploy it first", "app.yml:3:3")]
    assert host.run("stop", {"supervisors": [supervisor("tsupv", owner)]}, ["instances"]).changed == []


def test_a_configuration_that_the_owner_broke_fails_and_keeps_what_runs(host, manager, owner):
    deploy(host, supervisor("tsupv", owner))
    pid = manager.main_pid("tsupv")
    manager.write("etc/supervisord_tsupv.d/broken.ini", "[program:x]\n", owner)
    outcome = deploy(host, supervisor("tsupv", owner, nice=2))
    assert "command" in outcome.failed and outcome.failures[0][0] == CONFIGURATION
    assert manager.main_pid("tsupv") == pid
    os.unlink(manager.path("etc/supervisord_tsupv.d/broken.ini"))
    assert deploy(host, supervisor("tsupv", owner, nice=2)).changed == [CONFIGURATION, RESTART]


def test_without_a_manager_the_message_says_how_to_start_it(host, manager, owner):
    manager.stop()
    outcome = host.deploy({"supervisors": [supervisor("tsupv", owner)]}, ["instances"])
    assert outcome.failed.count("systemctl") == 1 and "systemctl start supervisor-manager" in outcome.failed
    assert not os.path.exists(manager.entry_file("tsupv"))


def test_a_manager_that_does_not_answer_is_left_after_a_time(host, manager, owner, monkeypatch):
    monkeypatch.setattr(load("module_utils.manager"), "SHORT", 0.2)
    manager.process.send_signal(signal.SIGSTOP)
    try:
        outcome = host.deploy({"supervisors": [supervisor("tsupv", owner)]}, ["instances"])
    finally:
        manager.process.send_signal(signal.SIGCONT)
    assert "did not end within" in outcome.failed


class TestPackages:
    """What happens where supervisor-manager is missing, with a pretended apt-get."""

    @pytest.fixture
    def bare(self, work_dir, monkeypatch):
        os.mkdir(os.path.join(work_dir, "bin"))
        monkeypatch.setenv("PATH", os.path.join(work_dir, "bin") + ":" + os.environ["PATH"])
        host = Host()
        host.options["manager"] = [os.path.join(work_dir, "absent-manager")]
        return host

    @staticmethod
    def apt(work_dir, text, name="apt-get"):
        path = os.path.join(work_dir, "bin", name)
        write(path, "#!/bin/sh\n" + text)
        os.chmod(path, 0o755)

    def test_check_mode_asks_for_the_packages(self, bare, owner):
        outcome = bare.deploy({"supervisors": [supervisor("tsupv", owner)]}, ["instances"], check=True)
        assert outcome.run.wants_packages is True
        assert outcome.changed == ["Install package supervisor-manager", CONFIGURATION, SERVICE, LINK, START]

    def test_apt_gets_the_files_and_its_reason_is_reported(self, bare, owner, work_dir):
        self.apt(work_dir, 'echo "$DEBIAN_FRONTEND $*" > %s/words; echo "E: no space" >&2; exit 100' % work_dir)
        outcome = bare.deploy({"supervisors": [supervisor("tsupv", owner)]}, ["instances"], packages=["/x/a b.deb"])
        assert outcome.failures[0][0] == "Install package supervisor-manager" and "E: no space" in outcome.failed
        words = read(os.path.join(work_dir, "words"))
        assert words.startswith("noninteractive install --yes") and words.endswith("-- /x/a b.deb\n")

    def test_an_installation_that_broke_off_is_completed(self, bare, owner, work_dir):
        """Its program may be there already; and apt-get refuses to work until dpkg has done its part."""
        items = {"supervisors": [supervisor("tsupv", owner)]}
        log = os.path.join(work_dir, "calls")
        self.apt(work_dir, "exit 0\n", "absent-manager")
        bare.options["manager"] = ["absent-manager"]
        self.apt(work_dir, "echo half-configured", "dpkg-query")
        self.apt(work_dir, f'echo "dpkg $*" >> {log}', "dpkg")
        self.apt(work_dir, f'echo "apt-get $1" >> {log}; exit 100', "apt-get")
        assert bare.deploy(items, ["instances"], check=True).changed[0] == "Install package supervisor-manager"
        assert bare.deploy(items, ["instances"]).failures[0][0] == "Install package supervisor-manager"
        assert read(log) == "dpkg --configure --pending\napt-get install\n"

    def test_a_host_without_privileges_is_told_so(self, bare, owner):
        outcome = bare.deploy({"supervisors": [supervisor("tsupv", owner)]}, ["instances"], privileged=False)
        assert "privileged: no" in outcome.failed

    def test_the_description_of_an_instance_needs_nothing(self, bare, owner):
        outcome = bare.deploy({"supervisors": [supervisor("tsupv", owner, managed=False)]}, ["instances"])
        assert outcome.failed is None and outcome.names == []
