# SPDX-License-Identifier: MIT
"""supervisor-deploy itself: its options, exit statuses and signals, and what it gives to ansible-playbook.

A stand-in is run in place of ansible-playbook; in one test Ansible's own programs read what was generated."""

import json
import os
import re
import signal
import subprocess

import pexpect
import pytest

from deployer import Deployer
from programs import SOURCE
from terminals import end
from waiting import wait_for

SECRET = "correct-horse"
APP = f"""\
hosts:
- {{ name: en1, ssh_host: en1.example.org, ssh_user: root }}
- {{ name: en2, ssh_host: en2.example.org, ssh_user: root, become_pass: "{SECRET}" }}

host_groups:
- name: edge
  hosts: [ en1 ]

vars:
  mode: 0755
  count: 5
  db_password: "{SECRET}"

users:
- login: tsup

supervisors:
- {{ name: tsupv, scope: en1, user: tsup, group: tsup,
    http_server: {{ endpoint: "127.0.0.1:9001", username: admin, password: "{SECRET}" }} }}

supervisor_programs:
- name: program1
  supervisor: tsupv
  command: "/bin/cat"
"""
DEPLOY = ("--src", "app.yml", "--action", "deploy")


@pytest.fixture
def deployer(work_dir):
    made = Deployer(work_dir)
    made.source("app.yml", APP)
    return made


def file_text(seen, name):
    return seen["files"][name][1]


def test_ansible_gets_a_private_folder_that_is_removed(deployer):
    done = deployer.run(*DEPLOY)
    assert done.returncode == 0, done.stderr
    seen = deployer.seen()
    work = seen["work"]
    assert work.startswith(deployer.runtime + "/hadeploy-")
    assert seen["arguments"] == ["-i", f"{work}/inventory.yml", f"{work}/deploy.yml"]
    assert seen["mode"] == "0o700"
    assert {name: mode for name, (mode, text) in seen["files"].items() if text is None} == {
        "group_vars": "0o700", "tmp": "0o700"}
    files = {name: mode for name, (mode, text) in seen["files"].items() if text is not None}
    assert set(files) == {".supervisor-deploy", "inventory.yml", "group_vars/all", "ansible.cfg", "ssh_config", "plan.json",
                          "deploy.yml"}
    assert set(files.values()) == {"0o600"}
    assert deployer.leftovers() == []


def test_plan_and_playbook_say_what_the_sources_say(deployer):
    deployer.run(*DEPLOY)
    seen = deployer.seen()
    plan = json.loads(file_text(seen, "plan.json"))
    assert plan["action"] == "deploy"
    assert list(plan["hosts"]) == ["en1", "en2"]
    [user] = plan["items"]["users"]
    assert (user["at"], user["hosts"], user["login"]) == ("app.yml:15:3", ["en1", "en2"], "tsup")
    [supervisor] = plan["items"]["supervisors"]
    assert supervisor["hosts"] == ["en1"]
    assert supervisor["conf_file_dst"] == "/etc/supervisord_tsupv.conf"
    [program] = plan["items"]["supervisor_programs"]
    assert program["autostart"] is True
    [play] = json.loads(file_text(seen, "deploy.yml"))
    assert play["hosts"] == ["en1", "en2"]
    assert play["gather_facts"] is False
    assert [task["name"] for task in play["tasks"]] == ["compare", "end", "accounts", "files", "units", "instances",
                                                        "programs"]


def test_the_environment_of_ansible(deployer):
    deployer.run(*DEPLOY, ANSIBLE_SSH_COMMON_ARGS="-F x", ANSIBLE_STDOUT_CALLBACK="minimal", DEPLOY_OUTPUT="x",
                 ANSIBLE_COLLECTIONS_PATH="/mine")
    seen = deployer.seen()
    environment = seen["environment"]
    assert environment["ANSIBLE_CONFIG"] == seen["work"] + "/ansible.cfg"
    assert environment["DEPLOY_RESULT"] == seen["work"] + "/result.json"
    assert environment["DEPLOY_ACTION"] == "deploy"
    assert environment["ANSIBLE_SSH_COMMON_ARGS"] == "-F x"
    assert "ANSIBLE_STDOUT_CALLBACK" not in environment
    assert "DEPLOY_OUTPUT" not in environment
    ours, users = environment["ANSIBLE_COLLECTIONS_PATH"].split(":")
    assert os.path.isdir(ours + "/ansible_collections/supervisor_manager/supervisor/plugins")
    assert users == "/mine"


@pytest.mark.parametrize("given, expected", [
    ({"LC_ALL": "C"}, "C.UTF-8"),
    ({"LC_ALL": "", "LANG": "xx_YY.UTF-8"}, "C.UTF-8"),  # is not installed
    ({"LC_ALL": "C.UTF-8"}, "C.UTF-8"),
    ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "C.UTF-8"}, ""),
])
def test_ansible_has_a_locale_that_it_takes(deployer, given, expected):
    deployer.run(*DEPLOY, **given)
    assert deployer.seen()["environment"].get("LC_ALL") == expected


def test_options_reach_ansible(deployer):
    password = deployer.source("password", "x")
    done = deployer.run(*DEPLOY, "--dryRun", "--vvv", "--limit", "edge", "--forks", "9", "--ask-become-pass",
                        "--vaultPasswordFile", password, "--json", "--purge", "--prune")
    assert done.returncode == 0, done.stderr
    seen = deployer.seen()
    assert seen["arguments"][2:-1] == ["--check", "--diff", "--limit", "en1", f"--vault-password-file={password}",
                                       "--ask-become-pass", "-vvv"]
    assert seen["environment"]["DEPLOY_OUTPUT"] == "json"
    assert "forks = 9\n" in file_text(seen, "ansible.cfg")
    plan = json.loads(file_text(seen, "plan.json"))
    assert (plan["diff"], plan["purge"], plan["prune"], list(plan["hosts"])) == (True, True, True, ["en1"])
    [play] = json.loads(file_text(seen, "deploy.yml"))
    assert play["hosts"] == ["en1"]
    assert [task["name"] for task in play["tasks"]] == ["compare"]


def test_no_secret_is_in_arguments_or_environment(deployer):
    done = deployer.run(*DEPLOY, "--vvv", "--limit", "en1,en2")
    seen = deployer.seen()
    assert SECRET not in json.dumps([seen["arguments"], seen["environment"]])
    assert SECRET not in done.stdout + done.stderr
    assert SECRET in file_text(seen, "plan.json")
    assert SECRET in file_text(seen, "inventory.yml")


@pytest.mark.parametrize("status", [0, 1, 2, 4])
def test_the_exit_status_is_ansibles(deployer, status):
    assert deployer.run(*DEPLOY, DEPLOY_TEST_STATUS=str(status)).returncode == status
    assert deployer.leftovers() == []


@pytest.mark.parametrize("told,status", [("unreachable", 4), ("failed unreachable", 2), ("failed", 2), ("", 2)])
def test_a_host_out_of_reach_is_status_4_also_when_it_ends_the_run(deployer, told, status):
    """Ansible's own status is 2 then: it counts all hosts as failed."""
    assert deployer.run(*DEPLOY, DEPLOY_TEST_STATUS="2", DEPLOY_TEST_RESULT=told).returncode == status


def test_status_is_3_unless_everything_wanted_runs(deployer):
    status = ("--src", "app.yml", "--action", "status")
    assert deployer.run(*status, DEPLOY_TEST_ALL_RUN="1").returncode == 0
    assert list(json.loads(file_text(deployer.seen(), "plan.json"))["hosts"]) == ["en1"]
    assert deployer.run(*status).returncode == 3
    assert deployer.run(*status, DEPLOY_TEST_STATUS="4").returncode == 4
    done = deployer.run(*status, DEPLOY_TEST_NO_RESULT="1")
    assert done.returncode == 1
    assert "ansible-playbook has left no result" in done.stderr


class Running:
    """A run whose stand-in waits."""

    def __init__(self, deployer, cleanup):
        self._deployer = deployer
        self._pipe = os.path.join(deployer.directory, "pipe")
        os.mkfifo(self._pipe)
        self.environment = deployer.environment(DEPLOY_TEST_WAIT=self._pipe)
        cleanup.callback(self.end)

    def wait_for_ansible(self):
        with open(self._pipe, "rb") as pipe:
            pipe.read()

    def end(self):
        """Ends the stand-in, if it still runs."""
        seen = self._deployer.seen()
        try:
            if seen:
                os.kill(seen["pid"], signal.SIGUSR1)
        except ProcessLookupError:
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_is_passed_on_and_the_folder_removed(deployer, cleanup, number):
    running = Running(deployer, cleanup)
    process = subprocess.Popen(deployer.command(*DEPLOY), env=running.environment, cwd=deployer.directory)
    cleanup.callback(process.wait)
    cleanup.callback(process.kill)
    running.wait_for_ansible()
    seen = deployer.seen()
    assert seen["group"] == os.getpgid(process.pid)
    assert (seen["ignored"], seen["blocked"]) == ([], [])
    process.send_signal(number)
    wait_for(lambda: (deployer.seen() or {}).get("signals") == [number], "the signal")
    assert process.poll() is None  # it waits for Ansible
    assert deployer.leftovers() != []
    running.end()
    assert process.wait() == 128 + number
    assert deployer.leftovers() == []


def test_a_key_of_the_terminal_is_not_passed_on(deployer, cleanup):
    """The terminal itself interrupts Ansible, which is in the same process group; here it is not, so that only a signal
    of supervisor-deploy could reach it."""
    running = Running(deployer, cleanup)
    program, *arguments = deployer.command(*DEPLOY)
    environment = {**running.environment, "DEPLOY_TEST_OWN_GROUP": "1"}
    terminal = pexpect.spawn(program, arguments, env=environment, cwd=deployer.directory, timeout=60)
    cleanup.callback(end, terminal)
    running.wait_for_ansible()
    terminal.sendintr()
    terminal.expect_exact("^C")  # the terminal prints it after it has sent the signal
    terminal.kill(signal.SIGTERM)  # a process takes the interrupt first: it has the lower number
    wait_for(lambda: signal.SIGTERM in (deployer.seen() or {}).get("signals", []), "the second signal")
    assert deployer.seen()["signals"] == [signal.SIGTERM]
    running.end()
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 128 + signal.SIGTERM
    assert deployer.leftovers() == []


def test_an_ansible_that_is_killed(deployer, cleanup):
    running = Running(deployer, cleanup)
    with subprocess.Popen(deployer.command(*DEPLOY), env=running.environment, cwd=deployer.directory) as process:
        cleanup.callback(process.kill)
        running.wait_for_ansible()
        os.kill(deployer.seen()["pid"], signal.SIGKILL)
        assert process.wait() == 128 + signal.SIGKILL
    assert deployer.leftovers() == []


def test_ansible_is_not_installed(deployer):
    done = deployer.run(*DEPLOY, PATH=deployer.runtime)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "supervisor-deploy: ansible-playbook is not installed. Install the package ansible-core")
    assert deployer.leftovers() == []


def test_all_mistakes_are_reported_in_their_order(deployer):
    deployer.source("app.yml", APP + "folders:\n- { scope: nowhere, path: /x, owner: a, group: a, mode: \"0999\" }\n")
    done = deployer.run(*DEPLOY, "--json")
    assert done.returncode == 2
    assert deployer.seen() is None
    lines = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert len(lines) == 2
    assert lines[0].startswith("app.yml:26:12: /folders/0/scope: ")
    assert lines[1].startswith("app.yml:26:57: /folders/0/mode: ")
    document = json.loads(done.stdout)
    assert [(problem["line"], problem["path"]) for problem in document["problems"] if not problem["warning"]] == [
        (26, "/folders/0/scope"), (26, "/folders/0/mode")]


@pytest.mark.parametrize("arguments, message", [
    (["--src", "app.yml", "--acton", "deploy"], "Unknown option --acton. Did you mean --action? See: hadeploy --help"),
    (["--src", "app.yml", "--action", "deploy", "--limit", "en11"],
     "--limit: there is no host or group 'en11' in the sources. Did you mean 'en1'?"),
    (["--src", "app.yml", "--action", "deploy", "--workingFolder", "/nowhere"],
     "--workingFolder: /nowhere: No such file or directory"),
])
def test_wrong_use(deployer, arguments, message):
    done = deployer.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "supervisor-deploy: " + message
    assert json.loads(deployer.run(*arguments, "--json").stdout) == {"error": message}


def test_help_and_completions_have_the_same_options_and_actions(deployer):
    text = deployer.run("--help").stdout
    actions = re.findall(r"^  ([a-z]+) {3,}", text.split("Options:")[0], re.MULTILINE)
    options = re.findall(r"^  (--\w+)", text, re.MULTILINE)
    assert len(actions) == 8 and len(options) > 20
    for name in ("supervisor-deploy.bash", "_supervisor-deploy"):
        with open(os.path.join(SOURCE, "completions", name), encoding="utf-8") as file:
            completion = file.read()
        assert " ".join(actions) in completion
        assert [option for option in options if not re.search(re.escape(option) + r"\b", completion)] == []


def test_an_unknown_action(deployer):
    done = deployer.run("--src", "app.yml", "--action", "depoly")
    assert done.returncode == 2
    assert done.stderr.splitlines().count(
        "command line: --action: there is no action 'depoly' (did you mean 'deploy'?)") == 1


def test_a_vault_needs_a_password(deployer):
    deployer.source("app.yml", APP + "encrypted_vars:\n  secret: \"$ANSIBLE_VAULT;1.1;AES256\\n3136\"\n")
    done = deployer.run(*DEPLOY)
    assert done.returncode == 2
    assert "the password of the vault is missing (use --askVaultPassword or --vaultPasswordFile FILE)" in done.stderr
    assert deployer.run(*DEPLOY, "--askVaultPassword").returncode == 0
    assert "--ask-vault-pass" in deployer.seen()["arguments"]


def test_nothing_to_do(deployer):
    done = deployer.run("--src", "app.yml", "--action", "start", "--limit", "en2", "--json")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "supervisor-deploy: the sources have nothing to start on these hosts"
    assert json.loads(done.stdout) == {"action": "start", "hosts": {}}
    assert deployer.seen() is None


def test_a_path_that_ansible_cannot_have(deployer):
    roles = os.path.join(deployer.directory, "a;b")
    os.mkdir(roles)
    deployer.source("app.yml", APP + f"roles_folders: [ \"{roles}\" ]\n")
    done = deployer.run(*DEPLOY)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"supervisor-deploy: roles_folders: Ansible cannot have the path {roles}; rename the folder")
    assert deployer.leftovers() == []


def test_a_limit_that_leaves_no_host_runs_no_playbook_either(deployer):
    deployer.source("app.yml", APP + "ansible_playbooks:\n- for_action: deploy\n  priority: 1\n  playbook_text: |\n"
                    "    - hosts: all\n")
    done = deployer.run(*DEPLOY, "--limit", "edge,!en1")
    assert (done.returncode, deployer.seen()) == (0, None), done.stderr


def test_none_writes_all_playbooks_and_runs_nothing(deployer):
    deployer.source("app.yml", APP + "ansible_playbooks:\n- for_action: backup\n  priority: 1\n  playbook_text: |\n"
                    "    - hosts: all\n      tasks: []\n")
    done = deployer.run("--src", "app.yml", "--action", "NONE", "--workingFolder", deployer.directory)
    work = os.path.join(deployer.directory, "hadeploy-work")
    assert (done.returncode, done.stdout) == (0, f"The playbooks are in {work}\n"), done.stderr
    assert deployer.seen() is None
    for action in ("deploy", "remove", "start", "stop", "status"):
        with open(f"{work}/{action}.yml", encoding="utf-8") as file:
            assert f"{work}/plan_{action}.json" in file.read()
    with open(f"{work}/backup.yml", encoding="utf-8") as file:
        assert json.load(file) == [{"import_playbook": f"{work}/playbook_1.yml"}]
    with open(f"{work}/playbook_1.yml", encoding="utf-8") as file:
        assert file.read() == "- hosts: all\n  tasks: []\n"


def test_the_working_folder_stays_and_is_used_again(deployer):
    for _ in range(2):
        done = deployer.run(*DEPLOY, "--workingFolder", deployer.directory)
        assert done.returncode == 0, done.stderr
    work = os.path.join(deployer.directory, "hadeploy-work")
    assert deployer.seen()["work"] == work
    assert os.path.exists(work + "/plan.json")
    assert done.stderr.splitlines()[-1] == (
        f"supervisor-deploy: the generated files stay in {work}; they may contain passwords")


def test_dump_shows_what_was_understood_and_no_password(deployer):
    done = deployer.run("--src", "app.yml", "--action", "dump")
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout
    assert "  - name: tsupv\n    at: \"app.yml:18:3\"\n    hosts: [en1]\n" in done.stdout
    document = json.loads(deployer.run("--src", "app.yml", "--action", "dump", "--json").stdout)
    assert document["host_groups"] == {"edge": ["en1"]}
    assert document["hosts"][1]["become_pass"] == "********"
    assert document["supervisors"][0]["http_server"]["password"] == "********"
    assert deployer.seen() is None


def test_dumpvars_shows_the_place_of_each_value(deployer):
    deployer.source("more.yml", "vars:\n  count: 6\n")
    done = deployer.run("--src", "app.yml", "--src", "more.yml", "--var", "colour=red", "--action", "dumpvars",
                        "--json")
    variables = json.loads(done.stdout)
    assert variables["mode"] == {"value": "0755", "at": "app.yml:10:9"}
    assert variables["count"] == {"value": "6", "at": "more.yml:2:10"}
    assert variables["colour"]["value"] == "red"
    assert variables["hadeploy_action"]["value"] == "dumpvars"
    assert variables["db_password"]["value"] == "********"


def test_ansible_reads_inventory_variables_and_vault(deployer):
    """The real ansible-inventory, with a vault that the real ansible-vault made."""
    password = deployer.source("password", "key\n")
    encrypted = subprocess.run(["ansible-vault", "encrypt", "--vault-password-file", password, "--output", "-"],
                               input="opened", env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True,
                               check=True).stdout
    indented = encrypted.replace("\n", "\n    ").rstrip()
    deployer.source("app.yml", APP + f"encrypted_vars:\n  secret: |\n    {indented}\n")
    done = deployer.run(*DEPLOY, "--vaultPasswordFile", password, "--keep")
    assert done.returncode == 0, done.stderr
    work = deployer.seen()["work"]
    shown = subprocess.run(["ansible-inventory", "--list", "--vault-password-file", password],
                           env={**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": work + "/ansible.cfg"},
                           capture_output=True, text=True, check=True)
    inventory = json.loads(shown.stdout)
    assert inventory["edge"] == {"hosts": ["en1"]}
    variables = inventory["_meta"]["hostvars"]["en2"]
    assert variables["ansible_host"] == "en2.example.org"
    assert variables["ansible_become_pass"] == SECRET
    assert variables["mode"] == "0755"
    assert variables["count"] == 5
    assert variables["secret"] == {"__ansible_vault": encrypted}
    assert "WARNING" not in shown.stderr
