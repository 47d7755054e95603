# SPDX-License-Identifier: MIT
"""Health checks, watchdogs and memory limits of programs."""

import json
import os
import re
import socket
import subprocess

import pytest

from daemon import UnixConnection
from eventlog import listener_section, recorded
from processes import is_running
from programs import PYTHON, SOURCE, program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

SERVER = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'health_server.py')}"
QUICK = "health_interval=100ms\nhealth_timeout=10\nhealth_retries=2\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def section(name, command, more="", health=QUICK):
    return f"[program:{name}]\ncommand={command}\nstartsecs=0\n{health}{more}\n"


def by_file(name="web", more="", health=QUICK):
    """A program that is healthy while the file `ok` exists."""
    return section(name, "/bin/sleep 1000", f"health_check=exec:/usr/bin/test -e %(here)s/ok\n{more}", health)


def health(server, name="web"):
    return server.rpc.supervisor.getProcessInfo(name).get("health")


def wait_health(server, state, name="web"):
    wait_for(lambda: health(server, name)["state"] == state, f"{name} to be {state}")
    return health(server, name)


def set_ok(server, good):
    path = os.path.join(server.directory, "ok")
    if good:
        with open(path, "w", encoding="utf-8"):
            pass
    else:
        os.unlink(path)


def write(server, name, text):
    path = os.path.join(server.directory, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def test_a_port(daemon):
    port = free_port()
    server = daemon(section("web", f"{SERVER} tcp {port} none", f"health_check=tcp:{port}\nhealth_action=none\n"))
    assert wait_health(server, "healthy")["failures"] == 0
    server.rpc.supervisor.stopProcess("web")
    assert health(server)["state"] == ""


def test_a_port_that_nobody_listens_on(daemon):
    port = free_port()
    server = daemon(section("web", "/bin/sleep 1000", f"health_check=tcp:127.0.0.1:{port}\nhealth_action=none\n"))
    found = wait_health(server, "unhealthy")
    assert found["failures"] >= 2
    assert found["lastError"] == f"tcp:127.0.0.1:{port}: connect: Connection refused"
    assert found["since"] > 0
    assert (f"WARN health: web is unhealthy: tcp:127.0.0.1:{port}: connect: Connection refused; "
            "it is left as it is (health_action)\n") in server.log()


def test_a_unix_socket(daemon):
    server = daemon(section("web", f"{SERVER} unix %(here)s/w.sock none",
                            "health_check=unix:%(here)s/w.sock\nhealth_action=none\n"))
    wait_health(server, "healthy")


def test_a_page_and_its_status(daemon):
    port = free_port()
    server = daemon(section("web", f"{SERVER} http {port} %(here)s/status",
                            f"health_check=http://127.0.0.1:{port}/health\nhealth_action=none\n"))
    wait_health(server, "healthy")
    write(server, "status", "503")
    assert wait_health(server, "unhealthy")["lastError"] == f"http://127.0.0.1:{port}/health: status 503, not 200-399"
    write(server, "status", "204")
    assert wait_health(server, "healthy")["failures"] == 0
    assert "INFO health: web is healthy\n" in server.log()


def test_a_page_that_must_have_one_status(daemon):
    port = free_port()
    server = daemon(section("web", f"{SERVER} http {port} %(here)s/status",
                            f"health_check=http:http://localhost:{port}/ 204\nhealth_action=none\n"))
    assert wait_health(server, "unhealthy")["lastError"].endswith("status 200, not 204")
    write(server, "status", "204")
    wait_health(server, "healthy")


def test_a_command(daemon):
    server = daemon(by_file(more="health_action=none\n"))
    assert wait_health(server, "unhealthy")["lastError"] == (
        f"exec:/usr/bin/test -e {server.directory}/ok: exit status 1")
    set_ok(server, True)
    wait_health(server, "healthy")
    set_ok(server, False)
    wait_health(server, "unhealthy")


def test_a_command_that_does_not_exist(daemon):
    server = daemon(section("web", "/bin/sleep 1000", "health_check=exec:/no/such/check\nhealth_action=none\n"))
    assert "/no/such/check" in wait_health(server, "unhealthy")["lastError"]


def test_a_command_that_takes_too_long_is_ended(daemon):
    server = daemon(section("web", "/bin/sleep 1000",
                            "health_check=exec:/bin/sh -c 'echo $$ >> %(here)s/pids; exec sleep 1000'\n"
                            "health_action=none\n", "health_interval=100ms\nhealth_timeout=100ms\nhealth_retries=2\n"))
    assert wait_health(server, "unhealthy")["lastError"].endswith("timed out after 0.1 seconds")
    with open(os.path.join(server.directory, "pids"), encoding="utf-8") as file:
        first = int(file.readline())
    wait_for(lambda: not is_running(first), "the first check to end")
    server.rpc.supervisor.stopProcess("web")
    with open(os.path.join(server.directory, "pids"), encoding="utf-8") as file:
        pids = [int(line) for line in file]
    wait_for(lambda: not any(is_running(pid) for pid in pids), "all checks to end")


def test_a_command_runs_as_the_program_does(daemon):
    server = daemon(section("web", "/bin/sleep 1000",
                            "directory=/usr\numask=027\nenvironment=MARK=\"seen\"\nhealth_action=none\n"
                            "health_check=exec:/bin/sh -c 'echo $MARK $PWD $(umask) > %(here)s/how'\n"))
    wait_health(server, "healthy")
    with open(os.path.join(server.directory, "how"), encoding="utf-8") as file:
        assert file.read() == "seen /usr 0027\n"


def test_a_command_runs_as_the_user_of_the_program(daemon):
    server = daemon(section("web", "/bin/sleep 1000",
                            "user=nobody\nhealth_check=exec:/bin/sh -c 'test $(id -un) = nobody'\nhealth_action=none\n"))
    wait_health(server, "healthy")


def test_questions_never_pile_up_and_do_not_block_others(daemon):
    port = free_port()
    server = daemon(section("web", f"{SERVER} http {port} %(here)s/status %(here)s/work",
                            f"health_check=http://127.0.0.1:{port}/\nhealth_action=none\n",
                            "health_interval=100ms\nhealth_timeout=300ms\nhealth_retries=3\n"))
    wait_health(server, "healthy")
    write(server, "status", "")
    assert wait_health(server, "unhealthy")["lastError"].endswith("no answer within 0.3 seconds")
    with open(os.path.join(server.directory, "work"), encoding="utf-8") as file:
        assert set(file.read().split()) == {"1"}


def test_an_unhealthy_program_is_restarted(daemon):
    server = daemon(by_file())
    first = server.wait_state("web", "RUNNING")["pid"]
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("web")["pid"] not in (0, first), "a new process")
    set_ok(server, True)
    wait_health(server, "healthy")
    assert not is_running(first)
    log = server.log()
    assert f"exec:/usr/bin/test -e {server.directory}/ok: exit status 1; it is restarted (health_action)\n" in log
    assert "stopped: web (terminated by SIGTERM)\n" in log


def test_restarts_of_an_unhealthy_program_are_limited(daemon):
    server = daemon(by_file(more="restart_limit=2/1h\n"))
    info = server.wait_state("web", "FATAL")
    assert "restart_limit" in info["spawnerr"]


def test_an_unhealthy_group_is_stopped_as_a_group(daemon):
    server = daemon(section("web", "/bin/sh -c 'sleep 1000 & echo $! > %(here)s/child; trap \"exit 0\" TERM; wait'",
                            "stopasgroup=true\nkillasgroup=true\nhealth_action=stop\n"
                            "health_check=exec:/usr/bin/test -e %(here)s/ok\n"))
    server.wait_state("web", "STOPPED")
    with open(os.path.join(server.directory, "child"), encoding="utf-8") as file:
        assert not is_running(int(file.read()))


def test_an_unhealthy_program_can_be_stopped(daemon):
    server = daemon(by_file(more="health_action=stop\nautorestart=true\n"))
    set_ok(server, True)
    wait_health(server, "healthy")
    set_ok(server, False)
    info = server.wait_state("web", "STOPPED")
    assert "unhealthy: exec:" in info["spawnerr"]
    set_ok(server, True)
    server.rpc.supervisor.startProcess("web")
    wait_health(server, "healthy")


def test_an_unhealthy_program_can_get_a_signal(daemon):
    server = daemon(section("web", "/bin/sh -c 'trap \"touch %(here)s/ok\" USR1; echo up; while :; do sleep 0.05; done'",
                            "ready=log:up\nhealth_check=exec:/usr/bin/test -e %(here)s/ok\nhealth_action=signal USR1\n"))
    pid = server.wait_state("web", "RUNNING")["pid"]
    wait_health(server, "healthy")
    assert server.rpc.supervisor.getProcessInfo("web")["pid"] == pid
    assert "it gets SIGUSR1 (health_action)\n" in server.log()


def test_failures_in_the_start_period_do_not_count(daemon):
    server = daemon(by_file(more="health_start_period=1h\n"))
    server.wait_state("web", "RUNNING")
    wait_for(lambda: health(server)["lastError"], "the first question")
    assert health(server)["state"] == "starting"
    assert health(server)["failures"] == 0
    set_ok(server, True)
    wait_health(server, "healthy")


def test_health_is_asked_in_running_only(daemon):
    server = daemon(by_file(more="startsecs=1000\nhealth_action=none\n"))
    server.wait_state("web", "STARTING")
    assert health(server) == {"state": "", "since": 0, "failures": 0, "lastError": ""}


def test_programs_without_a_check_have_no_health(daemon):
    server = daemon("[program:plain]\ncommand=/bin/sleep 1000\n")
    assert "health" not in server.rpc.supervisor.getProcessInfo("plain")
    assert all("health" not in info for info in server.rpc.supervisor.getAllProcessInfo())


def test_health_none_switches_a_check_off(daemon):
    server = daemon("[program:plain]\ncommand=/bin/sleep 1000\nhealth_check=none\n")
    assert "health" not in server.rpc.supervisor.getProcessInfo("plain")


def test_the_event_goes_to_those_who_name_it(daemon):
    server = daemon(listener_section("named", "good", "PROCESS_HEALTH") + listener_section("all", "good", "EVENT") +
                    by_file(more="health_action=none\n"))
    wait_health(server, "unhealthy")
    set_ok(server, True)
    wait_health(server, "healthy")
    pid = server.rpc.supervisor.getProcessInfo("web")["pid"]
    wait_for(lambda: len(recorded(server, "named")) >= 2, "both events")
    (headers, first), (_, second) = recorded(server, "named")[:2]
    assert dict(headers)["eventname"] == "PROCESS_HEALTH"
    words = dict(word.split(":", 1) for word in first.split())
    assert re.fullmatch(r"exec%3A/usr/bin/test%20-e%20\S+ok%3A%20exit%20status%201", words.pop("reason"))
    assert int(words.pop("failures")) == 2
    assert words == {"processname": "web", "groupname": "web", "from_health": "starting", "health": "unhealthy",
                     "pid": str(pid)}
    assert second.startswith("processname:web groupname:web from_health:unhealthy health:healthy ")
    wait_for(lambda: any(dict(headers)["eventname"] == "PROCESS_STATE_RUNNING" for headers, _ in recorded(server, "all")),
             "other events")
    assert not any(dict(headers)["eventname"] == "PROCESS_HEALTH" for headers, _ in recorded(server, "all"))


def test_status_shows_the_health(daemon):
    server = daemon(by_file(more="health_action=none\n") + "[program:plain]\ncommand=/bin/sleep 1000\n")
    wait_health(server, "unhealthy")
    server.wait_state("plain", "RUNNING")
    lines = server.ctl("status", "--health", kind="ours").stdout.splitlines()
    assert re.fullmatch(r"plain +RUNNING   -          pid \d+, uptime \S+", lines[0])
    assert re.fullmatch(r"web +RUNNING   unhealthy  pid \d+, uptime \S+; exec:.*exit status 1", lines[1])
    assert "unhealthy" not in server.ctl("status", kind="ours").stdout
    rows = json.loads(server.ctl("status", "--health", "--json", kind="ours").stdout)
    assert rows[0]["health"] is None and rows[1]["health"]["state"] == "unhealthy"
    assert rows[1]["health"]["failures"] >= 2 and rows[1]["health"]["lastError"].endswith("exit status 1")
    assert rows[1]["health"]["since"] > 0


def test_the_page_shows_the_health(daemon):
    server = daemon(by_file(more="health_action=none\n"))
    wait_health(server, "unhealthy")

    def page():
        connection = UnixConnection(server.socket)
        connection.request("GET", "/")
        return connection.getresponse().read().decode()

    assert re.search(r"pid \d+, uptime [^<>]*, unhealthy: exec:[^<>]*exit status 1</td>", page())
    set_ok(server, True)
    wait_health(server, "healthy")
    assert re.search(r"pid \d+, uptime [^<>]*, healthy</td>", page())


def test_the_list_of_all_programs_follows(daemon):
    server = daemon(by_file(more="health_action=none\n"))
    wait_health(server, "unhealthy")
    for _ in range(3):
        assert server.rpc.supervisor.getAllProcessInfo()[0]["health"]["state"] == "unhealthy"
    set_ok(server, True)
    wait_for(lambda: server.rpc.supervisor.getAllProcessInfo()[0]["health"]["state"] == "healthy", "the list to follow")


REPORTER = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'watchdog_reporter.py')}"


def test_a_watchdog(daemon):
    server = daemon(section("web", f"{REPORTER} %(here)s/report %(here)s/usec", "watchdog=2\nhealth_action=none\n", ""))
    wait_health(server, "healthy")
    with open(os.path.join(server.directory, "usec"), encoding="utf-8") as file:
        assert file.read() == "2000000"
    write(server, "report", "nothing")
    assert wait_health(server, "unhealthy")["lastError"] == "no WATCHDOG=1 for 2 seconds"
    write(server, "report", "WATCHDOG=1")
    wait_health(server, "healthy")
    write(server, "report", "WATCHDOG=trigger")
    assert wait_health(server, "unhealthy")["lastError"] == "the program reported WATCHDOG=trigger"


def test_a_program_whose_watchdog_does_not_report_is_restarted(daemon):
    server = daemon(section("web", "/bin/sleep 1000", "health_check=watchdog\nwatchdog=200ms\n", ""))
    first = server.wait_state("web", "RUNNING")["pid"]
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("web")["pid"] not in (0, first), "a new process")
    assert "health: web is unhealthy: no WATCHDOG=1 for 0.2 seconds; it is restarted (health_action)\n" in server.log()


def test_a_watchdog_survives_an_upgrade(daemon, work_dir):
    server = daemon(section("web", f"{REPORTER} %(here)s/report %(here)s/usec", "watchdog=2\nhealth_action=none\n", ""),
                    executable=Installation(work_dir).path)
    wait_health(server, "healthy")
    assert server.rpc.supervisor.upgrade() is True
    assert health(server)["state"] == "healthy"
    write(server, "report", "nothing")
    wait_health(server, "unhealthy")
    assert server.rpc.supervisor.upgrade() is True
    write(server, "report", "WATCHDOG=1")
    wait_health(server, "healthy")


def eater(megabytes):
    """A shell whose child has so much memory."""
    code = f"keep = bytearray({megabytes} << 20); import time; time.sleep(1000)"
    return f"/bin/sh -c '{PYTHON} -c \"{code}\"; exit 1'"


def test_a_program_with_too_much_memory_is_restarted(daemon):
    server = daemon(section("big", eater(200), "memory_restart=100MB\nmemory_interval=200ms\n", "") +
                    section("small", eater(1), "memory_restart=100MB\nmemory_interval=200ms\n", ""))
    big, small = server.wait_state("big", "RUNNING")["pid"], server.wait_state("small", "RUNNING")["pid"]
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("big")["pid"] not in (0, big), "a new process")
    assert re.search(r"WARN memory: big has \d+ MB of memory, more than memory_restart \(100 MB\); it is restarted\n",
                     server.log())
    assert "memory: small" not in server.log()
    assert server.rpc.supervisor.getProcessInfo("small")["pid"] == small


def test_restarts_for_memory_are_limited(daemon):
    server = daemon(section("big", eater(200), "memory_restart=100MB\nmemory_interval=200ms\nrestart_limit=1/1h\n", ""))
    assert "restart_limit" in server.wait_state("big", "FATAL")["spawnerr"]


@pytest.mark.parametrize("key, value, reason", [
    ("health_check", "80", "'80' is not a check"),
    ("health_check", "tcp:example.org:80", "neither an address nor localhost"),
    ("health_check", "http://127.0.0.1/ 700", "not an HTTP status"),
    ("health_check", "https://127.0.0.1/", "https is not supported"),
    ("health_check", "exec:", "not followed by a command"),
    ("health_check", "unix:run/x", "absolute path"),
    ("health_interval", "soon", "not a valid duration"),
    ("health_interval", "1ms", "shorter than 0.1 seconds"),
    ("health_timeout", "0", "shorter than 0.1 seconds"),
    ("health_retries", "0", "not a number of failures"),
    ("health_start_period", "-1", "not a valid duration"),
    ("health_action", "explode", "is not restart, stop, signal NAME or none"),
    ("health_action", "signal NOPE", "not a valid signal"),
    ("watchdog", "x", "not a valid duration"),
    ("notify_access", "none\nwatchdog=30", "a watchdog needs main or all"),
    ("memory_restart", "much", "much"),
    ("memory_interval", "0", "shorter than 0.1 seconds"),
])
def test_bad_values_are_refused_with_their_place(work_dir, key, value, reason):
    path = os.path.join(work_dir, "bad.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:web]\ncommand=/bin/true\n{key}={value}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert reason in text
    assert f"for key '{key}' in section 'program:web' (file: '{path}', line 4)" in text


def test_an_upgrade_continues_without_a_restart(daemon, work_dir):
    server = daemon(by_file(more="health_action=none\n") +
                    section("slow", "/bin/sleep 1000",
                            "health_check=exec:/bin/sh -c 'echo $$ >> %(here)s/pids; exec sleep 1000'\n"
                            "health_action=none\n", "health_interval=100ms\nhealth_timeout=1h\nhealth_retries=1\n") +
                    section("dead", "/bin/sleep 1000", "health_check=exec:/bin/false\nhealth_action=none\n",
                            "health_interval=1h\nhealth_retries=1\n"), executable=Installation(work_dir).path)
    before = wait_health(server, "unhealthy")
    dead = wait_health(server, "unhealthy", "dead")
    pid = server.rpc.supervisor.getProcessInfo("web")["pid"]
    pids = os.path.join(server.directory, "pids")
    wait_for(lambda: os.path.exists(pids) and os.path.getsize(pids) > 0, "the slow question")
    assert server.rpc.supervisor.upgrade() is True
    assert health(server)["state"] == "unhealthy"
    assert health(server)["since"] == before["since"]
    assert health(server)["failures"] >= before["failures"]
    assert health(server, "dead") == dead
    set_ok(server, True)
    wait_health(server, "healthy")
    assert server.rpc.supervisor.getProcessInfo("web")["pid"] == pid
    with open(pids, encoding="utf-8") as file:
        (question,) = [int(line) for line in file]  # it is not asked again: the one before is not answered yet
    assert is_running(question)
    os.kill(question, 9)
    assert wait_health(server, "unhealthy", "slow")["lastError"].endswith("terminated by SIGKILL")


def test_a_takeover_continues_without_a_restart(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(
        work_dir, by_file(more="health_action=none\n") +
        section("big", eater(200), "memory_restart=100MB\nmemory_interval=1h\n", "")))
    before = wait_health(server, "unhealthy")
    pid = server.rpc.supervisor.getProcessInfo("web")["pid"]
    server.crash_and_take_over()
    assert health(server)["state"] == "unhealthy"
    assert health(server)["since"] == before["since"]
    set_ok(server, True)
    wait_health(server, "healthy")
    set_ok(server, False)
    wait_health(server, "unhealthy")
    assert server.rpc.supervisor.getProcessInfo("web")["pid"] == pid


def test_a_stop_prevails_over_a_restart_whose_stop_is_under_way(daemon):
    """And an update that removes the program meanwhile does all that it has to do."""
    stubborn = ("command=/bin/sleep 1000\nhealth_check=exec:test ! -e %(here)s/bad\nhealth_interval=0.1\nhealth_retries=1\n"
                "exec_stop=test -e %(here)s/go\nexec_stop_post=sh -c 'until test -e %(here)s/go; do sleep 0.05; done'\n")
    server = daemon(f"[program:a]\n{stubborn}[program:b]\n{stubborn}")
    for name in ("a", "b"):
        server.wait_state(name, "RUNNING")
    open(os.path.join(server.directory, "bad"), "w", encoding="utf-8").close()
    for name in ("a", "b"):
        server.wait_state(name, "STOPPING")
    server.configure(f"[program:a]\n{stubborn}[program:c]\ncommand=/bin/sleep 1000\n")
    update = subprocess.Popen([*program("supervisorctl"), "-c", server.config_path, "update"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True)
    assert server.rpc.supervisor.stopProcess("a", False) is True
    open(os.path.join(server.directory, "go"), "w", encoding="utf-8").close()
    assert update.communicate(timeout=60)[0] == "b: stopped\nb: removed process group\nc: added process group\n"
    server.wait_state("c", "RUNNING")
    server.wait_state("a", "STOPPED")
    assert server.log().count("spawned: 'a'") == server.log().count("spawned: 'b'") == 1
