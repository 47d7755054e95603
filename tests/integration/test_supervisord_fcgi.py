# SPDX-License-Identifier: MIT
"""fcgi-programs: processes that accept on a socket that supervisord created and passes to them as standard input."""

import os
import socket
import sys

import pytest

from waiting import wait_for

# Accepts on its standard input and answers with its name and its group.
SERVER = """import os, socket
listening = socket.socket(fileno=0)
while True:
    client, _ = listening.accept()
    client.sendall((os.environ["SUPERVISOR_GROUP_NAME"] + ":" + os.environ["SUPERVISOR_PROCESS_NAME"]).encode())
    client.close()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(family, address):
    with socket.socket(family) as client:
        client.settimeout(30)
        client.connect(address)
        return client.recv(100).decode()


@pytest.fixture
def script(work_dir):
    path = os.path.join(work_dir, "server.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SERVER)
    return f"{sys.executable} {path}"


@pytest.mark.parametrize("group, name", [("", "{0}:"), ("[group:g]\nprograms=local,web\n", "g:")])
def test_each_program_has_its_socket_alone_and_in_a_group(daemon, script, group, name):
    port = free_port()
    server = daemon(f"{group}[fcgi-program:local]\ncommand={script}\nsocket=unix://%(here)s/%(program_name)s.sock\n"
                    "socket_mode=0770\nnumprocs=2\nprocess_name=local%(process_num)d\n"
                    f"[fcgi-program:web]\ncommand={script}\nsocket=tcp://127.0.0.1:{port}\nnumprocs=2\n"
                    "process_name=web%(process_num)d\n")
    path = os.path.join(server.directory, "local.sock")
    for program in ("local", "web"):
        for number in range(2):
            server.wait_state(f"{name.format(program)}{program}{number}", "RUNNING")
    assert os.stat(path).st_mode & 0o777 == 0o770
    assert ask(socket.AF_UNIX, path).startswith(name.format("local") + "local")
    assert ask(socket.AF_INET, ("127.0.0.1", port)).startswith(name.format("web") + "web")
    # The socket remains when one of its programs ends, and is closed with the last.
    server.rpc.supervisor.stopProcess(f"{name.format('web')}web0")
    assert ask(socket.AF_INET, ("127.0.0.1", port)) == name.format("web") + "web1"
    server.rpc.supervisor.stopProcess(f"{name.format('web')}web1")
    wait_for(lambda: f"Closing socket tcp://127.0.0.1:{port}" in server.log(), "the socket to be closed")
    with pytest.raises(ConnectionRefusedError):
        ask(socket.AF_INET, ("127.0.0.1", port))
    assert ask(socket.AF_UNIX, path).startswith(name.format("local") + "local")


def test_a_changed_socket_is_a_changed_group(daemon, script):
    config = f"[group:g]\nprograms=a\n[fcgi-program:a]\ncommand={script}\nsocket=unix://%(here)s/a.sock\n"
    server = daemon(config)
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    server.configure(config + "socket_mode=0770\n")
    assert server.rpc.supervisor.reloadConfig() == [[[], ["g"], []]]
    assert server.ctl("update").returncode == 0
    server.wait_state("g:a", "RUNNING")
    assert os.stat(os.path.join(server.directory, "a.sock")).st_mode & 0o777 == 0o770
    assert ask(socket.AF_UNIX, os.path.join(server.directory, "a.sock")) == "g:a"
