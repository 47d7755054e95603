# SPDX-License-Identifier: MIT
"""The life of programs under the real supervisord: starts, retries, stops, remaining processes."""

import os
import re
import signal
import xmlrpc.client

import pytest

from daemon import UnixConnection
from processes import children, is_running
from waiting import wait_for


def lines(server, name):
    """The activity log's lines about a program, without time stamps, pids and the part about a waiting client."""
    found = [line[24:] for line in server.log().splitlines() if re.search(rf"\b{name}\b", line)]
    found = [line for line in found if "waiting for" not in line]
    return [re.sub(r"pid \d+|\(\d+\)", "pid N", line) for line in found]


def test_start_run_stop(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    info = server.wait_state("cat", "RUNNING")
    assert info["pid"] in children(server.pid)
    assert info["description"].startswith(f"pid {info['pid']}, uptime 0:00:")
    assert server.rpc.supervisor.stopProcess("cat") is True
    info = server.rpc.supervisor.getProcessInfo("cat")
    assert (info["statename"], info["pid"], info["exitstatus"]) == ("STOPPED", 0, -1)
    assert info["stop"] >= info["start"] > 0
    assert lines(server, "cat") == [
        "INFO spawned: 'cat' with pid N",
        "INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)",
        "WARN stopped: cat (terminated by SIGTERM)",
    ]


def test_a_quick_death_is_retried_and_given_up(daemon):
    server = daemon("[program:dies]\ncommand=/bin/sh -c 'exit 2'\nstartretries=1\n")
    info = server.wait_state("dies", "FATAL")
    assert info["spawnerr"] == info["description"] == "Exited too quickly (process log may have details)"
    assert lines(server, "dies") == [
        "INFO spawned: 'dies' with pid N",
        "WARN exited: dies (exit status 2; not expected)",
        "INFO spawned: 'dies' with pid N",
        "WARN exited: dies (exit status 2; not expected)",
        "INFO gave up: dies entered FATAL state, too many start retries too quickly",
    ]


def test_a_program_that_cannot_begin_says_why(daemon):
    """Supervisor has "Exited too quickly" for all of these, and the reason in a log at best."""
    server = daemon("[program:nowhere]\ncommand=/bin/cat\ndirectory=/nonexistent/x\nstartretries=0\n"
                    "stderr_logfile=NONE\n[program:shell]\ncommand=LANG=C /bin/cat\nstartretries=0\n")
    info = server.wait_state("nowhere", "FATAL")
    assert info["spawnerr"] == info["description"] == "couldn't chdir to /nonexistent/x: ENOENT"
    assert lines(server, "nowhere") == [
        "INFO spawned: 'nowhere' with pid N",
        "WARN exited: nowhere (exit status 127; not expected)",
        "INFO gave up: nowhere entered FATAL state, too many start retries too quickly",
    ]
    assert "INFO spawnerr: couldn't chdir to /nonexistent/x: ENOENT\n" in server.log()
    info = server.wait_state("shell", "FATAL")
    assert info["description"] == ("can't find command 'LANG=C'; command is not run by a shell: 'LANG=' is not a program; "
                                   "set variables with environment=")
    assert "WARN command is not run by a shell: 'LANG=' is not a program; set variables with environment=" in server.log()
    with pytest.raises(xmlrpc.client.Fault) as fault:
        server.rpc.supervisor.startProcess("nowhere")
    assert fault.value.faultCode == 50  # SPAWN_ERROR, as Supervisor answers
    assert re.search(r"^nowhere +FATAL +couldn't chdir to /nonexistent/x: ENOENT$", server.ctl("status").stdout, re.M)


def test_a_running_program_comes_back(daemon):
    server = daemon("[program:back]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
                    "[program:gone]\ncommand=/bin/sleep 1000\nstartsecs=0\nautorestart=false\n")
    first = server.wait_state("back", "RUNNING")["pid"]
    gone = server.wait_state("gone", "RUNNING")["pid"]
    os.kill(first, signal.SIGKILL)
    os.kill(gone, signal.SIGKILL)
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("back")["pid"] not in (0, first), "the restart")
    assert server.wait_state("gone", "EXITED")["exitstatus"] == -1
    assert "WARN exited: back (terminated by SIGKILL; not expected)" in server.log()


def test_stop_kills_what_ignores_the_signal_with_its_group(daemon):
    server = daemon("""[program:deaf]
command=/bin/sh -c 'trap : TERM; sleep 1000 & echo $!; while :; do wait; done'
startsecs=0
stopwaitsecs=0
killasgroup=true
""")
    server.wait_state("deaf", "RUNNING")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog("deaf", 0, 0), "the pid of the grandchild")
    grandchild = int(server.rpc.supervisor.readProcessStdoutLog("deaf", 0, 0))
    server.rpc.supervisor.stopProcess("deaf")
    wait_for(lambda: not is_running(grandchild), "the end of the grandchild")
    assert "WARN killing 'deaf' (" in server.log()


def test_a_child_has_default_signals_an_empty_mask_and_no_stray_descriptors(daemon):
    server = daemon("""[program:look]
command=/bin/sh -c 'grep Sig /proc/self/status; echo; ls /proc/self/fd'
startsecs=0
autorestart=false
""")
    server.wait_state("look", "EXITED")
    status, descriptors = server.rpc.supervisor.readProcessStdoutLog("look", 0, 0).split("\n\n")
    masks = dict(line.split(":\t") for line in status.splitlines())
    assert int(masks["SigIgn"], 16) == 0 and int(masks["SigBlk"], 16) == 0
    assert descriptors.split() == ["0", "1", "2", "3"]  # 3 is ls's own


def test_user_and_umask_and_directory_and_environment(daemon, account):
    user = account()
    server = daemon(f"""[program:who]
command=/bin/sh -c 'id -un; umask; pwd; echo $GREETING $SUPERVISOR_PROCESS_NAME'
user={user.pw_name}
umask=027
directory=/usr
environment=GREETING="good day"
startsecs=0
autorestart=false
""")
    server.wait_state("who", "EXITED")
    assert server.rpc.supervisor.readProcessStdoutLog("who", 0, 0) == f"{user.pw_name}\n0027\n/usr\ngood day who\n"


def test_groups_stop_one_after_the_other(daemon):
    server = daemon("".join(f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority={priority}\n"
                            for name, priority in (("low", 1), ("mid", 2), ("high", 3))))
    server.wait_state("high", "RUNNING")
    assert server.stop() == 0
    stopped = re.findall(r"stopped: (\w+)", server.log())
    assert stopped == ["high", "mid", "low"]
    assert "WARN received SIGTERM indicating exit request" in server.log()


@pytest.mark.skipif(os.getuid() != 0, reason="a new pid namespace needs root")
def test_as_pid1_it_reaps_strangers_and_ends(daemon, work_dir):
    import subprocess
    from programs import program

    config = os.path.join(work_dir, "pid1.conf")
    log = os.path.join(work_dir, "pid1.log")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"""[supervisord]
logfile={log}
pidfile={work_dir}/pid1.pid
childlogdir={work_dir}
user=root
[program:orphans]
command=/bin/sh -c '(sleep 0.1; exit 7) & exit 0'
startsecs=0
autorestart=false
""")
    run = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
                            *program("supervisord"), "-n", "-s", "-c", config])
    try:
        wait_for(lambda: os.path.exists(log) and "(exit status 7)" in open(log, encoding="utf-8").read(), "the orphan")
        text = open(log, encoding="utf-8").read()
        assert "supervisord started with pid 1" in text
        assert re.search(r"INFO reaped unknown pid \d+ \(exit status 7\)", text)
        os.kill(children(run.pid)[0], signal.SIGTERM)
        assert run.wait(30) == 0
    finally:
        if run.poll() is None:
            run.kill()
            run.wait()


def is_zombie(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


class Held:
    """A connection to a daemon that is held (SIGSTOP) while a child ends and a request arrives: then it finds both in the
    same turn of its loop."""

    def __init__(self, server, cleanup):
        self._server = server
        self._connection = UnixConnection(server.socket)
        cleanup.callback(self._connection.close)
        cleanup.callback(server.kill, signal.SIGCONT)
        self.call("getState")

    def send(self, method, *arguments):
        self._connection.request("POST", "/RPC2", xmlrpc.client.dumps(arguments, f"supervisor.{method}"), {"Content-Type": "text/xml"})

    def answer(self):
        return xmlrpc.client.loads(self._connection.getresponse().read())[0][0]

    def call(self, method, *arguments):
        self.send(method, *arguments)
        return self.answer()

    def after_end_of(self, pid, end, method, *arguments):
        """The answer to a call that was sent after `end` had ended the process, before the daemon could see that."""
        self._server.kill(signal.SIGSTOP)
        end()
        wait_for(lambda: is_zombie(pid), "the end of the program")
        self.send(method, *arguments)
        self._server.kill(signal.SIGCONT)
        return self.answer()


@pytest.mark.parametrize("pause", [0, 20])
def test_a_call_sees_what_has_happened(daemon, cleanup, pause):
    """Also with `pause` more connections that have a request: then there are many, and their order must not matter."""
    server = daemon("[program:p]\ncommand=/bin/sh -c 'trap \"while [ ! -e go ]; do sleep 0.01; done; exit 3\" TERM; touch ready; while :; do sleep 0.1; done'\n"
                    "directory=%(here)s\nstartsecs=0\nautorestart=false\n")
    held = Held(server, cleanup)
    others = [Held(server, cleanup) for _ in range(pause)]
    wait_for(lambda: os.path.exists(f"{server.directory}/ready"), "the trap")
    pid = server.wait_state("p", "RUNNING")["pid"]
    assert held.call("stopProcess", "p", False) is True
    assert held.call("getProcessInfo", "p")["statename"] == "STOPPING"

    def end():
        for other in others:
            other.send("getProcessInfo", "p")
        open(f"{server.directory}/go", "wb").close()

    info = held.after_end_of(pid, end, "getProcessInfo", "p")
    assert (info["statename"], info["pid"], info["exitstatus"]) == ("STOPPED", 0, 3)
    assert {other.answer()["statename"] for other in others} <= {"STOPPED"}


def test_every_call_sees_what_has_happened(daemon, cleanup):
    """Also calls that act, and the page."""
    server = daemon("[program:p]\ncommand=/bin/sh -c 'echo $$; read line'\nstartsecs=0\nautorestart=false\n")
    held = Held(server, cleanup)

    def after_its_end(method, *arguments):
        pid = server.wait_state("p", "RUNNING")["pid"]
        return held.after_end_of(pid, lambda: os.kill(pid, signal.SIGKILL), method, *arguments)

    assert after_its_end("getAllProcessInfo")[0]["statename"] == "EXITED"
    held.call("startProcess", "p")
    assert after_its_end("startProcess", "p") is True  # not ALREADY_STARTED
    assert after_its_end("stopAllProcesses") == []
    held.call("startProcess", "p")
    assert after_its_end("removeProcessGroup", "p") is True  # not STILL_RUNNING
    server.rpc.supervisor.addProcessGroup("p")
    pid = server.wait_state("p", "RUNNING")["pid"]
    page = UnixConnection(server.socket)
    cleanup.callback(page.close)
    page.request("GET", "/")
    assert ">running<" in page.getresponse().read().decode()
    server.kill(signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: is_zombie(pid), "the end of the program")
    page.request("GET", "/")
    server.kill(signal.SIGCONT)
    text = page.getresponse().read().decode()
    assert ">running<" not in text and ">exited<" in text


def test_what_a_program_writes_at_once_is_there_when_its_start_is_answered(daemon):
    """As in twiddler's session: add, start, read. A loaded machine may need longer than the answer waits, so one of ten
    starts is enough."""
    server = daemon("[program:ends]\ncommand=/bin/echo hello\nautostart=false\nautorestart=false\nstartsecs=0\n"
                    "[program:stays]\ncommand=/bin/sh -c 'echo hello; exec sleep 1000'\nautostart=false\nstartsecs=0\n")
    rpc = server.rpc.supervisor
    for name in ("ends", "stays"):
        texts = []
        for _ in range(10):
            assert rpc.startProcess(name) is True
            texts.append(rpc.readProcessStdoutLog(name, 0, 0))
            if name == "stays":
                rpc.stopProcess(name)
            server.wait_state(name, "EXITED" if name == "ends" else "STOPPED")
            rpc.clearProcessLogs(name)
        assert "hello\n" in texts


def test_programs_are_killed_before_supervisord_when_memory_runs_out(daemon):
    command = "command=/bin/cat\nstartsecs=0\n"
    server = daemon(f"[program:usual]\n{command}[program:own]\n{command}oom_score_adj=17\n")

    def score(pid):
        with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
            return int(file.read())

    assert score(server.wait_state("usual", "RUNNING")["pid"]) == min(score(server.pid) + 200, 1000)
    assert score(server.wait_state("own", "RUNNING")["pid"]) == 17


def test_a_score_that_cannot_be_set_is_told_and_no_failure(daemon, account):
    """A value below supervisord's needs root, and /proc may be missing or read-only."""
    server = daemon("[program:low]\ncommand=/bin/cat\nstartsecs=0\noom_score_adj=-500\nredirect_stderr=true\n",
                    user=account().pw_name)
    server.wait_state("low", "RUNNING")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog("low", 0, 0) ==
            "supervisor: couldn't set oom_score_adj: EACCES (a value below that of supervisord needs root)\n", "the message")
