# SPDX-License-Identifier: MIT
"""The command line of the manager with a real manager and real instances, for root, the owner and another account."""

import json
import os
import stat

import pytest

from manager_root import Managerd
from processes import of_user
from programs import program
from sanitizers import sanitizer
from waiting import wait_for

DONE, FAILED, MISUSED, NOT_RUNNING, NO_SUCH_NAME, DENIED, UNREACHABLE = range(7)

ENTRY = """; the owner's
[supervisor:tsupv]
user = OWNER
group = OWNER

[supervisor_program:program1]
supervisor = tsupv
command = /bin/sleep 100000
startsecs = 0
"""


@pytest.fixture
def managerd(work_dir, owner):
    with Managerd(work_dir) as running:
        running.declare("tsupv", ENTRY.replace("OWNER", owner.pw_name))
        running.start().wait_state("tsupv", "running")
        wait_for(lambda: program_state(running) == "RUNNING", "program1 to run")
        yield running


def owned_by(account):
    return f"user={account.pw_name}", f"group={account.pw_name}"


def running_row(managerd, name):
    managerd.wait_state(name, "running")
    return managerd.row(name)


def program_state(managerd):
    rows = json.loads(managerd.manager("programs", "-j", "tsupv").stdout)
    return rows[0]["state"] if rows else None


def test_the_owner_controls_its_instance_alone(managerd, owner, account):
    stranger = account("smother").pw_uid
    pid = running_row(managerd, "tsupv")["main_pid"]
    assert os.stat(f"/proc/{pid}").st_uid == owner.pw_uid
    assert managerd.manager("restart", "tsupv", user=stranger).returncode == DENIED
    assert running_row(managerd, "tsupv")["main_pid"] == pid
    assert managerd.manager("restart", "tsupv", user=owner.pw_uid).returncode == DONE
    assert running_row(managerd, "tsupv")["main_pid"] != pid


def test_stop_leaves_nothing_behind_and_start_brings_it_back(managerd, owner):
    assert managerd.manager("stop", "tsupv").stdout == "tsupv: stopped\n"
    assert of_user(owner.pw_uid) == []
    assert managerd.manager("status", "tsupv").returncode == NOT_RUNNING
    assert managerd.manager("start", "tsupv").stdout == "tsupv: started\n"
    assert len(wait_for(lambda: of_user(owner.pw_uid)[1:] and of_user(owner.pw_uid))) == 2


def test_programs(managerd, owner):
    assert managerd.manager("stop-program", "tsupv", "program1", user=owner.pw_uid).stdout == "program1: stopped\n"
    assert program_state(managerd) == "STOPPED"
    again = managerd.manager("stop-program", "tsupv", "program1")
    assert (again.returncode, again.stderr) == (FAILED, "supervisor-manager: program1: ERROR (not running)\n")
    assert managerd.manager("start-program", "tsupv", "nix").returncode == NO_SUCH_NAME
    assert managerd.manager("start-program", "tsupv", "program1").stdout == "program1: started\n"
    wait_for(lambda: program_state(managerd) == "RUNNING")


def test_ctl_runs_as_the_owner(managerd):
    result = managerd.manager("ctl", "tsupv", "status")
    assert result.returncode == DONE
    assert result.stdout.startswith("program1                         RUNNING   pid ")
    assert managerd.manager("ctl", "tsupv", "pid", "-h").returncode != MISUSED  # options after it are supervisorctl's


def test_logs(managerd):
    log = managerd.manager("logs", "-n1000", "tsupv").stdout
    assert "INFO spawned: 'program1' with pid " in log
    assert len(managerd.manager("logs", "-n1", "tsupv").stdout.splitlines()) == 1


def test_memory_and_processor_time_are_told_with_and_without_control_groups(managerd, owner):
    def told():
        return json.loads(managerd.manager("--json", "status", "tsupv").stdout)[0]

    wait_for(lambda: (told()["memory_current"] or 0) > 1_000_000, "the memory of a supervisord and a program")
    before = told()
    assert before["memory_current"] < (10**9 if sanitizer() else 10**8) and 0 <= before["cpu_usage_usec"] < 60_000_000
    with open(managerd.root + "/etc/supervisord_tsupv.d/burn.ini", "w", encoding="ascii") as file:
        file.write("[program:burn]\ncommand=/bin/sh -c 'while :; do :; done'\nstartsecs=0\n")
    managerd.manager("ctl", "tsupv", "update")
    wait_for(lambda: told()["cpu_usage_usec"] > before["cpu_usage_usec"] + 200_000, "the time that a program takes")
    managerd.manager("stop", "tsupv")
    assert {told()["memory_current"], told()["cpu_usage_usec"]} == {None}


def test_root_reads_logs_as_their_owner(managerd, owner, account, work_dir):
    secret = os.path.join(work_dir, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("for root's eyes\n")
    os.chmod(secret, 0o600)
    other = account("smother")
    assert managerd.manager("create", "neu", f"user={other.pw_name}", f"group={other.pw_name}").returncode == DONE
    log = os.path.join(managerd.root, "var/log/supervisor_tsupv/supervisord.log")
    os.unlink(log)
    os.symlink(secret, log)
    for names in (("tsupv",), ("tsupv", "neu")):
        shown = managerd.manager("logs", *names)
        assert shown.returncode == FAILED and "Permission denied" in shown.stderr and "eyes" not in shown.stdout
    assert "INFO supervisord started with pid" in shown.stdout, "the log of the other"


def test_a_new_entry_is_a_file_that_people_can_read(managerd, owner):
    assert managerd.manager("create", "neu", *owned_by(owner), "priority=5").returncode == DONE
    with open(managerd.entry_file("neu"), encoding="utf-8") as file:
        text = file.read()
    assert "[supervisor:neu]" in text and "priority = 5" in text
    assert running_row(managerd, "neu")["user"] == owner.pw_name
    status = json.loads(managerd.manager("status", "-j", "neu").stdout)[0]
    assert (status["priority"], status["entry_file"]) == (5, managerd.entry_file("neu"))
    assert managerd.manager("create", "neu", *owned_by(owner)).returncode == FAILED
    assert managerd.manager("remove", "neu", user=owner.pw_uid).returncode == DENIED
    assert managerd.manager("remove", "--purge", "neu").returncode == DONE
    assert not os.path.exists(managerd.entry_file("neu"))
    assert not os.path.exists(status["logs_directory"])


def test_an_owner_cannot_widen_its_instance(managerd, owner):
    before = open(managerd.entry_file("tsupv"), encoding="utf-8").read()
    for words in (["user=root", "group=root"], ["supplementary_groups=shadow"]):
        assert managerd.manager("edit", "tsupv", *words, user=owner.pw_uid).returncode == DENIED
    assert managerd.manager("create", "mine", *owned_by(owner), user=owner.pw_uid).returncode == DENIED
    assert open(managerd.entry_file("tsupv"), encoding="utf-8").read() == before


def test_a_wrong_value_changes_nothing(managerd):
    before = open(managerd.entry_file("tsupv"), encoding="utf-8").read()
    result = managerd.manager("edit", "tsupv", "user=nobodyatall")
    assert result.returncode == FAILED
    assert "tsupv.conf" in result.stderr and "user" in result.stderr and "nobodyatall" in result.stderr
    assert open(managerd.entry_file("tsupv"), encoding="utf-8").read() == before


def editor(work_dir, script):
    path = os.path.join(work_dir, "editor")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    return {"EDITOR": path, "VISUAL": ""}


def test_edit_in_an_editor(managerd, work_dir):
    file = managerd.entry_file("tsupv")
    os.chmod(file, 0o640)
    changed = managerd.manager("edit", "tsupv", env=editor(work_dir, 'sed -i "s/^group.*/&\\npriority = 7/" "$1"'))
    assert (changed.returncode, changed.stdout) == (DONE, "tsupv: changed\n")
    assert json.loads(managerd.manager("status", "-j", "tsupv").stdout)[0]["priority"] == 7
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o640
    assert managerd.manager("edit", "tsupv", env=editor(work_dir, "true")).stdout == "tsupv: not changed\n"
    assert managerd.manager("edit", "tsupv", env=editor(work_dir, "exit 1")).returncode != DONE
    assert os.listdir(managerd.conf) == ["tsupv.conf"]


def test_a_text_that_the_manager_refuses_does_not_stay(managerd, work_dir):
    file = managerd.entry_file("tsupv")
    before = open(file, encoding="utf-8").read()
    result = managerd.manager("edit", "tsupv", env=editor(work_dir, 'sed -i "s/^user.*/user = nobodyatall/" "$1"'))
    assert result.returncode == FAILED
    assert f"{file}:3: [supervisor:tsupv] user: " in result.stderr
    assert open(file, encoding="utf-8").read() == before
    assert "nobodyatall" in open(file + ".draft", encoding="utf-8").read()
    managerd.wait_state("tsupv", "running")


def test_plan_and_reload(managerd, owner):
    assert managerd.manager("plan").stdout == "Nothing to do\n"
    managerd.declare("tech1", f"[supervisor:tech1]\nuser = {owner.pw_name}\ngroup = {owner.pw_name}\nstate = stopped\n")
    managerd.declare("bad", f"[supervisor:bad]\nuser = {owner.pw_name}\n")
    plan = managerd.manager("plan", "--json")
    assert plan.returncode == FAILED
    report = json.loads(plan.stdout)
    assert [(one["instance"], one["action"]) for one in report["changes"]] == [("tech1", "add")]
    assert [(one["section"], one["key"]) for one in report["refused"]] == [("supervisor:bad", "group")]
    assert len(json.loads(managerd.manager("list", "-j").stdout)) == 1
    result = managerd.manager("reload")
    assert result.returncode == FAILED
    assert "tech1: add" in result.stdout and "[supervisor:bad] group" in result.stderr
    managerd.wait_state("tech1", "inactive")
    assert managerd.manager("status").returncode == NOT_RUNNING
    os.unlink(managerd.entry_file("bad"))
    assert managerd.manager("reload", "-q").returncode == DONE
    assert managerd.manager("status").returncode == DONE


def test_verify_needs_no_manager(managerd, owner):
    managerd.declare("bad", f"[supervisor:bad]\nuser = {owner.pw_name}\n")
    env = {"PATH": os.path.dirname(program("supervisor-managerd")[0]) + ":" + os.environ["PATH"]}
    result = managerd.manager("verify", "--root", managerd.root, env=env)
    assert result.returncode == FAILED
    assert "[supervisor:bad] group" in result.stderr


def test_enable_is_for_the_next_boot(managerd, owner):
    assert managerd.manager("disable", "tsupv", user=owner.pw_uid).returncode == DONE
    assert running_row(managerd, "tsupv")["enabled"] is False
    assert managerd.manager("enable", "tsupv", user=owner.pw_uid).returncode == DONE
    assert running_row(managerd, "tsupv")["enabled"] is True


def test_reexecution_keeps_everything_running(managerd):
    pid = running_row(managerd, "tsupv")["main_pid"]
    log = managerd.log().count("taken over")
    assert managerd.manager("daemon-reexec").returncode == DONE
    wait_for(lambda: managerd.log().count("taken over") > log and managerd.is_on_the_bus(), "the new manager")
    row = running_row(managerd, "tsupv")
    assert row["main_pid"] == pid
    assert json.loads(managerd.manager("status", "-j", "tsupv").stdout)[0]["n_restarts"] == 0


def test_another_host_is_asked_over_ssh(managerd, work_dir):
    """ssh is a script that runs the remote command here: the bridge to the bus of this test."""
    folder = os.path.join(work_dir, "bin")
    os.mkdir(folder)
    with open(os.path.join(folder, "ssh"), "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\necho "$@" >>{work_dir}/ssh.log\nexec systemd-stdio-bridge --bus-path={managerd.bus.address}\n')
    os.chmod(os.path.join(folder, "ssh"), 0o755)
    result = managerd.manager("-H", "admin@en1", "list", "-q", env={"PATH": folder + ":" + os.environ["PATH"]})
    assert (result.returncode, result.stdout) == (DONE, "tsupv\n")
    assert "admin@en1" in open(os.path.join(work_dir, "ssh.log"), encoding="utf-8").read()
