# SPDX-License-Identifier: MIT
"""A deployment through ansible-playbook on this machine: from a plan to files on the host, and what is printed."""

import fcntl
import json
import os
import re
import time

import pytest

from deploy_site import MODULE, Site

SECRET = "a-very-secret-password"


@pytest.fixture
def site(work_dir):
    return Site(work_dir, variables={"who": "world", "where": "dest"})


STEP = {"stage": "files", "name": "Setup folder '/x'", "result": "ok", "handler": False, "at": "a:1:1",
        "message": None, "diff": None}


def folder(site):
    return {"at": "app.yml:1:3", "path": site.path("{{ where }}"), "owner": "root", "group": "root", "mode": "0755"}


def template(site, text, name="t.sh", **more):
    return dict({"at": "app.yml:2:3", "scheme": "tmpl", "source": site.write(f"src/{name}", text),
                 "dest": site.path(f"dest/{name}"), "owner": "root", "group": "root", "mode": "0755"}, **more)


def recap(output):
    """{host: (ok, changed, unreachable, failed)}"""
    found = re.findall(r"^(\S+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)$", output, re.M)
    return {host: tuple(int(number) for number in numbers) for host, *numbers in found}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def test_a_template_is_rendered_and_a_second_run_changes_nothing(site):
    site.write("src/part", "included\n")
    text = "{% if true %}\nhello {{ who }} on {{ inventory_hostname }}\n{% endif %}\n{% include 'part' %}\n\n"
    site.plan({"folders": [folder(site)], "files": [template(site, text)]})
    first = site.run()
    assert first.returncode == 0, first.stdout
    assert read(site.path("dest/t.sh")) == "hello world on en1\nincluded\n\n"
    dest = site.path("dest")
    headers = [f"TASK [Setup folder '{dest}']", f"TASK [Copy template file 't.sh' to '{dest}/t.sh']", "PLAY RECAP"]
    assert [line.rstrip("* ") for line in first.stdout.splitlines() if line.endswith("***")] == headers
    assert first.stdout.count("\nchanged: [en1]\n") == 2 and recap(first.stdout) == {"en1": (2, 2, 0, 0)}
    assert site.result() == {"failed": False, "unreachable": False, "all_wanted_run": True}
    second = site.run()
    assert second.stdout.count("\nok: [en1]\n") == 2 and recap(second.stdout) == {"en1": (2, 0, 0, 0)}
    # Short contents go with the call: a folder for them would be two more calls of the host for each task.
    assert not os.path.exists(site.path("remote"))


def test_check_mode_shows_and_changes_nothing(site):
    site.plan({"folders": [folder(site)], "files": [template(site, "hello {{ who }}\n")]})
    output = site.run("--check", "--diff").stdout
    assert "\n+hello world\n" in output and recap(output) == {"en1": (2, 2, 0, 0)}
    assert not os.path.exists(site.path("dest"))


def test_encrypted_variables_are_masked_in_what_is_shown(work_dir):
    """Directly, through another variable, and in what the host answers."""
    variables = {"where": "dest", "who": "world", "pw": SECRET, "url": "https://user:{{ pw }}@example.com",
                 "key": "BEGIN of it\nabcdefghijk\n", "pin": "1"}
    site = Site(work_dir, variables=variables)
    text = "{{ who }} 1 {{ pw }}\n{{ url }}\n  {{ key | indent(2) }}\n"
    bad = template(site, "x", "bad", validate="/bin/sh -c 'echo {{ pw }} >&2; exit 1' %s")
    site.plan({"folders": [folder(site)], "files": [template(site, text), bad]}, secrets=["pw", "key", "pin", "gone"])
    output = site.run("--check", "--diff").stdout
    assert "\n+world 1 ********\n+https://user:********@example.com\n" in output, output
    output = site.run("--diff", "-vvv").stdout
    assert "failed: [en1]" in output and recap(output)["en1"][3] == 1, output
    for hidden in (SECRET, "BEGIN of it", "abcdefghijk"):
        assert hidden not in output, output
    assert SECRET in read(site.path("dest/t.sh"))


def test_long_contents_go_as_files_and_are_not_left_behind(site):
    """A file of the deployer, and a long text from a template; with a secret that is nowhere printed."""
    site.write("src/long", "x" * (2 << 20))
    copied = template(site, "", "long", scheme="file")
    site.write("src/long", "x" * (2 << 20))
    site.plan({"folders": [folder(site)],
               "files": [copied, template(site, "{{ 'y' * 1500000 }}", "t", url_password=SECRET)],
               "users": [{"at": "app.yml:5:3", "login": "root", "managed": True, "password": SECRET}]})
    site.stages.remove("accounts")
    output = site.run("-vvvv").stdout
    assert recap(output) == {"en1": (3, 3, 0, 0)}, output[-2000:]
    assert os.path.getsize(site.path("dest/long")) == 2 << 20 and read(site.path("dest/t")) == "y" * 1500000
    assert SECRET not in output
    assert os.listdir(site.path("remote")) == [] and not os.listdir(site.path("local"))


def aged(path, seconds):
    """Makes a folder, or a file in one, which was changed for the last time so many seconds ago."""
    folder, name = os.path.split(path)
    os.makedirs(folder, 0o700, exist_ok=True)
    if name:
        write(path, "")
    for one in (path, folder):
        os.utime(one, (time.time() - seconds,) * 2)


def test_what_killed_runs_left_on_the_host_is_removed(site):
    """Unless it may be in use, or another program made it."""
    sent = f"content-{64 * 'a'}"
    module = "tmp/ansible_supervisor_manager.supervisor.deploy_payload_"
    gone = ["tmp/supervisor-deploy-1/t.sh", f"{module}1/x.zip", f"remote/ansible-tmp-1/{sent}",
            "remote/ansible-tmp-2/x.deb"]
    for path in gone:
        aged(site.path(path), 7200)
    stays = [f"{module}2/x.zip", f"remote/ansible-tmp-3/{sent}", "remote/ansible-tmp-4/setup.py",
             "tmp/supervisor-deploy-3/x"]
    for path, seconds in zip(stays, (10, 1000, 7200, 7200)):
        aged(site.path(path), seconds)
    used = os.open(site.path("tmp/supervisor-deploy-3"), os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_EX)
    site.plan({"folders": [folder(site)], "files": [template(site, "1", validate="/bin/sh -n %s")]})
    assert recap(site.run("--check", TMPDIR=site.path("tmp")).stdout)["en1"] == (2, 2, 0, 0)
    assert all(os.path.exists(site.path(path)) for path in gone + stays)
    done = site.run(TMPDIR=site.path("tmp"))
    os.close(used)
    assert recap(done.stdout)["en1"] == (2, 2, 0, 0), done.stdout
    found = {os.path.join(parent, name) for root in ("tmp", "remote") for parent, _, names in os.walk(site.path(root))
             for name in names}
    assert found == {site.path(path) for path in stays}


def test_mistakes_name_the_item_and_its_place(work_dir):
    site = Site(work_dir, ["en1", "en2"])
    site.plan({"folders": [dict(folder(site), path=site.path("dest"))],
               "files": [template(site, "{{ no_such }}\n", hosts=["en1"])]})
    done = site.run()
    assert f"failed: [en1]: '{site.path('dest/t.sh')}': {site.path('src/t.sh')}: 'no_such' is undefined" in done.stdout
    assert "(app.yml:2:3)" in done.stdout and done.returncode == 2
    assert recap(done.stdout) == {"en1": (0, 0, 0, 1), "en2": (1, 1, 0, 0)}
    site.plan({"folders": [dict(folder(site), hosts=["en1"])]})
    assert "'where' is undefined" in site.run().stdout
    assert site.result() == {"failed": True, "unreachable": False, "all_wanted_run": False}


def test_a_failed_step_is_reported_with_its_place(site):
    os.makedirs(site.path("dest/t.sh"))
    site.plan({"folders": [folder(site)], "files": [template(site, "1")]})
    output = site.run().stdout
    path = site.path("dest/t.sh")
    assert f"failed: [en1]: {path}: is a folder: remove it, or deploy to another name (app.yml:2:3)" in output
    assert recap(output) == {"en1": (1, 0, 0, 1)}


def test_a_host_that_is_down_is_unreachable_and_the_others_go_on(work_dir):
    down = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    site = Site(work_dir, {"en1": down, "en2": {}}, variables={"where": "dest"})
    site.plan({"folders": [folder(site)]})
    done = site.run()
    assert re.search(r"^unreachable: \[en1\]: .*Connection refused", done.stdout, re.M), done.stdout
    assert recap(done.stdout) == {"en1": (0, 0, 1, 0), "en2": (1, 1, 0, 0)} and done.returncode == 4
    assert site.result()["unreachable"]


def test_json_for_machines(work_dir):
    site = Site(work_dir, ["en1", "en2"], variables={"where": "dest"})
    site.plan({"folders": [dict(folder(site), hosts=["en2"])],
               "files": [template(site, "{{ inventory_hostname }}", hosts=["en2"])]})
    document = json.loads(site.run(DEPLOY_OUTPUT="json").stdout)
    assert document["action"] == "deploy" and document["hosts"]["en1"]["steps"] == []
    en2 = document["hosts"]["en2"]
    assert (en2["changed"], en2["failed"], en2["unreachable"], en2["error"]) == (2, 0, 0, None)
    assert [(step["stage"], step["result"], step["at"]) for step in en2["steps"]] == [
        ("files", "changed", "app.yml:1:3"), ("files", "changed", "app.yml:2:3")]


def test_other_tasks_are_printed_as_ansible_does(site):
    site.plan({"folders": [folder(site)]})
    ours = {"name": "files", MODULE: {"plan": site.path("plan.json"), "stages": ["files"]}}
    other = [{"name": "A greeting", "ansible.builtin.debug": {"msg": "hello"}},
             {"name": "A secret", "ansible.builtin.set_fact": {"x": SECRET}, "no_log": True}]
    output = site.run("-v", play=[{"hosts": "all", "gather_facts": False, "tasks": [ours]},
                                  {"hosts": "all", "name": "Mine", "gather_facts": False, "tasks": other}]).stdout
    assert output.index("TASK [Setup folder") < output.index("PLAY [Mine]") < output.index("TASK [A greeting]")
    assert '"msg": "hello"' in output and SECRET not in output and recap(output) == {"en1": (3, 1, 0, 0)}


@pytest.mark.parametrize("answer", [
    {"steps": [{}]}, {"steps": [{"stage": "files", "name": ["x"], "result": "ok"}]}, {"steps": {}}, {"status": [1]},
    {"pending": [{}], "wanted": [[]]}, {"steps": [dict(STEP, diff=[{"before": {"\x1b[2J": 1}}])]}])
def test_a_host_that_answers_nonsense_fails_alone(work_dir, answer):
    lying = os.path.join(work_dir, "lying")
    site = Site(work_dir, {"en1": {"ansible_connection": "local", "ansible_python_interpreter": lying}, "en2": {}},
                variables={"where": "dest"})
    answer = dict({"changed": False, "failed": False, "steps": [], "pending": ["files"], "wanted": []}, **answer)
    site.write("lying", f"#!/bin/sh\ncat > /dev/null\ncat << 'END'\n{json.dumps(answer)}\nEND\n")
    os.chmod(lying, 0o755)
    site.plan({"folders": [folder(site)]})
    done = site.run()
    assert "failed: [en1]: its answer is not one of the module 'deploy'" in done.stdout, done.stdout
    assert recap(done.stdout) == {"en1": (0, 0, 0, 1), "en2": (1, 1, 0, 0)} and done.returncode == 2


def test_a_failed_step_is_never_a_success(work_dir):
    lying = os.path.join(work_dir, "lying")
    site = Site(work_dir, {"en1": {"ansible_python_interpreter": lying, "ansible_connection": "local"}})
    answer = {"changed": False, "failed": False, "steps": [dict(STEP, result="failed", message="no")], "pending": []}
    site.write("lying", f"#!/bin/sh\ncat > /dev/null\ncat << 'END'\n{json.dumps(answer)}\nEND\n")
    os.chmod(lying, 0o755)
    site.plan({"folders": [dict(folder(site), path="/x")]})
    done = site.run()
    assert done.returncode == 2 and recap(done.stdout) == {"en1": (0, 0, 0, 1)}, done.stdout


def test_a_plan_of_another_version_is_refused(site):
    site.plan({"folders": [folder(site)]}, version=2)
    assert "is not a plan of version 1" in site.run().stdout
