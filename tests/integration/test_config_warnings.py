# SPDX-License-Identifier: MIT
"""Probable mistakes in a configuration are shown to the person who changed it, by supervisorctl and on the page, not just
in the log. Errors name file and line."""

import glob
import gzip
import html
import os
import re
import socket
import subprocess

import pytest

from daemon import UnixConnection
from programs import SOURCE, program
from waiting import wait_for

SLIPS = """[program:cat]
command=/bin/cat
auto_start=true
environment=A=http://h/x?y=1
startsecs=0

[progam:x]
command=cat
"""


def warned(text):
    return [line for line in text.splitlines() if line.startswith("Warning: ")]


def test_reread_and_update_tell_warnings(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    server.configure(SLIPS)
    done = server.ctl("reread")
    assert (done.stdout, done.returncode) == ("cat: changed\n", 0)  # what scripts and Ansible read is unchanged
    lines = warned(done.stderr)
    assert len(lines) == 3 and done.stderr.count("\n") == 3
    assert "did you mean 'autostart'?) in section 'program:cat' (file: '" in done.stderr and "line " in lines[0]
    assert "'?'" in done.stderr and "did you mean [program:x]?" in done.stderr
    done = server.ctl("update")
    assert (done.stdout, done.returncode) == ("cat: stopped\ncat: updated process group\n", 0)
    assert warned(done.stderr) == lines
    assert server.rpc.supervisor_manager.getConfigWarnings() == [line.partition(": ")[2] for line in lines]
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]


def test_without_mistakes_nothing_is_said(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    for command in ("reread", "update"):
        assert server.ctl(command).stderr == ""
    assert server.rpc.supervisor_manager.getConfigWarnings() == []


def test_debians_daemon_has_no_such_method(daemon):
    server = daemon(SLIPS, kind="debian")
    for command in ("reread", "update"):
        done = server.ctl(command, kind="ours")
        assert (done.stderr, done.returncode) == ("", 0)


def test_an_empty_directory_of_programs(daemon, work_dir):
    """Supervisor logs that no file matches. It is a warning only if the directory has files that may be meant."""
    folder = os.path.join(work_dir, "conf.d")
    os.mkdir(folder)
    server = daemon(f"[include]\nfiles={folder}/*.ini\n")
    assert "No file matches via include" in server.log()
    assert server.ctl("reread").stderr == ""
    with open(os.path.join(folder, "web.conf"), "w", encoding="utf-8") as file:
        file.write("[program:web]\ncommand=cat\n")
    assert warned(server.ctl("reread").stderr) == [
        f'Warning: No file matches via include "{folder}/*.ini"',
        f'Warning: File with programs is not read: the name of {folder}/web.conf does not match "{folder}/*.ini" of [include]']


def page(server):
    connection = UnixConnection(server.socket)
    connection.request("GET", "/")
    return html.unescape(connection.getresponse().read().decode())


def test_the_page_shows_warnings(daemon):
    server = daemon(SLIPS)
    text = page(server)
    assert 'id="config-warnings"' in text and "(did you mean 'autostart'?) in section 'program:cat'" in text
    server.configure("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    server.ctl("update")
    assert 'id="config-warnings"' not in page(server)


@pytest.fixture
def refusal(work_dir):
    """Starts supervisord with a configuration that must be refused, and returns its message."""

    def start(text, **options):
        path = os.path.join(work_dir, "refused.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\nnodaemon=true\nlogfile={work_dir}/d.log\npidfile={work_dir}/d.pid\n{text}")
        done = subprocess.run([*program("supervisord"), "-n", "-c", path], capture_output=True, text=True, check=False, timeout=60,
                              cwd=work_dir, **options)
        assert done.returncode == 2, done
        return done.stderr.splitlines()[0].replace(path, "CONF")

    return start


def test_servers_that_cannot_listen_name_their_place(refusal, work_dir, account):
    place = " in section 'unix_http_server' (file: 'CONF', line 6)"
    start = "Error: Cannot open an HTTP server: socket.error reported "
    server = "[unix_http_server]\nfile="
    assert refusal(server + "/nonexistent/s.sock\n") == \
        start + "errno.ENOENT (2): unix:///nonexistent/s.sock: its directory does not exist" + place
    long = "/tmp/" + "x" * 200
    assert refusal(server + long + "\n").startswith(start + "AF_UNIX path too long: unix://" + long) and \
        refusal(server + long + "\n").endswith(place)
    assert refusal(server + "/etc/passwd\n") == \
        start + "/etc/passwd exists and is not a socket; remove it or configure another file: unix:///etc/passwd" + place
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(os.path.join(work_dir, "taken"))
        taken.listen()
        said = refusal(server + work_dir + "/taken\n")
    assert said.startswith("Error: Another program is already listening on a port") and said.endswith(f"It is unix://{work_dir}/taken" + place)
    entry = account()
    os.mkdir(os.path.join(work_dir, "closed"), 0o755)
    os.mkdir(os.path.join(work_dir, "theirs"))
    os.chown(os.path.join(work_dir, "theirs"), entry.pw_uid, entry.pw_gid)
    said = refusal(server + work_dir + f"/closed/s\n[supervisord]\nuser={entry.pw_name}\nlogfile={work_dir}/theirs/d.log\n")
    assert said == start + f"errno.EACCES (13): unix://{work_dir}/closed/s: this account cannot create files in its directory" + place


def test_ports_that_cannot_be_opened_name_their_place(refusal):
    place = " in section 'inet_http_server' (file: 'CONF', line 6)"
    assert refusal("[inet_http_server]\nport=192.0.2.1:9001\n") == \
        "Error: Cannot open an HTTP server: socket.error reported errno.EADDRNOTAVAIL (99): http://192.0.2.1:9001: " \
        "no interface of this machine has this address" + place
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(f"[inet_http_server]\nport=127.0.0.1:{port}\n")
    assert said.startswith("Error: Another program is already listening") and said.endswith(f"It is http://127.0.0.1:{port}" + place)


def test_a_log_that_cannot_be_opened_is_named(daemon, work_dir):
    folder = os.path.join(work_dir, "logs")
    os.mkdir(folder)
    server = daemon(f"[program:p]\ncommand=cat\nautostart=false\nstartretries=0\nstdout_logfile={folder}/p.log\n")
    os.rmdir(folder)
    server.ctl("start", "p")
    info = server.wait_state("p", "FATAL")
    expected = f"unknown error making dispatchers for 'p': ENOENT: stdout log {folder}/p.log: No such file or directory"
    assert info["spawnerr"] == expected
    wait_for(lambda: expected in server.log(), "the log")


def samples():
    """Sample configurations: ours, and those in Debian's packages."""
    yield "echo_supervisord_conf", lambda: subprocess.run(program("echo_supervisord_conf"), capture_output=True, text=True, check=True).stdout
    yield "Debian's echo_supervisord_conf", lambda: subprocess.run(program("echo_supervisord_conf", "debian"), capture_output=True,
                                                                  text=True, check=True).stdout
    patterns = [os.path.join(SOURCE, "doc/**/*.conf"), "/usr/share/doc/supervisor/**/*.conf*", "/etc/supervisor/supervisord.conf",
                "/usr/lib/python3/dist-packages/supervisor/**/*.conf"]
    for pattern in patterns:
        for path in sorted(glob.glob(pattern, recursive=True)):
            opener = gzip.open if path.endswith(".gz") else open
            yield path, lambda path=path, opener=opener: opener(path, "rt", encoding="utf-8").read()


SAMPLES = dict(samples())
OURS = """
[supervisord]
logfile={directory}/d.log
pidfile={directory}/d.pid
[unix_http_server]
file=%(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_silent(daemon, name, work_dir):
    """They cause no warning. Paths, ports and programs are replaced by those of the test."""
    text = re.sub(r"^(file|logfile|pidfile|childlogdir|port)\s*=.*\n", "", SAMPLES[name](), flags=re.M)
    text = text.replace("kill -15 $PPID;", "")  # the listener of issue 733 ends supervisord: it has to answer first
    server = daemon(text + OURS.format(directory=work_dir), raw=True)
    told = server.rpc.supervisor_manager.getConfigWarnings()
    assert [text for text in told if not text.startswith("No file matches")] == []
