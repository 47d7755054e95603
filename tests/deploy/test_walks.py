# SPDX-License-Identifier: MIT
"""The examples, deployed as their documentation describes: commands, messages and processes."""

import collections
import os
import re
import shutil

import pytest

from application import (CLIENT, CONFIGURATION, DEPLOY, PROGRAM, RESTART, SCRIPT, SERVICE, STATE, SUPERVISORD,
                         assert_unchanged, change_script, page, pid_of, wait_running)
from bed import make_key
from programs import SOURCE
from waiting import wait_for

@pytest.fixture
def two(hosts):
    """The hosts of the examples."""
    return [hosts["en1"], hosts["en2"]]


def take(deployment, example):
    """Replaces app.yml by that of another example."""
    shutil.copy(os.path.join(SOURCE, "examples", example, "app.yml"), deployment.path("app.yml"))


def test_the_walk_of_the_overview(deployer, two):
    deployment = deployer("simple")
    walk_first_deployment(deployment, two)
    walk_client(two[0])
    walk_stop_and_start(deployment, two)
    walk_web(deployment, two)
    walk_notify(deployment, two)
    walk_removal(deployment, two)


def walk_first_deployment(deployment, two):
    two[1].remove_packages()
    deployment.add_packages()
    output = deployment.run(DEPLOY)
    expected = ["Setup user 'tsup'", "Setup folder '/opt/tsup'", SCRIPT, CONFIGURATION, SERVICE, CLIENT,
                "Start supervisord_tsupv service", "Setup program 'program1' of supervisor 'tsupv'"]
    started = "Start supervisor_tsupv program program1"
    assert [name for name in output.changed("en1") if name != started] == expected, str(output)
    installed = [name for name in output.changed("en2") if name != started]
    assert sorted(installed) == sorted([*expected, "Install package supervisor-manager"]), str(output)
    assert output.recap["en1"]["failed"] == output.recap["en1"]["unreachable"] == 0
    wait_running(two, SUPERVISORD, PROGRAM)
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2")


def walk_client(host):
    """The session of the account with its own client."""
    commands = "help\nstatus program1\ntail program1\nstop program1\nstatus\nstart program1\nstatus\n"
    wait_for(lambda: "RUNNING" in host.status("tsupv", "program1"), "program1 to run")
    wait_for(lambda: "Hello" in host.run("supervisorctl_tsupv", "tail", "program1").stdout, "a line of program1")
    session = host.run("sudo", "-u", "tsup", "supervisorctl_tsupv", input=commands).stdout
    assert session.startswith("program1                         RUNNING   pid "), session
    for line in ("default commands (type help <topic>):", "program1: stopped", "program1: started"):
        assert line in session
    assert "Hello from tsup:program1 to stdout....." in session
    states = re.findall(r"program1 +([A-Z]+) ", session)
    assert states == ["RUNNING", "RUNNING", "STOPPED", "RUNNING"], session


def walk_stop_and_start(deployment, two):
    deployment.run("hadeploy --src app.yml --action stop")
    for host in two:
        assert host.pgrep("tsup") == []
    shown = deployment.run("hadeploy --src app.yml --action status", status=3)
    assert "RUNNING" not in shown.text and "tsupv" in shown.text

    deployment.run("hadeploy --src app.yml --action start")
    wait_running(two, SUPERVISORD, PROGRAM)
    shown = deployment.run("hadeploy --src app.yml --action status").text
    for name in ("en1", "en2"):
        assert re.search(rf"^{name} +tsupv +running +program1 +RUNNING +pid \d+, uptime", shown, re.MULTILINE), str(shown)
    rows = deployment.run("supervisor-deploy --src app.yml --action status --json").json()["hosts"]
    for name in ("en1", "en2"):
        (row,) = rows[name]["status"]
        assert (row["supervisor"], row["program"], row["state"]) == ("tsupv", "program1", "RUNNING"), row


def walk_web(deployment, two):
    take(deployment, "web")
    output = deployment.run(DEPLOY)
    for host in two:
        assert output.changed(host.name) == [CONFIGURATION, "Restart supervisord_tsupv service"], str(output)
        assert output.recap[host.name]["changed"] == 2 and output.recap[host.name]["failed"] == 0, str(output)
    assert output.results[SERVICE]["en1"] == output.results[CLIENT]["en1"] == "ok"
    assert "password" in output.errors  # a password in clear text is warned about
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2")
    for host in two:
        wait_for(lambda h=host: page(h, "admin", "admin") == 200, f"the page of {host.name}")
        assert page(host, "admin", "wrong") == 401
    wait_running(two, SUPERVISORD, PROGRAM)


def walk_notify(deployment, two):
    take(deployment, "notify")
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2")
    before = {host.name: (pid_of(host, SUPERVISORD), pid_of(host, PROGRAM)) for host in two}
    change_script(deployment, "a new version")
    output = deployment.run(DEPLOY)
    for host in two:
        assert output.changed(host.name) == [SCRIPT, RESTART], str(output)
        assert output.results[STATE][host.name] == "ok"
        assert output.recap[host.name]["changed"] == 2 and output.recap[host.name]["failed"] == 0, str(output)
        assert pid_of(host, SUPERVISORD) == before[host.name][0]
        assert pid_of(host, PROGRAM) != before[host.name][1]
    assert "RUNNING HANDLER [Restart supervisor_tsupv program program1] **" in output.text
    assert_unchanged(deployment.run(DEPLOY), "en1", "en2")

    # A program that does not run is not started because of its file.
    two[0].run("supervisorctl_tsupv", "stop", "program1")
    deployment.replace("app.yml", "supervisor: tsupv\n", "supervisor: tsupv\n  state: current\n  autostart: yes\n")
    change_script(deployment, "another version")
    output = deployment.run(DEPLOY)
    assert output.changed("en1") == [SCRIPT] and output.changed("en2") == [SCRIPT, RESTART], str(output)
    assert "STOPPED" in two[0].status("tsupv", "program1")


def walk_removal(deployment, two):
    output = deployment.run("hadeploy --src app.yml --action remove")
    for host in two:
        assert output.recap[host.name]["changed"] > 0
        left = host.run("sh", "-c", "ls -d /opt/tsup /etc/supervisord_tsupv* /usr/bin/supervisorctl_* /home/tsup "
                                    "/var/log/supervisor_* /etc/supervisor-manager/conf.d/*; getent passwd tsup",
                        check=False)
        assert left.stdout == "" and host.run("supervisor-manager", "list", "--json").stdout.strip() in ("", "[]")
        assert not host.run("pgrep", "-af", "tsup|program1.sh", check=False).stdout
    assert_unchanged(deployment.run("hadeploy --src app.yml --action remove"), "en1", "en2")


def logins(host):
    """How often ssh let an account in, or an account used sudo."""
    lines = host.run("journalctl", "-b", "-o", "cat", "--identifier=sshd", "--identifier=sudo").stdout
    return collections.Counter(re.findall(r"Accepted publickey for (\S+)", lines) +
                               re.findall(r"(\S+) : .*COMMAND=", lines))


def wait_only_the_instance(hosts):
    """A sleep of the script remains for its two seconds."""
    wait_for(lambda: all(host.pgrep("tsup") == [SUPERVISORD] for host in hosts), "only the instances")


def test_without_root(deployer, two, account):
    """Root's key is for root alone on the deployer; the account deploys its programs with its own."""
    deployment = deployer("non-root")
    deployment.add_packages()
    make_key(deployment.path("keys/tsup_id"))
    person = account("smdeploy")
    deployment.give_to(person)

    refused = deployment.start("hadeploy --src init.yml --action deploy", person)
    text = "".join(refused.communicate())
    assert refused.returncode != 0 and "root_id" in text, text
    assert two[0].run("getent", "passwd", "tsup", check=False).returncode != 0

    deployment.run("hadeploy --src init.yml --action deploy")
    wait_only_the_instance(two)
    before = [logins(host) for host in two]
    deployment.run(DEPLOY, account=person)
    wait_running(two, SUPERVISORD, PROGRAM)
    change_script(deployment, "a new version")
    output = deployment.run(DEPLOY, account=person)
    assert output.changed("en1") == output.changed("en2") == [SCRIPT, RESTART], str(output)
    assert_unchanged(deployment.run(DEPLOY, account=person), "en1", "en2")
    deployment.run("hadeploy --src app.yml --action stop", account=person)
    wait_only_the_instance(two)
    for host, known in zip(two, before):
        assert set(logins(host) - known) == {"tsup"}


def test_without_root_improved(deployer, two):
    deployment = deployer("non-root-improved")
    deployment.add_packages()
    make_key(deployment.path("keys/tsup_id"))
    deployment.run("hadeploy --src mycluster.yml --src init.yml --action deploy")
    output = deployment.run("hadeploy --src mycluster.yml --src app.yml --action deploy")
    assert SCRIPT in output.changed("en2") and CONFIGURATION not in output.results, str(output)
    wait_running(two, SUPERVISORD, PROGRAM)
    assert_unchanged(deployment.run("hadeploy --src mycluster.yml --src app.yml --action deploy"), "en1", "en2")
    assert_unchanged(deployment.run("hadeploy --src mycluster.yml --src init.yml --action deploy"), "en1", "en2")
    deployment.run("hadeploy --src mycluster.yml --src app.yml --action remove")
    wait_only_the_instance(two)
    assert two[0].run("ls", "/opt/tsup").stdout == ""


PROGRAMS = """supervisor_programs:
- { name: program1, supervisor: tech1, command: /bin/sleep 1001, state: stopped }
- { name: program2, supervisor: tech1, command: /bin/sleep 1002 }
- { name: program3, supervisor: tech1, command: /bin/sleep 1003 }
- { name: program4, supervisor: tech2, command: /bin/sleep 1004 }
supervisor_groups:
- { name: both, supervisor: tech1, programs: [program2, program3] }
"""


def test_definitions_of_instances(deployer, hosts):
    """A password as a hash; all files in one folder; the configuration from a template."""
    host = hosts["en1"]
    deployment = deployer("supervisors")
    deployment.write("programs.yml", PROGRAMS)
    command = "hadeploy --limit en1 --src hosts.yml --src tech1.yml --src {} --src programs.yml --action {}"
    deployment.run(command.format("tech2.yml", "deploy"))
    shown = host.run("supervisorctl_tech1", "status", user="tsup", check=False).stdout
    assert re.findall(r"^(\S+) +([A-Z]+)", shown, re.MULTILINE) == [
        ("both:program2", "RUNNING"), ("both:program3", "RUNNING"), ("program1", "STOPPED")], shown
    client = "/opt/tech2/supervisorctl"
    assert re.match(r"program4 +RUNNING", host.run(client, "status", user="tsup").stdout)
    there = host.run("ls", "/opt/tech2").stdout.split()
    assert set(there) >= {"logs", "pid", "run", "supervisorctl", "supervisord.conf", "supervisord.d"}, there
    assert not host.run("sh", "-c", "ls -d /etc/supervisord_tech2* /var/log/supervisor_tech2", check=False).stdout
    assert_unchanged(deployment.run(command.format("tech2.yml", "deploy")), "en1")

    output = deployment.run(command.format("tech2_template.yml", "deploy"))
    assert output.changed("en1") == ["Setup configuration file /opt/tech2/supervisord.conf",
                                     "Restart supervisord_tech2 service"], output
    made = host.run("cat", "/opt/tech2/supervisord.conf").stdout
    assert made.startswith(";  supervisor_tech2.conf (HADeploy generated)") and "inet_http_server" not in made
    wait_for(lambda: "RUNNING" in host.run(client, "status", user="tsup", check=False).stdout, "program4 to run again")
    assert_unchanged(deployment.run(command.format("tech2_template.yml", "deploy")), "en1")

    deployment.run(command.format("tech2_template.yml", "remove"))
    assert host.run("getent", "passwd", "tsup", check=False).stdout == ""
    assert host.run("ls", "/opt").stdout == "" and not host.run("pgrep", "-af", "sleep 100", check=False).stdout
