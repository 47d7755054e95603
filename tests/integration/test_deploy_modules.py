# SPDX-License-Identifier: MIT
"""The public modules instance, programs and state, as Ansible runs them; and community.general.supervisorctl's
calls."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from daemon import Daemon
from deployment import Host
from programs import PYTHON, SOURCE

# Runs a module on the test's own host: its root and its bus in place of the machine's.
RUNNER = """
import importlib, json, sys
from ansible.module_utils import basic
basic.AnsibleModule.log = lambda self, text, **more: print(text, more, file=sys.stderr)
name, options = sys.argv[1], json.loads(sys.argv[2])
del sys.argv[1:]  # a module would take them for its arguments
plugins = "ansible_collections.supervisor_manager.supervisor.plugins."
run, manager = (importlib.import_module(plugins + "module_utils." + name) for name in ("run", "manager"))
def patched(init, position):
    def call(self, *arguments, **more):
        if position is None:
            more["options"] = dict(more.get("options") or {}, **options)
        else:
            arguments = (options,)
        init(self, *arguments, **more)
    return call
run.Run.__init__ = patched(run.Run.__init__, None)
manager.Manager.__init__ = patched(manager.Manager.__init__, 0)
importlib.import_module(plugins + "modules." + name).main()
"""


class Modules:
    def __init__(self, work_dir, options=None):
        self._path = os.path.join(work_dir, "collections")
        os.makedirs(self._path)
        os.symlink(os.path.join(SOURCE, "ansible"), os.path.join(self._path, "ansible_collections"))
        self._options = options or {}
        self.journal = ""  # what the host's journal would have got

    def run(self, module, check=False, as_user=None, **arguments):
        """The result of a module."""
        words = {"ANSIBLE_MODULE_ARGS": dict(arguments, _ansible_check_mode=check, _ansible_diff=True,
                                             _ansible_no_log=False)}
        done = subprocess.run([PYTHON, "-B", "-c", RUNNER, module, json.dumps(self._options)], input=json.dumps(words),
                              text=True, capture_output=True, check=False, user=as_user,
                              extra_groups=[] if as_user else None, env={**os.environ, "PYTHONPATH": self._path})
        assert done.stdout, done.stderr
        self.journal += done.stderr
        return json.loads(done.stdout)

    def both(self, module, **arguments):
        """First in check mode: `changed` must be the truth."""
        predicted = self.run(module, check=True, **arguments)
        result = self.run(module, **arguments)
        assert "failed" not in result and "failed" not in predicted, result
        assert predicted["changed"] == result["changed"]
        assert [step for step in predicted["steps"]] == [step for step in result["steps"]]
        return result


@pytest.fixture
def modules(manager, work_dir):
    manager.start()
    return Modules(work_dir, Host(manager).options)


@pytest.fixture
def tsupv(owner):
    return {"name": "tsupv", "user": owner.pw_name, "group": owner.pw_name}


def test_instance(modules, manager, tsupv):
    first = modules.both("instance", **tsupv)
    assert first["changed"] and manager.get("tsupv", "State") == "running"
    assert not modules.both("instance", **tsupv)["changed"]
    pid = manager.main_pid("tsupv")
    assert modules.both("instance", state="restarted", **tsupv)["changed"] and manager.main_pid("tsupv") != pid
    result = modules.both("instance", http_server={"endpoint": "127.0.0.1:39518", "password": "geheim"},
                          options={"nice": 2}, **tsupv)
    assert result["changed"] and "geheim" not in json.dumps(result["diff"]) and "nice = 2" in json.dumps(result["diff"])
    assert modules.both("instance", state="stopped", **tsupv)["changed"]
    assert manager.get("tsupv", "State") == "inactive"
    assert modules.both("instance", name="tsupv", state="absent")["changed"] and manager.row("tsupv") is None
    assert not modules.both("instance", name="tsupv", state="absent")["changed"]


def test_instance_with_its_own_configuration(modules, manager, tsupv):
    modules.both("instance", **tsupv)
    with open(manager.path("etc/supervisord_tsupv.conf"), encoding="utf-8") as file:
        text = file.read().replace("identifier=supervisor_tsupv", "identifier=mine")
    assert modules.both("instance", configuration=text, **tsupv)["changed"]
    assert not modules.both("instance", configuration=text, **tsupv)["changed"]


def test_the_journal_of_the_host_gets_no_parameters(modules, tsupv):
    modules.run("instance", options={"environment": ["A=geheim"]}, configuration="password=geheim", **tsupv)
    modules.run("programs", instance="tsupv", programs=[{"name": "a", "text": "[program:a]\nenvironment=A=geheim"}])
    modules.run("state", instance="tsupv", state="stopped")
    assert "geheim" not in modules.journal and "tsupv" in modules.journal  # of state, which has no secrets


def test_instance_reports_what_the_manager_refuses(modules, tsupv):
    assert "unknown key 'nonsense'" in modules.run("instance", options={"nonsense": 1}, **tsupv)["msg"]
    result = modules.run("instance", options={"nice": 99}, **tsupv)
    assert result["failed"] and "nice: '99' is not a whole number" in result["msg"]
    assert "missing" in modules.run("instance", name="tsupv")["msg"]  # user and group


def test_programs_and_state(modules, manager, tsupv, owner):
    assert modules.run("instance", **tsupv)["changed"]
    arguments = {"instance": "tsupv", "programs": [
        {"name": "a", "command": "/bin/sleep 1000", "options": {"startsecs": 0, "environment": {"A": "50% of \"it\""}}},
        {"name": "b", "text": "[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0\n"}],
        "include_dir": manager.path("etc/supervisord_tsupv.d"), "conf_file": manager.path("etc/supervisord_tsupv.conf"),
        "user": owner.pw_name}
    # Paths are not below the root of the test here: the manager itself told them.
    modules._options.pop("root")
    assert modules.both("programs", **arguments)["changed"]
    assert not modules.both("programs", **arguments)["changed"]
    known = modules.run("programs", instance="tsupv", programs=arguments["programs"])
    assert not known["changed"], known  # account and paths are what the manager knows
    table = modules.run("state", instance="tsupv")
    assert [(row["program"], row["state"]) for row in table["status"]] == [("a", "RUNNING"), ("b", "RUNNING")]
    assert not table["changed"]
    pid = manager.program_pid("tsupv", "a")
    result = modules.both("state", instance="tsupv", programs=["a"], state="restarted")
    assert result["changed"] and manager.program_pid("tsupv", "a") != pid
    assert modules.both("state", instance="tsupv", programs=["b"], state="stopped")["changed"]
    assert not modules.both("state", instance="tsupv", programs=["b"], state="stopped")["changed"]
    assert modules.both("state", instance="tsupv", programs=["b"], state="started")["changed"]
    assert "does not have 'x'" in modules.run("state", instance="tsupv", programs=["x"], state="restarted")["msg"]
    gone = dict(arguments, programs=[{"name": "b", "state": "absent"}, arguments["programs"][0]])
    assert modules.both("programs", **gone)["changed"] and not modules.both("programs", **gone)["changed"]
    assert sorted(os.listdir(arguments["include_dir"])) == ["a_prg.ini"]
    assert modules.both("state", instance="tsupv", state="stopped")["changed"]
    assert modules.run("state", instance="tsupv")["status"][0]["instance_state"] == "stopped"
    assert modules.both("state", instance="tsupv", state="started")["changed"]


@pytest.mark.parametrize("kind", ["ours", "debian"])
def test_the_owner_without_root_and_without_a_manager(work_dir, cleanup, owner, kind):
    directory = os.path.join(work_dir, "own")
    os.makedirs(os.path.join(directory, "d"))
    daemon = cleanup.enter_context(Daemon(kind, directory, "[include]\nfiles=%(here)s/d/*.ini", user=owner.pw_name))
    modules = Modules(work_dir, {"manager": ["/nonexistent/supervisor-manager"]})
    where = {"instance": "own", "conf_file": daemon.config_path, "include_dir": os.path.join(directory, "d")}
    arguments = dict(where, programs=[{"name": "a", "command": "/bin/sleep 1000", "options": {"startsecs": 0}}])
    assert modules.run("programs", as_user=owner.pw_uid, **arguments)["changed"]
    daemon.wait_state("a", "RUNNING")
    assert not modules.run("programs", as_user=owner.pw_uid, **arguments)["changed"]
    assert modules.run("state", as_user=owner.pw_uid, programs=["a"], state="stopped", **where)["changed"]
    assert daemon.rpc.supervisor.getProcessInfo("a")["statename"] == "STOPPED"


def test_ansible_finds_modules_and_their_documentation(work_dir):
    """Modules are packed with what they import, and documented."""
    modules = Modules(work_dir)
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": modules._path, "ANSIBLE_HOME": work_dir, "HOME": work_dir,
                   "ANSIBLE_LOCALHOST_WARNING": "false"}
    names = [f"supervisor_manager.supervisor.{name}" for name in ("instance", "programs", "state")]
    shown = subprocess.run(["ansible-doc", "--json", *names], env=environment, capture_output=True, text=True,
                           check=False)
    documents = json.loads(shown.stdout)
    assert sorted(documents) == names, shown.stderr
    assert all(documents[name]["doc"]["options"] and documents[name]["examples"] and documents[name]["return"]
               for name in names)
    done = subprocess.run(
        ["ansible", "localhost", "-m", names[2], "-a",
         f"instance=none conf_file={work_dir}/none.conf include_dir=/x user=root",
         "-e", f"ansible_python_interpreter={PYTHON}"], env=environment, capture_output=True, text=True, check=False)
    assert '"instance_state": "stopped"' in done.stdout, done.stdout + done.stderr


# Tests of ansible-test that need no download.
OFFLINE = ("action-plugin-docs changelog compile empty-init future-import-boilerplate ignores line-endings "
           "metaclass-boilerplate no-assert no-basestring no-dict-iteritems no-get-exception no-illegal-filenames "
           "no-main-display no-smart-quotes no-unicode-literals pslint replace-urlopen shebang shellcheck symlinks "
           "use-argspec-type-path use-compat-six").split()


def test_ansible_test_finds_nothing(work_dir):
    folder = os.path.join(work_dir, "ansible_collections", "supervisor_manager", "supervisor")
    shutil.copytree(os.path.join(SOURCE, "ansible", "supervisor_manager", "supervisor"), folder,
                    ignore=shutil.ignore_patterns("__pycache__"))
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"  # it asks every other version that is installed, too
    words = [word for test in OFFLINE for word in ("--test", test)]
    done = subprocess.run(["ansible-test", "sanity", "--python", version, *words], cwd=folder, check=False,
                          env={**os.environ, "HOME": work_dir}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'Running sanity test "{OFFLINE[0]}"' in done.stdout + done.stderr


def test_supervisorctl_as_the_module_of_community_general_calls_it(manager, tsupv, owner):
    """What community.general.supervisorctl runs for present, started, restarted, stopped, absent and signalled, and
    the words that it looks for in the output."""
    manager.entry("tsupv", owner)
    manager.start().wait_state("tsupv", "running")
    manager.write("etc/supervisord_tsupv.d/p.ini",
                  "[program:p]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\n", owner)

    def ctl(*words):
        return manager.ctl("tsupv", "-c", manager.path("etc/supervisord_tsupv.conf"), *words, owner=owner).stdout

    def status():
        return dict(line.split()[:2] for line in ctl("status").splitlines())

    assert status() == {}
    assert "p: available" in ctl("reread").splitlines()
    assert ctl("add", "p") == "p: added process group\n"
    assert status() == {"p": "STOPPED"}
    assert ctl("start", "p") == "p: started\n" and status() == {"p": "RUNNING"}
    assert ctl("restart", "p") == "p: stopped\np: started\n"
    assert ctl("signal", "CONT", "p") == "p: signalled\n"
    assert ctl("stop", "p") == "p: stopped\n"
    assert ctl("reread") and ctl("remove", "p") == "p: removed process group\n" and status() == {}
