# SPDX-License-Identifier: MIT
"""Stops of programs whose main process ends before others of its group do."""

import os
import signal
import tempfile
import xmlrpc.client

import pytest

from processes import is_running
from programs import PYTHON
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

# Notes SIGINT and SIGTERM, and ends at the one of its argument.
CHILD = """
import os, signal, sys
signal.alarm(600)
def note(number, _):
    name = signal.Signals(number).name
    os.write(1, name.encode() + b"\\n")
    if name == sys.argv[1]:
        os._exit(0)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, note)
os.write(1, b"child %d\\n" % os.getpid())
while True:
    signal.pause()
"""
SEQUENCE = "stopsignal=INT 0.3, TERM 300, KILL\n"
SCOPES = ["stopasgroup=true\n", "kill_scope=group\n", "kill_scope=session\n", "kill_scope=tree\n"]


@pytest.fixture
def section(work_dir):
    """A program that starts such a child, and becomes one that ends at any signal."""
    script = os.path.join(work_dir, "child.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(CHILD)

    def make(keys, last="SIGTERM"):
        return (f"[program:x]\ncommand=/bin/sh -c '{PYTHON} -SE {script} {last} & exec sleep 600'\nautostart=false\n"
                f"startsecs=0\nautorestart=false\nstopwaitsecs=300\nstdout_logfile=%(here)s/x.log\n{keys}")

    return make


def words(server):
    return server.read("x.log").split()


def start(server):
    """The pids of the main process and of its child."""
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: "\n" in server.read("x.log"), "the child")
    return server.rpc.supervisor.getProcessInfo("x")["pid"], int(words(server)[1])


def reached(server, state):
    if isinstance(server, KeptDaemon):
        server.reap()
    return server.rpc.supervisor.getProcessInfo("x")["statename"] == state


def state(server):
    return server.rpc.supervisor.getProcessInfo("x")["statename"]


@pytest.fixture
def replaceable(daemon, work_dir, cleanup):
    """A daemon and how to replace it by a successor."""

    def make(way, config):
        if way == "upgrade":
            server = daemon(config, executable=Installation(work_dir).path)
            return server, lambda: server.rpc.supervisor.upgrade()
        directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
        server = cleanup.enter_context(KeptDaemon(directory, config))
        return server, server.crash_and_take_over

    return make


@pytest.mark.parametrize("scope", SCOPES)
def test_the_sequence_goes_on_for_the_rest(daemon, section, scope):
    server = daemon(section(SEQUENCE + scope))
    start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]
    log = server.log()
    assert "stopping: x (step 1 of 3: SIGINT)" in log
    assert "stopping: x (step 2 of 3: SIGTERM to what it has left behind)" in log
    assert "SIGKILL" not in log


def test_the_rest_is_killed_at_the_end_of_the_sequence(daemon, section):
    server = daemon(section("stopsignal=INT 0.2, TERM 0.2\nkill_scope=group\n", "none"))
    _, child = start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]
    assert not is_running(child)
    assert "killing 'x'" in server.log()


def test_one_signal_is_sent_once(daemon, section):
    """As in Supervisor: stopasgroup, and SIGKILL for what is left."""
    server = daemon(section("stopsignal=INT\nstopasgroup=true\n").replace("stopwaitsecs=300", "stopwaitsecs=1"))
    _, child = start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[2:] == ["SIGINT"]
    assert not is_running(child)
    assert "stopping: " not in server.log()


def test_a_shutdown_waits_for_the_sequence(daemon, section):
    server = daemon(section(SEQUENCE + "kill_scope=group\n"))
    start(server)
    assert server.stop() == 0
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]


def test_a_new_start_begins_anew(daemon, section):
    server = daemon(section(SEQUENCE + "kill_scope=group\n"))
    start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: words(server).count("child") == 2, "the child")
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[6:] == ["SIGINT", "SIGTERM"]


@pytest.mark.parametrize("way", ["upgrade", "crash"])
def test_a_successor_goes_on_with_the_sequence(replaceable, section, way):
    server, replace = replaceable(way, section("stopsignal=INT 3, TERM 300\nkill_scope=group\n"))
    main, _ = start(server)
    assert server.rpc.supervisor.stopProcess("x", False)
    wait_for(lambda: "SIGINT" in words(server) and not is_running(main), "the first step")
    replace()
    wait_for(lambda: reached(server, "STOPPED"), "the end")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", ["alone", "kept"])
def test_leftovers_get_the_sequence(daemon, kept, section, kind, scope):
    """With a keeper, the main process is still a zombie at the first signal."""
    server = (daemon if kind == "alone" else kept)(section(SEQUENCE + scope + "leftovers=stop\n"))
    main, _ = start(server)
    os.kill(main, signal.SIGKILL)
    wait_for(lambda: reached(server, "EXITED"), "the end")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]
    assert "stopping: what x has left behind (step 2 of 3: SIGTERM)" in server.log()


@pytest.mark.parametrize("way", ["upgrade", "crash"])
def test_a_successor_goes_on_with_leftovers(replaceable, section, way):
    server, replace = replaceable(way, section("stopsignal=INT 3, TERM 300\nkill_scope=group\nleftovers=stop\n"))
    main, _ = start(server)
    os.kill(main, signal.SIGKILL)
    wait_for(lambda: "SIGINT" in words(server), "the first step")
    replace()
    wait_for(lambda: reached(server, "EXITED"), "the end")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]


@pytest.mark.parametrize("command", ["", "exec_stop=/bin/sh -c 'echo exec_stop'\n"])
def test_a_stop_does_not_repeat_the_step_of_leftovers(daemon, section, command):
    server = daemon(section("stopsignal=INT 300, TERM 300\nkill_scope=group\nleftovers=stop\n" + command))
    main, child = start(server)
    os.kill(main, signal.SIGKILL)
    wait_for(lambda: "SIGINT" in words(server), "the first step")
    assert server.rpc.supervisor.stopProcess("x", False)
    assert state(server) == "STOPPING"
    os.kill(child, signal.SIGTERM)
    server.wait_state("x", "STOPPED")
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]


def test_a_shutdown_goes_on_with_the_step_of_leftovers(daemon, section):
    server = daemon(section("stopsignal=INT 2, TERM 300\nkill_scope=group\nleftovers=stop\n"))
    main, _ = start(server)
    os.kill(main, signal.SIGKILL)
    wait_for(lambda: "SIGINT" in words(server), "the first step")
    assert server.stop() == 0
    assert words(server)[2:] == ["SIGINT", "SIGTERM"]


# Ends the main process, and itself immediately, or when that has been noticed.
COMMANDS = {
    "soon": "exec_stop=/bin/sh -c 'kill $MAINPID'\n",
    "late": "exec_stop=/bin/sh -c 'kill $MAINPID; while kill -0 $MAINPID; do sleep 0.02; done'\n",
    "failing": "exec_stop=/bin/sh -c 'kill $MAINPID; while kill -0 $MAINPID; do sleep 0.02; done; exit 3'\n",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_stop_command_leaves_gets_the_stop_signal(daemon, section, scope, command):
    server = daemon(section(COMMANDS[command] + "exec_stop_timeout=300\n" + scope))
    start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert words(server)[-1] == "SIGTERM"
    assert state(server) == "STOPPED"


def test_what_a_stop_command_leaves_gets_the_sequence(daemon, section):
    server = daemon(section(COMMANDS["late"] + SEQUENCE + "exec_stop_timeout=300\nkill_scope=group\n"))
    start(server)
    assert server.rpc.supervisor.stopProcess("x")
    assert [word for word in words(server) if word.startswith("SIG")] == ["SIGINT", "SIGTERM"]


@pytest.mark.parametrize("way", ["upgrade", "crash"])
def test_a_successor_waits_for_the_stop_command(replaceable, section, way):
    keys = "exec_stop=/bin/sh -c 'kill $MAINPID; read line < gate'\nexec_stop_timeout=300\nkill_scope=group\n"
    server, replace = replaceable(way, section(keys + "directory=%(here)s\n"))
    os.mkfifo(os.path.join(server.directory, "gate"))
    main, child = start(server)
    assert server.rpc.supervisor.stopProcess("x", False)
    wait_for(lambda: not is_running(main), "the end of the main process")
    replace()
    assert reached(server, "STOPPING")
    assert is_running(child) and words(server)[2:] == []
    with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
        gate.write("go\n")
    wait_for(lambda: reached(server, "STOPPED"), "the end")
    assert words(server)[2:] == ["SIGTERM"]


def test_the_end_of_a_failed_preparation_is_known_to_the_commands_after_it(daemon):
    after = "/bin/sh -c 'echo $SUPERVISOR_RESULT $SERVICE_RESULT $EXIT_CODE:$EXIT_STATUS >> %(here)s/after'"
    programs = {"code": ("/bin/sh -c 'exit 3'", "start-failed exit-code exited:3"),
                "signal": ("/bin/sh -c 'kill -9 $$'", "start-failed signal killed:KILL"),
                "missing": ("/no/such/command", "start-failed exit-code :")}
    server = daemon("".join(f"[program:{name}]\ncommand=/bin/sleep 600\nautostart=false\nstartretries=0\n"
                            f"exec_start_pre={command}\nexec_stop_post={after}\n"
                            for name, (command, _) in programs.items()))
    for name in programs:
        with pytest.raises(xmlrpc.client.Fault):
            server.rpc.supervisor.startProcess(name)
    assert server.read("after").splitlines() == [said for _, said in programs.values()]
