# SPDX-License-Identifier: MIT
"""Memory runs out: only the request that needed it fails.

Each scenario runs repeatedly, each time with another failing allocation, alone or with those that follow it; with
$SM_MEMORY_ALL set, once for each of them. Afterwards the daemon must still run, read the pipes of its programs, have
restarted ended programs, and answer. $FAILING_MALLOC_TRACE shows where the allocation was."""

import contextlib
import http.client
import itertools
import os
import resource
import select
import signal
import socket
import xmlrpc.client

import pytest

from daemon import UnixConnection, connect
from memory_plan import MemoryPlan
from processes import group
from programs import PYTHON, SOURCE
from sanitizers import without_sanitizer
from waiting import wait_for

pytestmark = without_sanitizer("failing_malloc.so replaces malloc, and so does a sanitizer")
VICTIMS = 24
CONFIG = f"""[program:feed]
command=/bin/sh -c "exec /bin/cat <>%(here)s/feed.pipe"
stdout_logfile=%(here)s/feed.log
stdout_logfile_maxbytes=60
stdout_logfile_backups=2
stdout_events_enabled=true
[program:victim]
command=/bin/sleep 1000
process_name=%(process_num)02d
numprocs={VICTIMS}
startsecs=0
[program:other]
command=/bin/cat
startsecs=0
stopwaitsecs=2
autorestart=false
[program:wrapper]
command=/bin/sh -c "(trap '/bin/sleep 0.1; exit' TERM; /bin/sleep 1000 & wait) & exec /bin/sleep 1000"
startsecs=0
stopasgroup=true
stopwaitsecs=60
autorestart=false
[eventlistener:listener]
command={PYTHON} {SOURCE}/tests/support/listener.py ok %(here)s/events
events=PROCESS_STATE,PROCESS_LOG,REMOTE_COMMUNICATION
startsecs=0
buffer_size=1000
"""
# The errors of a client for which the server has no memory.
REFUSED = (OSError, http.client.HTTPException, xmlrpc.client.Error)


class Server:
    """A daemon whose allocations fail on demand."""

    def __init__(self, daemon, directory):
        self.plan = MemoryPlan(directory)
        self._numbers = itertools.count(1)
        self.pipe = None
        self._group = None
        self._feed = os.path.join(directory, "feed.pipe")
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._feed)  # before the program, whose shell would make a file
        self.daemon = daemon(CONFIG.replace("%(here)s/feed.pipe", self._feed), env=self.plan.environment, wait=False)

    def ready(self, cleanup):
        self.pipe = os.open(self._feed, os.O_RDWR)
        cleanup.callback(os.close, self.pipe)
        self.daemon.wait_ready()
        for name in ("feed", "listener", "wrapper"):
            self.daemon.wait_state(name, "RUNNING")
        return self

    def say(self):
        """Makes a program print a line, and returns the line."""
        line = f"line {next(self._numbers)}".encode() + b"\n"
        os.write(self.pipe, line)
        return line

    def written(self, line):
        """Whether `line` is in the log or its backups."""
        for name in ("feed.log", "feed.log.1", "feed.log.2"):
            with contextlib.suppress(FileNotFoundError), \
                    open(os.path.join(self.daemon.directory, name), "rb") as file:
                if line in file.read():
                    return True
        return False

    def rpc(self):
        return patient(self.daemon.socket)

    def victims(self):
        infos = [info for info in self.rpc().supervisor.getAllProcessInfo() if info["group"] == "victim"]
        return infos if all(info["statename"] == "RUNNING" and alive(info["pid"]) for info in infos) else None

    def wrapper_runs(self):
        """Whether the wrapper runs. A stopped one must have no process left in its group, and is started again."""
        info = self.rpc().supervisor.getProcessInfo("wrapper")
        if info["statename"] == "RUNNING":
            self._group = info["pid"]
            return len(group(self._group)) == 3  # with its child and the child that outlives it
        if info["statename"] == "STOPPED":
            assert group(self._group) == []
            self.rpc().supervisor.startProcess("wrapper")
        return False

    def check(self):
        """Checks that everything works as before the failure."""
        assert self.daemon.process.poll() is None, self.daemon.output() + self.daemon.log()[-3000:]
        try:
            infos = wait_for(self.victims, "all victims to run")
            assert len(infos) == VICTIMS
            wait_for(self.wrapper_runs, "the wrapper to run")
            sent = f"event {next(self._numbers)}."
            self.rpc().supervisor.sendRemoteCommEvent("check", sent)
            wait_for(lambda: sent in self.daemon.read("events"), "the event at the listener")
            line = self.say()
            wait_for(lambda: self.written(line), "the line in the log")
        except BaseException as error:
            raise AssertionError(f"{error}\n{self.daemon.output()[-2000:]}{self.daemon.log()[-3000:]}") from error


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def patient(path):
    """A proxy whose calls have a time limit."""
    proxy = connect(path)
    transport = proxy("transport")
    connection = transport.make_connection("localhost")
    connection.timeout = 5
    connection.connect()
    connection.sock.settimeout(5)
    return proxy


def get(server, path):
    connection = UnixConnection(server.daemon.socket)
    connection.connect()
    connection.sock.settimeout(5)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read()


def status(server):
    server.rpc().supervisor.getAllProcessInfo()


def stop_and_start(server):
    rpc = server.rpc()
    with contextlib.suppress(*REFUSED):
        rpc.supervisor.stopProcess("other")
    server.rpc().supervisor.startProcess("other")


def stop_group(server):
    """The wrapper ends immediately, its children a little later."""
    rpc = server.rpc()
    with contextlib.suppress(*REFUSED):
        rpc.supervisor.stopProcess("wrapper")
    server.rpc().supervisor.startProcess("wrapper")


def end(server):
    number = next(server._numbers) % VICTIMS
    info = server.rpc().supervisor.getProcessInfo(f"victim:{number:02}")
    os.kill(info["pid"], signal.SIGKILL)
    wait_for(lambda: not alive(info["pid"]), "its end")
    wait_for(server.victims, "its restart")


def output(server):
    line = server.say()
    wait_for(lambda: server.written(line), "the line in the log")


def reread(server):
    server.rpc().supervisor.reloadConfig()


def regroup(server):
    rpc = server.rpc()
    with contextlib.suppress(*REFUSED):
        rpc.supervisor.stopProcessGroup("other")
    with contextlib.suppress(*REFUSED):
        server.rpc().supervisor.removeProcessGroup("other")
    server.rpc().supervisor.addProcessGroup("other")


def page(server):
    get(server, "/")


def follow(server, path="/logtail/feed"):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        client.connect(server.daemon.socket)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.recv(100)
        line = server.say()
        wait_for(lambda: server.written(line), "the line in the log")
        select.select([client], [], [], 0)


def open_pages(server):
    follow(server, "/log-events?processname=feed")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        client.connect(server.daemon.socket)
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(100)
        stop_and_start(server)


def event(server):
    server.rpc().supervisor.sendRemoteCommEvent("type", "data.")


SCENARIOS = [status, stop_and_start, stop_group, end, output, reread, regroup, page, follow, open_pages, event]


@pytest.mark.parametrize("length", [1, 25])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_no_allocation_is_indispensable(daemon, work_dir, cleanup, scenario, length):
    server = Server(daemon, work_dir).ready(cleanup)
    server.check()
    server.plan.count()
    scenario(server)
    count = server.plan.seen
    assert count > 0
    stride = 1 if "SM_MEMORY_ALL" in os.environ else max(1, count // 50)
    for first in range(1, count + 1, stride):
        with server.plan.fail(first, length), contextlib.suppress(*REFUSED):
            scenario(server)
        server.check()


@pytest.mark.parametrize("length", [1, 25])
def test_the_way_down_is_gone_to_its_end(daemon, work_dir, cleanup, length):
    for first in range(1, 60, 12):
        directory = os.path.join(work_dir, str(first))
        os.mkdir(directory)
        server = Server(daemon, directory).ready(cleanup)
        with server.plan.fail(first, length):
            assert server.daemon.stop() == 0, server.daemon.log()[-2000:]
            assert server.plan.failed > 0


def is_refusal(answer):
    """Whether an answer, a file of bytes, is another status than 200, or a fault for lack of memory."""
    if not answer.readline().startswith(b"HTTP/1.1 200"):
        return True
    while answer.readline().strip():
        pass
    return b"<fault>" in answer.read(200)


def test_a_limit_of_memory_ends_no_program(daemon, work_dir, cleanup):
    """Clients request more than fits into memory, repeatedly, under a limit such as `limit_as` sets."""
    server = Server(daemon, work_dir).ready(cleanup)
    with open(f"/proc/{server.daemon.pid}/statm", encoding="ascii") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.prlimit(server.daemon.pid, resource.RLIMIT_AS, (size + 12 * 2**20, size + 12 * 2**20))
    log = os.path.join(server.daemon.directory, "feed.log")
    many = "".join("<value><struct><member><name>methodName</name><value>supervisor.getAllProcessInfo</value></member>"
                   "</struct></value>" for _ in range(3000))
    calls = f"<methodCall><methodName>system.multicall</methodName><params><param><value><array><data>{many}" \
            "</data></array></value></param></params></methodCall>"
    refused = 0
    for round in range(6):
        clients = [socket.socket(socket.AF_UNIX) for _ in range(12)]
        for client in clients:
            client.settimeout(30)
            client.connect(server.daemon.socket)
            with contextlib.suppress(OSError):
                client.sendall(f"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: "
                               f"{len(calls)}\r\n\r\n".encode() + calls.encode())
        line = server.say()
        for client in clients:
            with contextlib.closing(client):
                try:
                    with client.makefile("rb") as answer:
                        refused += is_refusal(answer)
                except OSError:
                    refused += 1
        wait_for(lambda: server.written(line), "the line in the log")
        end(server)
    assert refused > 0, log
    server.check()
    assert "is disabled" not in server.daemon.log()
