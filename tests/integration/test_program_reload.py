# SPDX-License-Identifier: MIT
"""reload_signal and reload_command: a program reads its own configuration again, without a restart."""

import os
import threading
import xmlrpc.client

import pytest

from processes import is_running
from upgrading import Installation
from waiting import wait_for

LISTENS = ("command=sh -c 'trap \"echo hup\" HUP; echo up; while :; do sleep 0.02; done'\nstartsecs=0\n"
           "stdout_logfile=%(here)s/%(program_name)s.log\n")


def fault(call, *parameters):
    with pytest.raises(xmlrpc.client.Fault) as raised:
        call(*parameters)
    return raised.value.faultCode, raised.value.faultString


def test_a_signal(daemon):
    server = daemon("[program:p]\n" + LISTENS + "reload_signal=HUP\n")
    wait_for(lambda: server.read("p.log") == "up\n", "the program")
    pid = server.rpc.supervisor.getProcessInfo("p")["pid"]
    done = server.ctl("reload-program", "p")
    assert (done.stdout, done.returncode) == ("p: reloaded\n", 0)
    wait_for(lambda: server.read("p.log") == "up\nhup\n", "the signal")
    assert server.rpc.supervisor.getProcessInfo("p")["pid"] == pid
    assert "reloaded: p by signal SIGHUP" in server.log()


def test_a_command(daemon):
    server = daemon("[program:p]\n" + LISTENS + "environment=A=\"b\"\n"
                    "reload_command=sh -c 'kill -HUP $MAINPID; echo $A $SUPERVISOR_PROGRAM_PID'\n")
    wait_for(lambda: server.read("p.log") == "up\n", "the program")
    pid = server.rpc.supervisor.getProcessInfo("p")["pid"]
    assert server.ctl("reload-program", "p").stdout == "p: reloaded\n"
    wait_for(lambda: sorted(server.read("p.log").split("\n")) == sorted(["up", "hup", f"b {pid}", ""]), "signal and output")
    assert "reloaded: p by its reload_command" in server.log()


def test_what_cannot_be_reloaded(daemon):
    server = daemon("[program:none]\ncommand=cat\nstartsecs=0\n"
                    "[program:fails]\ncommand=cat\nstartsecs=0\nreload_command=sh -c 'exit 3'\n"
                    "[program:missing]\ncommand=cat\nstartsecs=0\nreload_command=/nonexistent/x\n"
                    "[program:slow]\ncommand=cat\nstartsecs=0\nreload_command=sleep 1000\nreload_timeout=100ms\n"
                    "[program:down]\ncommand=cat\nautostart=false\nreload_signal=HUP\n")
    for name in ("none", "fails", "missing", "slow"):
        server.wait_state(name, "RUNNING")
    told = {name: server.ctl("reload-program", name) for name in ("none", "fails", "missing", "slow", "down", "nowhere")}
    assert {name: done.stdout for name, done in told.items()} == {
        "none": "none: ERROR (it has neither a reload_signal nor a reload_command)\n",
        "fails": "fails: ERROR (its reload_command failed: exit status 3)\n",
        "missing": "missing: ERROR (its reload_command failed: can't find command '/nonexistent/x')\n",
        "slow": "slow: ERROR (its reload_command failed: timed out after 0.1 seconds)\n",
        "down": "down: ERROR (not running)\n",
        "nowhere": "nowhere: ERROR (no such process)\n"}
    assert {name: done.returncode for name, done in told.items()} == {
        "none": 1, "fails": 1, "missing": 1, "slow": 1, "down": 7, "nowhere": 1}
    assert fault(server.rpc.supervisor.reloadProcess, "down")[0] == 70
    assert "not reloaded: fails: its reload_command failed: exit status 3" in server.log()
    done = server.ctl("reload-program")
    assert done.returncode != 0 and done.stdout.startswith("Error: reload-program requires a process name\n")


def test_groups_and_patterns(daemon):
    text = "[group:g]\nprograms=a,b\n[program:a]\n%sreload_signal=HUP\n[program:b]\n%sreload_signal=HUP\n"
    server = daemon(text.replace("%s", LISTENS))
    wait_for(lambda: server.read("a.log") == server.read("b.log") == "up\n", "the programs")
    assert server.ctl("reload-program", "g:*").stdout == "g:a: reloaded\ng:b: reloaded\n"
    assert server.ctl("reload-program", "g:[b]").stdout == "g:b: reloaded\n"
    assert server.ctl("reload-program", "all").stdout == "g:a: reloaded\ng:b: reloaded\n"
    wait_for(lambda: "hup" in server.read("a.log") and "hup" in server.read("b.log"), "the signals")


SLOW = ("[program:p]\ncommand=cat\nstartsecs=0\ndirectory=%(here)s\n"
        "reload_command=sh -c 'echo $$ >pid; while [ ! -e enough ]; do sleep 0.02; done'\n")


def begun(server, results):
    def call():
        try:
            results.append(server.rpc.supervisor.reloadProcess("p"))
        except xmlrpc.client.Fault as problem:
            results.append(problem.faultString)
        except OSError as problem:  # supervisord has ended
            results.append(str(problem))

    thread = threading.Thread(target=call)
    thread.start()
    return thread, int(wait_for(lambda: server.read("pid").strip(), "the command"))


def test_only_one_at_a_time(daemon):
    server, results = daemon(SLOW), []
    server.wait_state("p", "RUNNING")
    thread, _ = begun(server, results)
    assert server.ctl("reload-program", "p").stdout == "p: ERROR (its reload_command is still running)\n"
    os.close(os.open(os.path.join(server.directory, "enough"), os.O_CREAT))
    thread.join(60)
    assert results == [True]
    assert server.ctl("reload-program", "p").stdout == "p: reloaded\n"


def test_the_command_ends_with_its_program(daemon):
    server, results = daemon(SLOW), []
    server.wait_state("p", "RUNNING")
    thread, pid = begun(server, results)
    server.ctl("stop", "p")
    thread.join(60)
    assert results == ["FAILED: its reload_command failed: terminated by SIGKILL"]
    wait_for(lambda: not is_running(pid), "the end of the command")


def test_an_upgrade_during_a_reload(daemon, work_dir):
    server, results = daemon(SLOW, executable=Installation(work_dir).path), []
    server.wait_state("p", "RUNNING")
    thread, pid = begun(server, results)
    assert server.rpc.supervisor.upgrade() is True
    thread.join(60)
    assert results == ["FAILED: supervisord was upgraded during this call: what it began continues"]
    assert is_running(pid)
    os.close(os.open(os.path.join(server.directory, "enough"), os.O_CREAT))
    wait_for(lambda: "reloaded: p by its reload_command" in server.log(), "the end of the command")
    assert server.ctl("reload-program", "p").stdout == "p: reloaded\n"


def test_a_shutdown_does_not_wait_for_it(daemon):
    server, results = daemon(SLOW), []
    server.wait_state("p", "RUNNING")
    thread, pid = begun(server, results)
    server.rpc.supervisor.shutdown()
    server.process.wait(60)
    thread.join(60)
    wait_for(lambda: not is_running(pid), "the end of the command")


def test_the_keys_can_change_while_it_runs(daemon):
    server = daemon("[program:p]\n" + LISTENS)
    wait_for(lambda: server.read("p.log") == "up\n", "the program")
    server.configure("[program:p]\n" + LISTENS + "reload_signal=HUP\n")
    assert server.ctl("update").stdout == "p: updated process group\n"
    assert server.ctl("reload-program", "p").stdout == "p: reloaded\n"


@pytest.mark.parametrize("line, reason", [
    ("reload_signal=NOPE", "NOPE"), ("reload_command=", "it is empty"), ("reload_timeout=soon", "soon"),
    ("reload_timeout=0", "0 is not a time"), ("reload_signal=HUP\nreload_command=x", "not both")])
def test_bad_values(daemon, line, reason):
    server = daemon("[program:p]\ncommand=cat\n")
    server.configure("[program:p]\ncommand=cat\n" + line + "\n")
    code, text = fault(server.rpc.supervisor.reloadConfig)
    assert code == 92 and reason in text
    assert "'program:p'" in text and "line " in text and line.splitlines()[-1].partition("=")[0] in text


def test_without_the_method(daemon):
    server = daemon("[program:p]\ncommand=cat\nstartsecs=0\n", kind="debian")
    server.wait_state("p", "RUNNING")
    done = server.ctl("reload-program", "p", kind="ours")
    assert (done.stdout, done.returncode) == ('p: ERROR (this supervisord cannot; use "signal" or "restart")\n', 1)
