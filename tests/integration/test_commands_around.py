# SPDX-License-Identifier: MIT
"""exec_start_pre, exec_start_post, exec_stop and exec_stop_post: commands around a program."""

import os
import subprocess
import tempfile
import xmlrpc.client

import pytest

from processes import is_running
from programs import program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for


def section(keys, command="/bin/sh -c 'echo run >> trace; exec sleep 1000'", extra=""):
    return (f"[program:x]\ncommand={command}\ndirectory=%(here)s\nstartsecs=0\nautostart=false\nstopwaitsecs=20\n"
            f"stdout_logfile=%(here)s/x.log\nstderr_logfile=%(here)s/x.err\n{keys}{extra}")


def note(word):
    """A command that appends a line to the file `trace`."""
    return f"/bin/sh -c 'echo {word} >> trace'"


def trace(server):
    return server.read("trace").split("\n")[:-1]


def line_of(server, word):
    """The rest of the first line of the trace that begins with this word."""
    found = wait_for(lambda: [line for line in trace(server) if line.startswith(word + " ")], word)
    return found[0].split(" ", 1)[1]


def test_all_of_them_run_in_their_order_as_the_program_does(daemon):
    keys = (f"exec_start_pre={note('pre1 $A $SUPERVISOR_PROCESS_NAME')}\n  {note('pre2 $(umask)')}\n"
            f"exec_start_post={note('post $MAINPID $SUPERVISOR_PROGRAM_PID')}\n"
            f"exec_stop=/bin/sh -c 'echo stop $MAINPID >> trace; kill $MAINPID'\n"
            f"exec_stop_post={note('after $SUPERVISOR_RESULT $SUPERVISOR_EXIT_SIGNAL $EXIT_CODE $EXIT_STATUS')}\n"
            "environment=A=\"value\"\numask=027\n")
    server = daemon(section(keys))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    pid = rpc.getProcessInfo("x")["pid"]
    assert line_of(server, "post") == f"{pid} {pid}"
    assert rpc.stopProcess("x")
    assert sorted(trace(server)[2:4]) == [f"post {pid} {pid}", "run"]
    assert trace(server)[:2] == ["pre1 value x", "pre2 0027"]
    assert trace(server)[4:] == [f"stop {pid}", "after signal SIGTERM killed TERM"]
    assert rpc.getProcessInfo("x")["statename"] == "STOPPED"


def test_their_output_is_in_the_log_of_the_program(daemon):
    keys = ("exec_start_pre=/bin/sh -c 'echo before; echo and errors >&2'\nexec_start_post=/bin/echo beside\n"
            "exec_stop_post=/bin/echo behind\n")
    server = daemon(section(keys, "/bin/sh -c 'echo program; exec sleep 1000'"))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    wait_for(lambda: "beside" in server.read("x.log") and "program" in server.read("x.log"), "the output")
    assert rpc.stopProcess("x")
    lines = server.read("x.log").splitlines()
    assert lines[:2] == ["before", "and errors"]
    assert sorted(lines[2:4]) == ["beside", "program"]
    assert lines[4:] == ["behind"]
    assert server.read("x.err") == ""


def test_no_process_before_the_preparation_is_over(daemon):
    server = daemon(section("exec_start_pre=/bin/sh -c 'read line < gate'\n"))
    os.mkfifo(os.path.join(server.directory, "gate"))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x", False)
    info = server.wait_state("x", "STARTING")
    assert (info["pid"], info["description"]) == (0, "exec_start_pre runs")
    assert trace(server) == []
    with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
        gate.write("go\n")
    assert server.wait_state("x", "RUNNING")["pid"] > 0


@pytest.mark.parametrize("command, why", [
    ("/bin/sh -c 'exit 3'", "exit status 3"),
    ("/no/such/command", "can't find command '/no/such/command'"),
    ("/bin/sh -c 'kill -9 $$'", "terminated by SIGKILL"),
])
def test_a_preparation_that_fails_is_a_failed_start(daemon, command, why):
    keys = f"exec_start_pre={command}\nexec_stop_post={note('after $SUPERVISOR_RESULT')}\nstartretries=0\n"
    server = daemon(section(keys))
    with pytest.raises(xmlrpc.client.Fault):
        server.rpc.supervisor.startProcess("x")
    info = server.wait_state("x", "FATAL")
    assert why in info["spawnerr"] and "exec_start_pre" in info["spawnerr"]
    assert why in info["description"]
    assert trace(server) == ["after start-failed"]
    assert why in server.log()


def test_an_optional_command_may_fail(daemon):
    keys = (f"exec_start_pre=-/bin/false\n  - /no/such/command\n  {note('pre')}\nexec_start_post=-/bin/false\n"
            f"exec_stop=-/bin/false\n  /bin/sh -c 'kill $MAINPID'\nexec_stop_post=/bin/false\n  {note('after')}\n")
    server = daemon(section(keys))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    message = "exec_start_post '/bin/false' failed: exit status 1; it is optional"
    wait_for(lambda: message in server.log(), "the message")
    assert rpc.stopProcess("x")
    assert [line for line in trace(server) if line != "run"] == ["pre", "after"]
    assert "exec_stop_post '/bin/false' failed: exit status 1" in server.log()


def test_each_has_a_time_limit(daemon):
    keys = ("exec_start_pre=/bin/sh -c 'echo $$ >> trace; trap \"\" TERM; sleep 1000'\nexec_start_pre_timeout=200ms\n"
            "startretries=0\n")
    server = daemon(section(keys))
    with pytest.raises(xmlrpc.client.Fault):
        server.rpc.supervisor.startProcess("x")
    assert "timed out after 0.2 seconds" in server.wait_state("x", "FATAL")["spawnerr"]
    assert not is_running(int(trace(server)[0])), "a command that ignores SIGTERM is killed"


def test_a_stop_during_the_preparation(daemon):
    keys = ("exec_start_pre=/bin/sh -c 'echo pre $$ >> trace; exec sleep 1000'\n  /bin/sh -c 'echo second >> trace'\n"
            f"exec_stop_post={note('after $SUPERVISOR_RESULT')}\n")
    server = daemon(section(keys))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x", False)
    pid = int(line_of(server, "pre"))
    assert rpc.stopProcess("x")
    assert rpc.getProcessInfo("x")["statename"] == "STOPPED"
    assert not is_running(pid)
    assert trace(server)[1:] == ["after cancelled"]
    assert rpc.startProcess("x", False), "it can be started again"
    wait_for(lambda: len(trace(server)) == 3, "the second preparation")
    assert server.stop() == 0
    assert trace(server)[3:] == ["after cancelled"]


def test_a_failed_stop_command_is_followed_by_the_signal(daemon):
    keys = f"exec_stop=/bin/false\nexec_stop_post={note('after $SUPERVISOR_EXIT_SIGNAL')}\nstopsignal=INT\n"
    server = daemon(section(keys, "/usr/bin/env sleep 1000"))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    assert rpc.stopProcess("x")
    assert trace(server) == ["after SIGINT"]
    assert "exec_stop '/bin/false' failed: exit status 1" in server.log()


def test_a_stop_command_that_does_not_end_the_program(daemon):
    """After stopwaitsecs come the signals of stopsignal if there are several, else SIGKILL."""
    command = "/bin/sh -c 'trap \"echo int >> trace; exit 5\" INT; echo $$ > pid; while :; do sleep 0.05; done'"
    keys = (f"exec_stop={note('stop')}\nstopsignal=INT 10, KILL\nstopwaitsecs=1\n"
            f"exec_stop_post={note('after $SUPERVISOR_EXIT_CODE')}\n")
    server = daemon(section("", command) .replace("stopwaitsecs=20\n", "") + keys)
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    wait_for(lambda: server.read("pid"), "the program")
    assert rpc.stopProcess("x")
    assert trace(server) == ["stop", "int", "after 5"]


def test_the_commands_after_an_end_by_itself(daemon):
    keys = (f"exec_stop_post={note('after $SUPERVISOR_RESULT $SUPERVISOR_EXIT_CODE $SERVICE_RESULT $EXIT_STATUS')}\n"
            "exitcodes=4\nautorestart=unexpected\n")
    server = daemon(section(keys, "/bin/sh -c 'read code < gate; exit $code'"))
    os.mkfifo(os.path.join(server.directory, "gate"))
    for code, result in ((3, "exit-code"), (4, "success")):
        if code == 3:
            assert server.rpc.supervisor.startProcess("x")
        with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
            gate.write(f"{code}\n")
        wait_for(lambda text=f"after {result} {code} {result} {code}": text in trace(server), "the command")
    assert server.wait_state("x", "EXITED")["exitstatus"] == 4
    assert len(trace(server)) == 2, "an unexpected end was followed by a new start"


def test_the_state_changes_after_the_last_command(daemon):
    keys = "exec_stop_post=/bin/sh -c 'echo waits >> trace; read line < gate'\n"
    server = daemon(section(keys))
    os.mkfifo(os.path.join(server.directory, "gate"))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x")
    assert rpc.stopProcess("x", False)
    wait_for(lambda: "waits" in trace(server), "the command")
    assert rpc.getProcessInfo("x")["statename"] == "STOPPING"
    with pytest.raises(xmlrpc.client.Fault, match="STILL_RUNNING|ALREADY_STARTED|NOT_RUNNING"):
        rpc.removeProcessGroup("x")
    assert rpc.signalProcess("x", "TERM")
    with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
        gate.write("go\n")
    server.wait_state("x", "STOPPED")


def test_a_failed_command_after_the_start_restarts_the_program(daemon):
    keys = ("exec_start_post=/bin/sh -c 'echo post >> trace; [ -e good ]'\nrestart_limit=2/600\nautorestart=true\n"
            "startsecs=0\n")
    server = daemon(section(keys).replace("startsecs=0\n", "", 1))
    assert server.rpc.supervisor.startProcess("x")
    info = server.wait_state("x", "FATAL")
    assert "restart_limit" in info["spawnerr"]
    assert trace(server).count("post") == 3
    with open(os.path.join(server.directory, "good"), "w", encoding="utf-8"):
        pass
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: trace(server).count("post") == 4, "the command")
    assert server.rpc.supervisor.getProcessInfo("x")["statename"] == "RUNNING"


def test_a_shutdown_waits_for_them(daemon):
    keys = f"exec_stop=/bin/sh -c 'kill $MAINPID; sleep 0.2; echo stop >> trace'\nexec_stop_post={note('after')}\n"
    server = daemon(section(keys))
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: trace(server) == ["run"], "the program")
    assert server.stop() == 0
    assert trace(server) == ["run", "stop", "after"]


def test_the_numbers_of_a_program_are_expanded(daemon):
    server = daemon("[program:n]\ncommand=/bin/sleep 1000\nnumprocs=2\nprocess_name=n%(process_num)s\n"
                    "directory=%(here)s\nstartsecs=0\n"
                    f"exec_start_pre={note('pre %(process_num)s')}\n")
    wait_for(lambda: sorted(trace(server)) == ["pre 0", "pre 1"], "both")


def test_a_listeners_commands_do_not_disturb_its_protocol(daemon):
    listener = "/bin/sh -c 'echo READY; while read line; do :; done'"
    server = daemon(f"[eventlistener:l]\ncommand={listener}\nevents=TICK_3600\nstartsecs=0\n"
                    "stdout_logfile=%(here)s/l.log\nstderr_logfile=%(here)s/l.err\nexec_start_pre=/bin/echo words\n")
    server.wait_state("l", "RUNNING")
    wait_for(lambda: server.read("l.err") == "words\n" and server.read("l.log") == "READY\n", "the output")


@pytest.mark.parametrize("key", ["exec_start_pre", "exec_start_post", "exec_stop", "exec_stop_post"])
@pytest.mark.parametrize("name, value, why", [
    ("", "/bin/sh -c 'open", "can't parse command \"/bin/sh -c 'open\": No closing quotation"),
    ("", "", "there is no command"),
    ("", "/bin/true\n  -", "there is no command in the line"),
    ("_timeout", "0", "a command needs a time limit above 0"),
    ("_timeout", "soon", "not a valid duration: 'soon'"),
])
def test_bad_values_name_file_line_section_and_key(work_dir, key, name, value, why):
    path = os.path.join(work_dir, "bad.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:x]\ncommand=/bin/true\n{key}{name}={value}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"{why}" in said
    assert f"for key '{key}{name}' in section 'program:x' (file: '{path}', line 4)" in said


# What a program does in each phase, and the command that waits in it for a line in `gate`.
WAITS = "/bin/sh -c 'echo {0} $$ >> trace; read line < gate; echo done {0} >> trace; echo output {0}{1}'"
PHASES = {
    "pre": ("exec_start_pre=" + WAITS.format("pre", ""), "STARTING", "RUNNING"),
    "post": ("exec_start_post=" + WAITS.format("post", ""), "RUNNING", "RUNNING"),
    "stop": ("exec_stop=" + WAITS.format("stop", "; kill $MAINPID"), "STOPPING", "STOPPED"),
    "after": ("exec_stop_post=" + WAITS.format("after", ""), "STOPPING", "STOPPED"),
}


def enter(server, phase):
    """Brings the program into a phase; returns the pid of the command that waits there."""
    os.mkfifo(os.path.join(server.directory, "gate"))
    rpc = server.rpc.supervisor
    assert rpc.startProcess("x", False)
    if phase in ("stop", "after"):
        wait_for(lambda: "run" in trace(server), "the program")
        assert rpc.stopProcess("x", False)
    pid = int(line_of(server, phase))
    assert rpc.getProcessInfo("x")["statename"] == PHASES[phase][1]
    return pid


def go_on(server, phase):
    with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
        gate.write("go\n")
    wait_for(lambda: f"done {phase}" in trace(server), "the command")
    server.wait_state("x", PHASES[phase][2])
    wait_for(lambda: f"output {phase}" in server.read("x.log"), "its output")


@pytest.mark.parametrize("phase", PHASES)
def test_an_upgrade_continues_each(daemon, work_dir, phase):
    installed = Installation(work_dir)
    server = daemon(section(PHASES[phase][0] + "\n"), executable=installed.path)
    pid = enter(server, phase)
    before = server.rpc.supervisor.getProcessInfo("x")
    installed.newer()
    server.rpc.supervisor.upgrade()
    wait_for(lambda: "upgraded" in server.log(), "the upgrade")
    server.wait_ready()
    assert server.rpc.supervisor.getProcessInfo("x")["statename"] == before["statename"]
    assert is_running(pid)
    go_on(server, phase)


@pytest.mark.parametrize("phase", PHASES)
def test_a_crash_ends_none(work_dir, cleanup, phase):
    directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
    server = cleanup.enter_context(KeptDaemon(directory, section(PHASES[phase][0] + "\n")))
    pid = enter(server, phase)
    server.crash_and_take_over()
    assert is_running(pid)
    assert server.rpc.supervisor.getProcessInfo("x")["statename"] == PHASES[phase][1]
    with open(os.path.join(server.directory, "gate"), "w", encoding="utf-8") as gate:
        gate.write("go\n")
    wait_for(lambda: f"done {phase}" in trace(server), "the command")

    def reached():
        server.reap()
        return server.rpc.supervisor.getProcessInfo("x")["statename"] == PHASES[phase][2]

    wait_for(reached, PHASES[phase][2])
    wait_for(lambda: server.reap() or f"output {phase}" in server.read("x.log"), "its output")
