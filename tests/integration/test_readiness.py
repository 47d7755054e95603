# SPDX-License-Identifier: MIT
"""ready=...: a program is STARTING until it reports that it is ready, or shows it."""

import os
import pwd
import random
import re
import socket
import subprocess
import tempfile
import time
import xmlrpc.client

import pytest

from page import free_port
from processes import is_running
from programs import PYTHON, SOURCE, program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

STAGED = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'staged.py')}"


def section(name, keys, *deeds):
    """A program of staged.py; %(here)s in the deeds is the directory."""
    words = " ".join(f'"{deed}"' for deed in deeds)
    return f"[program:{name}]\ncommand={STAGED} {words}\n{keys}\nstdout_logfile=%(here)s/{name}.log\n"


def touch(server, name):
    with open(os.path.join(server.directory, name), "w", encoding="utf-8"):
        pass


def notify_socket(server, name):
    """The path that a running program has for its notifications."""
    with open(f"/proc/{info(server, name)['pid']}/environ", "rb") as environment:
        return re.search(rb"(?:^|\0)NOTIFY_SOCKET=([^\0]+)", environment.read())[1].decode()


def info(server, name):
    return server.rpc.supervisor.getProcessInfo(name)


# What a program does to become ready, for each kind.
SIGNS = {
    "notify": ("ready=notify", ["notify:READY=1"]),
    "fd": ("ready=fd:3", ["write:3:", "close:3"]),
    "fd_above_a_gap": ("ready=fd:7", ["write:7:ready", "close:7"]),
    "log": ("ready=log:^Listening on port [0-9]+$", ["print:not yet", "part:Listening ", "print:on port 80"]),
    "log_of_errors": ("ready=log: up and running", ["error:now up and running"]),
    "tcp": ("ready=tcp:{port}\nready_interval=20ms", ["listen:{port}"]),
    "unix": ("ready=unix:%(here)s/a.sock\nready_interval=20ms", ["listen:%(here)s/a.sock"]),
    "http": ("ready=http://localhost:{port}/x 204\nready_interval=20ms\ndirectory=%(here)s", ["http:{port}", "touch:up"]),
    "exec": ("ready=exec:/usr/bin/test -e %(here)s/done\nready_interval=20ms", ["touch:%(here)s/done"]),
    "file": ("ready=file:%(here)s/sign", ["touch:%(here)s/sign"]),
}


# Kinds that are asked for by supervisord.
PROBES = ("tcp", "unix", "http", "exec")


def signs(kind):
    """The keys and the deeds of a kind, with a port of its own."""
    key, deeds = SIGNS[kind]
    port = str(free_port())
    return key.replace("{port}", port), [deed.replace("{port}", port) for deed in deeds]


@pytest.mark.parametrize("kind", SIGNS)
def test_it_is_starting_until_it_is_ready(daemon, kind):
    key, deeds = signs(kind)
    server = daemon(section("a", key, "print:begun", "wait:%(here)s/go", *deeds) +
                    section("after", "autostart=false\nstartsecs=0"))
    wait_for(lambda: "begun" in server.read("a.log"), "its process")
    before = server.wait_state("a", "STARTING")
    assert before["description"].startswith(f"pid {before['pid']}, not ready")
    server.rpc.supervisor.startProcess("after")  # with startsecs a would be RUNNING by now, or soon
    assert info(server, "a")["statename"] == "STARTING"
    touch(server, "go")
    after = server.wait_state("a", "RUNNING")
    assert after["pid"] == before["pid"]
    assert "INFO success: a entered RUNNING state, it is ready\n" in server.log()


@pytest.mark.parametrize("kind", SIGNS)
def test_a_program_that_is_not_ready_in_time_failed_to_start(daemon, kind):
    server = daemon(section("a", signs(kind)[0] + "\nready_timeout=200ms\nstartretries=1\nautostart=false"))
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR: a"):
        server.rpc.supervisor.startProcess("a")
    assert server.wait_state("a", "FATAL")["spawnerr"].startswith("not ready after 0.2")
    assert server.log().count("INFO spawned: 'a'") == 2


@pytest.mark.parametrize("ready, answer", [
    ("tcp:1", "tcp:localhost:1: connect: Connection refused"), ("exec:/nope/x", "exec:/nope/x: can't find command '/nope/x'")])
def test_the_last_bad_answer_is_part_of_the_reason(daemon, ready, answer):
    server = daemon(section("a", f"ready={ready}\nready_interval=10ms\nready_timeout=500ms\nstartretries=0"))
    reason = f"not ready after 0.5 seconds: {answer}"
    seen = server.wait_state("a", "FATAL")
    assert seen["spawnerr"] == seen["description"] == reason
    assert f"WARN a: {reason}; it is stopped\n" in server.log()


@pytest.mark.parametrize("kind", SIGNS)
def test_an_end_before_it_is_ready_is_a_failed_start_and_one_after_it_is_not(daemon, kind):
    more = "\nstartretries=0\nautorestart=false\nexitcodes=3"
    key, deeds = signs(kind)
    never = signs(kind)[0].replace("%(here)s", "%(here)s/never")
    server = daemon(section("early", never.replace("directory=%(here)s/never", "") + more, "exit:3") +
                    section("late", key + more, *deeds, *(["wait:%(here)s/seen"] if kind in PROBES else []), "exit:3"))
    server.wait_state("early", "FATAL")
    if kind in PROBES:
        server.wait_state("late", "RUNNING")
        touch(server, "seen")
    server.wait_state("late", "EXITED")
    log = server.log()
    assert "INFO success: early" not in log
    assert log.index("INFO success: late entered RUNNING") < log.index("INFO exited: late (exit status 3; expected)")


@pytest.mark.parametrize("kind", SIGNS)
def test_readiness_goes_through_upgrades(daemon, work_dir, kind):
    key, deeds = signs(kind)
    server = daemon(section("a", key, "print:begun", "wait:%(here)s/go", *deeds[:-1], "wait:%(here)s/end", deeds[-1]),
                    executable=Installation(work_dir).path)
    wait_for(lambda: "begun" in server.read("a.log"), "its process")
    pid = server.wait_state("a", "STARTING")["pid"]
    for step in ("go", "end"):
        assert server.rpc.supervisor.upgrade() is True
        touch(server, step)
    assert server.rpc.supervisor.upgrade() is True
    assert server.wait_state("a", "RUNNING")["pid"] == pid


@pytest.mark.parametrize("kind", SIGNS)
def test_readiness_goes_through_a_crash(work_dir, cleanup, kind):
    key, deeds = signs(kind)
    directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
    server = cleanup.enter_context(KeptDaemon(
        directory, section("a", key, "print:begun", "wait:%(here)s/go", *deeds[:-1], "wait:%(here)s/end", deeds[-1])))
    wait_for(lambda: "begun" in server.read("a.log"), "its process")
    pid = server.wait_state("a", "STARTING")["pid"]
    server.crash_and_take_over()
    touch(server, "go")
    server.crash_and_take_over()
    touch(server, "end")
    server.crash_and_take_over()
    assert server.wait_state("a", "RUNNING")["pid"] == pid


def test_kills_while_programs_start_lose_no_readiness(work_dir, cleanup):
    directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
    names = [f"p{number}" for number in range(20)]
    config = "".join(f"[program:{name}]\ncommand=/bin/sh -c 'echo >&3; exec 3>&-; exec sleep 4242'\nready=fd:3\n"
                     for name in names)
    names += [f"n{number}" for number in range(6)]
    config += "".join(section(name, "ready=notify", "notify:READY=1") for name in names if name.startswith("n"))
    server = cleanup.enter_context(KeptDaemon(directory, config, wait=False))
    pick = random.Random(14)
    for _ in range(12):
        time.sleep(pick.random() * 0.05)  # the moment of the kill
        server.crash()
        if "state" not in server.store:
            server.start()  # it had not begun
        else:
            server.take_over()
    server.wait_ready()
    pids = [server.wait_state(name, "RUNNING")["pid"] for name in names]
    assert len(set(pids)) == len(names)
    assert "WARN" not in "".join(line for line in server.log().splitlines() if "notification refused" in line)
    server.rpc.supervisor.stopAllProcesses(False)
    for name in names:
        wait_for(lambda name=name: server.reap() or info(server, name)["statename"] == "STOPPED", f"the end of {name}")
    server.receive()
    assert [name for name in server.store if name.endswith((".ready", ".notify"))] == []


def test_each_process_has_to_become_ready_anew(daemon):
    """The file of the process before does not count."""
    server = daemon(section("a", "ready=file:%(here)s/sign", "wait:%(here)s/go", "touch:%(here)s/sign"))
    touch(server, "go")
    server.wait_state("a", "RUNNING")
    os.unlink(os.path.join(server.directory, "go"))
    server.rpc.supervisor.stopProcess("a")
    server.rpc.supervisor.startProcess("a", False)
    assert info(server, "a")["statename"] == "STARTING"
    touch(server, "go")
    server.wait_state("a", "RUNNING")


def test_the_directory_of_the_file_may_be_made_later(daemon):
    server = daemon(section("a", "ready=file:%(here)s/x/y/sign\ndirectory=%(here)s", "wait:z") +
                    section("relative", "ready=file:x/y/sign\ndirectory=%(here)s", "wait:z"))
    for name in ("a", "relative"):
        server.wait_state(name, "STARTING")
    os.makedirs(os.path.join(server.directory, "x", "y"))
    touch(server, "x/y/sign")
    for name in ("a", "relative"):
        server.wait_state(name, "RUNNING")


def test_only_the_descriptors_that_it_is_to_have_are_open(daemon):
    server = daemon(section("a", "ready=fd:5", "fds:%(here)s/fds", "write:5:", "close:5"))
    server.wait_state("a", "RUNNING")
    numbers = wait_for(lambda: server.read("fds"), "the list").split()
    assert numbers == ["0", "1", "2", "5"]


def test_a_descriptor_that_is_closed_without_a_newline(daemon):
    server = daemon(section("a", "ready=fd:3", "close:3"))
    wait_for(lambda: "WARN a: closed descriptor 3 without the newline that reports readiness\n" in server.log(),
             "the warning")
    assert info(server, "a")["statename"] == "STARTING"


def test_status_reloading_and_stopping_are_shown(daemon):
    server = daemon(section("a", "ready=notify\nnotify_status=true", "notify:STATUS=warming \x1bup", "wait:%(here)s/1",
                            "notify:READY=1|STATUS=serving", "wait:%(here)s/2", "notify:RELOADING=1",
                            "wait:%(here)s/3", "notify:READY=1|STATUS=", "wait:%(here)s/4", "notify:STOPPING=1") +
                    section("b", "ready=notify", "notify:STATUS=hidden|READY=1"))
    pid = server.wait_state("a", "STARTING")["pid"]

    def shows(text):
        wait_for(lambda: info(server, "a")["description"].endswith(text), text)

    shows(f"pid {pid}, not ready, warming \\x1bup")
    touch(server, "1")
    server.wait_state("a", "RUNNING")
    shows(", serving")
    touch(server, "2")
    shows(", reloading, serving")
    touch(server, "3")
    wait_for(lambda: info(server, "a")["description"].split(",")[-1].startswith(" uptime "), "the end of the reload")
    touch(server, "4")
    shows(", stopping")
    assert "hidden" not in server.wait_state("b", "RUNNING")["description"]


def test_more_time_for_a_start_and_for_a_stop(daemon):
    server = daemon(section("slow", "ready=notify\nready_timeout=4\nstartretries=0",
                            "notify:EXTEND_TIMEOUT_USEC=60000000", "wait:%(here)s/go", "notify:READY=1",
                            "on_term:EXTEND_TIMEOUT_USEC=60000000", "touch:%(here)s/armed") +
                    "stopwaitsecs=3\n" +
                    section("fast", "ready=notify\nready_timeout=4\nstartretries=0"))
    server.wait_state("fast", "FATAL")  # whose time began later, or at the same time
    assert info(server, "slow")["statename"] == "STARTING"
    touch(server, "go")
    server.wait_state("slow", "RUNNING")
    wait_for(lambda: server.read("armed"), "the handler")
    server.rpc.supervisor.stopProcess("slow")
    assert "INFO stopped: slow (exit status 0)\n" in server.log()
    assert "with SIGKILL" not in server.log()


@pytest.mark.parametrize("access, sender, ready", [
    ("main", "child", False), ("all", "child", True), ("all", "orphan", False)])
def test_who_may_notify(daemon, access, sender, ready):
    server = daemon(section("a", f"ready=notify\nnotify_access={access}", f"{sender}:READY=1", "print:sent"))
    wait_for(lambda: "sent" in server.read("a.log"), "the message")
    if ready:
        server.wait_state("a", "RUNNING")
    else:
        wait_for(lambda: "WARN a: notification refused: a message of process " in server.log(), "the refusal")
        assert info(server, "a")["statename"] == "STARTING"


def test_another_process_of_the_account_cannot_notify(daemon, work_dir):
    server = daemon(section("a", "ready=notify", "wait:%(here)s/never"))
    server.wait_state("a", "STARTING")
    address = notify_socket(server, "a")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as liar:
        liar.sendto(b"READY=1", address)
    wait_for(lambda: f"a message of process {os.getpid()}, which is not its own" in server.log(), "the refusal")
    assert info(server, "a")["statename"] == "STARTING"
    # Others can neither write to it nor see which there are.
    about = os.stat(address)
    assert about.st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(address)).st_mode & 0o777 == 0o711


def test_a_program_of_another_account_can_notify(daemon):
    """supervisord is root, and the directory of the socket is not the account's."""
    code = "import os, socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); " \
           "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET']); time.sleep(1000)"
    server = daemon(f"[program:a]\ncommand=/usr/bin/python3 -c \"{code}\"\nready=notify\nuser=nobody\ndirectory=/\n")
    server.wait_state("a", "RUNNING")
    assert os.stat(notify_socket(server, "a")).st_uid == pwd.getpwnam("nobody").pw_uid


def test_an_address_of_another_process_is_refused(daemon):
    server = daemon(section("a", "ready=notify", "notify:MAINPID=1|READY=1|FDSTORE=1|WHATEVER=2|no line"))
    pid = server.wait_state("a", "RUNNING")["pid"]
    assert info(server, "a")["pid"] == pid
    assert "WARN a: notification refused: MAINPID" in server.log()


def test_a_question_is_bounded_and_ends_with_the_start(daemon):
    """A command that hangs does not hold up a stop, and none is left."""
    server = daemon(section("a", "ready=exec:/bin/sh -c 'echo $$ >> %(here)s/asked; exec sleep 1000'") +
                    section("b", "ready=exec:/nonexistent/command\nready_interval=20ms"))
    question = int(wait_for(lambda: server.read("asked"), "the question").split()[0])
    wait_for(lambda: "/nonexistent/command" in info(server, "b")["description"], "the reason")
    assert info(server, "a")["ready"] is False
    server.rpc.supervisor.stopProcess("a")
    wait_for(lambda: not is_running(question), "the question to end")
    assert info(server, "b")["statename"] == "STARTING"


def test_members_of_getprocessinfo(daemon):
    server = daemon(section("a", "ready=notify", "notify:READY=1") + section("b", "startsecs=0"))
    assert server.wait_state("a", "RUNNING")["ready"] is True
    listed = {one["name"]: one for one in server.rpc.supervisor.getAllProcessInfo()}
    assert listed["a"]["ready"] is True
    assert "ready" not in listed["b"]


def test_a_flood_of_messages_leaves_room_for_others(daemon):
    server = daemon(section("flood", "ready=notify\nnotify_status=true", "notify:READY=1", "flood:1000000") +
                    section("other", "ready=notify\nautostart=false", "notify:READY=1"))
    server.wait_state("flood", "RUNNING")
    wait_for(lambda: "flood " in info(server, "flood")["description"], "the flood")
    for _ in range(3):
        server.rpc.supervisor.startProcess("other")
        server.rpc.supervisor.stopProcess("other")
    server.rpc.supervisor.stopProcess("flood")


# Sends messages of any bytes and numbers, then READY=1.
ANYTHING = """
import os, random, socket, time
pick = random.Random(10)
parts = [b"READY", b"STATUS", b"WATCHDOG", b"EXTEND_TIMEOUT_USEC", b"MAINPID", b"=", b"\\n", b"\\0", b"-1", b"1", b"\\xff\\xc3",
         b"18446744073709551615", b"99999999999999999999", b"9223372036854775807", b"\\x1b[2J", b"trigge", b"x" * 5000]
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.connect(os.environ["NOTIFY_SOCKET"])
for size in [0, 1, 4095, 4096, 4097] + [12] * 300:
    message = b"".join(pick.choice(parts) for _ in range(pick.randrange(size + 1))) if size == 12 else b"=" * size
    out.send(message.replace(b"READY=1", b"READY=2"))
out.send(b"STATUS=at the end\\nREADY=1")
time.sleep(1000)
"""


def test_messages_of_any_bytes_do_no_harm(daemon, work_dir):
    script = os.path.join(work_dir, "anything.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(ANYTHING)
    server = daemon(f"[program:a]\ncommand={PYTHON} {script}\nready=notify\nnotify_status=true\nwatchdog=1h\n")
    assert server.wait_state("a", "RUNNING")["description"].endswith(", at the end")
    assert "WARN a: notification refused: " in server.log()


def test_nothing_is_left_behind(daemon):
    server = daemon(section("a", "ready=notify", "notify:READY=1"))
    server.wait_state("a", "RUNNING")
    address = notify_socket(server, "a")
    assert os.path.exists(address)
    server.rpc.supervisor.stopProcess("a")
    assert not os.path.exists(address)
    server.rpc.supervisor.startProcess("a")
    server.rpc.supervisor.shutdown()
    wait_for(lambda: not is_running(server.pid), "supervisord to end")
    assert not os.path.exists(os.path.dirname(address))


def test_the_socket_is_the_programs_own(daemon):
    """Not that of supervisord, and a program that asks for none has none."""
    server = daemon(section("with", "ready=notify", "notify:READY=1") + section("without", "startsecs=0"),
                    env=dict(os.environ, NOTIFY_SOCKET="/nonexistent/manager", WATCHDOG_PID="1", WATCHDOG_USEC="9"))
    for name, has in (("with", True), ("without", False)):
        pid = server.wait_state(name, "RUNNING")["pid"]
        with open(f"/proc/{pid}/environ", "rb") as environment:
            text = environment.read()
        assert (b"NOTIFY_SOCKET=/" in text) is has
        assert b"/nonexistent/manager" not in text
        for inherited in (b"WATCHDOG_USEC=9", b"WATCHDOG_PID=1"):
            assert (inherited in text.split(b"\0")) is not has


@pytest.mark.parametrize("key, value, reason", [
    ("ready", "soon", "'soon' is not notify, fd:NUMBER"),
    ("ready", "fd:2", "'2' is not a descriptor from 3 to 63 (write fd:3)"),
    ("ready", "fd:many", "'many' is not a descriptor"),
    ("ready", "log:(", "'(' is not a regular expression: "),
    ("ready", "log:", "the pattern is empty"),
    ("ready", "log:(a)\\1", "the pattern refers back to a group"),
    ("ready", "log:((a{1,99}){1,99}){1,99}", "the pattern repeats too much"),
    ("ready", "file:", "file: needs the path of a file"),
    ("ready", "tcp:db.example.org:80", "'db.example.org' is neither an address nor localhost"),
    ("ready", "exec:", "'exec:' is not followed by a command"),
    ("ready_timeout", "long", "'long'"),
    ("ready_interval", "1ms", "'1ms' is less than 10ms"),
    ("notify_access", "some", "'some' is not none, main or all"),
    ("notify_status", "perhaps", "'perhaps'"),
    ("notify_status", "true", "nothing is received without ready=notify or notify_access=main"),
])
def test_a_bad_value_names_file_line_section_and_key(work_dir, key, value, reason):
    path = os.path.join(work_dir, "bad.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:a]\ncommand=/bin/cat\n{key}={value}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert reason in done.stdout + done.stderr
    assert f"for key '{key}' in section 'program:a' (file: '{path}', line 4)" in done.stdout + done.stderr
