# SPDX-License-Identifier: MIT
"""Texts that an owner controls, on another user's terminal: names, states, reasons, answers and logs of instances and
programs."""

import os
import re
import socketserver
import subprocess
import threading
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

import pexpect
import pytest

from manager_bus import Service
from programs import program
from terminals import end

# The control sequences that may reach a terminal: line ends, tabs, colours, and those of our own screens.
OURS = re.compile(rb"\r\n|\n|\t|\x1b\[[0-9;]*m|\x1b\[H\x1b\[J|\x1b\[\?25[hl]")
EVIL = "ev\x1b[2Jil\x07\nx\x9b31m\u202e"
SHOWN = "ev\\x1b[2Jil\\x07\\nx\\u009b31m\\u202e"


def dangerous(output):
    """Sequences in these bytes that a terminal would execute, or that change the order of the text."""
    rest = OURS.sub(b"", output)
    return re.findall(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]", rest)


def on_terminal(words, until=None, cleanup=None):
    """All output of a program at a terminal, or its output up to `until`, if it does not end by itself."""
    child = pexpect.spawn(words[0], words[1:], timeout=30, dimensions=(40, 300), env={**os.environ, "TERM": "xterm", "PAGER": "cat"})
    if until is None:
        child.expect(pexpect.EOF)
        child.wait()
        return child.before
    cleanup.callback(end, child)
    child.expect_exact(until)
    return child.before + child.after


def in_pipe(words, **options):
    result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options)
    return result.stdout + result.stderr


@pytest.fixture
def service(work_dir):
    with Service(work_dir, "evil:0:root", "tech1:0:root") as running:
        yield running


@pytest.mark.parametrize("verb", [["list"], ["status", "evil"], ["status"], ["programs", "evil"], ["top", "--rounds=2"], ["reload", "evil"],
                                  ["list", "--json"], ["status", "--json", "evil"], ["programs", "--json", "evil"]])
def test_the_managers_texts(service, verb):
    words = [*program("supervisor-manager"), f"--bus-address={service.address}", *verb]
    for seen in (on_terminal(words), in_pipe(words)):
        assert dangerous(seen) == []
        if verb[-1] == "evil" and "--json" not in verb:
            assert SHOWN.partition("\\n")[0].encode() in seen


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_managers_events(service, form, cleanup):
    words = [*program("supervisor-manager"), f"--bus-address={service.address}", "monitor", *form, "evil"]
    stop = threading.Event()

    def act():
        while not stop.wait(0.05):
            service.call("StopProgram", "ss", "evil", "program1")

    worker = threading.Thread(target=act)
    worker.start()
    try:
        seen = on_terminal(words, "program", cleanup)
        seen += on_terminal(words, "2J", cleanup)
    finally:
        stop.set()
        worker.join()
    assert dangerous(seen) == []


def fail(text):
    def failing(*_):
        raise Fault(2, text)

    return failing


class Server(socketserver.UnixStreamServer, SimpleXMLRPCDispatcher):
    """A supervisord that an owner wrote, on a Unix socket: each answer contains the text."""

    def __init__(self, path, text):
        SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        socketserver.UnixStreamServer.__init__(self, path, Handler)
        self.logRequests = self._send_traceback_header = False  # foreign name: of SimpleXMLRPCServer
        info = {"name": text, "group": text, "statename": text, "state": 20, "description": text, "pid": 1, "start": 0, "stop": 0,
                "now": 0, "exitstatus": 0, "spawnerr": text, "logfile": "", "stdout_logfile": "", "stderr_logfile": ""}
        report = {"name": text, "group": text, "status": 80, "description": text}
        answers = {"getVersion": "3.0", "getAllProcessInfo": [info], "startAllProcesses": [report], "stopAllProcesses": [report], "clearAllProcessLogs": [report],
                   "getSupervisorVersion": text, "readProcessStdoutLog": text, "readLog": text, "getPID": 1,
                   "getAllConfigInfo": [{**info, "inuse": True, "autostart": True, "process_prio": 1, "group_prio": 1}],
                   "reloadConfig": [[[text], [text], [text]]]}
        for name, answer in answers.items():
            self.register_function(lambda *_, answer=answer: answer, "supervisor." + name)
        for name in ("startProcess", "getProcessInfo", "addProcessGroup", "signalProcess"):
            self.register_function(fail(text), "supervisor." + name)


class Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/RPC2",)
    disable_nagle_algorithm = False
    wbufsize = -1

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass

    def do_GET(self):  # the name is http.server's; /logtail
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(TEXT.encode() + b"\n")
        self.close_connection = True


# XML cannot carry control characters of C0, except tab and line ends.
TEXT = "ev\x7f\til\rx\x9b31m\u202e\nsecond"


@pytest.fixture
def hostile(work_dir, cleanup):
    server = Server(os.path.join(work_dir, "s"), TEXT)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cleanup.callback(server.shutdown)
    return [*program("supervisorctl"), "-s", "unix://" + server.server_address]


@pytest.mark.parametrize("command", ["status", "start all", "clear all", "version", "tail x", "maintail", "avail", "reread", "tail -f x",
                                     "maintail -f", "restart all", "add x", "pid x", "start x", "status --json"])
def test_the_clients_texts(hostile, command):
    seen = on_terminal([*hostile, *command.split()])
    assert dangerous(seen) == []
    assert b"\\u" in seen or b"Unknown result code 2 for x" in seen, "the text was there"
    if "tail" not in command:
        piped = in_pipe([*hostile, *command.split()])
        assert dangerous(piped) == []


def test_logs_in_a_pipe_are_what_they_are(hostile):
    assert TEXT.replace("\r", "\n").encode() in in_pipe([*hostile, "tail", "x"])  # XML turns every line end into LF
    assert TEXT.encode() in in_pipe([*hostile, "tail", "-f", "x"])


def test_a_field_is_one_line(hostile):
    assert len(in_pipe([*hostile, "status"]).splitlines()) == 1
    assert len(in_pipe([*hostile, "start", "all"]).splitlines()) == 1


def test_tab_offers_no_such_name(hostile):
    assert in_pipe([*hostile, "__complete", "status", "="]) == b""


def test_texts_of_a_configuration_that_does_not_parse(work_dir):
    path = os.path.join(work_dir, "c")
    for text in ("[supervisorctl]\nevil\x1b]0;t\x07\x9b\n", "[supervisorctl]\nserverurl=evil\x1b]0;t\x07://x\n",
                 "[supervisorctl]\npassword=%(ENV_\x1b]0;t\x07)s\n"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        words = [*program("supervisorctl"), "-c", path, "status"]
        assert dangerous(on_terminal(words)) == [] and dangerous(in_pipe(words)) == []


def test_the_end_of_a_log_puts_colours_right(daemon, cleanup):
    config = "[program:red]\ncommand=/bin/sh -c 'printf \"\\033[31mred\\033[5\"; exec sleep 1000'\nstartsecs=0\n"
    server = daemon(config)
    server.wait_state("red", "RUNNING")
    child = pexpect.spawn(program("supervisorctl")[0], ["-c", server.config_path, "tail", "-f", "red"], timeout=30)
    cleanup.callback(end, child)
    child.expect_exact("\x1b[31mred")
    child.send("\x03")
    child.expect(pexpect.EOF)
    assert b"\\x1b[5\x1b[0m\r\n" in child.before
