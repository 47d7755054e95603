# SPDX-License-Identifier: MIT
"""The command line of the manager: output for people and for programs, exit codes, next steps."""

import json
import os
import pty
import pwd
import re
import select
import signal
import subprocess
import sys
import termios

import pexpect
import pytest

from bus import PrivateBus
from manager_bus import Service
from programs import SOURCE, program
from terminals import end
from waiting import wait_for

DONE, FAILED, MISUSED, NOT_RUNNING, NO_SUCH_NAME, DENIED, UNREACHABLE = range(7)


@pytest.fixture
def service(work_dir):
    with Service(work_dir, "tsupv:65534:nobody", "tech1:0:root", "tech2:0:root") as running:
        yield running


def test_list_is_a_table(service):
    service.call("StartInstance", "s", "tech1")
    result = service.manager("list")
    assert result.returncode == DONE
    assert result.stdout == ("NAME   USER    STATE     PID  BOOT     PROGRAMS  REASON\n"
                             "tech1  root    running   77   enabled  -\n"
                             "tech2  root    inactive  -    enabled  -\n"
                             "tsupv  nobody  inactive  -    enabled  -\n"
                             "\n3 instances; 1 entry refused (see: supervisor-manager plan)\n")
    assert service.manager().stdout == result.stdout
    assert service.manager("list", "--no-legend", "tsupv").stdout == "tsupv  nobody  inactive  -  enabled  -\n"
    assert service.manager("list", "-q", "tech*").stdout == "tech1\ntech2\n"


def test_list_for_programs(service):
    rows = json.loads(service.manager("--json", "list", "tsupv").stdout)
    assert rows == [{"name": "tsupv", "user": "nobody", "state": "inactive", "degraded": False, "programs_by_state": None,
                     "sub_state": "", "main_pid": 0, "enabled": True, "reason": ""}]


def test_status_has_the_exit_code_of_the_state(service):
    assert service.manager("status", "tsupv").returncode == NOT_RUNNING
    service.call("StartInstance", "s", "tsupv")
    result = service.manager("status", "tsupv")
    assert result.returncode == DONE
    assert "     State: running\n  Main PID: 77\n" in result.stdout
    assert "  program1                         RUNNING   pid 4242\n" in result.stdout
    assert service.manager("status", "-q", "tsupv").stdout == ""
    assert service.manager("status", "tsupv", "tech1").returncode == NOT_RUNNING
    status = json.loads(service.manager("status", "--json", "tsupv").stdout)[0]
    assert (status["state"], status["main_pid"], status["memory_current"]) == ("running", 77, None)
    assert status["programs"] == [{"name": "program1", "state": "RUNNING", "pid": 4242, "description": "", "log": None}]


@pytest.fixture
def sick(work_dir):
    with Service(work_dir, "sick:65534:nobody", "tsupv:65534:nobody") as running:
        running.call("StartInstances", "as", 2, "sick", "tsupv")
        yield running


def test_list_shows_trouble(sick):
    lines = sick.manager("list").stdout.splitlines()
    assert lines[1] == "sick   nobody  degraded  77   enabled  1 run, 7 FATAL, 1 stopped"
    assert lines[2] == "tsupv  nobody  running   77   enabled  -"  # no report yet: no counts instead of wrong ones
    rows = json.loads(sick.manager("list", "--json").stdout)
    assert [(row["state"], row["degraded"], row["programs_by_state"]) for row in rows] == [
        ("running", True, {"RUNNING": 1, "FATAL": 7, "STOPPED": 1}), ("running", False, None)]


def test_status_shows_trouble_with_its_reason_and_last_lines(sick):
    result = sick.manager("status", "sick")
    assert result.returncode == NOT_RUNNING
    assert "     State: degraded (7 FATAL)" in result.stdout
    assert "  Programs: 1 run, 7 FATAL, 1 stopped\n" in result.stdout
    assert "  p1                               FATAL     couldn't chdir to /x: ENOENT\n" in result.stdout
    assert ("\np5: FATAL, couldn't chdir to /x: ENOENT\n    before\n    last of p5\\x1b[2J caf\ufffd\n"
            "\nand 2 more in trouble: supervisor-manager ctl sick status\n") in result.stdout
    assert "before" not in sick.manager("status", "-n1", "sick").stdout
    assert sick.manager("status", "-q", "sick").returncode == NOT_RUNNING
    assert sick.manager("status", "tsupv").returncode == DONE
    programs = json.loads(sick.manager("status", "-j", "sick").stdout)[0]["programs"]
    assert programs[2] == {"name": "p1", "state": "FATAL", "pid": 0, "description": "couldn't chdir to /x: ENOENT",
                           "log": ["before", "last of p1\\x1b[2J caf\ufffd"]}
    assert (programs[0]["log"], programs[8]["log"]) == (None, None)
    result = sick.manager("status")
    assert result.returncode == NOT_RUNNING and "  Degraded: 1 (see: supervisor-manager list)\n" in result.stdout


def test_only_root_and_the_owner_see_the_last_lines(sick):
    for user, shown in ((0, True), (pwd.getpwnam("nobody").pw_uid, True), (pwd.getpwnam("daemon").pw_uid, False)):
        result = sick.manager("status", "sick", user=user)
        assert "p1: FATAL, couldn't chdir to /x: ENOENT\n" in result.stdout
        assert ("last of p1" in result.stdout, result.stderr) == (shown, "")


def test_status_shows_details_to_who_may_read_them(service):
    assert json.loads(service.manager("status", "-j", "tsupv").stdout)[0]["details"] == ""
    service.call("StartProgram", "ss", "tsupv", "latin1")
    stranger = pwd.getpwnam("daemon").pw_uid
    for user in (0, pwd.getpwnam("nobody").pw_uid):
        result = service.manager("status", "tsupv", user=user)
        assert "    Reason: caf\ufffd\n   Details: secret caf\ufffd\n            second line\n" in result.stdout
        assert json.loads(service.manager("status", "-j", "tsupv", user=user).stdout)[0]["details"] == "secret caf\ufffd\nsecond line\n"
    result = service.manager("status", "tsupv", user=stranger)
    assert "    Reason: caf\ufffd\n" in result.stdout and "secret" not in result.stdout and result.stderr == ""
    shown = json.loads(service.manager("status", "-j", "tsupv", user=stranger).stdout)[0]
    assert shown["reason"] == "caf\ufffd" and shown["details"] is None
    assert "secret" not in service.manager("list").stdout


def test_status_of_the_manager(service):
    result = service.manager("status")
    assert result.returncode == NOT_RUNNING  # an entry is refused
    assert " Instances: 3 (0 running, 0 failed)\n   Refused: 1 " in result.stdout
    assert json.loads(service.manager("status", "-j").stdout)["version"] == "1.2.3"


@pytest.mark.parametrize("verb, words", [("start", "started"), ("stop", "stopped"), ("restart", "restarted"),
                                         ("enable", "enabled"), ("disable", "disabled")])
def test_verbs_take_names_and_patterns(service, verb, words):
    result = service.manager(verb, "tech*", "tsupv", "tech1")
    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout == f"tech1: {words}\ntech2: {words}\ntsupv: {words}\n"
    assert service.manager(verb, "-q", "tsupv").stdout == ""


@pytest.mark.parametrize("words, result, answer", [
    (["start", "tech*"], DONE, [{"instance": "tech1", "result": "started", "error": None},
                                {"instance": "tech2", "result": "started", "error": None}]),
    (["reload", "tsupv"], FAILED, [{"instance": "tsupv", "result": "failed", "error": {
        "name": "org.supervisormanager1.Error.OperationFailed", "message": "It does not parse"}}]),
    (["reload"], FAILED, {"changes": [{"instance": "tsupv", "action": "change", "details": ["umask: 022 -> 077"]}], "refused": [
        {"file": "/etc/x.conf", "line": 3, "section": "supervisor:bad", "key": "user", "reason": "unknown"}],
                         "warnings": []}),
    (["kill", "tsupv"], DONE, [{"instance": "tsupv", "result": "signalled", "error": None}]),
    (["enable", "-q", "tsupv"], DONE, [{"instance": "tsupv", "result": "enabled", "error": None}]),
    (["disable", "--now", "tsupv"], DONE, [{"instance": "tsupv", "result": "disabled and stopped", "error": None}]),
    (["create", "neu", "logs_dir=/x"], DONE, [{"instance": "neu", "result": "created", "error": None}]),
    (["edit", "tsupv", "logs_dir=/x"], DONE, [{"instance": "tsupv", "result": "changed", "error": None}]),
    (["remove", "tsupv"], DONE, [{"instance": "tsupv", "result": "removed", "error": None}]),
    (["stop-program", "tsupv", "program1"], DONE, [
        {"instance": "tsupv", "program": "program1", "result": "stopped", "error": None}]),
    (["list", "x*"], NO_SUCH_NAME, {"error": {"code": NO_SUCH_NAME, "message": "No instance matches 'x*'"}}),
    (["start", "x*"], NO_SUCH_NAME, {"error": {"code": NO_SUCH_NAME, "message": "No instance matches 'x*'"}}),
    (["edit", "tsupv", "nix=1"], FAILED, {"error": {"code": FAILED, "message": "tsupv: There is no key 'nix'"}}),
    (["kill", "-s", "NIX", "tsupv"], MISUSED, {"error": {"code": MISUSED, "message": "Unknown signal 'NIX'; give a name such as HUP, or a number"}}),
    (["logs"], MISUSED, {"error": {"code": MISUSED, "message": "'logs' has no output in JSON; run it without --json"}}),
    (["strat"], MISUSED, {"error": {"code": MISUSED, "message": "Unknown command 'strat'. Did you mean 'start'? See: supervisor-manager help"}}),
    (["status", "x"], NO_SUCH_NAME, []),
])
def test_every_verb_answers_in_json(service, words, result, answer):
    got = service.manager("--json", *words)
    assert (got.returncode, json.loads(got.stdout)) == (result, answer)
    assert (got.stderr != "") == (result != DONE)


def test_json_where_nobody_answers(work_dir):
    with PrivateBus(work_dir) as bus:
        for verb in ("list", "reload", "plan", "status", "top"):
            result = subprocess.run([*program("supervisor-manager"), f"--bus-address={bus.address}", "--json", verb],
                                    capture_output=True, text=True, check=False)
            assert result.returncode == UNREACHABLE
            assert json.loads(result.stdout)["error"]["code"] == UNREACHABLE


def test_hundreds_of_instances_are_not_too_many(work_dir, cleanup):
    """More than the 128 replies for which the bus lets a connection wait."""
    names = [f"slow{i:03}" for i in range(200)]
    with Service(work_dir, *[f"{name}:0:root" for name in names]) as service:
        command = service.start("restart", "slow*")
        cleanup.callback(command.stdout.close)
        cleanup.callback(command.wait)
        cleanup.callback(command.terminate)
        def ended():
            service.call("StartProgram", "ss", "slow000", "release")
            return command.poll() is not None
        wait_for(ended, "all to be restarted")
        assert command.stdout.read() == "".join(f"{name}: restarted\n" for name in names)
        assert command.returncode == DONE


def test_an_account_that_may_wait_for_few_goes_on(work_dir, cleanup):
    """Three commands at the same time need more than the 64 calls that the manager accepts from an account."""
    nobody = pwd.getpwnam("nobody").pw_uid
    names = [f"slow{i:03}" for i in range(100)]
    with Service(work_dir, *[f"{name}:{nobody}:nobody" for name in names]) as service:
        commands = [service.start("start", "slow*", user=nobody) for _ in range(3)]
        for command in commands:
            cleanup.callback(command.stdout.close)
            cleanup.callback(command.wait)
            cleanup.callback(command.terminate)
        def ended():
            service.call("StartProgram", "ss", "slow000", "release")
            return all(command.poll() is not None for command in commands)
        wait_for(ended, "all to be started")
        assert [command.stdout.read() for command in commands] == ["".join(f"{name}: started\n" for name in names)] * 3


def test_a_terminal_sees_how_far_it_is(service):
    ours, theirs = pty.openpty()
    try:
        result = subprocess.run([*program("supervisor-manager"), f"--bus-address={service.address}", "start", "tech*"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, text=True, check=False)
        assert result.stdout == "tech1: started\ntech2: started\n"
        assert os.read(ours, 65536) == b"\r1 of 2 started\x1b[K\r2 of 2 started\x1b[K\r\x1b[K"
    finally:
        os.close(ours)
        os.close(theirs)
    assert service.manager("start", "tech*").stderr == ""


def test_now_does_both(service):
    service.manager("enable", "--now", "tsupv")
    assert service.manager("status", "-q", "tsupv").returncode == DONE
    service.manager("disable", "--now", "tsupv")
    assert service.manager("status", "-q", "tsupv").returncode == NOT_RUNNING
    assert json.loads(service.manager("list", "-j", "tsupv").stdout)[0]["enabled"] is False


def test_one_wrong_name_does_not_stop_the_others(service):
    result = service.manager("start", "tsupw", "tsupv")
    assert result.returncode == NO_SUCH_NAME
    assert result.stdout == "tsupv: started\n"
    assert result.stderr == "supervisor-manager: There is no instance 'tsupw'. Did you mean 'tsupv'?\n"
    assert service.manager("start", "x*").stderr == "supervisor-manager: No instance matches 'x*'\n"


def test_a_failure_of_the_manager_is_said(service):
    result = service.manager("reload", "tsupv")
    assert (result.returncode, result.stderr) == (FAILED, "supervisor-manager: tsupv: It does not parse\n")


def test_programs(service):
    assert service.manager("programs", "tsupv").stdout == ("INSTANCE  PROGRAM   STATE    PID   DESCRIPTION\n"
                                                           "tsupv     program1  RUNNING  4242\n")
    result = service.manager("stop-program", "tsupv", "program1", "nix")
    assert (result.returncode, result.stdout) == (NO_SUCH_NAME, "program1: stopped\n")
    assert "nix: There is no program 'nix'" in result.stderr


def test_entries(service):
    assert service.manager("create", "neu", "logs_dir=/x").stdout == "neu: created\n"
    assert service.manager("edit", "neu", "logs_dir = /y").stdout == "neu: changed\n"
    assert json.loads(service.manager("status", "-j", "neu").stdout)[0]["logs_directory"] == "/y"
    refused = service.manager("edit", "neu", "nix=1")
    assert (refused.returncode, refused.stderr) == (FAILED, "supervisor-manager: neu: There is no key 'nix'\n")
    assert service.manager("remove", "neu").stdout == "neu: removed\n"
    assert service.manager("create", "tsupv", "logs_dir=/x").returncode == FAILED
    assert service.manager("create", "neu", "user").returncode == MISUSED


def test_plan_and_reload(service):
    assert service.manager("plan").stdout == "tsupv: change\n    umask: 022 -> 027\n"
    assert json.loads(service.manager("plan", "-j").stdout)["changes"] == [
        {"instance": "tsupv", "action": "change", "details": ["umask: 022 -> 027"]}]
    result = service.manager("reload")
    assert (result.returncode, result.stdout) == (FAILED, "tsupv: change\n    umask: 022 -> 077\n")
    assert result.stderr == "supervisor-manager: refused: /etc/x.conf:3: [supervisor:bad] user: unknown\n"


def test_signals_by_name_and_number(service):
    for signal in ("HUP", "SIGHUP", "1"):
        assert service.manager("kill", "-s", signal, "tsupv").stdout == "tsupv: signalled\n"
    assert service.manager("kill", "-s", "NIX", "tsupv").returncode == MISUSED
    assert service.manager("kill", "--kill-whom=some", "tsupv").returncode == MISUSED


@pytest.mark.parametrize("words, says", [
    (["strat", "x"], "Unknown command 'strat'. Did you mean 'start'?"), (["stat"], "mean 'status'?"), (["star"], "mean 'start'?"),
    (["re"], "Unknown command 're'. See: "), (["help", "stat"], "mean 'status'?"), (["--no-leg"], "mean --no-legend? See: "), (["start"], "Too few arguments"),
    (["plan", "x"], "Too many arguments"), (["--jsson"], "mean --json? See: ")])
def test_wrong_use(service, words, says):
    result = service.manager(*words)
    assert result.returncode == MISUSED
    assert says in result.stderr


def test_a_manager_that_does_not_run(work_dir):
    with PrivateBus(work_dir) as bus:
        result = subprocess.run([*program("supervisor-manager"), f"--bus-address={bus.address}", "list"],
                                capture_output=True, text=True, check=False)
        assert result.returncode == UNREACHABLE
        assert "systemctl start supervisor-manager" in result.stderr


def test_a_bus_that_is_not_there(service):
    result = service.manager("--bus-address=unix:path=/nonexistent/bus", "list")
    assert result.returncode == UNREACHABLE
    assert "Cannot connect to D-Bus" in result.stderr and "systemctl status dbus" in result.stderr


def test_access_denied_says_what_is_needed(service):
    if os.getuid() != 0:
        pytest.skip("other accounts need root")
    result = service.manager("stop", "tech1", user=65534)
    assert result.returncode == DENIED
    assert result.stderr.startswith("supervisor-manager: tech1: Not allowed to stop 'tech1': requires root or polkit")
    assert service.manager("stop", "tsupv", user=65534).returncode == DONE


def test_monitor_tells_changes(service, cleanup):
    monitor = service.start("monitor", "--json", "tsupv")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    seen = []
    while not seen:  # it misses changes that happen before it is ready
        service.call("StartInstance", "s", "tsupv")
        service.call("StopInstance", "s", "tsupv")
        service.call("StopProgram", "ss", "tsupv", "program1")
        seen = _available(monitor)
    service.call("StartInstance", "s", "tech1")  # of an instance that is not monitored
    service.call("StartProgram", "ss", "tsupv", "program1")
    events = [json.loads(line) for line in seen]
    while not any(e["event"] == "program" and e["state"] == "RUNNING" for e in events):
        events.append(json.loads(monitor.stdout.readline()))
    assert {e["instance"] for e in events} == {"tsupv"}
    assert events[-1]["program"] == "program1"


def _available(process):
    """Lines that are available now."""
    lines = []
    if select.select([process.stdout], [], [], 0.05)[0]:
        lines.append(process.stdout.readline())
    return lines


def test_top_prints_once_into_a_pipe(service):
    assert service.manager("top").stdout.splitlines()[0].split() == [
        "NAME", "USER", "STATE", "PID", "MEMORY", "CPU%", "CPU", "TIME", "PROGRAMS"]


def test_top_for_programs(service):
    service.call("StartInstance", "s", "tsupv")
    result = service.manager("top", "--json", "--rounds=2", "tsupv")
    assert [[row["name"] for row in json.loads(line)] for line in result.stdout.splitlines()] == [["tsupv"], ["tsupv"]]


def test_words_for_completion(service):
    assert service.manager("__complete", "--", "words", "list").stdout == "tech1\ntech2\ntsupv\n"
    verbs = service.manager("__complete").stdout.split()
    assert "start" in verbs and "daemon-reexec" in verbs and "__complete" not in verbs


def test_the_same_keys_in_all_verbs(service):
    service.call("StartInstance", "s", "tsupv")
    listed = json.loads(service.manager("list", "-j", "tsupv").stdout)[0]
    told = json.loads(service.manager("status", "-j", "tsupv").stdout)[0]
    used = json.loads(service.manager("top", "-j", "tsupv").stdout)[0]
    assert {key: told[key] for key in listed} == listed
    assert {key: told[key] for key in used if key != "cpu_percent"} == {k: v for k, v in used.items() if k != "cpu_percent"}
    programs = json.loads(service.manager("programs", "-j", "tsupv").stdout)
    assert [dict(one, instance="tsupv") for one in told["programs"]] == [dict(one, log=None) for one in programs]
    manager = json.loads(service.manager("status", "-j").stdout)
    with open(os.path.join(SOURCE, "man", "supervisor-manager.1"), encoding="utf-8") as file:
        documented = set(re.findall("[a-z_]+", file.read()))
    for keys in (told, used, manager, programs[0]):
        assert all(re.fullmatch("[a-z_]+", key) for key in keys)
        assert set(keys) <= documented, set(keys) - documented


def test_help_of_each_verb(service):
    verbs = service.manager("__complete").stdout.split()
    assert len(verbs) > 20
    for words in [["help"], ["--help"], *(["help", verb] for verb in verbs)]:
        result = service.manager(*words)
        assert result.returncode == DONE and max(map(len, result.stdout.splitlines())) <= 80, words
        if len(words) > 1:
            assert result.stdout.startswith(f"supervisor-manager {words[1]}")
            assert words[1] == "help" or service.manager(words[1], "--help").stdout == result.stdout
    assert "--purge" in service.manager("help", "remove").stdout and "--purge" not in service.manager("help", "stop").stdout
    assert service.manager("help", "nix").returncode == MISUSED
    daemon = subprocess.run([*program("supervisor-managerd"), "--help"], capture_output=True, text=True, check=True)
    assert max(map(len, daemon.stdout.splitlines())) <= 80


@pytest.fixture
def top(service, cleanup):
    """top(): `supervisor-manager top` at a terminal of its own, whose settings the test can read."""
    def start(*words):
        child = pexpect.spawn(program("supervisor-manager")[0], [f"--bus-address={service.address}", "top", *words],
                              encoding="utf-8", timeout=30, dimensions=(24, 80), env={**os.environ, "TERM": "vt100"})
        cleanup.callback(end, child)
        return child

    return start


def keys_are_raw(child):
    flags = termios.tcgetattr(child.child_fd)[3]
    return not flags & termios.ICANON and not flags & termios.ECHO


def test_top_ends_by_q(top):
    child = top()
    child.expect("tsupv")
    assert keys_are_raw(child)
    child.send("xyzq")
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, child.signalstatus) == (DONE, None) and "xyz" not in child.before
    assert not keys_are_raw(child)


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_top_leaves_the_terminal_as_it_was(top, signo):
    child = top()
    child.expect("tsupv")
    child.kill(signo) if signo != signal.SIGINT else child.sendintr()
    wait_for(lambda: not keys_are_raw(child), "the terminal as it was")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.signalstatus == signo


# Acts as a shell: runs a job in the foreground, and prints each change of it with the terminal's settings.
SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    how = "stopped" if os.WIFSTOPPED(status) else f"ended {os.waitstatus_to_exitcode(status)}"
    raw = not termios.tcgetattr(0)[3] & (termios.ICANON | termios.ECHO)
    os.tcsetpgrp(0, os.getpgrp())
    print(how, "raw" if raw else "as before", flush=True)
    if not os.WIFSTOPPED(status):
        break
    input()
    os.tcsetpgrp(0, job)
    os.kill(job, signal.SIGCONT)
"""


def test_top_gives_the_terminal_back_while_it_is_stopped(service, cleanup):
    child = pexpect.spawn(sys.executable, ["-c", SHELL, program("supervisor-manager")[0], f"--bus-address={service.address}", "top"],
                          encoding="utf-8", timeout=30, dimensions=(24, 80), env={**os.environ, "TERM": "vt100"})
    cleanup.callback(end, child)
    child.expect("tsupv")
    for _ in range(2):
        wait_for(lambda: keys_are_raw(child), "raw keys")
        child.send("\x1a")
        child.expect("stopped as before")
        child.send("\r")
    wait_for(lambda: keys_are_raw(child), "raw keys")
    child.send("q")
    child.expect("ended 0 as before")


def test_a_table_fits_the_terminal(work_dir, cleanup):
    long = "n" * 60
    with Service(work_dir, f"{long}:65534:nobody", "b:0:root") as running:
        def at(*words):
            child = pexpect.spawn(program("supervisor-manager")[0], [f"--bus-address={running.address}", *words],
                                  encoding="utf-8", timeout=30, dimensions=(24, 60), env={**os.environ, "TERM": "vt100"})
            cleanup.callback(end, child)
            child.expect(pexpect.EOF)
            return child.before.replace("\r", "").splitlines()

        lines = at("list", "--no-legend", "--no-pager")
        assert [len(line) <= 60 for line in lines] == [True, True] and "nnn…" in "".join(lines)
        assert "inactive" in lines[0] and "nobody" in "".join(lines)
        assert long in "".join(at("list", "--no-legend", "--no-pager", "--full"))
        assert long in running.manager("list").stdout


def test_help_and_version(service):
    assert "Exit status" in service.manager("--help").stdout
    assert service.manager("--version").stdout.startswith("supervisor-manager ")


def test_only_trouble_is_coloured_and_by_the_line(service):
    service.call("StartInstance", "s", "tsupv")

    def on_terminal(*names, **env):
        ours, theirs = pty.openpty()
        try:
            subprocess.run([*program("supervisor-manager"), f"--bus-address={service.address}", "--no-pager", "status",
                            *names], stdin=subprocess.DEVNULL, stdout=theirs, check=False,
                           env={**os.environ, "TERM": "xterm", **env})
            return os.read(ours, 65536).decode()
        finally:
            os.close(ours)
            os.close(theirs)

    assert "\033" not in on_terminal("tsupv")
    trouble = on_terminal()  # the manager's own status: an entry is refused
    assert trouble.startswith("\033[31m● supervisor-managerd ") and trouble.splitlines()[0].endswith("\033[0m")
    assert "\033" not in on_terminal(NO_COLOR="1")
    assert "\033" not in service.manager("status").stdout
