# SPDX-License-Identifier: MIT
"""The HTTP side of supervisord: log streams, authentication, misbehaving clients, sockets that outlive a restart."""

import base64
import hashlib
import http.client
import os
import signal
import socket
import xmlrpc.client

import pytest

from waiting import wait_for

PRINTER = """
[program:printer]
command=/bin/sh -c 'while read line; do echo "$line"; done'
autostart=true
startsecs=0
stdout_logfile=%(here)s/printer.log
stdout_logfile_maxbytes=200
stdout_logfile_backups=1

[program:sleeper]
command=/bin/sleep 1000
startsecs=2
autostart=false
"""

CALL = b"<methodCall><methodName>supervisor.getState</methodName></methodCall>"


class Client:
    """A raw connection to the Unix socket."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(server.socket)
        self.got = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def until(self, wanted):
        """Reads up to and including `wanted`, and returns it all."""
        while wanted not in self.got:
            piece = self.socket.recv(65536)
            assert piece, f"closed before {wanted!r}: {self.got!r}"
            self.got += piece
        end = self.got.index(wanted) + len(wanted)
        result, self.got = self.got[:end], self.got[end:]
        return result

    def rest(self):
        while piece := self.socket.recv(65536):
            self.got += piece
        return self.got

    def close(self):
        self.socket.close()


def post(body, extra=""):
    return f"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


@pytest.fixture
def server(daemon):
    running = daemon(PRINTER)
    running.wait_state("printer", "RUNNING")
    return running


@pytest.fixture
def client(server, cleanup):
    def connect():
        made = Client(server)
        cleanup.callback(made.close)
        return made

    return connect


def say(server, text):
    server.rpc.supervisor.sendProcessStdin("printer", text + "\n")


def test_a_log_is_followed_as_it_grows_rotates_and_shrinks(server, client):
    say(server, "before")
    wait_for(lambda: "before" in server.read("printer.log"), "the first line")
    stream = client().send(b"GET /logtail/printer HTTP/1.1\r\nHost: x\r\n\r\n\r\n")
    head = stream.until(b"\r\n\r\n").decode()
    assert head.startswith("HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: ")
    assert "\r\nTransfer-Encoding: chunked\r\n" in head
    assert "\r\nContent-Type: text/plain;charset=utf-8\r\n" in head
    assert "\r\nX-Accel-Buffering: no\r\n" in head and "\r\nLast-Modified: " in head
    assert stream.until(b"before\n\r\n") == b"7\r\nbefore\n\r\n"
    say(server, "second")
    stream.until(b"second\n")
    for number in range(10):  # more than the size at which the file rotates
        say(server, f"{number} " + "x" * 60)
        stream.until(b"%d " % number)
    assert os.path.exists(os.path.join(server.directory, "printer.log.1"))
    say(server, "before truncation")
    stream.until(b"before truncation\n")
    server.rpc.supervisor.clearProcessLogs("printer")
    say(server, "after clear")
    stream.until(b"after clear\n")
    os.truncate(os.path.join(server.directory, "printer.log"), 0)
    say(server, "cut")
    stream.until(b"cut\n")


def test_a_stream_begins_1024_bytes_before_the_end(server, client):
    say(server, "y" * 5000)
    wait_for(lambda: (server.read("printer.log.1") + server.read("printer.log")).endswith("y\n"), "the line")
    server.rpc.supervisor.clearProcessLogs("printer")
    with open(os.path.join(server.directory, "printer.log"), "a", encoding="ascii") as log:
        log.write("z" * 3000)
    stream = client().send(b"GET /logtail/printer/stdout HTTP/1.0\r\n\r\n")
    stream.until(b"\r\n\r\n")
    say(server, "end")
    assert stream.until(b"end\n") == b"z" * 1024 + b"end\n"


@pytest.mark.parametrize("path, status", [
    ("/logtail/nobody", 404), ("/logtail/printer/stdlog", 404), ("/logtail/printer:*", 404), ("/logtail", 404),
    ("/logtail/sleeper/stderr/x", 404), ("/RPC2", 400), ("/mainlogtail", 200), ("/nothing.html", 404),
])
def test_statuses_of_get(server, client, path, status):
    answer = client().send(f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()).until(b"\r\n\r\n")
    assert answer.split(b" ")[1] == str(status).encode()


def test_streams_take_get_only(client):
    for path in ("/logtail/printer", "/mainlogtail"):
        request = f"POST {path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode()
        assert client().send(request).until(b"\r\n").endswith(b" 400 Bad Request\r\n")


def test_the_activity_log_is_followed(server, client):
    stream = client().send(b"GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
    stream.until(b"printer entered RUNNING state")
    server.rpc.supervisor.startProcess("sleeper", False)
    stream.until(b"spawned: 'sleeper' with pid ")


def test_clients_that_stall_hold_up_nobody(server, client):
    lazy = [client().send(b"GET /mainlogtail HTTP/1.1\r\n\r\n") for _ in range(10)]
    half = [client().send(b"POST /RPC2 HT") for _ in range(50)]
    bodies = [client().send(post(CALL)[:-5]) for _ in range(50)]
    waiting = client().send(post(xmlrpc.client.dumps(("sleeper",), "supervisor.startProcess").encode()))
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    bodies[7].send(CALL[-5:]).until(b"</methodResponse>")
    assert b"<boolean>1</boolean>" in waiting.until(b"</methodResponse>")
    assert server.rpc.supervisor.getProcessInfo("sleeper")["statename"] == "RUNNING"
    assert len(lazy) + len(half) == 60


def test_pipelined_calls_are_answered_in_order(client):
    both = client().send(post(CALL) + post(xmlrpc.client.dumps((), "supervisor.getPID").encode(), "Connection: close\r\n"))
    answer = both.rest()
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b"statename") < answer.rindex(b"<int>")


def test_what_is_no_call_is_refused(client):
    for body in (b"", b"junk", b"<methodCall/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><methodCall/>"):
        assert client().send(post(body)).until(b"\r\n").endswith(b" 400 Bad Request\r\n")
    assert client().send(b"POST /RPC2 HTTP/1.1\r\n\r\n").until(b"\r\n").endswith(b" 411 Length Required\r\n")
    answer = client().send(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n").until(b"\r\n")
    assert b" 413 " in answer


def test_a_client_that_vanishes_while_it_waits_changes_nothing(server, client):
    waiting = client().send(post(xmlrpc.client.dumps(("sleeper",), "supervisor.startProcess").encode()))
    server.wait_state("sleeper", "STARTING")
    waiting.close()
    server.wait_state("sleeper", "RUNNING")
    assert server.rpc.supervisor.stopProcess("sleeper") is True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("kind", ["plain", "{SHA}", "{SHA512}", "crypt"])
def test_basic_authentication_over_tcp(daemon, kind):
    password = "pä:ss"
    stored = {
        "plain": password,
        "{SHA}": "{SHA}" + hashlib.sha1(password.encode()).hexdigest(),
        "{SHA512}": "{SHA512}" + hashlib.sha512(password.encode()).hexdigest(),
        "crypt": "$6$rounds=1000$saltsalt$"
                 "dKJ49Vt6x7tudRGAPgIfo/fG6xB8YCLHNQlgH.0Xp.XDdsif.Im83x6JB0Si26QT/KIjO4ojrKjFkC3KcaMpD.",
    }[kind]
    port = free_port()
    daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=testé\npassword={stored}\n")

    def ask(pair):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        token = base64.b64encode(pair.encode()).decode()
        connection.request("POST", "/RPC2", CALL, {"Authorization": "Basic " + token} if pair else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("WWW-Authenticate")

    assert ask("testé:pä:ss") == (200, None)
    assert ask("") == (401, 'Basic realm="default"')
    assert ask("testé:wrong")[0] == 401
    assert ask("other:pä:ss")[0] == 401


def test_the_socket_goes_on_listening_through_a_restart(server):
    before = os.stat(server.socket).st_ino
    early = Client(server)  # connected, without a request: it may be closed, but the next connection is never refused
    server.kill(signal.SIGHUP)
    wait_for(lambda: server.log().count("supervisord started with pid") == 2, "the second life")
    early.close()
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    assert os.stat(server.socket).st_ino == before
    assert "refused" not in server.output()


def test_another_file_in_the_socket_s_place_is_left_alone(daemon):
    refused = daemon(wait=False)
    refused.stop(signal.SIGKILL)
    if os.path.exists(refused.socket):
        os.unlink(refused.socket)
    with open(refused.socket, "w", encoding="ascii") as file:
        file.write("precious")
    refused.start()
    assert refused.process.wait(30) == 2
    assert refused.read("s.sock") == "precious"
    assert "exists and is not a socket" in refused.output()
