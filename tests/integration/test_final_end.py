# SPDX-License-Identifier: MIT
"""When supervisord ends by itself, and with which status: essential programs, and exit_when=all_exited."""

import os
import shutil
import signal
import subprocess

import pytest

from daemon import Daemon
from processes import children, is_running
from programs import program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

SIDE = "[program:side]\ncommand=/bin/cat\n"
ALL = "exit_when=all_exited"


def main(script, more="autorestart=false\n", name="main"):
    """An essential program, which ends as soon as there is a file "go"."""
    return (f"[program:{name}]\ncommand=/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done; {script}'\n"
            f"essential=true\nstartsecs=0\n{more}")


def until_go(name):
    """A program that ends as soon as there is a file "go"."""
    return (f"[program:{name}]\ncommand=/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done'\n"
            "startsecs=0\nautorestart=false\n")


def go(server, name="go"):
    with open(os.path.join(server.directory, name), "w", encoding="utf-8"):
        pass


def status(server):
    """The exit status of supervisord, which ends by itself."""
    return server.process.wait(30)


@pytest.mark.parametrize("script,more,expected,how", [
    ("exit 0", "", 0, "has ended (exit status 0)"),
    ("exit 3", "autorestart=false\n", 3, "has ended (exit status 3)"),
    ("exit 3", "exitcodes=0,3\n", 3, "has ended (exit status 3)"),
    ("kill -KILL $$", "autorestart=false\n", 128 + 9, "has ended (terminated by SIGKILL)"),
    ("exit 7", "startsecs=60\nstartretries=0\n", 7,
     "is FATAL (Exited too quickly (process log may have details))"),
    ("exit 0", "startsecs=60\nstartretries=0\n", 1,
     "is FATAL (Exited too quickly (process log may have details))"),
])
def test_the_end_of_an_essential_program_is_that_of_supervisord(daemon, script, more, expected, how):
    server = daemon(SIDE + main(script, more))
    side = server.wait_state("side", "RUNNING")["pid"]
    go(server)
    assert status(server) == expected
    assert not is_running(side)
    level = "INFO" if expected == 0 else "ERRO"
    assert (f"{level} main, which is essential, {how}: supervisord shuts down, and ends with exit status {expected}\n"
            in server.log())
    assert "stopped: side (terminated by SIGTERM)" in server.log()
    assert not os.path.exists(server.socket)


def test_a_command_that_cannot_be_started_is_an_end(daemon):
    server = daemon(SIDE + "[program:main]\ncommand=/nonexistent\nstartretries=0\nessential=true\n", wait=False)
    assert status(server) == 1
    assert "main, which is essential, is FATAL (can't find command '/nonexistent'): supervisord" in server.log()


def test_what_is_not_the_end_of_an_essential_program(daemon):
    server = daemon(SIDE + main("exit 3", "restart_delay=10ms\n") +
                    "[program:later]\ncommand=/nonexistent\nstartretries=0\nfatal_retry=1h\nessential=true\n")
    server.wait_state("later", "FATAL")  # another attempt follows
    server.wait_state("main", "RUNNING")
    server.rpc.supervisor.stopProcess("main")
    assert server.ctl("restart", "main").returncode == 0
    go(server)
    wait_for(lambda: server.log().count("exited: main (exit status 3; not expected)") >= 3, "some restarts")
    server.rpc.supervisor.stopProcess("main")
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    assert "essential" not in server.log()
    assert server.stop() == 0


def test_the_first_of_several_counts_and_a_shutdown_ends_with_0(daemon):
    server = daemon(main("exit 4", name="one") + "[program:two]\nessential=true\nstartsecs=0\n"
                    "command=/bin/sh -c 'trap \"exit 5\" TERM; echo up; while :; do sleep 0.02; done'\n"
                    "stdout_logfile=%(here)s/two\n")
    wait_for(lambda: server.read("two"), "two to have its trap")
    go(server)
    assert status(server) == 4
    assert server.log().count("essential") == 1


def test_a_shutdown_and_a_restart_end_as_always(daemon):
    server = daemon(main("exit 4"))
    server.wait_state("main", "RUNNING")
    server.kill(signal.SIGHUP)
    wait_for(lambda: server.log().count("spawned: 'main'") == 2 and server.is_answering(), "the next life")
    assert server.stop() == 0
    assert "essential" not in server.log()


def test_a_stop_because_something_is_wrong_is_an_end(daemon):
    server = daemon(SIDE + "[program:main]\ncommand=/bin/sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.02; done'\n"
                    "health_check=exec:/bin/false\nhealth_interval=100ms\nhealth_retries=1\nhealth_action=stop\n"
                    "startsecs=0\nessential=true\n")
    assert status(server) == 1
    assert "main, which is essential, is STOPPED (unhealthy: exec:/bin/false: " in server.log()


def test_an_update_makes_a_running_program_essential(daemon):
    text = SIDE + main("exit 3")
    server = daemon(text.replace("essential=true\n", ""))
    before = server.wait_state("main", "RUNNING")["pid"]
    server.configure(text)
    server.ctl("update")
    assert server.wait_state("main", "RUNNING")["pid"] == before
    go(server)
    assert status(server) == 3


def test_essential_in_the_defaults_and_for_an_event_listener(daemon):
    server = daemon("[program-defaults]\nessential=true\n[eventlistener:l]\nevents=TICK_3600\nautorestart=false\n"
                    "startsecs=0\ncommand=/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done; exit 6'\n")
    go(server)
    assert status(server) == 6


def test_in_the_background_the_daemon_has_the_status(work_dir):
    """A subreaper is the parent of the daemon, as an init is."""
    server = Daemon("ours", work_dir, main("exit 9"), wait=False)
    script = ("import ctypes, os, subprocess, sys\n"
              "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
              "assert subprocess.run(sys.argv[1:]).returncode == 0\n"
              "open('go', 'w').close()\n"
              "print('status', os.waitstatus_to_exitcode(os.wait()[1]))\n")
    server.configure(main("exit 9"))
    with open(server.config_path, encoding="utf-8") as file:
        text = file.read().replace("nodaemon=true", "nodaemon=false")
    with open(server.config_path, "w", encoding="utf-8") as file:
        file.write(text)
    result = subprocess.run(["/usr/bin/python3", "-c", script, *program("supervisord"), "-c", server.config_path],
                            cwd=work_dir, capture_output=True, text=True, timeout=60, check=False)
    assert "status 9\n" in result.stdout, result.stderr + server.log()


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("unshare") is None, reason="a pid namespace needs root")
def test_the_status_is_that_of_a_container(daemon):
    server = daemon(SIDE + main("kill -TERM $$"), prefix=["unshare", "--pid", "--fork", "--mount-proc"])
    server.wait_state("side", "RUNNING")
    inside = children(server.pid)
    go(server)
    assert status(server) == 128 + 15
    assert inside and not any(is_running(pid) for pid in inside)


# exit_when

DONE = "[program:done]\ncommand=/bin/sh -c 'exit 0'\nstartsecs=0\n"


def test_supervisord_ends_with_its_programs(daemon):
    server = daemon(DONE + main("exit 0").replace("essential=true\n", "") +
                    "[eventlistener:l]\ncommand=/bin/cat\nevents=TICK_3600\n", supervisord=ALL)
    server.wait_state("done", "EXITED")
    assert server.wait_state("main", "RUNNING")
    go(server)
    assert status(server) == 0
    assert "INFO all programs have ended: supervisord shuts down (exit_when), and ends with exit status 0\n" in server.log()


@pytest.mark.parametrize("script,more,expected,how", [
    ("exit 4", "autorestart=false\n", 4, "has ended (exit status 4)"),
    ("exit 0", "exitcodes=9\nautorestart=false\n", 1, "has ended (exit status 0)"),
    ("kill -INT $$", "autorestart=false\n", 128 + 2, "has ended (terminated by SIGINT)"),
    ("exit 5", "startsecs=60\nstartretries=0\n", 5,
     "is FATAL (Exited too quickly (process log may have details))"),
])
def test_the_first_program_that_failed_has_the_status(daemon, script, more, expected, how):
    server = daemon(main(script, more).replace("essential=true\n", "") +
                    "[program:second]\nautorestart=false\nstartsecs=0\n"
                    "command=/bin/sh -c 'until [ -e %(here)s/second ]; do sleep 0.02; done; exit 77'\n"
                    "[program:byhand]\ncommand=/bin/cat\n[program:never]\ncommand=/bin/cat\nautostart=false\n",
                    supervisord=ALL)
    go(server)
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("main")["statename"] in ("EXITED", "FATAL"), "its end")
    server.rpc.supervisor.stopProcess("byhand")
    go(server, "second")
    assert status(server) == expected
    assert (f"ERRO all programs have ended, and main {how}: supervisord shuts down (exit_when), and ends with exit "
            f"status {expected}\n") in server.log()


def test_what_is_still_to_come_keeps_supervisord(daemon):
    server = daemon(DONE + "[program:retry]\ncommand=/nonexistent\nstartretries=0\nfatal_retry=1h\n"
                    "[program:waits]\ncommand=/bin/true\nstartsecs=0\ndepends_on=done:exited\nstart_delay=1h\n",
                    supervisord=ALL)
    server.wait_state("done", "EXITED")
    server.wait_state("retry", "FATAL")
    assert server.rpc.supervisor.getProcessInfo("waits")["description"] == "waiting for start_delay"
    server.rpc.supervisor.stopProcess("retry")
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    server.ctl("stop", "waits")
    assert status(server) == 0


def test_a_schedule_is_still_to_come(daemon):
    server = daemon("[program:job]\ncommand=/bin/sh -c 'exit 3'\nschedule=@every 1s\nautorestart=false\n"
                    "essential=true\n", supervisord=ALL)
    wait_for(lambda: server.log().count("exited: job (exit status 3") > 1, "two runs")
    server.ctl("disable", "job")
    assert status(server) == 3


def test_what_waits_for_a_program_that_does_not_come_does_not_keep_it(daemon):
    server = daemon("[program:db]\ncommand=/nonexistent\nstartretries=0\n"
                    "[program:web]\ncommand=/bin/cat\ndepends_on=db\n", supervisord=ALL, wait=False)
    assert status(server) == 1
    assert "all programs have ended, and db is FATAL (can't find command '/nonexistent')" in server.log()


def test_a_configuration_in_which_nothing_starts_waits_for_the_first_start(daemon):
    server = daemon(DONE + "autostart=false\n", supervisord=ALL)
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    server.rpc.supervisor.startProcess("done", False)
    assert status(server) == 0


def test_a_reread_takes_exit_when_over(daemon):
    server = daemon(DONE)
    server.wait_state("done", "EXITED")
    with open(server.config_path, encoding="utf-8") as file:
        text = file.read().replace("nodaemon=true", "nodaemon=true\nexit_when=all_exited")
    with open(server.config_path, "w", encoding="utf-8") as file:
        file.write(text)
    server.ctl("reread")
    assert status(server) == 0


# Successors


def test_an_upgrade_keeps_what_is_essential(daemon, work_dir):
    installation = Installation(work_dir)
    server = daemon(SIDE + main("exit 3"), executable=installation.path)
    server.wait_state("main", "RUNNING")
    installation.newer()
    assert server.rpc.supervisor.upgrade() is True
    wait_for(lambda: "continues" in server.log() or "upgraded" in server.log() or server.is_answering(), "the new one")
    go(server)
    assert status(server) == 3


def test_an_end_while_nobody_looks_counts_after_a_takeover(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(work_dir, SIDE + main("exit 3")))
    pid = server.wait_state("main", "RUNNING")["pid"]
    server.crash()
    go(server)

    def ended():
        server.reap()
        return pid in [end[0] for end in server.ends]

    wait_for(ended, "the end of the program")
    server.take_over()
    wait_for(lambda: server.reap() or server.process.poll() is not None, "supervisord to end")
    assert server.process.returncode == 3
    assert "main, which is essential, has ended (exit status 3)" in server.log()


def test_a_request_does_not_end_supervisord(daemon):
    """Whoever stops the last program may start it again. A stop in BACKOFF is not a failure."""
    server = daemon("[program:a]\ncommand=/bin/sh -c 'exit 1'\nautostart=false\nrestart_delay=1h\n" +
                    until_go("b"), supervisord=ALL)
    assert server.ctl("restart", "b").stdout == "b: stopped\nb: started\n"
    server.rpc.supervisor.startProcess("a", False)
    server.wait_state("a", "BACKOFF")
    server.rpc.supervisor.stopProcess("a")
    go(server)
    assert status(server) == 0


def test_exit_when_after_an_upgrade_and_a_takeover(work_dir, cleanup):
    """The first failure is known to the next supervisord, also of a program without keys of ours."""
    server = cleanup.enter_context(KeptDaemon(
        work_dir, "[program:bad]\ncommand=/bin/sh -c 'kill -QUIT $$'\nstartsecs=0\nautorestart=false\n" +
        until_go("side"), supervisord=ALL))
    server.wait_state("bad", "EXITED")
    server.wait_state("side", "RUNNING")
    assert server.rpc.supervisor.upgrade() is True
    server.wait_ready()
    server.crash_and_take_over()
    go(server)
    wait_for(lambda: server.reap() or server.process.poll() is not None, "supervisord to end")
    assert server.process.returncode == 128 + 3
    assert "and bad has ended (terminated by SIGQUIT)" in server.log()


@pytest.mark.parametrize("essential", ["", "essential=true\n"])
def test_a_successor_knows_of_a_stop_in_backoff(work_dir, cleanup, essential):
    server = cleanup.enter_context(KeptDaemon(
        work_dir, "[program:a]\ncommand=/bin/sh -c 'exit 1'\nautostart=false\nstartsecs=60\nstartretries=99\n" + essential + until_go("b"),
        supervisord=ALL))
    server.wait_state("b", "RUNNING")
    server.rpc.supervisor.startProcess("a", False)
    server.wait_state("a", "BACKOFF")
    server.rpc.supervisor.stopProcess("a")
    server.wait_state("a", "STOPPED")
    assert server.rpc.supervisor.upgrade() is True
    server.wait_ready()
    server.crash_and_take_over()
    assert server.rpc.supervisor.getProcessInfo("a")["statename"] == "STOPPED"
    go(server)
    wait_for(lambda: server.reap() or server.process.poll() is not None, "supervisord to end")
    assert server.process.returncode == 0


@pytest.mark.parametrize("code", [0, 3])
def test_the_manager_restarts_an_instance_after_a_failure_only(manager, owner, code):
    manager.entry("tsupv", owner, programs=[
        ("side", "/bin/cat"),
        ("main", f"/bin/sh -c 'until [ -e {manager.path('go')} ]; do sleep 0.05; done; exit {code}'\n"
                 "essential = true\nautorestart = false\nstartsecs = 0")])
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.program_pid("tsupv", "side")
    manager.write("go", "")
    if code == 0:
        manager.wait_state("tsupv", "inactive")
    else:
        wait_for(lambda: manager.get("tsupv", "NRestarts"), "a restart")
        assert "exited with status 3" in manager.log()
        assert manager.get("tsupv", "Result") == "exit-code"
    assert "taken over" not in manager.log()
