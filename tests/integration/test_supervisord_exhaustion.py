# SPDX-License-Identifier: MIT
"""Descriptors and processes run out: only the program that needed them fails."""

import contextlib
import os
import resource
import subprocess
from xmlrpc.client import Fault

import pytest

from waiting import wait_for

COUNT = 30


def start_all(server):
    rpc = server.rpc
    for number in range(COUNT):
        with contextlib.suppress(Fault):  # no descriptors are left, or it runs already
            rpc.supervisor.startProcess(f"p:p{number:02}", False)
    return rpc.supervisor.getAllProcessInfo()


def test_without_descriptors_the_others_go_on(daemon):
    server = daemon(f"[program:p]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\nstartretries=0\nnumprocs={COUNT}\n"
                    "process_name=p%(process_num)02d\nautorestart=false\n")
    hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (80, hard))
    infos = start_all(server)
    running = [info for info in infos if info["statename"] == "RUNNING"]
    refused = [info for info in infos if info["statename"] == "FATAL"]
    assert len(running) >= 3 and len(refused) >= 3 and len(running) + len(refused) == COUNT
    assert {info["spawnerr"] for info in refused} == {
        f"too many open files to spawn '{info['name']}'" for info in refused}
    # Running programs keep running and new clients are accepted: some descriptors are reserved for them.
    echo = running[0]["name"]
    clients = [server.rpc for _ in range(6)]
    for connection in clients:
        connection.supervisor.sendProcessStdin(f"p:{echo}", "hello\n")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog(f"p:{echo}", 0, 0) == "hello\n" * 6, "the echo")
    # An ended program makes room again.
    for connection in clients:
        connection("close")()
    server.rpc.supervisor.stopProcess(f"p:{echo}")

    def started():
        with contextlib.suppress(Fault):
            return server.rpc.supervisor.startProcess(f"p:{refused[0]['name']}")

    wait_for(started, "room for another")
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert {info["statename"] for info in start_all(server)} == {"RUNNING"}


@pytest.mark.skipif(os.getuid() != 0, reason="an account of its own needs root")
def test_without_processes_the_others_go_on(daemon, account):
    user = account().pw_name
    server = daemon("[program:first]\ncommand=/bin/cat\nstartsecs=0\n"
                    "[program:second]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\nstartretries=0\n",
                    user=user)
    pid = server.wait_state("first", "RUNNING")["pid"]

    def limit(soft):
        """Sets the limit as the account, since a container's root may not be allowed to."""
        subprocess.run(["prlimit", "--pid", str(server.pid), f"--nproc={soft}:"], user=user, check=True)

    limit(1)
    with pytest.raises(Fault) as refusal:
        server.rpc.supervisor.startProcess("second")
    assert refusal.value.faultString == "SPAWN_ERROR: second"
    info = server.wait_state("second", "FATAL")
    assert info["spawnerr"] == "Too many processes in process table to spawn 'second'"
    assert server.rpc.supervisor.getProcessInfo("first")["pid"] == pid
    limit(200)
    server.rpc.supervisor.startProcess("second")
    server.wait_state("second", "RUNNING")
