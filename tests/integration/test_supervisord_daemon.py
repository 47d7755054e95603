# SPDX-License-Identifier: MIT
"""supervisord as a daemon: background, exit status, pid file, signals, limits, user."""

import os
import resource
import signal
import socket
import stat
import subprocess
from xmlrpc.client import Fault

import pytest

from daemon import Daemon, UnixConnection, connect
from processes import is_running
from programs import program
from waiting import wait_for


class Background:
    """supervisord without -n, started like from a shell."""

    def __init__(self, directory, lines="", sections=""):
        self.directory = directory
        self.config = os.path.join(directory, "s.conf")
        self.pid_path = os.path.join(directory, "s.pid")
        self.pid = None
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\nlogfile={directory}/s.log\npidfile={self.pid_path}\nchildlogdir={directory}\n"
                       f"{lines}\n[unix_http_server]\nfile={directory}/s.sock\n[rpcinterface:supervisor]\n"
                       "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n" + sections)

    def start(self, *arguments):
        done = subprocess.run([*program("supervisord"), "-c", self.config, *arguments], cwd=self.directory,
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0:
            self.pid = int(self.log("s.pid"))
        return done

    def log(self, name="s.log"):
        with open(os.path.join(self.directory, name), encoding="utf-8") as file:
            return file.read()

    def stop(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            wait_for(lambda: not is_running(self.pid), "supervisord to end")
            self.pid = None


@pytest.fixture
def background(work_dir, cleanup):
    def make(*arguments):
        made = Background(work_dir, *arguments)
        cleanup.callback(made.stop)
        return made

    return make


def test_in_the_background(background, work_dir):
    run = background("umask=027\ndirectory=/usr")
    assert run.start().returncode == 0
    # Ready when the command returns: pid file, socket and log exist.
    assert connect(f"{work_dir}/s.sock").supervisor.getPID() == run.pid
    assert os.getsid(run.pid) == run.pid
    assert os.readlink(f"/proc/{run.pid}/cwd") == "/usr"
    assert {os.readlink(f"/proc/{run.pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
    assert "Umask:\t0027" in open(f"/proc/{run.pid}/status", encoding="utf-8").read()
    assert "INFO daemonizing the supervisord process" in run.log()
    assert f"INFO supervisord started with pid {run.pid}" in run.log()
    run.stop()
    assert not os.path.exists(run.pid_path) and not os.path.exists(f"{work_dir}/s.sock")


def test_the_exit_status_tells_what_went_wrong(background, work_dir):
    run = background()
    assert run.start().returncode == 0
    logs = set(os.listdir(work_dir))
    second = run.start("-j", f"{work_dir}/other.pid")
    assert second.returncode == 2
    assert second.stderr.startswith("Error: Another program is already listening on a port that one of our HTTP servers "
                                    "is configured to use.")
    assert set(os.listdir(work_dir)) == logs  # the second daemon has changed nothing
    assert is_running(run.pid)
    run.stop()
    os.mkdir(f"{work_dir}/directory")
    assert run.start("-l", f"{work_dir}/directory").returncode == 2


def test_hangup_restarts_in_the_same_process(background, work_dir):
    run = background("", "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    assert run.start().returncode == 0
    rpc = connect(f"{work_dir}/s.sock")
    before = rpc.supervisor.getProcessInfo("a")["pid"]
    with open(run.config, "a", encoding="utf-8") as file:
        file.write("[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    os.kill(run.pid, signal.SIGHUP)
    wait_for(lambda: run.log().count("supervisord started with pid") == 2, "the restart")
    wait_for(lambda: not is_running(before), "the end of the old program")
    rpc = connect(f"{work_dir}/s.sock")
    assert rpc.supervisor.getPID() == run.pid
    assert [info["name"] for info in rpc.supervisor.getAllProcessInfo()] == ["a", "b"]
    assert "WARN received SIGHUP indicating restart request" in run.log()


def test_hangup_with_a_bad_configuration_changes_nothing(daemon):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.wait_state("a", "RUNNING")["pid"]
    server.configure("[program:a]\ncommand=/bin/sleep 1000\npriority=high\n")
    server.kill(signal.SIGHUP)
    wait_for(lambda: "ERRO cannot restart, the old configuration stays: " in server.log(), "the refusal")
    assert server.rpc.supervisor.getProcessInfo("a")["pid"] == pid
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


def test_a_restart_with_a_bad_configuration_is_refused(daemon):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.wait_state("a", "RUNNING")["pid"]
    server.configure("[program:a]\ncommand=/bin/sleep 1000\npriority=high\n")
    with pytest.raises(Fault) as refusal:
        server.rpc.supervisor.restart()
    assert refusal.value.faultCode == 92
    assert refusal.value.faultString.startswith("CANT_REREAD: ") and "priority" in refusal.value.faultString
    done = server.ctl("reload")
    assert done.returncode == 1 and done.stdout.startswith("ERROR: CANT_REREAD: ")
    assert server.rpc.supervisor.getProcessInfo("a")["pid"] == pid
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


@pytest.fixture
def taken(cleanup):
    """A TCP port where another program listens."""
    listener = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
    return listener.getsockname()[1]


@pytest.mark.parametrize("old, new, reason", [
    ("file=%(here)s/s.sock", "file=%(here)s/none/s.sock", "its directory does not exist"),
    ("file=%(here)s/s.sock", "file=/tmp/" + 120 * "x", "AF_UNIX path too long"),
    ("[unix_http_server]", "[inet_http_server]\nport=127.0.0.1:TAKEN\n[unix_http_server]", "already listening"),
    ("[unix_http_server]", "[inet_http_server]\nport=192.0.2.1:9001\n[unix_http_server]", "no interface of this machine"),
    ("logfile=%(here)s/supervisord.log", "logfile=%(here)s", "could not open the log file"),
], ids=["directory", "long", "taken", "interface", "log"])
def test_a_restart_that_could_not_open_what_it_needs_is_refused(daemon, taken, old, new, reason):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.wait_state("a", "RUNNING")["pid"]
    text = server.read("supervisord.conf")
    with open(server.config_path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new.replace("TAKEN", str(taken))))
    with pytest.raises(Fault) as refusal:
        server.rpc.supervisor.restart()
    assert refusal.value.faultCode == 92 and reason in refusal.value.faultString
    assert "(file: '" in refusal.value.faultString or "log file" in reason
    server.kill(signal.SIGHUP)
    wait_for(lambda: server.log().count("ERRO cannot restart, the old configuration stays: ") == 2, "the refusal")
    assert server.rpc.supervisor.getProcessInfo("a")["pid"] == pid
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


def test_a_restart_takes_servers_over(daemon):
    """New addresses and moved ones, also one that the old server keeps until it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\n"
                    "[program:slow]\ncommand=/bin/sh -c 'trap \"\" TERM; echo; while sleep 1; do :; done'\nstopwaitsecs=2\n")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog("slow", 0, 0), "the trap")
    more = os.path.join(server.directory, "more.sock")
    text = server.read("supervisord.conf").replace("s.sock\n", "s.sock\nchmod=0770\n", 1)
    with open(server.config_path, "w", encoding="utf-8") as file:
        file.write(text.replace("port=127.0.0.1:", "port=") + "[unix_http_server:more]\nfile=%(here)s/more.sock\n")
    assert server.rpc.supervisor.restart() is True
    assert os.path.exists(more)  # while the programs still run
    server.kill(signal.SIGHUP)
    wait_for(lambda: "received SIGHUP" in server.log(), "the second request")
    assert connect(more).supervisor.getPID() == server.pid
    wait_for(lambda: server.log().count("supervisord started with pid") == 2, "the restart")
    assert stat.S_IMODE(os.stat(server.socket).st_mode) == 0o770
    with socket.create_connection(("127.0.0.2", port)):
        pass
    assert server.stop() == 0
    assert not os.path.exists(more)


def test_the_version_is_supervisors(daemon):
    server = daemon()
    assert server.rpc.supervisor.getSupervisorVersion() == "4.2.5"
    assert server.ctl("version").stdout == "4.2.5\n"
    done = subprocess.run([*program("supervisord"), "-v"], capture_output=True, text=True, check=True)
    assert done.stdout == "4.2.5\n"
    page = UnixConnection(server.socket)
    page.request("GET", "/")
    assert "Supervisor 4.2.5 · supervisor-manager " in page.getresponse().read().decode()


def test_automatic_logs_are_auto_again_after_a_reread(daemon):
    server = daemon("[program:a]\ncommand=/bin/cat\nstartsecs=0\n")
    before = server.rpc.supervisor.getAllConfigInfo()[0]["stdout_logfile"]
    assert before == server.rpc.supervisor.getProcessInfo("a")["stdout_logfile"]
    server.rpc.supervisor.reloadConfig()
    assert server.rpc.supervisor.getAllConfigInfo()[0]["stdout_logfile"] == "auto"
    assert server.rpc.supervisor.getProcessInfo("a")["stdout_logfile"] == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_signals_end_it(daemon, number):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    child = server.wait_state("a", "RUNNING")["pid"]
    assert server.stop(number) == 0
    assert not is_running(child)
    assert f"WARN received {number.name} indicating exit request" in server.log()
    assert not os.path.exists(os.path.join(server.directory, "supervisord.pid"))


def test_a_bad_configuration_is_an_error_without_damage(work_dir):
    config = os.path.join(work_dir, "bad.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[supervisord]\nlogfile=%(here)s/s.log\n[program:x]\n")
    done = subprocess.run([*program("supervisord"), "-n", "-c", config], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ") and "program:x" in done.stderr
    assert os.listdir(work_dir) == ["bad.conf"]


def test_it_raises_its_limits(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 300:
        pytest.skip("the hard limit is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        server = daemon("[program:a]\ncommand=/bin/sh -c 'ulimit -n; ulimit -Hn'\nstartsecs=0\nautorestart=false\n",
                        supervisord="minfds=300")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    server.wait_state("a", "EXITED")
    most = "unlimited" if hard == resource.RLIM_INFINITY else hard
    assert server.rpc.supervisor.readProcessStdoutLog("a", 0, 0) == f"300\n{most}\n"
    # It may need many descriptors for pipes and logs: it raises its own limit to the hard limit.
    assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    assert "INFO Increased RLIMIT_NOFILE limit to 300" in server.log()


def test_it_becomes_its_user(cleanup, account, work_dir):
    user = account()
    directory = os.path.join(work_dir, "open")
    os.mkdir(directory)
    os.chmod(directory, 0o777)
    server = cleanup.enter_context(Daemon(
        "ours", directory, "[program:a]\ncommand=/usr/bin/id -un\nstartsecs=0\nautorestart=false\n",
        supervisord=f"user={user.pw_name}"))
    server.wait_state("a", "EXITED")
    assert os.stat(f"/proc/{server.pid}").st_uid == user.pw_uid
    assert server.rpc.supervisor.readProcessStdoutLog("a", 0, 0) == f"{user.pw_name}\n"
    assert f"INFO Set uid to user {user.pw_uid} succeeded" in server.log()


def test_it_feeds_systemds_watchdog(cleanup, work_dir):
    address = os.path.join(work_dir, "notify")
    receiver = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    receiver.bind(address)
    receiver.settimeout(30)
    cleanup.enter_context(Daemon("ours", work_dir, env={
        **os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "100000"}))
    messages = [receiver.recv(4096) for _ in range(4)]
    assert messages.count(b"WATCHDOG=1") == 3 and any(b"READY=1" in message for message in messages)


@pytest.mark.parametrize("manager", [False, True])
def test_what_it_says_of_itself_survives_a_full_queue(cleanup, work_dir, manager):
    """READY and STOPPING are not repeated by later messages: who misses them waits, or counts the end as a crash."""
    address = os.path.join(work_dir, "notify")
    receiver = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    receiver.bind(address)
    receiver.settimeout(30)
    filler = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    filler.setblocking(False)

    def fill():
        with pytest.raises(BlockingIOError):
            while True:
                filler.sendto(b"FILLER=1", address)

    def hears(word):
        while word not in receiver.recv(65536):
            pass

    fill()
    stays = "[program:a]\ncommand=/bin/sh -c 'trap \"\" TERM; while ! [ -e %(here)s/go ]; do sleep 0.05; done'\nstopwaitsecs=600\n"
    server = cleanup.enter_context(Daemon("ours", work_dir, stays, env={
        **os.environ, "NOTIFY_SOCKET": address, **({"SUPERVISOR_MANAGER_INSTANCE": "x"} if manager else {})}))
    server.wait_state("a", "RUNNING")
    hears(b"READY=1")
    fill()
    server.rpc.supervisor.shutdown()
    hears(b"STOPPING=1")
    with open(os.path.join(work_dir, "go"), "w", encoding="utf-8"):
        pass
    assert server.process.wait(30) == 0
