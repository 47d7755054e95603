# SPDX-License-Identifier: MIT
"""The message of supervisorctl if it cannot reach its server: one sentence with the server's URL, the cause and the
next step, for every command; and where it finds its server."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest

from page import free_port
from programs import program
from waiting import wait_for

COMMANDS = ["status", "status cat", "avail", "reread", "update", "add x", "remove x", "start x", "stop x", "restart x", "serialrestart x",
            "pid", "version", "reload", "tail x", "maintail", "clear x", "fg x", "signal HUP x"]


def ctl(*words, **options):
    return subprocess.run([*program("supervisorctl"), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=60, **options)


def sentence(done, command):
    """The one line that the command printed."""
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1, (command, lines)
    assert "<class" not in lines[0] and "line: 0" not in lines[0], command
    return lines[0]


@pytest.fixture
def dead_socket(work_dir):
    path = os.path.join(work_dir, "dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    return path


def test_missing_socket(work_dir):
    url = f"unix://{work_dir}/none.sock"
    for command in COMMANDS:
        line = sentence(ctl("-s", url, *command.split()), command)
        assert f"{url} no such file" in line and "start it" in line and "-s URL" in line, command


def test_nobody_listens(dead_socket):
    for url in (f"unix://{dead_socket}", "http://127.0.0.1:1"):
        for command in COMMANDS:
            line = sentence(ctl("-s", url, *command.split()), command)
            assert f"{url} refused connection" in line and "start it" in line, command


def test_link_of_an_instance_says_how_to_start_it(work_dir):
    link = os.path.join(work_dir, "supervisorctl_web")
    os.symlink(program("supervisorctl")[0], link)
    done = subprocess.run([link, "-s", f"unix://{work_dir}/none.sock", "status"], capture_output=True, text=True, check=False)
    assert 'start it with "supervisor-manager start web"' in done.stdout and done.returncode == 4


def test_permission_denied(daemon, account):
    server = daemon()
    os.chmod(server.directory, 0o755)
    os.chmod(server.socket, 0o600)
    url = f"unix://{server.socket}"
    entry = account()
    for command in COMMANDS:
        done = ctl("-s", url, *command.split(), user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
        line = sentence(done, command)
        assert line.startswith(f"error: {url}: Permission denied: the socket belongs to root"), command
        assert entry.pw_name in line and "[unix_http_server]" in line and done.returncode == 1, command
    os.chmod(server.directory, 0o700)
    line = sentence(ctl("-s", url, "reread", user=entry.pw_uid, group=entry.pw_gid, extra_groups=[]), "reread")
    assert f"{url}: Permission denied: {entry.pw_name} may not enter a directory" in line


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_shutting_down(daemon, kind):
    server = daemon("[program:slow]\ncommand=sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done'\nstopwaitsecs=600\n", kind=kind)
    wait_for(lambda: "up" in server.rpc.supervisor.readProcessStdoutLog("slow", 0, 0), "the program to ignore its signal")
    server.kill(signal.SIGTERM)
    # Requests at the moment of the signal may still be answered.
    wait_for(lambda: "hutting down" in server.ctl("avail", kind="ours").stdout, "the shutdown to begin")
    for command in [*COMMANDS, "shutdown"]:
        line = sentence(server.ctl(*command.split(), kind="ours"), command)
        assert f"unix://{server.socket}" in line and "shutting down" in line and "start it again" in line, command
    assert server.ctl("reread", kind="ours").stdout.startswith("ERROR: supervisor shutting down")
    assert server.ctl("update", kind="ours").stdout.startswith("ERROR: already shutting down")


def test_wrong_password(daemon):
    port = free_port()
    daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=bob\npassword=secret\n")
    url = f"http://127.0.0.1:{port}"
    for command in COMMANDS:
        done = ctl("-s", url, *command.split())
        line = sentence(done, command)
        assert line.startswith(f"Server requires authentication: {url} requires a user name and a password; give them with -u"), command
        assert done.returncode == 1
        line = sentence(ctl("-s", url, "-u", "bob", "-p", "wrong", *command.split()), command)
        assert f"{url} refuses the user name bob" in line, command


@contextlib.contextmanager
def answering(path, answer):
    """A server on a Unix socket that gives every client the same bytes."""
    pid = os.fork()
    if pid == 0:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen()
            while True:
                connection, _ = listening.accept()
                connection.recv(65536)
                connection.sendall(answer)
                connection.close()
    try:
        wait_for(lambda: os.path.exists(path), "the socket")
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("answer,words", [
    (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "answers 503 Service Unavailable: it has as many clients as it can serve; try again"),
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "allowed_hosts"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "is not a supervisord"),
    (b"", "closed the connection"),
])
def test_other_answers(work_dir, answer, words):
    path = os.path.join(work_dir, "s.sock")
    with answering(path, answer):
        wait_for(lambda: words in ctl("-s", f"unix://{path}", "pid").stdout, "the server to listen")
        for command in COMMANDS:
            done = ctl("-s", f"unix://{path}", *command.split())
            line = sentence(done, command)
            assert f"unix://{path}" in line and words in line and done.returncode == 1, command


def test_configuration_error_is_told_by_same_words_everywhere(daemon):
    server = daemon()
    server.configure("[program:x]\nautostart=perhaps\ncommand=cat\n")
    told = [server.ctl(command) for command in ("reread", "update", "update x", "reload")]
    assert len({(done.stdout, done.returncode) for done in told}) == 1
    assert told[0].stdout.startswith("ERROR: CANT_REREAD: ") and "autostart" in told[0].stdout and told[0].returncode == 1


def written(work_dir, **files):
    for name, text in files.items():
        with open(os.path.join(work_dir, name.replace("_", ".")), "w", encoding="utf-8") as file:
            file.write(text)
    return os.path.join(work_dir, "main.conf")


def test_server_on_the_command_line_needs_no_configuration(daemon, work_dir):
    server = daemon("[program:cat]\ncommand=cat\nstartsecs=0\n")
    server.wait_state("cat", "RUNNING")
    url = f"unix://{server.socket}"
    main = written(work_dir, main_conf="[supervisord]\n", supervisord_conf="not a configuration\n")
    for words in (["-c", main, "-s", url], ["-s", url]):  # the second finds the invalid file
        done = ctl(*words, "status", cwd=work_dir)
        assert done.returncode == 0 and "RUNNING" in done.stdout and done.stderr == "", words
    done = ctl("-c", os.path.join(work_dir, "missing.conf"), "-s", url, "status")
    assert done.returncode == 2 and "missing.conf" in done.stderr  # a file that was named must exist


@pytest.mark.parametrize("main,extra", [
    ("[include]\nfiles=*.ini\n", "[supervisorctl]\nserverurl=unix://{socket}\n"),
    ("[include]\nfiles=%(here)s/*.ini\n", "[unix_http_server]\nfile={socket}\n"),
    ("[unix_http_server]\nfile={socket}\n[inet_http_server]\nport=1\n", ""),
    ("[unix_http_server]\nfile=/none\n[include]\nfiles=*.ini\n", "[supervisorctl]\nserverurl=unix://{socket}\n"),
])
def test_server_in_an_included_file(daemon, work_dir, main, extra):
    server = daemon("[program:cat]\ncommand=cat\nstartsecs=0\n")
    server.wait_state("cat", "RUNNING")
    main = written(work_dir, main_conf=main.format(socket=server.socket), extra_ini=extra.format(socket=server.socket))
    done = ctl("-c", main, "status")
    assert "RUNNING" in done.stdout and done.returncode == 0, done


def test_own_section_wins_over_included_ones(work_dir):
    main = written(work_dir, main_conf="[supervisorctl]\nserverurl=unix:///own\n[include]\nfiles=*.ini\n",
                   extra_ini="[supervisorctl]\nserverurl=unix:///included\n")
    assert "unix:///own no such file" in ctl("-c", main, "status").stdout


def test_port_in_an_included_file_with_its_password(daemon, work_dir):
    port = free_port()
    section = f"[inet_http_server]\nport=*:{port}\nusername=bob\npassword=s3cret\n"
    server = daemon(section)
    main = written(work_dir, main_conf="[include]\nfiles=*.ini\n", extra_ini=section)
    assert ctl("-c", main, "pid").stdout == f"{server.pid}\n"


def test_root_is_not_led_by_included_files_of_others(work_dir, account):
    entry = account()
    main = written(work_dir, main_conf="[include]\nfiles=*.ini\n", extra_ini="[supervisorctl]\nserverurl=unix:///elsewhere\n")
    os.chown(os.path.join(work_dir, "extra.ini"), entry.pw_uid, entry.pw_gid)
    done = ctl("-c", main, "status")
    assert done.returncode == 2 and ".ini file does not include supervisorctl section" in done.stderr
    assert f"{work_dir}/extra.ini is ignored" in done.stderr and "-s URL" in done.stderr
    assert "unix:///elsewhere no such file" in ctl("--trust", "-c", main, "status").stdout
