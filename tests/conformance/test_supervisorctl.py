# SPDX-License-Identifier: MIT
"""supervisorctl's one-shot commands, ours against Debian's: same output, same exit status, with either daemon."""

import os
import re
import socket
import subprocess
import tempfile

import pytest

import ctl_scenario
from daemon import Daemon
from programs import program


@pytest.fixture(scope="module")
def judged():
    """The transcript of Debian's client with Debian's daemon."""
    with tempfile.TemporaryDirectory(prefix="sm-", dir="/tmp") as directory:
        with Daemon("debian", directory, ctl_scenario.PROGRAMS) as running:
            return ctl_scenario.run(running, "debian")


@pytest.mark.parametrize("client,server", [("ours", "debian"), ("ours", "ours"), ("debian", "ours")])
def test_every_command_says_the_same(judged, daemon, client, server):
    said = ctl_scenario.run(daemon(ctl_scenario.PROGRAMS, kind=server), client)
    assert [entry[0] for entry in said] == [entry[0] for entry in judged]
    for mine, theirs in zip(said, judged):
        assert mine == theirs


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def outcome(client, words, directory, **options):
    """(exit status, output) of a client, with the names of client and directory replaced."""
    argv = program("supervisorctl", client)
    done = subprocess.run([*argv, *words], stdin=options.pop("stdin", subprocess.DEVNULL), capture_output=True, text=True,
                          check=False, cwd=directory, timeout=60, **options)
    return done.returncode, first_words((done.stdout + done.stderr).replace(argv[-1], "PROGRAM"))


def first_words(text):
    """The part of a text that scripts may match on. Ours adds the cause and the next step, has a sentence where
    Supervisor has the name of a Python class, and one line, not two, where a server requires a login."""
    text = re.sub(r"^Server requires authentication\b.*\n(error: .*\n)?", "Server requires authentication\n", text, flags=re.M)
    text = re.sub(r"^error: .*", "error: SENTENCE", text, flags=re.M)
    text = re.sub(r"file: \S+ line: \d+", "file: F line: L", text)
    text = re.sub(r"( refused connection| no such file|could not read config file \S+?): .*", r"\1", text)
    text = re.sub(r"(does not include supervisorctl section): .*|; a literal '%' is written '%%'", r"\1", text)
    return text


COMMAND_LINES = [
    "-Z", "--nope", "--s http://x:1 -Z", "--serverurl", "-s", "-c", "--help=3", "--interactive=1", "-s foo status", "-s x: status",
    "-s // status", "-i -i status", "-u a -u b status", "--username=a -ub status", "-p a --pass b status", "--pass", "-c nofile status",
    "-c . status", "--conf nofile status", "-c empty.conf status", "-c noctl.conf status", "-c ctl.conf -- quit", "-cctl.conf quit",
    "-c ctl.conf -s unix://gone version", "-c badexpand.conf status", "-c ctl.conf quit -x", "-r h -c ctl.conf quit",
    "-r h --history_file=i quit", "-c plugin.conf quit",
]


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_command_line(work_dir, line):
    files = {"empty.conf": "", "noctl.conf": "[supervisord]\n", "ctl.conf": "[supervisorctl]\nserverurl=unix://%(here)s/gone\n",
             "badexpand.conf": "[supervisorctl]\nserverurl=%(nope)s\n", "plugin.conf": "[supervisorctl]\n[ctlplugin:x]\na=b\n"}
    for name, text in files.items():
        with open(os.path.join(work_dir, name), "w", encoding="utf-8") as file:
            file.write(text)
    # The message of a failed expansion lists the environment's variables.
    environment = {"PATH": "/usr/bin:/bin", "HOME": work_dir, "LC_ALL": "C.UTF-8", "LC_CTYPE": "C.UTF-8"}
    assert outcome("ours", line.split(), work_dir, env=environment) == outcome("debian", line.split(), work_dir, env=environment)


COMMANDS_WITHOUT_SERVER = ["status", "status cat", "avail", "reread", "update", "add x", "remove x", "start x", "stop x", "restart x", "pid",
                           "version", "shutdown", "reload", "tail x", "maintail", "clear x", "fg x", "signal HUP x"]


@pytest.mark.parametrize("url", ["unix:///nonexistent/s.sock", "unix://{dir}/dead.sock", "unix://{dir}", "unix:///etc/passwd/s.sock",
                                 "http://127.0.0.1:{port}", "http://[::1]:{port}", "https://localhost:{port}",
                                 "http://nohost.invalid:1"])
def test_server_that_is_not_there(work_dir, url):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.path.join(work_dir, "dead.sock"))
    url = url.format(dir=work_dir, port=free_port())
    for command in COMMANDS_WITHOUT_SERVER:
        words = ["-s", url, *command.split()]
        mine, theirs = outcome("ours", words, work_dir), outcome("debian", words, work_dir)
        assert mine == theirs, command


@pytest.fixture
def guarded(daemon):
    """A daemon that requires a password on TCP, and its address."""
    port = free_port()

    def start(kind):
        return daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=bob\npassword=s3cret\n"
                      "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", kind=kind), f"http://127.0.0.1:{port}"

    return start


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_authentication(guarded, work_dir, kind):
    running, url = guarded(kind)
    running.wait_state("cat", "RUNNING")
    for words in ("version", "-u bob version", "-u bob -p wrong status", "-u bob -p wrong avail", "-ubob -ps3cret signal CONT cat",
                  "-u bob -p s3cret pid nope", "-u bob -p wrong -i status", "-u bob -p s3cret tail -f nope"):
        words = ["-s", url, *words.split()]
        mine, theirs = outcome("ours", words, work_dir), outcome("debian", words, work_dir)
        assert mine == theirs, words
    with open(os.path.join(work_dir, "password"), "w", encoding="utf-8") as file:
        file.write("s3cret\nignored\n")
    status, text = outcome("ours", ["-s", url, "-u", "bob", "--password-file", "password", "pid", "nope"], work_dir)
    assert (status, text) == (1, "No such process nope\n")


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_commands_from_a_pipe(daemon, kind):
    running = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", kind=kind)
    running.wait_state("cat", "RUNNING")
    for text in ("", "quit\n", "exit", "status nope\n\n  foo bar\nstop cat\nstart cat\nquit\nstatus\n", "help help\n?\nEOF\nstatus\n",
                 "shutdown\nn\nreload\nmaybe\nopen nope\n", "version x\nshutdown\n", "pid nope"):
        said = [subprocess.run([*program("supervisorctl", client), "-c", running.config_path], input=text, capture_output=True,
                               text=True, check=False, timeout=60) for client in ("ours", "debian")]
        mine, theirs = [(done.returncode, ctl_scenario.normalised(done.stdout + done.stderr, running)) for done in said]
        if "version x" in text:  # the help after the error is in our words
            mine, theirs = [(status, [line for line in out.splitlines() if not line.startswith("version")]) for status, out in (mine, theirs)]
        assert mine == theirs, text
