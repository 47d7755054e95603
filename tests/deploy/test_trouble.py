# SPDX-License-Identifier: MIT
"""Trouble: a host that is down or ends meanwhile, a run that is killed, mistakes in the sources; many programs."""

import re

from application import (DEPLOY, PROGRAM, RESTART, SCRIPT, SUPERVISORD, assert_unchanged, change_script, pid_of,
                         wait_running)
from bed_deployment import finished
from processes import end_session
from waiting import wait_for

THIRD = "- { name: en3, ssh_host: en3.mycluster.com, ssh_user: root, ssh_private_key_file: keys/root_id }\n"
# A check of a file that ends when the test permits it: until then the deployment is in the stage of the files.
GATE = """#!/bin/sh
touch /run/waiting
while [ ! -e /run/go ]; do sleep 0.02; done
"""
GATED_FILE = """
- { scope: %s, src: "file://gated", dest_folder: /opt/tsup, owner: tsup, group: tsup, mode: "0644",
    validate: "/bin/sh /root/gate %%s" }
"""


def on_three_hosts(deployment):
    deployment.add_packages()
    deployment.replace("app.yml", "\nlocal_templates_folders:", f"{THIRD}\nlocal_templates_folders:")


def add_gate(deployment, host, scope):
    """The deployment will stop after the other files of `scope`, until /run/go is there on the host."""
    host.write("/root/gate", GATE)
    host.run("rm", "-f", "/run/go", "/run/waiting")
    deployment.write("gated", "a file\n")
    deployment.replace("app.yml", "\nsupervisor_programs:",
                       f"{GATED_FILE % scope}\nlocal_files_folders:\n- .\n\nsupervisor_programs:")


def wait_gate(host):
    wait_for(lambda: host.run("test", "-e", "/run/waiting", check=False).returncode == 0, "the check of the file")


def has_account(host):
    return host.run("getent", "passwd", "tsup", check=False).returncode == 0


def test_a_host_that_is_down(deployer, hosts):
    """With exit_on_fail, the default, no host is changed; without, the others are deployed."""
    deployment = deployer("simple")
    on_three_hosts(deployment)
    hosts["en2"].door.close()
    try:
        output = deployment.run(DEPLOY, status=4)
        assert output.recap["en2"]["unreachable"] == 1, str(output)
        assert "unreachable: [en2]: " in output.text
        assert not has_account(hosts["en1"]) and not has_account(hosts["en3"])

        deployment.write("app.yml", deployment.read("app.yml") + "\nexit_on_fail: no\n")
        output = deployment.run(DEPLOY, status=4)
        assert output.recap["en2"]["unreachable"] == 1 and output.recap["en1"]["changed"] > 5, str(output)
        wait_running([hosts["en1"], hosts["en3"]], SUPERVISORD, PROGRAM)
        shown = deployment.run("hadeploy --src app.yml --action status --json", status=4).json()["hosts"]
        assert shown["en2"]["unreachable"] and shown["en1"]["status"][0]["state"] == "RUNNING", str(shown)
    finally:
        hosts["en2"].door.open()
    assert_unchanged(deployment.run(DEPLOY), "en1", "en3")
    wait_running([hosts["en2"]], SUPERVISORD, PROGRAM)


def test_a_host_that_ends_in_the_middle(deployer, hosts):
    host = hosts["en3"]
    deployment = deployer("simple")
    on_three_hosts(deployment)
    add_gate(deployment, host, "en3")
    deployment.write("app.yml", deployment.read("app.yml") + "\nexit_on_fail: no\n")
    process = deployment.start(DEPLOY)
    wait_gate(host)
    host.kill()
    output = finished(process)
    host.boot()
    assert output.status == 4 and output.recap["en3"]["unreachable"] == 1, str(output)
    wait_running([hosts["en1"], hosts["en2"]], SUPERVISORD, PROGRAM)

    host.run("touch", "/run/go")
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2")
    wait_running([host], SUPERVISORD, PROGRAM)
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2", "en3")


def test_a_run_that_is_killed_between_file_and_restart(deployer, hosts):
    """The next run restarts the program, although it finds the new file in its place."""
    host = hosts["en1"]
    deployment = deployer("notify")
    deployment.run(f"{DEPLOY} --limit en1")
    wait_running([host], SUPERVISORD, PROGRAM)
    before = pid_of(host, PROGRAM)
    change_script(deployment, "a new version")
    add_gate(deployment, host, "en1")
    # Nobody removes the folder of this run, so that it must be in one of the test.
    process = deployment.start(f"{DEPLOY} --limit en1", XDG_RUNTIME_DIR=deployment.folder)
    wait_gate(host)
    assert "a new version" in host.run("cat", "/opt/tsup/program1.sh").stdout
    end_session(process.pid)
    finished(process)
    host.door.close()  # ends what still runs on the host for it
    host.door.open()
    host.run("touch", "/run/go")
    assert pid_of(host, PROGRAM) == before

    output = deployment.run(f"{DEPLOY} --limit en1")
    assert RESTART in output.changed("en1") and SCRIPT not in output.changed("en1"), str(output)
    assert pid_of(host, PROGRAM) != before
    assert_unchanged(deployment.run(f"{DEPLOY} --limit en1"), "en1")


def test_fifty_programs(deployer, hosts):
    host = hosts["en1"]
    deployment = deployer("simple")
    lines = [f"- {{ name: p{index}, supervisor: tsupv, command: /bin/sleep 10{index:02d} }}\n" for index in range(50)]
    deployment.write("many.yml", "supervisor_programs:\n" + "".join(lines))
    command = "hadeploy --src app.yml --src many.yml --limit en1 --action deploy"
    deployment.run(command)
    shown = host.run("supervisorctl_tsupv", "status", check=False).stdout
    assert len(re.findall(r"^p\d+ +RUNNING", shown, re.MULTILINE)) == 50, str(shown)
    assert_unchanged(deployment.run(command), "en1")

    before = host.processes("tsup")
    deployment.replace("many.yml", "/bin/sleep 1017", "/bin/sleep 2017")
    output = deployment.run(command)
    assert output.changed("en1")[0] == "Setup program 'p17' of supervisor 'tsupv'", str(output)
    assert all("p17" in name for name in output.changed("en1")), str(output)
    after = host.processes("tsup")
    ended = {line for pid, line in before.items() if after.get(pid) != line and "sleep 10" in line}
    assert ended == {"/bin/sleep 1017"} and "/bin/sleep 2017" in after.values()


def predict(deployment, hosts, command):
    """Compares what --check predicts with what then happens; returns the steps of the last host. --check changes
    nothing."""
    names = [host.name for host in hosts]
    before = [(host.processes("tsup") if has_account(host) else None, listing(host)) for host in hosts]
    expected = deployment.run(f"{command} --check --json")
    assert before == [(host.processes("tsup") if has_account(host) else None, listing(host)) for host in hosts]
    real = deployment.run(f"{command} --json")
    for name in names:
        assert expected.steps(name) == real.steps(name), f"{name}: {expected} {real}"
    return real.steps(names[-1])


def listing(host):
    """The files that a deployment may touch, with size and time."""
    return host.run("find", "/opt", "/home", "/etc", "/usr/bin", "-xdev", "-type", "f",
                    "-printf", "%p %s %T@ %m %u\\n").stdout


def test_the_prediction_is_what_happens(deployer, hosts):
    host = hosts["en1"]
    hosts["en2"].remove_packages()
    deployment = deployer("notify")
    deployment.add_packages()
    # The child of the script would make two looks at the processes differ.
    deployment.write("templates/program1.sh", "exec sleep 1000000\n")
    both = "supervisor-deploy --src app.yml --action deploy"
    assert "Install package supervisor-manager" in predict(deployment, [host, hosts["en2"]], both)
    one = f"{both} --limit en1"

    deployment.replace("app.yml", "9001", "9002")
    change_script(deployment, "a new version")
    steps = predict(deployment, [host], one)
    assert steps[SCRIPT] == steps["Restart supervisord_tsupv service"] == "changed", steps

    change_script(deployment, "another version")
    deployment.replace("app.yml", "command: \"/bin/bash", "stopwaitsecs: 3\n  command: \"/bin/bash")
    steps = predict(deployment, [host], one)
    assert steps[SCRIPT] == steps["Setup program 'program1' of supervisor 'tsupv'"] == "changed", steps

    host.run("supervisorctl_tsupv", "stop", "program1")
    host.run("rm", "/opt/tsup/program1.sh")
    steps = predict(deployment, [host], one)
    assert steps[SCRIPT] == steps["Start supervisor_tsupv program program1"] == "changed", steps

    steps = predict(deployment, [host], "supervisor-deploy --src app.yml --limit en1 --action remove")
    assert "changed" in steps.values() and not has_account(host)


def test_all_mistakes_are_reported_and_no_host_is_asked(deployer, hosts):
    deployment = deployer("simple")
    deployment.write("app.yml", deployment.read("app.yml")
                     .replace("scope: all, path: /opt/tsup", "scope: en9, path: opt/tsup")
                     .replace("group: tsup\n\nfiles", "groop: tsup\n\nfiles")
                     .replace("supervisor: tsupv", "supervisor: tsupw") + "\nkafka_topics:\n- name: events\n")
    hosts["en1"].door.close()
    output = deployment.run(DEPLOY, status=2)
    hosts["en1"].door.open()
    for line, words in ((12, "en9"), (12, "opt/tsup"), (18, "groop"), (15, "group"), (25, "tsupw"), (28, "kafka")):
        assert re.search(rf"^app\.yml:{line}:\d+: .*{words}", output.errors, re.MULTILINE), str(output)
    assert output.text == "" and "Traceback" not in output.errors
