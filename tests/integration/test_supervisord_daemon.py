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
from processes import isRunning
from programs import program
from waiting import waitFor


class Background:
    """supervisord without -n, started as from a shell."""

    def __init__(self, directory, lines="", sections=""):
        self.directory = directory
        self.config = os.path.join(directory, "s.conf")
        self.pidPath = os.path.join(directory, "s.pid")
        self.pid = None
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\nlogfile={directory}/s.log\npidfile={self.pidPath}\nchildlogdir={directory}\n"
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
            waitFor(lambda: not isRunning(self.pid), "supervisord to end")
            self.pid = None


@pytest.fixture
def background(workDir, cleanup):
    def make(*arguments):
        made = Background(workDir, *arguments)
        cleanup.callback(made.stop)
        return made

    return make


def testInTheBackground(background, workDir):
    run = background("umask=027\ndirectory=/usr")
    assert run.start().returncode == 0
    # Ready when the command returns: pid file, socket and log are there.
    assert connect(f"{workDir}/s.sock").supervisor.getPID() == run.pid
    assert os.getsid(run.pid) == run.pid
    assert os.readlink(f"/proc/{run.pid}/cwd") == "/usr"
    assert {os.readlink(f"/proc/{run.pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
    assert "Umask:\t0027" in open(f"/proc/{run.pid}/status", encoding="utf-8").read()
    assert "INFO daemonizing the supervisord process" in run.log()
    assert f"INFO supervisord started with pid {run.pid}" in run.log()
    run.stop()
    assert not os.path.exists(run.pidPath) and not os.path.exists(f"{workDir}/s.sock")


def testTheExitStatusTellsWhatWentWrong(background, workDir):
    run = background()
    assert run.start().returncode == 0
    logs = set(os.listdir(workDir))
    second = run.start("-j", f"{workDir}/other.pid")
    assert second.returncode == 2
    assert second.stderr.startswith("Error: Another program is already listening on a port that one of our HTTP servers "
                                    "is configured to use.")
    assert set(os.listdir(workDir)) == logs  # the second one has touched nothing
    assert isRunning(run.pid)
    run.stop()
    os.mkdir(f"{workDir}/directory")
    assert run.start("-l", f"{workDir}/directory").returncode == 2


def testHangupRestartsInTheSameProcess(background, workDir):
    run = background("", "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    assert run.start().returncode == 0
    rpc = connect(f"{workDir}/s.sock")
    before = rpc.supervisor.getProcessInfo("a")["pid"]
    with open(run.config, "a", encoding="utf-8") as file:
        file.write("[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    os.kill(run.pid, signal.SIGHUP)
    waitFor(lambda: run.log().count("supervisord started with pid") == 2, "the restart")
    waitFor(lambda: not isRunning(before), "the end of the old program")
    rpc = connect(f"{workDir}/s.sock")
    assert rpc.supervisor.getPID() == run.pid
    assert [info["name"] for info in rpc.supervisor.getAllProcessInfo()] == ["a", "b"]
    assert "WARN received SIGHUP indicating restart request" in run.log()


def testHangupWithABadConfigurationChangesNothing(daemon):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.waitState("a", "RUNNING")["pid"]
    server.configure("[program:a]\ncommand=/bin/sleep 1000\npriority=high\n")
    server.kill(signal.SIGHUP)
    waitFor(lambda: "ERRO no restart, everything goes on as it is: " in server.log(), "the refusal")
    assert server.rpc.supervisor.getProcessInfo("a")["pid"] == pid
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


def testARestartWithABadConfigurationIsRefused(daemon):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.waitState("a", "RUNNING")["pid"]
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
def testARestartThatCouldNotOpenWhatItNeedsIsRefused(daemon, taken, old, new, reason):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    pid = server.waitState("a", "RUNNING")["pid"]
    text = server.read("supervisord.conf")
    with open(server.configPath, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new.replace("TAKEN", str(taken))))
    with pytest.raises(Fault) as refusal:
        server.rpc.supervisor.restart()
    assert refusal.value.faultCode == 92 and reason in refusal.value.faultString
    assert "(file: '" in refusal.value.faultString or "log file" in reason
    server.kill(signal.SIGHUP)
    waitFor(lambda: server.log().count("ERRO no restart, everything goes on as it is: ") == 2, "the refusal")
    assert server.rpc.supervisor.getProcessInfo("a")["pid"] == pid
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


def testARestartTakesServersOver(daemon):
    """New ones and moved ones: where an old one has the place until it is closed, too."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\n"
                    "[program:slow]\ncommand=/bin/sh -c 'trap \"\" TERM; echo; while sleep 1; do :; done'\nstopwaitsecs=2\n")
    waitFor(lambda: server.rpc.supervisor.readProcessStdoutLog("slow", 0, 0), "the trap")
    more = os.path.join(server.directory, "more.sock")
    text = server.read("supervisord.conf").replace("s.sock\n", "s.sock\nchmod=0770\n", 1)
    with open(server.configPath, "w", encoding="utf-8") as file:
        file.write(text.replace("port=127.0.0.1:", "port=") + "[unix_http_server:more]\nfile=%(here)s/more.sock\n")
    assert server.rpc.supervisor.restart() is True
    assert os.path.exists(more)  # before anything has ended
    server.kill(signal.SIGHUP)
    waitFor(lambda: "received SIGHUP" in server.log(), "the second request")
    assert connect(more).supervisor.getPID() == server.pid
    waitFor(lambda: server.log().count("supervisord started with pid") == 2, "the restart")
    assert stat.S_IMODE(os.stat(server.socket).st_mode) == 0o770
    with socket.create_connection(("127.0.0.2", port)):
        pass
    assert server.stop() == 0
    assert not os.path.exists(more)


def testTheVersionIsSupervisors(daemon):
    server = daemon()
    assert server.rpc.supervisor.getSupervisorVersion() == "4.2.5"
    assert server.ctl("version").stdout == "4.2.5\n"
    done = subprocess.run([*program("supervisord"), "-v"], capture_output=True, text=True, check=True)
    assert done.stdout == "4.2.5\n"
    page = UnixConnection(server.socket)
    page.request("GET", "/")
    assert "Supervisor 4.2.5 · supervisor-manager " in page.getresponse().read().decode()


def testAutomaticLogsAreAutoAgainAfterAReread(daemon):
    server = daemon("[program:a]\ncommand=/bin/cat\nstartsecs=0\n")
    before = server.rpc.supervisor.getAllConfigInfo()[0]["stdout_logfile"]
    assert before == server.rpc.supervisor.getProcessInfo("a")["stdout_logfile"]
    server.rpc.supervisor.reloadConfig()
    assert server.rpc.supervisor.getAllConfigInfo()[0]["stdout_logfile"] == "auto"
    assert server.rpc.supervisor.getProcessInfo("a")["stdout_logfile"] == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def testSignalsEndIt(daemon, number):
    server = daemon("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    child = server.waitState("a", "RUNNING")["pid"]
    assert server.stop(number) == 0
    assert not isRunning(child)
    assert f"WARN received {number.name} indicating exit request" in server.log()
    assert not os.path.exists(os.path.join(server.directory, "supervisord.pid"))


def testABadConfigurationIsAnErrorWithoutDamage(workDir):
    config = os.path.join(workDir, "bad.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[supervisord]\nlogfile=%(here)s/s.log\n[program:x]\n")
    done = subprocess.run([*program("supervisord"), "-n", "-c", config], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ") and "program:x" in done.stderr
    assert os.listdir(workDir) == ["bad.conf"]


def testItRaisesItsLimits(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 300:
        pytest.skip("the hard limit is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        server = daemon("[program:a]\ncommand=/bin/sh -c 'ulimit -n; ulimit -Hn'\nstartsecs=0\nautorestart=false\n",
                        supervisord="minfds=300")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    server.waitState("a", "EXITED")
    most = "unlimited" if hard == resource.RLIM_INFINITY else hard
    assert server.rpc.supervisor.readProcessStdoutLog("a", 0, 0) == f"300\n{most}\n"
    # Its own pipes and logs are many: it takes what it may have.
    assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    assert "INFO Increased RLIMIT_NOFILE limit to 300" in server.log()


def testItBecomesItsUser(cleanup, account, workDir):
    user = account()
    directory = os.path.join(workDir, "open")
    os.mkdir(directory)
    os.chmod(directory, 0o777)
    server = cleanup.enter_context(Daemon(
        "ours", directory, "[program:a]\ncommand=/usr/bin/id -un\nstartsecs=0\nautorestart=false\n",
        supervisord=f"user={user.pw_name}"))
    server.waitState("a", "EXITED")
    assert os.stat(f"/proc/{server.pid}").st_uid == user.pw_uid
    assert server.rpc.supervisor.readProcessStdoutLog("a", 0, 0) == f"{user.pw_name}\n"
    assert f"INFO Set uid to user {user.pw_uid} succeeded" in server.log()
