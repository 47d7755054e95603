# SPDX-License-Identifier: MIT
"""Keys of ours that `update` applies to a running program: its pid stays, and the new value acts."""

import os
import socket

import pytest

from programs import PYTHON, SOURCE
from upgrading import Installation
from waiting import wait_for

SLEEPER = "[program:p]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
UNHEALTHY = "health_check=exec:/bin/false\nhealth_interval=100ms\nhealth_retries=1\nhealth_action=none\n"


def change(server, text, name="p"):
    """Applies the file while the program runs, which continues."""
    before = server.rpc.supervisor.getProcessInfo(name)["pid"]
    server.configure(text)
    done = server.ctl("update", name)
    assert (done.stdout, done.returncode) == (f"{name}: updated process group\n", 0)
    assert server.rpc.supervisor.getProcessInfo(name)["pid"] == before != 0
    return before


def info(server, name="p"):
    return server.rpc.supervisor.getProcessInfo(name)


def is_unhealthy(server):
    return info(server).get("health", {}).get("state") == "unhealthy"


def touch(server, name):
    with open(os.path.join(server.directory, name), "w", encoding="utf-8"):
        pass


def exists(server, name):
    return os.path.exists(os.path.join(server.directory, name))


@pytest.fixture
def sleeper(daemon):
    server = daemon(SLEEPER)
    server.wait_state("p", "RUNNING")
    return server


def test_a_health_check_begins_changes_and_ends(sleeper):
    pid = change(sleeper, SLEEPER + UNHEALTHY)
    wait_for(lambda: is_unhealthy(sleeper), "the first answer")
    change(sleeper, SLEEPER + UNHEALTHY.replace("/bin/false", "/bin/true"))
    wait_for(lambda: info(sleeper)["health"]["state"] == "healthy", "the other answer")
    change(sleeper, SLEEPER)
    assert "health" not in info(sleeper)
    assert info(sleeper)["pid"] == pid


def test_a_shorter_interval_counts_immediately(daemon):
    often = SLEEPER + "health_check=exec:/usr/bin/test -e %(here)s/ok\nhealth_retries=1\nhealth_action=none\nhealth_interval="
    server = daemon(often + "3600\n")
    touch(server, "ok")
    wait_for(lambda: info(server)["health"]["state"] == "healthy", "the first answer")
    os.unlink(os.path.join(server.directory, "ok"))
    change(server, often + "100ms\n")
    wait_for(lambda: is_unhealthy(server), "the next answer")


def test_a_new_health_check_restarts_what_does_not_work(sleeper):
    pid = change(sleeper, SLEEPER + UNHEALTHY.replace("none", "restart"))
    wait_for(lambda: info(sleeper)["pid"] not in (0, pid), "the restart")


def test_a_new_health_check_survives_an_upgrade(daemon, work_dir):
    server = daemon(SLEEPER, executable=Installation(work_dir).path)
    server.wait_state("p", "RUNNING")
    pid = change(server, SLEEPER + UNHEALTHY)
    wait_for(lambda: is_unhealthy(server), "the first answer")
    assert server.rpc.supervisor.upgrade() is True
    assert is_unhealthy(server)
    change(server, SLEEPER + UNHEALTHY.replace("/bin/false", "/bin/true"))
    wait_for(lambda: info(server)["health"]["state"] == "healthy", "the other answer")
    assert info(server)["pid"] == pid


def test_what_a_crash_finds_after_a_change(kept):
    server = kept(SLEEPER)
    server.wait_state("p", "RUNNING")
    pid = change(server, SLEEPER + UNHEALTHY + "exec_stop=/bin/sh -c 'touch %(here)s/stopping; kill $MAINPID'\n")
    wait_for(lambda: is_unhealthy(server), "the first answer")
    server.crash_and_take_over()
    assert info(server)["pid"] == pid
    assert is_unhealthy(server)
    assert server.ctl("stop", "p").returncode == 0
    assert exists(server, "stopping")


def test_a_memory_limit_begins_and_ends(sleeper):
    pid = change(sleeper, SLEEPER + "memory_restart=1GB\nmemory_interval=100ms\n")
    change(sleeper, SLEEPER)
    change(sleeper, SLEEPER + "memory_restart=1\nmemory_interval=100ms\n")
    wait_for(lambda: info(sleeper)["pid"] not in (0, pid), "the restart")
    assert "more than memory_restart" in sleeper.log()


def test_new_commands_run_around_the_program_that_runs(sleeper):
    pid = change(sleeper, SLEEPER + "exec_stop=/bin/sh -c 'touch %(here)s/stopping; kill $MAINPID'\n"
                 "exec_stop_post=/usr/bin/touch %(here)s/stopped\n"
                 "exec_start_pre=/usr/bin/touch %(here)s/starting\n"
                 "exec_start_post=/usr/bin/touch %(here)s/started\n")
    assert not exists(sleeper, "starting") and not exists(sleeper, "started")
    assert sleeper.ctl("restart", "p").stdout == "p: stopped\np: started\n"
    wait_for(lambda: exists(sleeper, "started"), "exec_start_post")
    assert exists(sleeper, "stopping") and exists(sleeper, "stopped") and exists(sleeper, "starting")
    assert info(sleeper)["pid"] != pid
    change(sleeper, SLEEPER + "exec_stop=/bin/sh -c 'touch %(here)s/other; kill $MAINPID'\n")
    os.unlink(os.path.join(sleeper.directory, "stopped"))
    assert sleeper.ctl("stop", "p").stdout == "p: stopped\n"
    assert exists(sleeper, "other") and not exists(sleeper, "stopped")


def test_a_preparation_that_runs_is_not_changed(daemon):
    wait = "/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done'"
    server = daemon(SLEEPER + f"exec_start_pre={wait}\n    /usr/bin/touch %(here)s/old\n")
    server.wait_state("p", "STARTING")
    server.configure(SLEEPER + "exec_start_pre=/usr/bin/touch %(here)s/new\n")
    assert server.ctl("update").stdout == "p: updated process group\n"
    touch(server, "go")
    server.wait_state("p", "RUNNING")
    assert exists(server, "old") and not exists(server, "new")
    assert server.ctl("restart", "p").returncode == 0
    assert exists(server, "new")


def test_dependences_begin_and_end(daemon):
    database = "[program:db]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\n"
    server = daemon(database + SLEEPER)
    server.wait_state("p", "RUNNING")
    pid = change(server, database + SLEEPER + "depends_on=db\n")
    assert info(server, "db")["statename"] == "STOPPED"
    assert server.ctl("restart", "p").stdout == "p: stopped\np: started\n"
    assert info(server, "db")["statename"] == "RUNNING"
    # What depends on it is stopped first, and waits.
    assert server.ctl("stop", "db").stdout == "p: stopped (it depends on db, and starts again with it)\ndb: stopped\n"
    assert info(server)["description"] == "waiting for db"
    server.configure(database + SLEEPER)
    assert server.ctl("update").stdout == "p: updated process group\n"
    assert server.wait_state("p", "RUNNING")["pid"] != pid


def test_a_new_start_delay_does_not_stop_the_program(sleeper):
    pid = change(sleeper, SLEEPER + "start_delay=3600\ntype=oneshot\nrestart_with_dependencies=false\nstagger=1\n")
    assert info(sleeper)["pid"] == pid
    assert sleeper.ctl("restart", "p").returncode == 0  # one that is asked for does not wait
    assert sleeper.ctl("stop", "p").returncode == 0
    assert sleeper.rpc.supervisor.removeProcessGroup("p")
    assert sleeper.rpc.supervisor.addProcessGroup("p")
    assert info(sleeper)["description"] == "waiting for start_delay"


def test_a_oneshot_begins(daemon):
    gate = "[program:p]\ncommand=/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done'\nautorestart=false\nstartsecs="
    server = daemon(gate + "0\n[program:q]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\ndepends_on=p\n")
    server.wait_state("p", "RUNNING")
    server.configure(gate + "0\ntype=oneshot\n[program:q]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\n"
                     "depends_on=p\n")
    assert server.ctl("update").stdout == "p: updated process group\n"
    touch(server, "go")
    server.wait_state("p", "EXITED")
    server.rpc.supervisor.startProcess("q", False)  # its success counts
    server.wait_state("q", "RUNNING")
    assert info(server)["statename"] == "EXITED"


def test_a_ready_timeout_changes_while_the_program_starts(daemon):
    server = daemon(SLEEPER + "ready=file:%(here)s/ready\nready_timeout=0\nstartretries=0\n")
    server.wait_state("p", "STARTING")
    change(server, SLEEPER + "ready=file:%(here)s/ready\nready_timeout=3600\nstartretries=0\n")
    assert info(server)["statename"] == "STARTING"
    change(server, SLEEPER + "ready=file:%(here)s/ready\nready_timeout=3601\nready_interval=1\nstartretries=0\n")
    server.configure(SLEEPER + "ready=file:%(here)s/ready\nready_timeout=10ms\nstartretries=0\n")
    assert server.ctl("update").returncode == 0
    server.wait_state("p", "FATAL")
    assert "not ready after 0.01 seconds" in info(server)["description"]


def test_ready_begins_and_ends_while_the_program_runs(sleeper):
    pid = change(sleeper, SLEEPER + "ready=file:%(here)s/ready\nready_timeout=3600\n")
    assert info(sleeper)["statename"] == "RUNNING"  # it counts from the next start on
    sleeper.rpc.supervisor.stopProcess("p")
    sleeper.rpc.supervisor.startProcess("p", False)
    assert info(sleeper)["statename"] == "STARTING"
    assert info(sleeper)["pid"] not in (0, pid)
    change(sleeper, SLEEPER)
    sleeper.wait_state("p", "RUNNING")


TALKER = ("[program:p]\ncommand=/bin/sh -c 'until [ -e %(here)s/go ]; do sleep 0.02; done; echo up; exec sleep 1000'\n"
          "startsecs=3600\n")
SIGNS = {
    "log": "ready=log:^up$\n",
    "file": "ready=file:%(here)s/go\n",
    "exec": "ready=exec:/usr/bin/test -e %(here)s/go\nready_interval=100ms\n",
}


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", "ready=tcp:1\n", "ready=fd:3\n"])
def test_another_sign_of_readiness_while_the_program_starts(daemon, sign, before):
    server = daemon(TALKER + before)
    server.wait_state("p", "STARTING")
    change(server, TALKER + SIGNS[sign])
    assert info(server)["statename"] == "STARTING"
    touch(server, "go")
    server.wait_state("p", "RUNNING")


@pytest.mark.parametrize("sign", SIGNS)
def test_another_sign_survives_an_upgrade(daemon, work_dir, sign):
    server = daemon(TALKER, executable=Installation(work_dir).path)
    server.wait_state("p", "STARTING")
    pid = change(server, TALKER + SIGNS[sign])
    assert server.rpc.supervisor.upgrade() is True
    assert info(server)["statename"] == "STARTING"
    touch(server, "go")
    assert server.wait_state("p", "RUNNING")["pid"] == pid


def test_a_file_that_tells_readiness_already(daemon):
    server = daemon(TALKER)
    server.wait_state("p", "STARTING")
    touch(server, "go")
    change(server, TALKER + SIGNS["file"])
    server.wait_state("p", "RUNNING")


def changed_at(server, name):
    return os.stat(os.path.join(server.directory, name)).st_ctime_ns


def test_a_file_of_an_earlier_life_does_not_tell_readiness(daemon):
    server = daemon("")
    touch(server, "old")
    wait_for(lambda: touch(server, "now") or changed_at(server, "now") > changed_at(server, "old") + 100_000_000,
             "a later time")
    server.configure(TALKER)
    assert server.ctl("update").stdout == "p: added process group\n"
    server.wait_state("p", "STARTING")
    change(server, TALKER + "ready=file:%(here)s/old\n")
    assert info(server)["statename"] == "STARTING"
    touch(server, "old")
    server.wait_state("p", "RUNNING")


@pytest.mark.parametrize("startsecs", ["0", "1"])
def test_startsecs_counts_for_the_start_that_is_under_way(daemon, startsecs):
    server = daemon(SLEEPER.replace("startsecs=0", "startsecs=3600"))
    server.wait_state("p", "STARTING")
    change(server, SLEEPER.replace("startsecs=0", f"startsecs={startsecs}"))
    server.wait_state("p", "RUNNING")


REPORTER = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'watchdog_reporter.py')}"
NOTIFIER = f"[program:p]\ncommand={REPORTER} %(here)s/report %(here)s/usec\nstartsecs=0\nready=notify\n"


def test_the_status_that_a_program_reports_begins_and_ends(daemon):
    server = daemon(NOTIFIER)
    with open(os.path.join(server.directory, "report"), "w", encoding="utf-8") as file:
        file.write("READY=1\nSTATUS=busy")
    server.wait_state("p", "RUNNING")
    assert "busy" not in info(server)["description"]
    change(server, NOTIFIER + "notify_status=true\n")
    wait_for(lambda: info(server)["description"].endswith(", busy"), "the status")
    change(server, NOTIFIER)
    assert "busy" not in info(server)["description"]


def test_the_watchdog_ends_without_a_restart(daemon):
    server = daemon(SLEEPER + "watchdog=3600\n")
    server.wait_state("p", "RUNNING")
    pid = change(server, SLEEPER + "watchdog=7200\n")
    change(server, SLEEPER)
    assert "health" not in info(server)
    server.configure(SLEEPER + "watchdog=3600\n")
    assert server.ctl("update").returncode == 0
    assert server.wait_state("p", "RUNNING")["pid"] != pid


WATCHING = SLEEPER + "watch_delay=100ms\nwatch=%(here)s/watched\n"


def watches(server):
    """How many files and directories supervisord watches."""
    count = 0
    for fd in os.listdir(f"/proc/{server.pid}/fdinfo"):
        try:
            with open(f"/proc/{server.pid}/fdinfo/{fd}", encoding="utf-8") as file:
                count += sum(line.startswith("inotify ") for line in file)
        except FileNotFoundError:
            pass
    return count


def wait_restarted(server, pid):
    wait_for(lambda: info(server)["statename"] == "RUNNING" and info(server)["pid"] != pid, "the restart")
    return info(server)["pid"]


def test_a_watch_begins_with_the_answer_and_ends(sleeper):
    pid = change(sleeper, WATCHING)
    touch(sleeper, "watched")
    pid = wait_restarted(sleeper, pid)
    assert "watched has changed; it is restarted (watch_action)" in sleeper.log()
    assert watches(sleeper) > 0
    touch(sleeper, "watched")
    pid = wait_restarted(sleeper, pid)
    change(sleeper, SLEEPER)
    assert watches(sleeper) == 0
    change(sleeper, WATCHING)
    touch(sleeper, "watched")
    wait_restarted(sleeper, pid)


def test_a_change_that_waits_is_forgotten_with_its_watch(sleeper):
    pid = change(sleeper, WATCHING.replace("100ms", "3600"))
    touch(sleeper, "watched")
    change(sleeper, SLEEPER)
    change(sleeper, WATCHING)
    touch(sleeper, "watched")
    wait_restarted(sleeper, pid)
    assert len([line for line in sleeper.log().splitlines() if "watched has changed" in line]) == 1


def test_a_new_watch_survives_an_upgrade_and_starts_what_is_fatal(daemon, work_dir):
    server = daemon(SLEEPER, executable=Installation(work_dir).path)
    server.wait_state("p", "RUNNING")
    pid = change(server, WATCHING)
    assert server.rpc.supervisor.upgrade() is True
    touch(server, "watched")
    wait_restarted(server, pid)
    broken = "[program:q]\ncommand=/bin/sh -c 'test -e %(here)s/watched2 && exec sleep 1000'\nstartretries=0\n"
    server.configure(WATCHING + broken + "startsecs=1\n")
    assert server.ctl("update").stdout == "q: added process group\n"
    server.wait_state("q", "FATAL")
    server.configure(WATCHING + broken + "startsecs=1\nwatch=%(here)s/watched2\n")
    assert server.ctl("update").stdout == "q: updated process group\n"
    touch(server, "watched2")
    server.wait_state("q", "RUNNING")


def test_a_new_watch_after_a_crash(kept):
    server = kept(SLEEPER)
    server.wait_state("p", "RUNNING")
    pid = change(server, WATCHING)
    server.crash_and_take_over()
    assert info(server)["pid"] == pid
    wait_for(lambda: watches(server) > 0, "the watch")
    touch(server, "watched")
    wait_restarted(server, pid)


ACTIVATED = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'activated.py')}"
ONDEMAND = ("[socket:s]\nsocket=unix://%(here)s/p.sock\n"
            f"[program:p]\ncommand={ACTIVATED}\nsockets=s\nautostart=ondemand\nstartsecs=0\n")


def connect(server):
    """Waits until the program has taken the connection."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(os.path.join(server.directory, "p.sock"))
    client.recv(100)
    return client


def test_idle_stop_begins_changes_and_ends(daemon):
    server = daemon(ONDEMAND)
    with connect(server):
        pid = change(server, ONDEMAND + "idle_stop=3600\n")
        change(server, ONDEMAND + "idle_stop=100ms\n")
        assert info(server)["pid"] == pid
    server.wait_state("p", "STOPPED")
    with connect(server):
        assert change(server, ONDEMAND) != pid
    change(server, ONDEMAND + "idle_stop=3600\n")
    change(server, ONDEMAND)
    assert server.log().count("is stopped (idle_stop)") == 1
    change(server, ONDEMAND + "idle_stop=100ms\n")
    server.wait_state("p", "STOPPED")


def test_autostart_ondemand_begins_and_ends(daemon):
    always = ONDEMAND.replace("ondemand", "true")
    server = daemon(always)
    server.wait_state("p", "RUNNING")
    pid = change(server, ONDEMAND + "idle_stop=100ms\n")
    server.wait_state("p", "STOPPED")
    with connect(server):
        assert info(server)["pid"] != pid
    server.wait_state("p", "STOPPED")
    server.configure(always)
    assert server.ctl("update").stdout == "p: updated process group\n"
    server.wait_state("p", "RUNNING")


def test_leftovers_and_scope_that_were_changed_count(daemon):
    section = ("[program:p]\ncommand=/bin/sh -c 'sleep 1000 & echo $! > %(here)s/child; exec sleep 1000'\nstartsecs=0\n"
               "autorestart=false\n")
    server = daemon(section)
    server.wait_state("p", "RUNNING")
    child = int(wait_for(lambda: server.read("child").strip() if exists(server, "child") else "", "the child"))
    pid = change(server, section + "kill_scope=group\nleftovers=stop\n")
    os.kill(pid, 9)
    server.wait_state("p", "EXITED")
    wait_for(lambda: not os.path.exists(f"/proc/{child}") or "Z" in state_of(child), "the end of the child")


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"
