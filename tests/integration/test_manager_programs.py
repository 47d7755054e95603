# SPDX-License-Identifier: MIT
"""Programs of an instance over D-Bus: XML-RPC by a helper with the owner's ids, with Supervisor's fault codes."""

import os
import socket
import threading

import pytest

from manager_root import NAME, Managerd
from processes import is_running, of_user
from programs import DEBIAN, program
from waiting import wait_for

PASSWORD_TEMPLATE = """[supervisord]
logfile={{{logs_dir}}}/supervisord.log
pidfile={{{pid_dir}}}/supervisord.pid
[unix_http_server]
file={{{socks_dir}}}/supervisor.sock
username=someone
password=secret
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{{{socks_dir}}}/supervisor.sock
username=someone
password=secret
[program:a]
command=/bin/sleep 1000
"""
PROGRAMS = [("a", "/bin/sleep 1000"), ("twins", "/bin/sleep 1000\nnumprocs = 2\nprocess_name = %(process_num)d"),
            ("gone", "/no/such/program\nautostart = false"),
            ("quick", "/bin/false\nautostart = false\nstartretries = 0")]


def settings(manager, supervisord):
    """The manager's supervisorctl is of no use: nothing may depend on it."""
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {supervisord}\nsupervisorctl = /bin/false\nready_timeout = 2\n")


@pytest.fixture(params=["ours", "debian"])
def manager(request, work_dir, owner):
    with Managerd(work_dir) as running:
        settings(running, program("supervisord")[0] if request.param == "ours" else DEBIAN["supervisord"])
        running.entry("tsupv", owner, programs=PROGRAMS)
        running.start()
        running.wait_state("tsupv", "running")
        yield running


def error_of(manager, method, name):
    """The text of the D-Bus error, or None."""
    done = manager.bus.busctl("call", NAME, "/org/supervisormanager1/instance/tsupv", f"{NAME}.Instance", method, "s", name)
    return done.stderr.strip().removeprefix("Call failed: ") if done.returncode else None


def test_each_fault_has_the_words_of_supervisorctl(manager):
    assert error_of(manager, "StartProgram", "a") == "a: ERROR (already started)"
    assert error_of(manager, "StopProgram", "a") is None
    assert error_of(manager, "StopProgram", "a") == "a: ERROR (not running)"
    assert error_of(manager, "RestartProgram", "a") is None  # starts what did not run
    assert error_of(manager, "RestartProgram", "a") is None
    assert error_of(manager, "StartProgram", "gone") == "gone: ERROR (no such file)"
    assert error_of(manager, "StartProgram", "quick") == "quick: ERROR (spawn error)"
    for method in ("StartProgram", "StopProgram", "RestartProgram"):
        for name in ("nope", "nope:*", "twins:7"):
            assert error_of(manager, method, name) == f"Instance 'tsupv' has no program '{name}'.", (method, name)


def test_groups_and_all(manager):
    assert error_of(manager, "StopProgram", "twins:*") is None
    assert error_of(manager, "StopProgram", "twins:0") == "twins:0: ERROR (not running)"
    assert error_of(manager, "StartProgram", "twins:1") is None
    assert error_of(manager, "RestartProgram", "twins:*") is None
    assert error_of(manager, "StopProgram", "all") is None
    assert error_of(manager, "StopProgram", "a") == "a: ERROR (not running)"


def sleepers(owner):
    found = set()
    for pid in of_user(owner.pw_uid):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read() == "sleep\n":
                    found.add(pid)
        except OSError:
            pass
    return found


def test_a_changed_entry_restarts_only_what_needs_it(manager, owner, request):
    wait_for(lambda: len(sleepers(owner)) == 3, "a and the twins")
    before = sleepers(owner)
    changed = [("a", "/bin/sleep 1000\nexitcodes = 3"), *PROGRAMS[1:], ("late", "/bin/sleep 1000")]
    manager.entry("tsupv", owner, programs=changed)
    assert manager.manager("reload").returncode == 0
    # Supervisor's server can only replace the group of a.
    stays = 3 if request.node.callspec.params["manager"] == "ours" else 2
    wait_for(lambda: len(sleepers(owner)) == 4, "the programs")
    assert len(sleepers(owner) & before) == stays


def test_a_server_with_a_password(work_dir, owner):
    """The helper reads user, password and address where supervisorctl does: in [supervisorctl], as the owner."""
    with Managerd(work_dir) as running:
        settings(running, program("supervisord")[0])
        running.write("etc/supervisor-manager/templates/own.tmpl", PASSWORD_TEMPLATE)
        running.entry("tsupv", owner, "conf_file_src = own.tmpl")
        running.start()
        pid = running.program_pid("tsupv", "a")
        assert error_of(running, "StopProgram", "a") is None
        assert not is_running(pid)
        assert error_of(running, "StartProgram", "a") is None


def answer_with(path, size):
    """A server in the place of an instance's: each request gets one string of `size` bytes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen()
    body = (b"<?xml version='1.0'?><methodResponse><params><param><value><string>" + b"x" * size +
            b"</string></value></param></params></methodResponse>")

    def serve():
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            with client:
                try:
                    client.recv(65536)
                    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize("manager", ["ours"], indirect=True)
def test_an_owner_does_not_decide_how_much_the_manager_takes(manager, cleanup):
    path = manager.get("tsupv", "Socket")
    os.rename(path, path + ".kept")
    cleanup.callback(os.rename, path + ".kept", path)
    server = answer_with(path, 100_000)
    cleanup.callback(server.close)
    assert len(manager.call("GetProgramLog", "ss", "tsupv", "a")[0]) == 4096
    server.shutdown(socket.SHUT_RDWR)
    os.unlink(path)
    server = answer_with(path, 9 * 1024 * 1024)
    cleanup.callback(server.close)
    assert "Instance 'tsupv' cannot be asked" in error_of(manager, "StartProgram", "a")
    server.shutdown(socket.SHUT_RDWR)
    os.unlink(path)
