# SPDX-License-Identifier: MIT
"""fcgi-programs: processes that accept on a socket that supervisord created and passes to them as standard input."""

import os
import signal
import socket
import sys

import pytest

from store_keeper import KeptDaemon
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


def both(script, port, more=""):
    """Two groups of two programs, with a Unix and a TCP socket."""
    return "".join(f"[fcgi-program:{name}]\ncommand={script}\nsocket={address}\nnumprocs=2\nstartsecs=0\n"
                   f"process_name={name}%(process_num)d\n{more}"
                   for name, address in (("local", "unix://%(here)s/local.sock"), ("web", f"tcp://127.0.0.1:{port}")))


NAMES = [f"{group}:{group}{number}" for group in ("local", "web") for number in range(2)]


def kept(directory, cleanup, config):
    server = cleanup.enter_context(KeptDaemon(directory, config))
    for name in NAMES:
        server.wait_state(name, "RUNNING")
    return server


def succeed(server, words):
    for word in words.split():
        if word == "upgrade":
            assert server.rpc.supervisor.upgrade() is True
        else:
            server.crash_and_take_over()


def renew(server, name):
    """Ends a process from outside; supervisord starts another."""
    pid = server.rpc.supervisor.getProcessInfo(name)["pid"]
    os.kill(pid, signal.SIGKILL)

    def renewed():
        server.reap()
        info = server.rpc.supervisor.getProcessInfo(name)
        return info["statename"] == "RUNNING" and info["pid"] != pid

    wait_for(renewed, f"{name} to be started again")


@pytest.mark.parametrize("words", ["upgrade", "crash", "crash upgrade crash"])
def test_the_processes_of_a_successor_share_the_same_socket(work_dir, cleanup, script, words):
    port = free_port()
    server = kept(work_dir, cleanup, both(script, port))
    path = os.path.join(work_dir, "local.sock")
    addresses = {"local": (socket.AF_UNIX, path), "web": (socket.AF_INET, ("127.0.0.1", port))}
    file = os.stat(path).st_ino
    for _ in range(2):
        succeed(server, words)
        for name in NAMES:
            renew(server, name)
            # Whichever process answers: the one of before and the new one have the same socket.
            assert ask(*addresses[name.partition(":")[0]]).startswith(name.partition(":")[0])
        assert os.stat(path).st_ino == file
    for group, address in addresses.items():
        answers = set()
        for number in range(2):
            server.stop_program(f"{group}:{group}{number}")
            if number == 0:
                answers.add(ask(*address))
        assert answers == {f"{group}:{group}1"}
    wait_for(lambda: server.log().count("Closing socket") == 2, "the sockets to be closed")
    with pytest.raises(ConnectionRefusedError):
        ask(*addresses["web"])
    assert server.rpc.supervisor.startProcessGroup("web")
    assert ask(*addresses["web"]).startswith("web:web")


def test_a_socket_that_nobody_gives_back(work_dir, cleanup):
    """The processes have given their standard input another meaning."""
    path = os.path.join(work_dir, "hides.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SERVER.replace("fileno=0)", "fileno=os.dup(0))\nos.close(0)\nos.open('/dev/null', os.O_RDONLY)"
                                  "\nos.write(1, b'ready')"))
    port = free_port()
    server = kept(work_dir, cleanup, both(f"{sys.executable} {path}", port,
                                          "stdout_logfile=%(here)s/%(program_name)s%(process_num)d.log\n"))
    for name in NAMES:
        wait_for(lambda name=name: server.read(f"{name.partition(':')[2]}.log"), f"{name} to be ready")
    server.crash_and_take_over()
    for group, meaning in (("local", "the next start makes a new socket, and these get no more connections"),
                           ("web", "no other process can be started before these have ended")):
        assert (f"WARN {group}: its FastCGI socket could not be taken from the processes of before the crash (process "
                in server.log())
        assert f"its standard input is another by now); {meaning}: restart the whole group\n" in server.log()
    # What still works is kept, and a restart of the group repairs the rest.
    assert ask(socket.AF_INET, ("127.0.0.1", port)).startswith("web:web")
    renew(server, "local:local0")
    assert ask(socket.AF_UNIX, os.path.join(work_dir, "local.sock")) == "local:local0"
    for name in NAMES[2:]:
        server.stop_program(name)
    assert server.rpc.supervisor.startProcessGroup("web")
    assert ask(socket.AF_INET, ("127.0.0.1", port)).startswith("web:web")
