# SPDX-License-Identifier: MIT
"""An account stops everything that runs as itself, also a child of supervisord between its change of account and its
exec. A supervisord of root must not wait for that child."""

import os
import signal
import subprocess
import xmlrpc.client

import pytest

from programs import PYTHON
from waiting import wait_for

STOPS_ALL = "import os, signal\nwhile True:\n    try: os.kill(-1, signal.SIGSTOP)\n    except OSError: pass\n"


@pytest.fixture
def stopper(account):
    """The name of an account with a process that stops all others of the account."""
    someone = account()
    process = subprocess.Popen([PYTHON, "-SEc", STOPS_ALL], user=someone.pw_uid, group=someone.pw_gid, extra_groups=[])
    yield someone.pw_name
    process.kill()
    process.wait()


def test_supervisord_answers_while_an_account_stops_its_children(daemon, stopper):
    server = daemon(f"[program:it]\ncommand=/bin/sleep 1000\nuser={stopper}\nautostart=false\nstartsecs=0\nstartretries=0\n"
                    "[program:mine]\ncommand=/bin/sleep 1000\n")
    for _ in range(10):
        try:
            server.rpc.supervisor.startProcess("it", False)
        except xmlrpc.client.Fault as fault:
            assert fault.faultString.startswith("SPAWN_ERROR")
        assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
        pid = server.rpc.supervisor.getProcessInfo("it")["pid"]
        if pid:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: server.rpc.supervisor.getProcessInfo("it")["pid"] == 0, "the end of the process")
    server.wait_state("mine", "RUNNING")
