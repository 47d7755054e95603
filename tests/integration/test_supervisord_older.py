# SPDX-License-Identifier: MIT
"""Configuration files as the documentation of Supervisor 2.0 prints them."""

import http.client
import os
import socket
import stat
import subprocess
import xmlrpc.client

import pytest

from daemon import connect
from processes import end_session
from programs import program
from waiting import wait_for

# The examples, unchanged except for the paths of files.
EXAMPLES = """[program:programname]
command=/path/to/programname
priority=1
autostart=true
autorestart=true
startsecs=10
startretries=999
exitcodes=0,2
stopsignal=TERM
stopwaitsecs=10
user=nobody
log_stdout=true
log_stderr=false
logfile=/tmp/programname.log
logfile_maxbytes=10MB
logfile_backups=2

[program:postgres]
command=/path/to/postmaster
; we use the "fast" shutdown signal SIGINT
stopsignal=INT

[program:zeo]
command=/path/to/runzeo
priority=1

[program:zope1]
command=/path/to/instance/home/bin/runzope
priority=2
log_stderr=true

[program:zope2]
command=/path/to/another/instance/home/bin/runzope
priority=2
log_stderr=true

[program:slapd]
command=/path/to/slapd -f /path/to/slapd.conf -h ldap://0.0.0.0:8888

[program:mysql]
command=/path/to/pidproxy /path/to/pidfile /path/to/mysqld_safe
"""
# Prints its arguments to both channels; INT is a fast shutdown.
PROGRAM = """#!/bin/sh
trap 'echo fast shutdown; kill $!; exit 0' INT
echo "out $0 $*"
echo "err $0 $*" >&2
sleep 1000 &
wait
"""
MYSQLD = "#!/bin/sh\necho $$ >{pidfile}\necho mysqld runs\nexec sleep 1000\n"
COMMANDS = ("programname", "postmaster", "runzeo", "instance/home/bin/runzope", "another/instance/home/bin/runzope", "slapd")


class Old:
    """supervisord with the examples; `server` is the part of [supervisord] with the address."""

    def __init__(self, directory, server, client):
        self.directory = directory
        self.config = os.path.join(directory, "supervisord.conf")
        self.log = os.path.join(directory, "s.log")
        for name in COMMANDS:
            self._executable(name, PROGRAM)
        self._executable("mysqld_safe", MYSQLD.format(pidfile=f"{directory}/to/pidfile"))
        os.symlink(*program("pidproxy"), f"{directory}/to/pidproxy")
        examples = EXAMPLES.replace("/tmp/", f"{directory}/").replace("/path/to/", f"{directory}/to/")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\n{server}\nlogfile={self.log}\npidfile={directory}/s.pid\nnodaemon=true\n"
                       f"childlogdir={directory}\n\n[supervisorctl]\n{client}\n\n{examples}")

    def _executable(self, name, text):
        path = os.path.join(self.directory, "to", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def __enter__(self):
        self.process = subprocess.Popen([*program("supervisord"), "-s", "-c", self.config], cwd=self.directory,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        end_session(self.process.pid)

    def text(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def ctl(self, *arguments):
        return subprocess.run([*program("supervisorctl"), "-c", self.config, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)


@pytest.fixture
def old(work_dir, cleanup):
    if os.getuid() != 0:
        pytest.skip("an example has user=nobody, which needs root")
    return lambda server, client: cleanup.enter_context(Old(work_dir, server, client))


def answers(ask):
    def tried():
        try:
            return ask()
        except (OSError, http.client.HTTPException):
            return None

    return wait_for(tried, "an answer")


def test_the_examples_run_behind_a_unix_socket(old, work_dir):
    path = f"{work_dir}/supervisord.sock"
    run = old(f"http_port={path}\nsockchmod=0770\nsockchown=root.root", f"serverurl=unix://{path}")
    answers(lambda: connect(path).supervisor.getState())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o770
    rpc = connect(path).supervisor

    def wait(name, states):
        return wait_for(lambda: (info := rpc.getProcessInfo(name))["statename"] in states and info, f"{name} to start")

    for name in ("postgres", "zeo", "zope1", "zope2", "slapd", "mysql"):
        wait(name, ["RUNNING"])
    pid = wait("programname", ["STARTING"])["pid"]  # startsecs=10
    assert os.stat(f"/proc/{pid}").st_uid != 0
    spawned = [line.split("'")[1] for line in run.text(run.log).splitlines() if "spawned: " in line]
    assert set(spawned[:2]) == {"programname", "zeo"} and set(spawned[2:4]) == {"zope1", "zope2"}

    # One log for the channels that log_stdout and log_stderr select; by default only the first.
    log = os.path.join(work_dir, "programname.log")
    wait_for(lambda: os.path.exists(log) and run.text(log) == f"out {work_dir}/to/programname \n", "the program's log")
    assert rpc.getProcessInfo("programname")["logfile"] == log
    both = wait_for(lambda: (text := rpc.readProcessLog("zope1", 0, 0)).count("\n") == 2 and text, "both channels")
    assert sorted(both.splitlines()) == [f"{word} {work_dir}/to/instance/home/bin/runzope " for word in ("err", "out")]
    wait_for(lambda: rpc.readProcessLog("slapd", 0, 0) == (
        f"out {work_dir}/to/slapd -f {work_dir}/to/slapd.conf -h ldap://0.0.0.0:8888\n"), "slapd's arguments")

    assert run.ctl("stop", "postgres").stdout == "postgres: stopped\n"
    assert rpc.readProcessLog("postgres", 0, 0).endswith("fast shutdown\n")
    assert run.ctl("stop", "mysql").stdout == "mysql: stopped\n"
    for key, today in (("http_port", "file in [unix_http_server]"), ("log_stderr", "redirect_stderr"),
                       ("logfile", "stdout_logfile")):
        assert any(f"Key '{key}' is from Supervisor 2 (use {today}" in line
                   for line in run.text(run.log).splitlines()), key


def test_the_examples_run_behind_a_port(old, work_dir):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = old(f"http_port=127.0.0.1:{port}\nhttp_username=chris\nhttp_password=secret",
              f"serverurl=http://127.0.0.1:{port}\nusername=chris\npassword=secret\nprompt=old")
    server = xmlrpc.client.ServerProxy(f"http://chris:secret@127.0.0.1:{port}")
    answers(lambda: server.supervisor.getState())
    assert "supervisor.getProcessInfo" in server.system.listMethods()
    with pytest.raises(xmlrpc.client.ProtocolError) as refusal:
        xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}").supervisor.getState()
    assert refusal.value.errcode == 401
    wait_for(lambda: run.ctl("status").stdout.count("RUNNING") == 6, "all but the slow one to run")
    assert run.ctl("pid").stdout == f"{run.process.pid}\n"
    page = http.client.HTTPConnection("127.0.0.1", port)
    page.request("GET", "/", headers={"Authorization": "Basic Y2hyaXM6c2VjcmV0"})
    assert "zope1" in page.getresponse().read().decode()
    assert run.ctl("shutdown").stdout == "Shut down\n"
    assert run.process.wait(30) == 0
