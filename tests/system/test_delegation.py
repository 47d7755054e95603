# SPDX-License-Identifier: MIT
"""The main job on a real systemd: an administrator declares an instance once; its account controls it alone, also after
a reboot."""

import os
import shutil

import pytest

from programs import SOURCE
from waiting import wait_for

UNIT = "supervisor-manager.service"
SCRIPT = "/opt/tsup/program1.sh"


@pytest.fixture
def deployed(machine):
    """A booted machine with our files, the accounts tsup and other, the sample entry, and the unit enabled."""
    machine.install()
    machine.boot()
    for account in ("tsup", "other"):
        machine.run("useradd", "--create-home", "--shell", "/bin/bash", account)
    with open(os.path.join(SOURCE, "conf.d/program1.sh"), encoding="utf-8") as script:
        machine.write(SCRIPT, script.read(), 0o755)
    inside = os.path.join(machine.root, "etc/supervisor-manager/conf.d")
    machine.run("mkdir", "-p", "/etc/supervisor-manager/conf.d")
    shutil.copy(os.path.join(SOURCE, "conf.d/tsupv.conf"), inside)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", UNIT)
    return machine


def status(machine, user="tsup"):
    return machine.run("supervisorctl_tsupv", "status", user=user, check=False)


def wait_running(machine):
    wait_for(lambda: "RUNNING" in status(machine).stdout, "program1 to run")


def processes_of(machine, account):
    return machine.run("pgrep", "-a", "-u", account, check=False).stdout


def test_enabled_unit_brings_the_program_at_every_boot(deployed):
    wait_running(deployed)
    assert deployed.reboot() in ("running", "degraded"), deployed.console()
    assert deployed.run("systemctl", "is-active", UNIT).stdout == "active\n"
    wait_running(deployed)
    assert SCRIPT in processes_of(deployed, "tsup")
    assert "supervisord" in processes_of(deployed, "tsup")
    log = wait_for(lambda: deployed.run("supervisorctl_tsupv", "tail", "program1", user="tsup").stdout, "a line of output")
    assert "Hello" in log


def test_the_owner_and_nobody_else(deployed):
    wait_running(deployed)
    refused = status(deployed, user="other")
    assert refused.returncode != 0 and "RUNNING" not in refused.stdout
    assert deployed.run("supervisorctl_tsupv", "stop", "program1", user="other", check=False).returncode != 0
    assert "RUNNING" in status(deployed).stdout

    assert deployed.run("supervisorctl_tsupv", "stop", "program1", user="tsup").stdout == "program1: stopped\n"
    assert SCRIPT not in processes_of(deployed, "tsup")
    assert deployed.run("supervisorctl_tsupv", "start", "program1", user="tsup").stdout == "program1: started\n"

    # The account adds a program of its own, with no administrator.
    deployed.run("sh", "-c", "printf '[program:mine]\\ncommand=sleep 1000\\n' > /etc/supervisord_tsupv.d/mine.ini", user="tsup")
    assert "mine: added process group" in deployed.run("supervisorctl_tsupv", "update", user="tsup").stdout
    wait_for(lambda: "sleep 1000" in processes_of(deployed, "tsup"), "the account's own program")


def test_managers_commands_ask_for_rights(deployed):
    wait_running(deployed)
    assert "tsupv" in deployed.run("supervisor-manager", "list").stdout
    deployed.run("supervisor-manager", "stop", "tsupv")
    wait_for(lambda: not processes_of(deployed, "tsup"), "nothing left under the account")
    refused = deployed.run("supervisor-manager", "--no-ask-password", "start", "tsupv", user="other", check=False)
    assert refused.returncode != 0 and not processes_of(deployed, "tsup")
    deployed.run("supervisor-manager", "start", "tsupv", user="tsup")
    wait_running(deployed)


def test_stopping_the_unit_leaves_nothing(deployed):
    wait_running(deployed)
    deployed.run("systemctl", "stop", UNIT)
    assert processes_of(deployed, "tsup") == ""
    assert deployed.run("systemctl", "is-enabled", "supervisord.service", check=False).stdout == "disabled\n"
    deployed.poweroff()
