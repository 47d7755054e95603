# SPDX-License-Identifier: MIT
"""The main job on a real systemd: an administrator declares an instance once, the account has it to itself, every boot."""

import os
import shutil

import pytest

from programs import SOURCE
from waiting import waitFor

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


def waitRunning(machine):
    waitFor(lambda: "RUNNING" in status(machine).stdout, "program1 to run")


def processesOf(machine, account):
    return machine.run("pgrep", "-a", "-u", account, check=False).stdout


def testEnabledUnitBringsTheProgramAtEveryBoot(deployed):
    waitRunning(deployed)
    assert deployed.reboot() in ("running", "degraded"), deployed.console()
    assert deployed.run("systemctl", "is-active", UNIT).stdout == "active\n"
    waitRunning(deployed)
    assert SCRIPT in processesOf(deployed, "tsup")
    assert "supervisord" in processesOf(deployed, "tsup")
    log = waitFor(lambda: deployed.run("supervisorctl_tsupv", "tail", "program1", user="tsup").stdout, "a line of output")
    assert "Hello" in log


def testTheOwnerAndNobodyElse(deployed):
    waitRunning(deployed)
    refused = status(deployed, user="other")
    assert refused.returncode != 0 and "RUNNING" not in refused.stdout
    assert deployed.run("supervisorctl_tsupv", "stop", "program1", user="other", check=False).returncode != 0
    assert "RUNNING" in status(deployed).stdout

    assert deployed.run("supervisorctl_tsupv", "stop", "program1", user="tsup").stdout == "program1: stopped\n"
    assert SCRIPT not in processesOf(deployed, "tsup")
    assert deployed.run("supervisorctl_tsupv", "start", "program1", user="tsup").stdout == "program1: started\n"

    # The account adds a program of its own, with no administrator.
    deployed.run("sh", "-c", "printf '[program:mine]\\ncommand=sleep 1000\\n' > /etc/supervisord_tsupv.d/mine.ini", user="tsup")
    assert "mine: added process group" in deployed.run("supervisorctl_tsupv", "update", user="tsup").stdout
    waitFor(lambda: "sleep 1000" in processesOf(deployed, "tsup"), "the account's own program")


def testManagersCommandsAskForRights(deployed):
    waitRunning(deployed)
    assert "tsupv" in deployed.run("supervisor-manager", "list").stdout
    deployed.run("supervisor-manager", "stop", "tsupv")
    waitFor(lambda: not processesOf(deployed, "tsup"), "nothing left under the account")
    refused = deployed.run("supervisor-manager", "--no-ask-password", "start", "tsupv", user="other", check=False)
    assert refused.returncode != 0 and not processesOf(deployed, "tsup")
    deployed.run("supervisor-manager", "start", "tsupv", user="tsup")
    waitRunning(deployed)


def testStoppingTheUnitLeavesNothing(deployed):
    waitRunning(deployed)
    deployed.run("systemctl", "stop", UNIT)
    assert processesOf(deployed, "tsup") == ""
    assert deployed.run("systemctl", "is-enabled", "supervisord.service", check=False).stdout == "disabled\n"
    deployed.poweroff()
