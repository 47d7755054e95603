# SPDX-License-Identifier: MIT
"""supervisorctl at a terminal: the shell with its line editor, questions, logs that are followed, fg."""

import os
import re
import signal

import pexpect
import pytest

import sanitizers
from programs import program
from terminals import end
from waiting import wait_for

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0

[program:slow]
command=/bin/cat
autostart=false
startsecs=1000

[program:web]
command=/bin/sh -c 'echo hello from %(process_num)d; exec sleep 1000'
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
"""
PROMPT = "supervisor> "
CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


@pytest.fixture(params=["debian", "ours"])
def running(request, daemon):
    server = daemon(PROGRAMS, kind=request.param)
    for name in ("cat", "web:web_0", "web:web_1"):
        server.wait_state(name, "RUNNING")
    return server


@pytest.fixture
def terminal(running, cleanup):
    """Starts our client at a terminal of its own: terminal("-i", "shutdown")."""

    def start(*words, server=(), **environment):
        environment = {"PATH": os.environ["PATH"], "TERM": "vt100", "LC_ALL": "C.UTF-8", "HOME": running.directory,
                       **sanitizers.environment(), **environment}
        child = pexpect.spawn(program("supervisorctl")[0], ["-c", running.config_path, *server, *words], env=environment,
                              encoding="utf-8", timeout=30, dimensions=(40, 120), cwd=running.directory)
        cleanup.callback(end, child)
        return child

    return start


def ended(child):
    """The exit status, once the program has ended by itself."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


def test_shell_shows_status_and_leaves_with_quit(terminal):
    shell = terminal()
    shell.expect(r"cat +.*RUNNING.*web:web_1.*RUNNING")
    shell.expect_exact(PROMPT)
    shell.sendline("pid nope")
    shell.expect_exact("No such process nope")
    shell.expect_exact(PROMPT)
    shell.sendline("quit")
    assert ended(shell) == 0


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_keys_that_leave(terminal, key):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.send(key)
    assert ended(shell) == 0


def test_ctrl_c_leaves_also_with_a_typed_line(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.send("stop cat")
    shell.expect_exact("stop cat")
    shell.send(CTRL_C)
    assert ended(shell) == 0


def test_tab_completes_commands_processes_and_groups(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.send("vers" + TAB)
    shell.expect(r"vers.*ion ")  # the editor moves the cursor and draws only changes
    shell.send("\r")
    shell.expect(r"\d+\.\d+")
    shell.expect_exact(PROMPT)
    shell.send("status w" + TAB)
    shell.expect(r"status w.*eb:")
    shell.send("web_1" + TAB + "\r")
    shell.expect(r"web:web_1 +.*RUNNING")
    shell.expect_exact(PROMPT)
    shell.send("remove we" + TAB)
    shell.expect(r"remove we.*b ")
    shell.send("\r")
    shell.expect_exact("ERROR: process/group still running: web")


def test_tab_lists_what_is_possible(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.send("status web:" + TAB)
    shell.expect(r"web:web_0 +web:\* +web:web_1")
    shell.expect(PROMPT + "status web:")


def test_lines_are_edited_and_recalled(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.send("pid nopx\x7fe\r")
    shell.expect_exact("No such process nope")
    shell.expect_exact(PROMPT)
    shell.send(UP + "1\r")
    shell.expect_exact("No such process nope1")


def test_history_is_kept_in_its_file(running, terminal):
    with open(os.path.join(running.directory, "history"), "w", encoding="utf-8") as file:
        file.write("pid before\n")
    shell = terminal(server=["-r", "history"])
    shell.expect_exact(PROMPT)
    shell.send(UP + "\r")
    shell.expect_exact("No such process before")
    shell.expect_exact(PROMPT)
    shell.sendline("pid after")
    shell.expect_exact("No such process after")
    shell.expect_exact(PROMPT)
    shell.send(CTRL_D)
    assert ended(shell) == 0
    assert running.read("history").splitlines() == ["pid before", "pid before", "pid after"]


@pytest.mark.parametrize("question,command,said", [
    ("Really shut the remote supervisord process down y/N? ", "shutdown", "Shut down"),
    ("Really restart the remote supervisord process y/N? ", "reload", "Restarted supervisord")])
def test_questions_before_what_cannot_be_undone(terminal, question, command, said):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.sendline(command)
    shell.expect_exact(question)
    shell.sendline("n")
    shell.expect_exact(PROMPT)
    once = terminal("-i", command)
    once.expect_exact(question)
    once.sendline("Yes")
    once.expect_exact(said)
    assert ended(once) == 0


def test_ctrl_c_at_a_question(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.sendline("shutdown")
    shell.expect_exact("y/N? ")
    shell.send(CTRL_C)
    assert ended(shell) == 0


def test_ctrl_c_at_a_question_of_one_command_is_no_success(running, terminal):
    once = terminal("-i", "shutdown")
    once.expect_exact("y/N? ")
    once.send(CTRL_C)
    assert ended(once) == 130
    assert running.rpc.supervisor.getState()["statename"] == "RUNNING"


def test_ctrl_c_while_the_server_is_busy_leaves(running, terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.sendline("start slow")
    running.wait_state("slow", "STARTING")
    shell.send(CTRL_C)
    assert ended(shell) == 0


def test_following_a_log_ends_with_ctrl_c_and_goes_back_to_the_prompt(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.sendline("tail -f web:web_0")
    shell.expect_exact("==> Press Ctrl-C to exit <==")
    shell.expect_exact("hello from 0")
    shell.send(CTRL_C)
    shell.expect_exact(PROMPT)
    shell.sendline("exit")
    assert ended(shell) == 0


def test_following_several_logs_names_them(terminal):
    tail = terminal("tail", "-f", "web:*", NO_COLOR="1")
    tail.expect_exact("web:web_0 | hello from 0")
    tail.expect_exact("web:web_1 | hello from 1")
    tail.send(CTRL_C)
    assert ended(tail) == 0


def test_foreground_passes_lines_both_ways(terminal):
    shell = terminal()
    shell.expect_exact(PROMPT)
    shell.sendline("fg cat")
    shell.expect_exact("==> Press Ctrl-C to exit <==")
    shell.sendline("echo me")
    shell.expect_exact("echo me")  # the terminal's echo
    shell.expect_exact("echo me")  # cat's
    shell.send(CTRL_C)
    shell.expect_exact("Exiting foreground")
    shell.expect_exact(PROMPT)


def test_only_trouble_is_coloured_and_by_the_line(running, terminal):
    """A script that reads a terminal can match `name +RUNNING`, as with Debian's."""
    assert "\x1b" not in terminal("status").read()
    running.configure(PROGRAMS + "[program:broken]\ncommand=/nonexistent/broken\n")
    running.ctl("update", kind="ours")
    running.wait_state("broken", "FATAL")
    seen = terminal("status").read().split("\r\n")
    coloured = [line for line in seen if "\x1b" in line]
    assert len(coloured) == 1 and re.fullmatch(r"\x1b\[31mbroken +FATAL [^\x1b]+\x1b\[0m", coloured[0])
    assert "\x1b" not in terminal("status", NO_COLOR="1").read()
    assert "\x1b" not in terminal("status", TERM="dumb").read()
    assert "\x1b" not in running.ctl("status", kind="ours", env={**os.environ, "TERM": "xterm"}).stdout


def test_watching_redraws_until_ctrl_c(running, terminal):
    watch = terminal("status", "--watch", "1", "cat")
    watch.expect(r"\x1b\[H\x1b\[J.*RUNNING")
    running.rpc.supervisor.stopProcess("cat")
    watch.expect(r"\x1b\[H\x1b\[J[^\r]*STOPPED")
    watch.send(CTRL_C)
    assert ended(watch) == 3


def has_socket(pid):
    links = (f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd"))
    return any(os.readlink(link).startswith("socket:") for link in links if os.path.islink(link))


def test_ctrl_c_ends_a_command_that_waits(terminal):
    waits = terminal("status", "--wait", "FATAL", "cat")
    wait_for(lambda: has_socket(waits.pid), "the client to connect")
    waits.kill(signal.SIGINT)
    waits.expect(pexpect.EOF)
    waits.wait()
    assert waits.signalstatus == signal.SIGINT


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_password_is_asked_for_and_not_shown(daemon, cleanup, kind):
    from socket import socket
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=bob\npassword=s3cret\n", kind=kind)
    shell = pexpect.spawn(program("supervisorctl")[0], ["-s", f"http://127.0.0.1:{port}"], encoding="utf-8", timeout=30,
                          cwd=server.directory)
    cleanup.callback(end, shell)
    for password in ("wrong", "s3cret"):
        shell.expect_exact("Server requires authentication")
        shell.expect_exact("Username:")
        shell.sendline("bob")
        shell.expect_exact("Password:")
        shell.waitnoecho()
        shell.sendline(password)
    shell.expect_exact(PROMPT)
    shell.sendline("maintail -10")
    shell.expect_exact(PROMPT)
    assert not re.search("s3cret|wrong", shell.before)
    shell.sendline("pid nope")
    shell.expect_exact("No such process nope")
