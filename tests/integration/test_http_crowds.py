# SPDX-License-Identifier: MIT
"""Clients that only use up resources: half requests, bodies after a wrong password, more clients than descriptors.

Whatever happens at the TCP port, the owner's Unix socket answers, and so does the port to clients with the password."""

import base64
import contextlib
import http.client
import os
import resource
import select
import socket
import xmlrpc.client

import pytest

from page import free_port
from sanitizers import without_sanitizer
from waiting import wait_for

CALL = b"<methodCall><methodName>supervisor.getState</methodName></methodCall>"
RIGHT = {"Authorization": "Basic " + base64.b64encode(b"admin:right").decode()}
WRONG = "Authorization: Basic " + base64.b64encode(b"admin:wrong").decode() + "\r\n"
PASSWORD = "username=admin\npassword=right\n"
SLEEPER = "\n[program:sleeper]\ncommand=/bin/sleep 1000\nautostart=false\n"


class Server:
    """An instance with a Unix socket and a TCP port, and clients without the password at its port."""

    def __init__(self, daemon, cleanup, auth):
        self.port = free_port()
        self.daemon = daemon(f"[inet_http_server]\nport=127.0.0.1:{self.port}\n{auth}{SLEEPER}")
        self._cleanup = cleanup

    def stranger(self, data=b""):
        """A connection to the port that has sent `data` and stays open. A full server may have closed it already."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self._cleanup.callback(client.close)
        with contextlib.suppress(ConnectionError):
            client.sendall(data)
        return client

    def ask(self, headers=(), body=CALL):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/RPC2", body, dict(headers))
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply.status

    def open(self):
        return len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    def memory(self, field):
        with open(f"/proc/{self.daemon.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field + ":"))


@pytest.fixture
def many_files():
    """Raises the test's own limit when called, after the start of the daemon, which must raise its limit itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


HEAD = b"POST /RPC2 HT"
BODY = b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<"


@pytest.mark.parametrize("auth, data", [(PASSWORD, HEAD), (PASSWORD, b""), ("", HEAD), ("", BODY)],
                         ids=["heads", "silence", "heads-open", "bodies-open"])
def test_half_requests_shut_nobody_out(daemon, cleanup, many_files, auth, data):
    server = Server(daemon, cleanup, auth)
    many_files()
    kept = server.daemon.rpc
    assert kept.supervisor.getState()["statename"] == "RUNNING"
    for _ in range(1100):
        server.stranger(data)
    assert kept.supervisor.getState()["statename"] == "RUNNING"
    assert server.daemon.rpc.supervisor.getState()["statename"] == "RUNNING"
    assert server.ask(RIGHT if auth else ()) == 200
    assert server.daemon.rpc.supervisor.startProcess("sleeper") is True


def test_the_limit_of_connections_is_that_of_the_raised_descriptors(daemon, cleanup, many_files):
    server = Server(daemon, cleanup, PASSWORD)
    many_files()
    request = b"POST /RPC2 HTTP/1.1\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        RIGHT["Authorization"].encode(), len(CALL), CALL)
    clients = [server.stranger(request) for _ in range(700)]
    for client in clients:
        assert client.recv(12) == b"HTTP/1.1 200"
    assert server.open() > 700  # none was closed to make room for another one


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_bodies_behind_a_wrong_password_cost_nothing(daemon, cleanup, many_files):
    server = Server(daemon, cleanup, PASSWORD)
    many_files()
    server.ask(RIGHT)
    with open(f"/proc/{server.daemon.pid}/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    before = server.memory("VmHWM")
    request = f"POST /RPC2 HTTP/1.1\r\n{WRONG}Content-Length: 15000000\r\n\r\n".encode() + b"x" * 60_000
    clients = [server.stranger(request) for _ in range(400)]
    for client in clients:
        with contextlib.suppress(ConnectionError):
            assert client.recv(12) in (b"HTTP/1.1 401", b"")
    assert server.memory("VmHWM") - before < 6 * 1024


def test_no_descriptor_is_left_but_the_owner_comes_in(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    server.daemon.rpc.supervisor.getState()
    limit = max(int(fd) for fd in os.listdir(f"/proc/{server.daemon.pid}/fd")) + 26
    resource.prlimit(server.daemon.pid, resource.RLIMIT_NOFILE, (limit, limit))
    for data in (b"", HEAD):
        for _ in range(40):
            server.stranger(data)
        assert server.daemon.rpc.supervisor.getState()["statename"] == "RUNNING"
        assert server.ask(RIGHT) == 200
        # Programs need descriptors too: connections of clients without the password are closed for them in time.
        assert server.daemon.rpc.supervisor.startProcess("sleeper") is True
        assert server.daemon.rpc.supervisor.stopProcess("sleeper") is True


def test_a_refused_password_is_followed_by_the_right_one_on_the_same_connection(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    cleanup.callback(connection.close)
    connection.request("POST", "/RPC2", CALL)
    first = connection.getresponse()
    first.read()
    assert first.status == 401 and first.getheader("WWW-Authenticate") == 'Basic realm="default"'
    line = connection.sock
    assert line is not None
    connection.request("POST", "/RPC2", CALL, RIGHT)
    assert connection.getresponse().status == 200
    assert connection.sock is line


def test_a_large_body_is_not_waited_for(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    client = server.stranger(f"POST /RPC2 HTTP/1.1\r\n{WRONG}Content-Length: 1000000\r\n\r\n".encode())
    answer = b""
    while piece := client.recv(4096):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 401") and b"\r\nConnection: close\r\n" in answer


def test_expect_is_answered_by_the_refusal(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    head = "POST /RPC2 HTTP/1.1\r\n{}Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(CALL)
    client = server.stranger(head.format(WRONG).encode())
    answer = b""
    while piece := client.recv(4096):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 401")
    client = server.stranger(head.format(f"Authorization: {RIGHT['Authorization']}\r\n").encode())
    assert client.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(CALL)
    assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_what_large_calls_took_is_given_back(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    server.ask(RIGHT)
    before = server.memory("RssAnon")
    call = CALL[:-13] + b"<params><param><value><array><data>" + b"<value><array><data/></array></value>" * 90_000 + \
        b"</data></array></value></param></params></methodCall>"
    for _ in range(3):
        assert server.ask(RIGHT, call) == 200
    wait_for(lambda: server.memory("RssAnon") - before < 2 * 1024, "the memory to be given back")


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_what_a_crowd_took_is_given_back(daemon, cleanup, many_files):
    server = Server(daemon, cleanup, PASSWORD)
    server.ask(RIGHT)
    before = server.memory("RssAnon")
    with contextlib.ExitStack() as crowd:
        for _ in range(500):
            crowd.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
        wait_for(lambda: server.open() > 500, "the crowd")
        grown = server.memory("RssAnon") - before
    wait_for(lambda: server.memory("RssAnon") - before < grown / 2, "the memory to be given back")


def multicall(count, method, *params):
    return xmlrpc.client.dumps(([{"methodName": method, "params": list(params)}] * count,), "system.multicall").encode()


def test_a_multicall_of_thousands_lets_the_others_in(daemon, cleanup):
    server = Server(daemon, cleanup, PASSWORD)
    log = server.daemon.rpc.supervisor
    log.startProcess("sleeper")
    body = multicall(9000, "supervisor.readProcessStdoutLog", "sleeper", -10, 0)
    head = f"POST /RPC2 HTTP/1.1\r\nAuthorization: {RIGHT['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    greedy = server.stranger(head.encode() + body)
    served = 0
    while not select.select([greedy], [], [], 0)[0]:
        assert log.getState()["statename"] == "RUNNING"
        served += 1
    assert served > 10
    assert greedy.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_a_multicall_is_answered_up_to_a_size(daemon, cleanup):
    programs = "".join(f"\n[program:p{i}]\ncommand=/bin/true\nautostart=false\n" for i in range(30))
    server = Server(daemon, cleanup, programs)
    with open(f"/proc/{server.daemon.pid}/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    before = server.memory("VmHWM")
    body = multicall(5000, "supervisor.getAllProcessInfo")
    with pytest.raises(xmlrpc.client.Fault) as fault:
        server.daemon.rpc.system.multicall([{"methodName": "supervisor.getAllProcessInfo"}] * 5000)
    assert fault.value.faultString == "FAILED: the answer is larger than 32 MB; make fewer calls in one request"
    assert server.ask((), body) == 200
    assert server.memory("VmHWM") - before < 128 * 1024


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_a_log_of_gigabytes_is_not_read_at_once(daemon, cleanup):
    server = Server(daemon, cleanup, "\n[program:log]\ncommand=/bin/cat\nautostart=false\n"
                                     "stdout_logfile=%(here)s/huge.log\nstdout_logfile_maxbytes=0\n")
    path = os.path.join(server.daemon.directory, "huge.log")
    with open(path, "wb") as log:
        log.truncate(4 << 30)
        log.seek(0, os.SEEK_END)
        log.write(b"the end\n")
    with open(f"/proc/{server.daemon.pid}/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    before = server.memory("VmHWM")
    rpc = server.daemon.rpc.supervisor
    for method, arguments in ((rpc.readProcessStdoutLog, (0, 0)), (rpc.readProcessStdoutLog, (-2**31 + 1, 0)),
                              (rpc.readProcessStdoutLog, (0, 2**31 - 1)),
                              (rpc.tailProcessStdoutLog, (2**31 - 1, 2**31 - 1))):
        with pytest.raises(xmlrpc.client.Fault) as fault:
            method("log", *arguments)
        assert fault.value.faultString == "FAILED: the requested part of the log is larger than 32 MB; request less"
    assert rpc.readProcessStdoutLog("log", -8, 0) == "the end\n"
    assert server.ask() == 200
    assert server.memory("VmHWM") - before < 16 * 1024


def test_idle_clients_leave_room_under_a_low_limit_of_descriptors(daemon, cleanup):
    """As with limit_nofile = 64: each program needs three, and clients that send nothing must leave enough of them."""
    programs = "".join(f"\n[program:p{number}]\ncommand=/bin/cat\nstartsecs=0\n" for number in range(5))
    server = daemon("[program:sleeper]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n" + programs,
                    supervisord="minfds=16", prefix=["prlimit", "--nofile=64:64"])
    for _ in range(60):
        client = socket.socket(socket.AF_UNIX)
        cleanup.callback(client.close)
        client.connect(server.socket)
    for _ in range(3):
        assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
        assert server.rpc.supervisor.startProcess("sleeper") is True
        assert server.rpc.supervisor.stopProcess("sleeper") is True
    assert {info["statename"] for info in server.rpc.supervisor.getAllProcessInfo()} == {"RUNNING", "STOPPED"}


@pytest.mark.parametrize("what", ["log-events", "download"])
def test_pages_that_follow_a_log_leave_room_for_programs(daemon, cleanup, what, work_dir):
    """Each page keeps the log open, beside its connection; all connect before the first sends a request."""
    big = os.path.join(work_dir, "big.log")
    with open(big, "wb") as file:
        file.truncate(64 * 1024 * 1024)
    server = daemon("[program:sleeper]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n\n[program:big]\n"
                    f"command=/bin/cat\nstartsecs=0\nstdout_logfile={big}\nstdout_logfile_maxbytes=0\n",
                    supervisord="minfds=16", prefix=["prlimit", "--nofile=200:200"])
    clients = []
    for _ in range(95):
        client = socket.socket(socket.AF_UNIX)
        cleanup.callback(client.close)
        client.connect(server.socket)
        clients.append(client)
    wait_for(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) > 95, "the connections")
    answers = []
    for client in clients:
        client.settimeout(30)
        client.sendall(f"GET /{what}?processname=big HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answers.append(client.recv(16).split()[1])
    assert {b"200", b"503"} == set(answers)
    assert server.rpc.supervisor.startProcess("sleeper") is True
