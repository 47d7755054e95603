# SPDX-License-Identifier: MIT
"""[socket:x], sockets, autostart=ondemand and idle_stop: supervisord holds the sockets, programs get them."""

import contextlib
import ctypes
import os
import signal
import socket
import stat
import subprocess
import threading

import pytest

from manager_root import Managerd, kill_instance
from page import free_port
from processes import is_running
from programs import PYTHON, SOURCE, program
from upgrading import Installation
from waiting import wait_for

SERVE = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'activated.py')}"
SOCKET = "[socket:web]\nsocket=unix://%(here)s/web.sock\n"


def web(*keys, mode="", name="web"):
    lines = "".join(f"{key}\n" for key in keys)
    return (f"[program:{name}]\ncommand={SERVE} {mode}\nsockets=web\nstartsecs=0\n{lines}"
            f"redirect_stderr=true\nstdout_logfile=%(here)s/{name}.log\n")


ONDEMAND = SOCKET + web("autostart=ondemand")


def path_of(server):
    return os.path.join(server.directory, "web.sock")


def connected(address, limit=30):
    """A connection; to a path, or to (host, port)."""
    one = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    one.settimeout(limit)
    one.connect(address)
    return one


def ask(address):
    """The pid of the program that answers; the connection is closed."""
    with connected(address) as client:
        return int(client.recv(100))


def refuses(address):
    try:
        connected(address).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


def info(server, name="web"):
    return server.rpc.supervisor.getProcessInfo(name)


def wait_listening(server, name="web"):
    return wait_for(lambda: "listening on " in info(server, name)["description"] and info(server, name),
                    f"{name} to listen")


def stays(server, pid):
    """Looks for several times idle_stop=100ms whether the program keeps running."""
    for _ in range(50):
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(0.01)
        assert info(server)["pid"] == pid


@contextlib.contextmanager
def clients(address):
    """Clients that connect one after the other, and fail if one is refused or not answered; the list is of the pids."""
    ended, answers, errors = threading.Event(), [], []

    def run():
        try:
            while not ended.is_set():
                answers.append(ask(address))
        except (OSError, ValueError) as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()
    assert not errors


# What a program gets


def test_descriptors_names_and_pid(daemon):
    port = free_port()
    server = daemon(f"[socket:b]\nsocket=tcp://127.0.0.1:{port}, udp://127.0.0.1:{port}\n" + SOCKET +
                    f"[program:p]\ncommand={SERVE} describe %(here)s/given\nsockets=web, b\n"
                    'environment=LISTEN_PID="1",LISTEN_FDS="7"\n[program:other]\ncommand=/bin/sleep 1000\n')
    given = wait_for(lambda: server.read("given"), "the program to start").splitlines()
    assert given == [f"web AF_UNIX SOCK_STREAM blocking {server.directory}/web.sock",
                     f"b AF_INET SOCK_STREAM blocking ('127.0.0.1', {port})",
                     f"b AF_INET SOCK_DGRAM blocking ('127.0.0.1', {port})", "0 1 2 3 4 5"]
    pid = info(server, "p")["pid"]
    assert ask(path_of(server)) == ask(("127.0.0.1", port)) == pid
    server.wait_state("other", "RUNNING")
    other = info(server, "other")["pid"]
    assert sorted(os.listdir(f"/proc/{other}/fd")) == ["0", "1", "2"]
    with open(f"/proc/{other}/environ", "rb") as environment:
        assert b"LISTEN_" not in environment.read()


def test_libsystemd_finds_them(daemon):
    code = ("import ctypes, http.server, socket\n"
            "lib = ctypes.CDLL('libsystemd.so.0')\n"
            "names = ctypes.POINTER(ctypes.c_char_p)()\n"
            "assert lib.sd_listen_fds_with_names(0, ctypes.byref(names)) == 1 and names[0] == b'web'\n"
            "class Server(http.server.HTTPServer):\n"
            "    def server_bind(self):\n"
            "        self.socket = socket.socket(fileno=3)\n"
            "        self.server_name, self.server_port = self.socket.getsockname()\n"
            "    def server_activate(self):\n"
            "        pass\n"
            "Server(('', 0), http.server.SimpleHTTPRequestHandler).serve_forever()\n")
    port = free_port()
    server = daemon(f"[socket:web]\nsocket=tcp://localhost:{port}\n[program:web]\ncommand={PYTHON} %(here)s/page.py\n"
                    "sockets=web\nautostart=ondemand\nredirect_stderr=true\nstdout_logfile=%(here)s/web.log\n")
    with open(f"{server.directory}/page.py", "w", encoding="utf-8") as file:
        file.write(code)
    with connected(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.0 200 OK"), server.read("web.log")


def test_processes_and_programs_share_a_socket(daemon):
    server = daemon(SOCKET + web("numprocs=2", "process_name=%(process_num)d") + web(name="more"))
    pids = {one["pid"] for one in server.rpc.supervisor.getAllProcessInfo()}
    assert len(pids) == 3
    assert {ask(path_of(server)) for _ in range(20)} <= pids
    server.rpc.supervisor.stopProcess("web:0")
    server.rpc.supervisor.stopProcess("web:1")
    assert ask(path_of(server)) == info(server, "more")["pid"]
    assert server.ctl("scale", "web=1").returncode == 0


def test_another_account_gets_what_root_opens(daemon, account):
    owner = account("tsock")
    port = next(port for port in range(600, 1000) if refuses(("127.0.0.1", port)))
    server = daemon(f"[socket:web]\nsocket=tcp://127.0.0.1:{port}, unix://%(here)s/web.sock\n"
                    f"socket_owner={owner.pw_name}\nsocket_mode=0640\n" + web(f"user={owner.pw_name}"))
    assert ask(("127.0.0.1", port)) == info(server)["pid"]
    assert os.stat(f"/proc/{info(server)['pid']}").st_uid == owner.pw_uid
    found = os.stat(path_of(server))
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner.pw_uid, 0, 0o640)


def test_a_connection_waits_for_a_program_that_starts_later(daemon):
    server = daemon(SOCKET + web("start_delay=300ms") +
                    f"[program:first]\ncommand={PYTHON} -c \"import socket; s = socket.socket(socket.AF_UNIX); "
                    "s.connect('web.sock'); print(s.recv(9).decode())\"\npriority=1\nstartsecs=0\nautorestart=false\n"
                    "directory=%(here)s\nstdout_logfile=%(here)s/first.log\n")
    server.wait_state("first", "EXITED")
    assert server.read("first.log") == f"{info(server)['pid']}\n\n"


# No connection is lost


def test_restarts_lose_no_connection(daemon):
    server = daemon(SOCKET + web("autorestart=true"))
    with clients(path_of(server)) as answers:
        for _ in range(3):
            before = info(server)["pid"]
            wait_for(lambda: before in answers, "an answer")  # pylint: disable=cell-var-from-loop
            assert server.ctl("restart", "web").returncode == 0
    before = info(server)["pid"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: info(server)["pid"] not in (0, before), "the restart")
    assert ask(path_of(server)) == info(server)["pid"]


def test_an_update_keeps_the_socket(daemon):
    server = daemon(SOCKET + web())
    with clients(path_of(server)) as answers:
        for number in range(3):
            before = info(server)["pid"]
            wait_for(lambda: before in answers, "an answer")  # pylint: disable=cell-var-from-loop
            server.configure(SOCKET + web(f'environment=N="{number}"'))
            assert server.ctl("update").stdout == "web: stopped\nweb: updated process group\n"
            assert info(server)["pid"] != before


def test_an_update_of_the_socket_restarts_its_programs(daemon):
    server = daemon(SOCKET + web() + "[program:other]\ncommand=/bin/sleep 1000\n")
    before = info(server)["pid"]
    other = server.wait_state("other", "RUNNING")["pid"]
    rest = web() + "[program:other]\ncommand=/bin/sleep 1000\n"
    server.configure(SOCKET + "socket_mode=0600\n" + rest)
    with clients(path_of(server)):
        assert server.ctl("update").returncode == 0
        assert stat.S_IMODE(os.stat(path_of(server)).st_mode) == 0o600
    assert info(server)["pid"] != before
    server.configure("[socket:web]\nsocket=unix://%(here)s/new.sock\n" + rest)
    assert "sockets" in server.ctl("update", "--dry-run").stdout
    assert server.ctl("update").returncode == 0
    assert ask(os.path.join(server.directory, "new.sock")) == info(server)["pid"]
    wait_for(lambda: not os.path.exists(path_of(server)), "the old socket to be removed")
    assert info(server, "other")["pid"] == other


def test_an_upgrade_keeps_the_sockets(daemon, work_dir):
    installed = Installation(work_dir)
    server = daemon(ONDEMAND + "[socket:b]\nsocket=unix://%(here)s/b.sock\n"
                    f"[program:b]\ncommand={SERVE}\nsockets=b\nstartsecs=0\n", executable=installed.path)
    b = os.path.join(server.directory, "b.sock")
    running = info(server, "b")["pid"]
    wait_listening(server)
    with clients(b) as answers:
        wait_for(lambda: answers, "an answer")
        assert server.rpc.supervisor.upgrade() is True
        server.wait_ready()
        assert set(answers) == {running}
    wait_listening(server)
    pid = ask(path_of(server))
    assert pid == info(server)["pid"]
    assert server.rpc.supervisor.upgrade() is True
    server.wait_ready()
    assert ask(path_of(server)) == pid
    assert server.stop() == 0
    assert not os.path.exists(path_of(server)) and not os.path.exists(b)


def test_after_a_crash_the_sockets_are_there(kept):
    server = kept(ONDEMAND + "[socket:b]\nsocket=unix://%(here)s/b.sock\n"
                  f"[program:b]\ncommand={SERVE}\nsockets=b\nstartsecs=0\n")
    b = os.path.join(server.directory, "b.sock")
    running = info(server, "b")["pid"]
    wait_listening(server)
    server.crash()
    with connected(path_of(server)) as client:  # nobody accepts it, and nobody refuses it
        assert ask(b) == running
        server.take_over()
        server.wait_ready()
        assert int(client.recv(100)) == info(server)["pid"]
    pid = info(server)["pid"]
    server.crash_and_take_over()
    assert (info(server)["pid"], info(server, "b")["pid"]) == (pid, running)
    assert ask(path_of(server)) == pid
    server.stop_program("web")
    server.crash_and_take_over()  # it was stopped, and stays so
    assert info(server)["statename"] == "STOPPED"
    assert "listening" not in info(server)["description"]


def test_after_a_crash_a_lost_socket_is_taken_from_the_program(kept):
    server = kept(SOCKET + web())
    pid = ask(path_of(server))
    server.crash()
    for name in [name for name in server.store if ".socket" in name]:
        os.close(server.store.pop(name))
    server.take_over()
    server.wait_ready()
    with clients(path_of(server)) as answers:
        wait_for(lambda: pid in answers, "an answer")
        assert server.rpc.supervisor.stopProcess("web", False)
        wait_for(lambda: server.reap() or info(server)["statename"] == "STOPPED", "the stop")
        assert server.rpc.supervisor.startProcess("web")
        assert ask(path_of(server)) == info(server)["pid"] != pid


# On demand


def test_the_first_connection_starts_it(daemon):
    server = daemon(ONDEMAND)
    assert info(server)["description"] == f"Not started; listening on unix://{path_of(server)}"
    assert server.rpc.supervisor.getAllConfigInfo()[0]["autostart"] == "ondemand"
    assert ask(path_of(server)) == info(server)["pid"]
    server.wait_state("web", "RUNNING")
    assert ask(path_of(server)) == info(server)["pid"]


def test_a_connection_starts_all_processes_of_its_socket(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "numprocs=2", "process_name=%(process_num)d"))
    wait_listening(server, "web:1")
    assert server.ctl("scale", "web=3").returncode == 0
    wait_listening(server, "web:2")
    first = ask(path_of(server))
    for number in range(3):
        server.wait_state(f"web:{number}", "RUNNING")
    assert first in {one["pid"] for one in server.rpc.supervisor.getAllProcessInfo()}
    assert server.ctl("scale", "web=1").returncode == 0
    assert ask(path_of(server)) == info(server, "web:0")["pid"]


def test_a_datagram_starts_it(daemon):
    port = free_port()
    server = daemon(f"[socket:web]\nsocket=udp://127.0.0.1:{port}\n" + web("autostart=ondemand"))
    wait_listening(server)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        client.send(b"x")
        assert int(client.recv(100)) == info(server)["pid"]


def test_after_an_expected_end_it_waits_for_the_next_one(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", mode="once"))
    pids = {ask(path_of(server)) for _ in range(10)}
    assert len(pids) == 10
    server.wait_state("web", "EXITED")
    wait_listening(server)


def test_a_stop_ends_the_wait_and_a_start_of_all_begins_it(daemon):
    server = daemon(ONDEMAND)
    assert server.ctl("stop", "web").stdout == "web: stopped\n"
    assert "listening" not in info(server)["description"]
    wait_for(lambda: refuses(path_of(server)), "the socket to be closed")
    assert info(server)["statename"] == "STOPPED"
    assert server.ctl("start", "all").returncode == 0
    wait_listening(server)
    assert server.ctl("start", "web").stdout == "web: started\n"
    assert ask(path_of(server)) == info(server)["pid"]
    assert server.ctl("stop", "web").returncode == 0
    wait_for(lambda: refuses(path_of(server)), "the socket to be closed")


def test_a_disabled_program_does_not_listen(daemon):
    server = daemon(ONDEMAND)
    assert server.ctl("disable", "web").returncode == 0
    assert "listening" not in info(server)["description"]
    wait_for(lambda: refuses(path_of(server)), "the socket to be closed")
    assert server.ctl("enable", "web").returncode == 0
    assert ask(path_of(server)) == info(server)["pid"]


def test_what_does_not_take_its_connection_becomes_fatal(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "restart_limit=3/60", "startretries=0", mode="never"))
    with connected(path_of(server)) as client:
        found = server.wait_state("web", "FATAL")
        assert found["spawnerr"] == ("connections have started it too often, and it ended each time without taking "
                                     "them")
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""  # closed
    assert refuses(path_of(server))
    assert server.log().count("spawned: 'web'") == 3
    assert "web is FATAL, connections do not start it any more; its sockets are closed" in server.log()
    assert server.ctl("start", "all").returncode == 0
    wait_listening(server)


def test_what_slowly_ends_without_taking_its_connection_is_started_with_pauses(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "autorestart=false")
                    .replace(SERVE, "/bin/sleep 0.15"))
    line = "web ends again and again without taking what waits at unix://"
    with connected(path_of(server)):
        wait_for(lambda: line in server.log(), "the pauses")
        assert server.log().split(line)[0].count("spawned: 'web'") == 21
        wait_listening(server)


def test_what_fails_to_start_becomes_fatal(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "startretries=1").replace("startsecs=0", "startsecs=1000")
                    .replace(SERVE, "/bin/false"))
    with connected(path_of(server)):
        server.wait_state("web", "FATAL")
    wait_for(lambda: refuses(path_of(server)), "the socket to be closed")


def test_what_it_depends_on_is_started_with_it(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "depends_on=db") +
                    "[program:db]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n")
    assert ask(path_of(server)) == info(server)["pid"]
    assert info(server, "db")["statename"] == "RUNNING"


def test_start_delay_is_for_starts_without_a_request(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "start_delay=1h"))
    assert ask(path_of(server)) == info(server)["pid"]


def test_update_adds_and_removes_ondemand(daemon):
    server = daemon(SOCKET + web())
    pid = ask(path_of(server))  # from then on it ends in an orderly way
    server.configure(ONDEMAND)
    assert server.ctl("update").returncode == 0
    assert info(server)["pid"] == pid
    os.kill(pid, signal.SIGTERM)
    wait_listening(server)
    assert ask(path_of(server)) == info(server)["pid"] != pid
    server.configure("[program:cat]\ncommand=/bin/cat\n")
    assert server.ctl("update").returncode == 0
    wait_for(lambda: refuses(path_of(server)), "the socket to be closed")
    assert not os.path.exists(path_of(server))


# idle_stop


def test_without_connections_it_is_stopped(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "idle_stop=200ms"))
    with connected(path_of(server)) as client:
        pid = int(client.recv(100))
        server.rpc.supervisor.getState()
        assert info(server)["pid"] == pid
    server.wait_state("web", "STOPPED")
    assert "web had no connection for 0.2 seconds, it is stopped (idle_stop)" in server.log()
    wait_listening(server)
    assert ask(path_of(server)) not in (0, pid)


@pytest.mark.parametrize("address", ["127.0.0.1", "*", "[::1]", "unix"])
def test_an_open_connection_keeps_it(daemon, address):
    port = free_port()
    url = "unix://%(here)s/web.sock" if address == "unix" else f"tcp://{address}:{port}"
    server = daemon(f"[socket:web]\nsocket={url}\n" + web("autostart=ondemand", "idle_stop=100ms"))
    family = {"unix": socket.AF_UNIX, "[::1]": socket.AF_INET6}.get(address, socket.AF_INET)
    target = path_of(server) if address == "unix" else ("::1" if address == "[::1]" else "127.0.0.1", port)
    with socket.socket(family) as client:
        client.settimeout(30)
        client.connect(target)
        pid = int(client.recv(100))
        stays(server, pid)
    server.wait_state("web", "STOPPED")


def test_a_connection_during_the_stop_starts_it_again(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "idle_stop=100ms"))
    seen = set()
    while len(seen) < 4:  # a client comes when the last life has just been stopped
        seen.add(ask(path_of(server)))
        wait_for(lambda: info(server)["statename"] != "RUNNING", "the stop")


def test_a_program_that_another_needs_is_not_stopped(daemon):
    server = daemon(SOCKET + web("autostart=ondemand", "idle_stop=100ms") +
                    "[program:user]\ncommand=/bin/sleep 1000\ndepends_on=web:started\nautostart=false\nstartsecs=0\n")
    server.rpc.supervisor.startProcess("user")
    pid = info(server)["pid"]
    stays(server, pid)
    server.rpc.supervisor.stopProcess("user")
    server.wait_state("web", "STOPPED")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_program_that_ends_the_socket_harms_only_itself(daemon, kind):
    port = free_port()
    url = "unix://%(here)s/web.sock" if kind == "unix" else f"tcp://127.0.0.1:{port}"
    server = daemon(f"[socket:web]\nsocket={url}\n" +
                    web("autostart=ondemand", "restart_limit=3/60", "startretries=0", mode="shut"))
    target = path_of(server) if kind == "unix" else ("127.0.0.1", port)
    if kind == "tcp":  # it is opened again
        for _ in range(3):
            wait_listening(server)
            connected(target).close()
            wait_for(lambda: info(server)["start"] and "listening" in info(server)["description"], "its end")
        assert "a program has ended that tcp://" in server.log()
    else:  # whoever has it always reads its end, as if somebody were there
        connected(target).close()
        server.wait_state("web", "FATAL")
    server.configure(f"[socket:web]\nsocket={url}\n" + web("autostart=ondemand"))
    assert server.ctl("update").returncode == 0
    assert ask(target) == info(server)["pid"]


def copies_of(server, address):
    """Descriptors of the test for the sockets that supervisord has at this address, as the manager has them."""
    pidfd = os.pidfd_open(server.process.pid)
    copies = []
    for fd in map(int, os.listdir(f"/proc/{server.process.pid}/fd")):
        copy = ctypes.CDLL(None).syscall(438, pidfd, fd, 0)  # pidfd_getfd
        with contextlib.suppress(OSError):
            one = socket.socket(fileno=copy)
            if one.getsockname()[:len(address)] == address:
                copies.append(one)
            else:
                one.close()
    os.close(pidfd)
    assert copies
    return copies


def test_nobody_listens_with_a_copy_that_is_left(daemon):
    port = free_port()
    server = daemon(f"[socket:web]\nsocket=tcp://127.0.0.1:{port}\n" + web("autostart=ondemand"))
    wait_listening(server)
    copies = copies_of(server, ("127.0.0.1", port))
    assert all(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for one in copies)
    server.stop()
    assert not any(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for one in copies)


HOSTS = {"127.0.0.1": ("127.0.0.1",), "*": ("127.0.0.1", "::1"), "0.0.0.0": ("127.0.0.1",), "[::1]": ("::1",)}


@pytest.mark.parametrize("host", HOSTS)
def test_a_copy_of_a_datagram_socket_that_is_left_does_not_hold_the_address(daemon, cleanup, account, host):
    port, owner = free_port(), account("tsock").pw_name
    config = f"[socket:web]\nsocket=udp://{host}:{port}\n" + web("autostart=ondemand", "startretries=0")
    bound = {"*": "::", "[::1]": "::1"}.get(host, host)
    server = daemon(config, user=owner)
    wait_listening(server)
    for one in copies_of(server, (bound, port)):
        cleanup.enter_context(one)
    assert server.stop() == 0
    following = daemon(config, user=owner)
    wait_listening(following)
    pids = set()
    for target in HOSTS[host] * 20:  # each gets to the new one
        with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.connect((target, port))
            client.send(b"x")
            pids.add(int(client.recv(100)))
    assert pids == {info(following)["pid"]}
    # Nobody else can have the address beside it.
    with socket.socket(socket.AF_INET6 if ":" in bound else socket.AF_INET, socket.SOCK_DGRAM) as other:
        with pytest.raises(OSError, match="Address already in use"):
            other.bind((bound, port))


def test_root_shares_no_datagram_socket_with_what_is_left(daemon):
    """A program of another account may have it."""
    port = free_port()
    config = f"[socket:web]\nsocket=udp://127.0.0.1:{port}\n" + web("autostart=ondemand", "startretries=0")
    server = daemon(config)
    wait_listening(server)
    copies = copies_of(server, ("127.0.0.1", port))
    assert server.stop() == 0
    following = daemon(config)
    found = following.wait_state("web", "FATAL")
    assert found["spawnerr"] == f"cannot listen on udp://127.0.0.1:{port}: Address already in use"
    for one in copies:
        one.close()
    assert following.ctl("start", "web").stdout == "web: started\n"


def test_a_datagram_socket_that_is_shared_by_others_is_not_joined(daemon):
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        server = daemon(f"[socket:web]\nsocket=udp://127.0.0.1:{port}\n" + web("autostart=ondemand", "startretries=0"))
        found = server.wait_state("web", "FATAL")
    assert found["spawnerr"] == f"cannot listen on udp://127.0.0.1:{port}: Address already in use"
    assert server.ctl("start", "web").stdout == "web: started\n"


def test_a_socket_that_may_not_be_bound_again_is_opened_again(daemon, work_dir):
    port = free_port()
    file = os.path.join(work_dir, "forbids.py")
    with open(file, "w", encoding="ascii") as out:
        out.write("import socket\ns = socket.socket(fileno=3)\n"
                  "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)\ns.shutdown(socket.SHUT_RD)\n")
    server = daemon(f"[socket:web]\nsocket=tcp://127.0.0.1:{port}\n" +
                    f"[program:web]\ncommand={PYTHON} {file}\nsockets=web\nautostart=ondemand\nstartsecs=0\n"
                    "autorestart=false\n")
    for _ in range(2):
        wait_listening(server)
        connected(("127.0.0.1", port)).close()
        wait_for(lambda: info(server)["start"] and "listening" in info(server)["description"], "its end")
    assert "cannot listen" not in server.log()


LINGERS = """
import os, socket, struct
peer = socket.create_server(("127.0.0.1", 0), backlog=1)
if os.fork() == 0:
    os.setsid()
    os.close(3)
    import time
    time.sleep(60)
    os._exit(0)
one = socket.socket(fileno=3)
one.shutdown(socket.SHUT_RD)
one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
one.connect(peer.getsockname())
one.setblocking(False)
try:
    while True:
        one.send(bytes(65536))
except BlockingIOError:
    pass
os._exit(0)
"""


def test_the_close_of_what_an_account_had_does_not_wait(daemon, account, work_dir):
    owner = account("tlinger")
    port = free_port()
    file = os.path.join(work_dir, "lingers.py")
    with open(file, "w", encoding="ascii") as out:
        out.write(LINGERS)
    server = daemon(f"[socket:web]\nsocket=tcp://127.0.0.1:{port}\n"
                    f"[program:web]\ncommand={PYTHON} {file}\nsockets=web\nstartsecs=0\nautorestart=false\n"
                    f"autostart=ondemand\nuser={owner.pw_name}\n")
    wait_listening(server)
    connected(("127.0.0.1", port)).close()
    wait_for(lambda: info(server)["start"] and "listening" in info(server)["description"], "its end")
    assert "a program has ended that tcp://" in server.log()


# Files and failures


def test_a_stale_file_is_replaced_and_ours_is_removed(daemon, work_dir):
    path = os.path.join(work_dir, "x.sock")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    server = daemon(f"[socket:web]\nsocket=unix://{path}\n" + web())
    assert ask(path) == info(server)["pid"]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert server.stop() == 0
    assert not os.path.exists(path)


@pytest.mark.parametrize("what", ["listening", "file", "tcp", "directory"])
def test_what_cannot_be_opened_is_a_failed_start(daemon, work_dir, cleanup, what):
    path, port = os.path.join(work_dir, "x.sock"), free_port()
    url = f"tcp://127.0.0.1:{port}" if what == "tcp" else f"unix://{path}"
    reason = "Address already in use"
    if what == "tcp":
        taken = cleanup.enter_context(socket.create_server(("127.0.0.1", port)))
    elif what == "listening":
        taken = cleanup.enter_context(socket.socket(socket.AF_UNIX))
        taken.bind(path)
        taken.listen()
    elif what == "file":
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
        reason = "the file exists and is not a socket"
    else:
        url, reason = f"unix://{work_dir}/none/x.sock", "No such file or directory"
    server = daemon(f"[socket:web]\nsocket={url}\n" + web("autostart=ondemand", "startretries=0") +
                    "[program:other]\ncommand=/bin/sleep 1000\n")
    assert server.wait_state("web", "FATAL")["spawnerr"] == f"cannot listen on {url}: {reason}"
    server.wait_state("other", "RUNNING")
    if what == "file":
        with open(path, encoding="utf-8") as file:
            assert file.read() == "mine"
        return
    if what in ("tcp", "listening"):
        taken.close()
        server.rpc.supervisor.startProcess("web")
        assert ask(("127.0.0.1", port) if what == "tcp" else path) == info(server)["pid"]


def test_a_file_that_another_has_put_there_stays(daemon):
    server = daemon(ONDEMAND)
    wait_listening(server)
    os.unlink(path_of(server))
    with open(path_of(server), "w", encoding="utf-8"):
        pass
    assert server.stop() == 0
    assert os.path.isfile(path_of(server))


def test_a_restart_of_supervisord_loses_no_connection(daemon):
    gone = "[socket:b]\nsocket=unix://%(here)s/b.sock\n[program:b]\ncommand=/bin/cat\nsockets=b\n"
    server = daemon(SOCKET + web() + gone)
    b = os.path.join(server.directory, "b.sock")
    with clients(path_of(server)) as answers:
        before = info(server)["pid"]
        wait_for(lambda: before in answers, "an answer")
        assert os.path.exists(b)
        server.configure(ONDEMAND)
        server.kill(signal.SIGHUP)
        wait_for(lambda: answers and answers[-1] != before, "an answer after the restart")
    assert not is_running(before)
    assert ask(path_of(server)) == info(server)["pid"]
    wait_for(lambda: not os.path.exists(b), "the other socket to be removed")
    assert server.stop() == 0
    assert not os.path.exists(path_of(server))


def test_the_check_of_a_configuration_opens_nothing(daemon):
    server = daemon("")
    server.configure(ONDEMAND)
    done = subprocess.run([*program("supervisord"), "--check", "-c", server.config_path], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(path_of(server))


def test_twiddler_adds_a_program_with_a_socket(daemon):
    server = daemon(SOCKET + "[group:g]\nprograms=cat\n[program:cat]\ncommand=/bin/cat\n"
                    "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory = "
                    "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n")
    assert server.rpc.twiddler.addProgramToGroup("g", "web", {"command": SERVE, "sockets": "web", "startsecs": "0",
                                                              "autostart": "ondemand"})
    assert ask(path_of(server)) == info(server, "g:web")["pid"]


# Connections that wait


def test_an_upgrade_keeps_a_connection_that_nobody_has_accepted(daemon, work_dir):
    installed = Installation(work_dir)
    server = daemon(SOCKET + web(), executable=installed.path)
    first = ask(path_of(server))
    os.kill(first, signal.SIGSTOP)
    with connected(path_of(server)) as client:
        assert server.rpc.supervisor.upgrade() is True
        server.wait_ready()
        os.kill(first, signal.SIGKILL)  # another one accepts it
        assert int(client.recv(100)) == wait_for(lambda: info(server)["pid"], "the restart") != first


def test_a_connection_that_waits_for_a_start_is_ended_when_the_address_changes(daemon):
    server = daemon(SOCKET + web("start_delay=1h"))
    with connected(path_of(server)) as client:
        server.configure("[socket:web]\nsocket=unix://%(here)s/new.sock\n" + web())
        assert server.ctl("update").returncode == 0
        assert ask(os.path.join(server.directory, "new.sock")) == info(server)["pid"]
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert refuses(path_of(server))


def test_a_file_of_a_supervisord_that_was_killed_is_replaced(daemon):
    server = daemon(ONDEMAND)
    wait_listening(server)
    server.kill(signal.SIGKILL)
    server.process.wait()
    assert os.path.exists(path_of(server))
    server.start()
    server.wait_ready()
    assert ask(path_of(server)) == info(server)["pid"]


def test_a_stopped_program_refuses_until_it_is_started(daemon):
    port = free_port()
    server = daemon(f"[socket:web]\nsocket=tcp://[::1]:{port}, unix://%(here)s/a b.sock\nsocket_mode=0600\n" +
                    web("autostart=ondemand"))
    path = os.path.join(server.directory, "a b.sock")
    wait_listening(server)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with socket.create_connection(("::1", port), 30) as client:
        assert int(client.recv(100)) == info(server)["pid"]
    assert server.ctl("stop", "web").returncode == 0
    wait_for(lambda: refuses(path), "the socket to be closed")
    assert info(server)["statename"] == "STOPPED"
    assert server.ctl("start", "web").returncode == 0
    assert ask(path) == info(server)["pid"]


# With the manager


@pytest.fixture
def manager(work_dir, account):
    with Managerd(work_dir) as running:
        running.owner = account("tsock")
        yield running


def test_the_manager_keeps_what_nobody_has_accepted(manager):
    port = free_port()
    programs = [("other", "/bin/sleep 1000")]
    manager.entry("tsupv", manager.owner, programs=programs)
    manager.start()
    other = manager.program_pid("tsupv", "other")
    manager.write("etc/supervisord_tsupv.d/own.ini", f"[socket:web]\nsocket=tcp://127.0.0.1:{port}\n", manager.owner)
    programs.append(("web", f"{SERVE}\nsockets = web\nautostart = ondemand\nstartsecs = 0"))
    manager.entry("tsupv", manager.owner, programs=programs)
    done = manager.manager("reload")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: "listening" in manager.ctl("tsupv", "status", "web", owner=manager.owner).stdout, "web to listen")
    before = manager.main_pid("tsupv")
    os.kill(before, signal.SIGSTOP)
    with connected(("127.0.0.1", port)) as client:  # only in the queue of the socket
        kill_instance(before)
        pid = int(client.recv(100))
    assert manager.program_pid("tsupv", "web") == pid
    assert manager.program_pid("tsupv", "other") == other
    assert manager.main_pid("tsupv") != before
    assert ask(("127.0.0.1", port)) == pid


@pytest.mark.parametrize("end", ["orderly", "slow", "killed", "hung"])
def test_a_restart_by_the_manager_opens_all_sockets_again(manager, work_dir, end):
    """However the last copy and its program end, the next one has the sockets at its first attempt."""
    port = free_port()
    home = os.path.join(work_dir, "home")
    os.mkdir(home)
    os.chown(home, manager.owner.pw_uid, manager.owner.pw_gid)
    path = f"{home}/a b.sock"
    manager.entry("tsupv", manager.owner, programs=[("other", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "other")
    manager.write("etc/supervisord_tsupv.d/own.ini",
                  f"[socket:web]\nsocket=tcp://127.0.0.1:{port}, udp://127.0.0.1:{port}, unix://{path}\n", manager.owner)
    manager.entry("tsupv", manager.owner, programs=[
        ("web", f"{SERVE} {'slow' if end == 'slow' else ''}\nsockets = web\nautostart = true\nstartsecs = 0\n"
         "startretries = 0\nstopwaitsecs = 1")])
    done = manager.manager("reload")
    assert done.returncode == 0, done.stderr
    for _ in range(1 if end == "hung" else 2):  # a hung one is killed when stop_timeout is over
        before, instance = ask(("127.0.0.1", port)), manager.main_pid("tsupv")
        if end == "killed":
            kill_instance(instance)
        elif end == "hung":
            os.kill(instance, signal.SIGSTOP)
        done = manager.manager("restart", "tsupv")
        assert done.returncode == 0, done.stderr
        now = ask(("127.0.0.1", port))
        assert now != before
        assert ask(path) == now
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.connect(("127.0.0.1", port))
            client.send(b"x")
            assert int(client.recv(100)) == now
    assert manager.manager("stop", "tsupv").returncode == 0
    assert not os.path.exists(path)
