# SPDX-License-Identifier: MIT
"""Root at a terminal, and an owner who controls all processes with the owner's ids: what ctl and logs let through.

A `supervisorctl` of the test acts for the owner: an owner may trace the real one and make it do the same.
"""

import fcntl
import os
import re
import shutil
import signal
import struct
import subprocess
import termios
import textwrap

import pexpect
import pytest

from manager_bus import Service
from processes import children, is_running, of_user
from programs import program
from terminals import end
from waiting import wait_for

TIOCGPTN = 0x80045430
CTRL_C, CTRL_Z = "\x03", "\x1a"
SECRET = "root-s-secret"

PREAMBLE = """#!/usr/bin/python3
import fcntl, os, signal, sys, termios, time
def say(text):
    os.write(1, (text + "\\n").encode())
"""


@pytest.fixture
def log(work_dir, owner):
    """The activity log of the owner's instance."""
    path = os.path.join(work_dir, "supervisord.log")
    with open(path, "wb"):
        pass
    os.chown(path, owner.pw_uid, owner.pw_gid)
    return path


@pytest.fixture
def service(work_dir, owner, log):
    word = f"tsupv:{owner.pw_uid}:{owner.pw_name}:{owner.pw_gid}:{log}"
    with Service(work_dir, word) as running:
        running.call("StartInstance", "s", "tsupv")
        yield running


@pytest.fixture
def control(service, work_dir):
    """control(script): the command line of a `supervisor-manager` that finds a supervisorctl written by the owner."""

    def make(script):
        folder = os.path.join(work_dir, "bin")
        os.makedirs(folder, exist_ok=True)
        manager = shutil.copy(program("supervisor-manager")[0], folder)
        path = os.path.join(folder, "supervisorctl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PREAMBLE + textwrap.dedent(script))
        os.chmod(path, 0o755)
        return [manager, f"--bus-address={service.address}"]

    return make


@pytest.fixture
def terminal(work_dir, cleanup):
    """terminal(words): a program of root at a terminal with 31 rows and 97 columns, in root's environment."""

    def start(words, **environment):
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": "/root", "SM_SECRET": SECRET,
                       **environment}
        child = pexpect.spawn(words[0], words[1:], env=environment, encoding="utf-8", timeout=30, dimensions=(31, 97), cwd="/root")
        cleanup.callback(end, child)
        return child

    return start


@pytest.fixture
def shell(terminal):
    """Root's shell at a terminal."""
    child = terminal(["/bin/bash", "--norc", "--noprofile", "-i"], PS1="ROOT> ")
    child.expect_exact("ROOT> ")
    return child


def quoted(words):
    return " ".join(f"'{word}'" for word in words)


def ended(child):
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus if child.signalstatus is None else -child.signalstatus


def number(child):
    """N of /dev/pts/N, the terminal of a program."""
    return struct.unpack("i", fcntl.ioctl(child.child_fd, TIOCGPTN, b"\0" * 4))[0]


LOOK = """
def look(name, how):
    try:
        say(f"{name}={how()}")
    except OSError as error:
        say(f"{name}=no ({error.strerror})")
for fd in os.listdir("/proc/self/fd"):
    if int(fd) < 3 or os.path.exists(f"/proc/self/fd/{fd}"):
        look("fd" + fd, lambda: os.readlink("/proc/self/fd/" + fd) + f" rdev {os.fstat(int(fd)).st_rdev}")
look("ids", lambda: (os.getresuid(), os.getresgid(), sorted(os.getgroups())))
look("session", lambda: os.getsid(0) == os.getpid())
look("size", lambda: os.get_terminal_size(1))
look("cwd", os.getcwd)
look("terminal", lambda: os.fstat(os.open("/dev/tty", os.O_RDWR)).st_rdev and os.ttyname(1))
print(*(f"env {k}={v}" for k, v in os.environ.items()), sep="\\n")
print(open("/proc/self/status").read().split("NoNewPrivs:")[1].split()[0], "nnp")
print("END")
"""


@pytest.mark.parametrize("arguments", [(), ("status",)])
def test_ctl_gives_the_owner_nothing_of_roots(control, terminal, owner, arguments):
    client = terminal([*control(LOOK), "ctl", "tsupv", *arguments])
    client.expect_exact("END")
    seen = client.before
    ours = os.stat(f"/dev/pts/{number(client)}").st_rdev
    assert "/dev/pts" in seen and f"rdev {ours}\r" not in seen
    assert SECRET not in seen and "/root" not in seen
    u, g = owner.pw_uid, owner.pw_gid
    assert f"ids=(({u}, {u}, {u}), ({g}, {g}, {g}), [{g}])" in seen
    assert "session=True" in seen and "cwd=/\r" in seen and "1 nnp" in seen
    assert "columns=97, lines=31" in seen
    names = {line.split("=")[0] for line in re.findall(r"env (\S+)", seen)}
    assert names == {"PATH", "HOME", "SHELL", "USER", "LOGNAME", "TERM", "LC_ALL"}
    numbers = {int(n) for n in re.findall(r"fd(\d+)=(?:/dev|pipe)", seen)}
    assert numbers == {0, 1, 2}
    assert ended(client) == 0


def test_without_a_terminal_the_owner_has_pipes_and_no_terminal(control, owner, work_dir):
    words = control(LOOK)
    out = os.path.join(work_dir, "out")
    result = subprocess.run([*words, "ctl", "tsupv"], input="", stdout=open(out, "w", encoding="utf-8"), stderr=subprocess.PIPE,
                            text=True, check=False, env={**os.environ, "SM_SECRET": SECRET})
    assert result.returncode == 0, result.stderr
    with open(out, encoding="utf-8") as file:
        seen = file.read()
    assert "fd0=pipe:" in seen and "fd1=pipe:" in seen and "fd2=pipe:" in seen
    assert SECRET not in seen and out not in seen
    assert "terminal=no" in seen


INJECT = """
for name in ("/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty"):
    try:
        fd = os.open(name, os.O_RDWR)
        for c in "\\ntouch PWNED\\n":
            fcntl.ioctl(fd, termios.TIOCSTI, c.encode())
    except OSError as error:
        say(f"{name}: {error.strerror}")
"""


@pytest.mark.parametrize("arguments", [(), ("status",)])
def test_the_owner_types_nothing_into_roots_shell(control, shell, work_dir, arguments):
    pwned = os.path.join(work_dir, "pwned")
    words = control(INJECT.replace("PWNED", pwned))
    shell.sendline(quoted([*words, "ctl", "tsupv", *arguments]) + "; echo en''ded")
    shell.expect_exact("ended")
    for _ in range(3):  # so the shell has executed everything that was typed before
        shell.sendline("echo al''ive")
        shell.expect_exact("alive")
    assert not os.path.exists(pwned)


def test_the_owner_types_nothing_from_behind_logs(service, shell, owner, work_dir):
    """`tail` runs with the owner's ids, so the owner can reach its descriptors: none of them is the terminal."""
    shell.sendline(quoted([*program("supervisor-manager"), f"--bus-address={service.address}", "logs", "-f", "tsupv"]))
    tail = wait_for(lambda: [pid for pid in of_user(owner.pw_uid) if readable(f"/proc/{pid}/comm") == b"tail\n"])[0]
    descriptors = {fd: os.readlink(f"/proc/{tail}/fd/{fd}") for fd in ("0", "1", "2")}
    assert descriptors["0"] == "/dev/null" and all(descriptors[fd].startswith("pipe:") for fd in "12")
    assert not any("pts" in os.readlink(f"/proc/{tail}/fd/{fd}") for fd in os.listdir(f"/proc/{tail}/fd"))
    assert os.getsid(tail) == tail and SECRET.encode() not in readable(f"/proc/{tail}/environ")
    assert os.readlink(f"/proc/{tail}/cwd") == "/"
    shell.send(CTRL_C)
    shell.expect_exact("ROOT> ")
    wait_for(lambda: not is_running(tail), "the reader to end")


def readable(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


EVIL = b"\x1b]0;title\x07\x1b[c\x1b[6n\x05\x9b6n\xc2\x9b6n\x1bP$qm\x1b\\\x1b[?1049h \xe2\x80\xae\x1b[31mred\x1b[0m\n"
SHOWN = "\\x1b]0;title\\x07\\x1b[c\\x1b[6n\\x05\\x9b6n\\u009b6n\\x1bP$qm\\x1b\\\\x1b[?1049h \\u202e\x1b[31mred\x1b[0m"


def test_logs_are_filtered_on_a_terminal_only(service, terminal, log):
    with open(log, "wb") as file:
        file.write(EVIL)
    words = [*program("supervisor-manager"), f"--bus-address={service.address}", "logs", "tsupv"]
    shown = terminal(words)
    shown.expect_exact(SHOWN)
    assert ended(shown) == 0
    raw = pexpect.spawn(words[0], [*words[1:], "--raw"], timeout=30)
    raw.expect_exact(EVIL.rstrip(b"\n"))
    raw.close()
    assert subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout == EVIL


@pytest.fixture
def two(work_dir, account):
    """Two instances with two owners, each with a log of one line: (service, the owners, their logs)."""
    owners = [account(f"sm{name}{os.getpid()}") for name in ("one", "two")]
    logs = [os.path.join(work_dir, owner.pw_name) for owner in owners]
    for path, owner in zip(logs, owners):
        with open(path, "w", encoding="ascii") as file:
            file.write(f"of {owner.pw_name}\n")
        os.chown(path, owner.pw_uid, owner.pw_gid)
    words = [f"i{n}:{owner.pw_uid}:{owner.pw_name}:{owner.pw_gid}:{logs[n]}" for n, owner in enumerate(owners)]
    with Service(work_dir, *words) as service:
        yield service, owners, logs


def test_the_logs_of_several_owners_have_heads(two):
    service, owners, logs = two
    shown = service.manager("logs", "i0", "i1").stdout
    for path, owner in zip(logs, owners):
        assert f"==> {path} <==\nof {owner.pw_name}\n" in shown


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_readers_of_several_owners_end_with_their_client(two, way):
    service, owners, _ = two
    client = service.start("logs", "-f", "i0", "i1")
    readers = wait_for(lambda: (seen := [pid for owner in owners for pid in of_user(owner.pw_uid)]) and len(seen) == 2 and seen)
    relays = children(client.pid)
    client.send_signal(way)
    client.wait()
    try:
        wait_for(lambda: not any(is_running(pid) for pid in [*readers, *relays]), "the readers to end")
    finally:
        client.stdout.close()
        for pid in relays:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("typed, wanted", [(False, "-tt"), (True, "-t")])
def test_of_another_host_the_far_end_knows_that_a_terminal_is_there(work_dir, typed, wanted):
    """The remote side filters what goes to a terminal."""
    folder = os.path.join(work_dir, "bin")
    os.mkdir(folder)
    with open(os.path.join(folder, "ssh"), "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$@" >{work_dir}/ssh.log\n')
    os.chmod(os.path.join(folder, "ssh"), 0o755)
    ours, theirs = os.openpty()
    try:
        subprocess.run([*program("supervisor-manager"), "-H", "en1", "logs", "tsupv"], stdin=theirs if typed else subprocess.DEVNULL,
                       stdout=theirs, check=True, env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
    finally:
        os.close(ours)
        os.close(theirs)
    assert wanted in open(os.path.join(work_dir, "ssh.log"), encoding="ascii").read().split()


@pytest.mark.parametrize("follow", [(), ("-f",)], ids=["once", "follow"])
@pytest.mark.parametrize("kind", ["fifo", "device", "link to a fifo"])
def test_a_log_that_is_no_file_is_refused_and_not_waited_for(service, log, kind, follow):
    os.unlink(log)
    if kind == "device":
        os.symlink("/dev/zero", log)
    else:
        os.mkfifo(log if kind == "fifo" else log + ".fifo", 0o644)
        if kind != "fifo":
            os.symlink(log + ".fifo", log)
    client = service.start("logs", *follow, "tsupv")
    try:
        said = client.communicate(timeout=30)[0]
    finally:
        client.kill()
        client.wait()
    assert (client.returncode, said) == (1, f"supervisor-manager: cannot read {log}: it is not a regular file\n")


def test_a_log_that_is_missing_or_somebody_elses(service, log, work_dir):
    os.unlink(log)
    result = service.manager("logs", "tsupv")
    assert (result.returncode, result.stderr) == (1, f"supervisor-manager: cannot read {log}: No such file or directory\n")
    private = os.path.join(work_dir, "private")
    with open(private, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("root's\n")
    os.symlink(private, log)
    result = service.manager("logs", "tsupv")
    assert (result.returncode, result.stdout) == (1, "") and "Permission denied" in result.stderr


def test_what_ctl_prints_is_filtered_on_a_terminal(control, terminal):
    words = control(f"os.write(1, {EVIL!r}); os.write(1, b'\\x1b[2K\\x1b[A\\x1b[3Jx')")
    client = terminal([*words, "ctl", "tsupv", "status"])
    bell = SHOWN.replace("\\x07", "\x07")
    client.expect_exact(bell)
    client.expect_exact("\x1b[2K\x1b[A\\x1b[3Jx")
    assert ended(client) == 0
    assert EVIL in subprocess.run([*words, "ctl", "tsupv", "status"], capture_output=True, check=True).stdout


@pytest.mark.parametrize("end,status", [("sys.exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", 137)])
def test_the_status_is_the_guests(control, terminal, end, status):
    client = terminal([*control(end), "ctl", "tsupv"])
    assert ended(client) == status


ECHO_KEYS = """
import tty
say("READY")
while True:
    line = sys.stdin.readline()
    if not line or line == "quit\\n":
        break
    say(f"got {line!r}")
"""


def settings(child):
    return termios.tcgetattr(child.child_fd)


@pytest.mark.parametrize("way", ["quit", "TERM", "HUP", "killed guest"])
def test_the_terminal_is_as_it_was(control, terminal, owner, way):
    before = None
    client = terminal(["/bin/sh", "-c", 'stty -a >/dev/null; echo BE""FORE; read x; "$@"; echo "status $?"; read x', "sh",
                       *control(ECHO_KEYS), "ctl", "tsupv"])
    client.expect_exact("BEFORE")
    before = settings(client)
    client.sendline("")
    client.expect_exact("READY")
    wait_for(lambda: settings(client) != before, "the terminal to be raw")
    client.send("hello\r")
    client.expect_exact("got 'hello\\n'")
    relay = wait_for(lambda: [p for p in children(client.pid) if b"supervisor-manager" in readable(f"/proc/{p}/cmdline")])[0]
    if way == "quit":
        client.send("quit\r")
    elif way == "killed guest":
        os.kill(children(relay)[0], signal.SIGKILL)
    else:
        os.kill(relay, getattr(signal, "SIG" + way))
    client.expect(r"status (\d+)")
    assert int(client.match[1]) == {"quit": 0, "TERM": 143, "HUP": 129, "killed guest": 137}[way]
    assert settings(client) == before
    wait_for(lambda: of_user(owner.pw_uid) == [], "the guest to be gone")


def test_a_guest_that_ignores_signals_is_killed(control, terminal, owner):
    client = terminal([*control("for s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\nsay('READY')\nwhile True: time.sleep(9)\n"),
                       "ctl", "tsupv"])
    client.expect_exact("READY")
    client.kill(signal.SIGTERM)
    assert ended(client) == -signal.SIGTERM
    wait_for(lambda: of_user(owner.pw_uid) == [], "the guest to be gone")


def test_ctrl_c_reaches_the_guest_and_twice_ends_it(control, terminal, owner):
    stubborn = "signal.signal(2, lambda *_: say('INTERRUPTED'))\nsay('READY')\nwhile True: time.sleep(9)\n"
    words = control(stubborn)
    typing = terminal([*words, "ctl", "tsupv"])  # the terminal is raw: a key press
    typing.expect_exact("READY")
    typing.send(CTRL_C)
    typing.expect_exact("INTERRUPTED")
    watching = terminal([*words, "ctl", "tsupv", "tail", "-f", "x"])  # the terminal is not raw: a signal
    watching.expect_exact("READY")
    watching.send(CTRL_C)
    watching.expect_exact("INTERRUPTED")
    watching.send(CTRL_C)
    assert ended(watching) == -signal.SIGINT


@pytest.mark.parametrize("arguments", [(), ("tail", "-f", "x")])
def test_ctrl_z_stops_it_as_a_job_and_fg_goes_on(control, shell, arguments):
    script = "say('READY')\nwhile True: time.sleep(9)\n" if arguments else ECHO_KEYS
    shell.sendline(quoted([*control(script), "ctl", "tsupv", *arguments]))
    shell.expect_exact("READY")
    shell.send(CTRL_Z)
    shell.expect_exact("Stopped")
    shell.expect_exact("ROOT> ")
    shell.sendline("echo in the sh''ell")
    shell.expect_exact("in the shell")
    shell.sendline("fg")
    if not arguments:
        shell.expect_exact("ctl")
        shell.send("again\r")
        shell.expect_exact("got 'again\\n'")
        shell.send("quit\r")
    else:
        shell.expect_exact("ctl")
        shell.send(CTRL_C)
    shell.expect_exact("ROOT> ")
    shell.sendline("echo al''ive")
    shell.expect_exact("alive")


def test_after_a_stop_by_another_hand_the_terminal_is_raw_again(control, terminal, owner):
    """A shell that sees its job stopped restores the terminal's settings for itself."""
    client = terminal(control(ECHO_KEYS) + ["ctl", "tsupv"])
    client.expect_exact("READY")
    raw = settings(client)
    assert not raw[3] & termios.ECHO
    os.kill(client.pid, signal.SIGSTOP)
    wait_for(lambda: state(client.pid) == "T")
    changed = settings(client)
    changed[3] |= termios.ECHO | termios.ICANON | termios.ISIG
    termios.tcsetattr(client.child_fd, termios.TCSANOW, changed)
    os.kill(client.pid, signal.SIGCONT)
    wait_for(lambda: settings(client) == raw, "the terminal to be raw again")
    client.send("quit\r")
    assert ended(client) == 0


def state(pid):
    return readable(f"/proc/{pid}/status").split(b"State:")[1].split()[0].decode()


def test_the_window_size_is_passed_on(control, terminal):
    client = terminal([*control("""
        def told(*_):
            say(f"size {os.get_terminal_size(1)}")
        signal.signal(signal.SIGWINCH, told)
        say("READY")
        while True: time.sleep(9)
        """), "ctl", "tsupv"])
    client.expect_exact("READY")
    client.setwinsize(12, 34)
    client.expect_exact("columns=34, lines=12")


def test_output_of_what_the_guest_leaves_behind_is_not_waited_for(control, service, owner):
    script = "if os.fork() == 0:\n    signal.signal(1, signal.SIG_IGN)\n    while True: os.write(1, b'x' * 4096)\nsay('done')\n"
    result = subprocess.run([*control(script), "ctl", "tsupv", "status"], capture_output=True, check=False, timeout=60,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 0 and b"done" in result.stdout
    wait_for(lambda: of_user(owner.pw_uid) == [], "the writer to be gone: nobody reads it")


def test_what_is_typed_ahead_stays_for_the_shell(control, shell):
    words = quoted([*control("say('READY')\ntime.sleep(0.3)\n"), "ctl", "tsupv", "status"])
    shell.send(words + "\recho fi''rst\r" + words + "\recho sec''ond\r")
    shell.expect_exact("first")
    shell.expect_exact("second")


def test_nothing_is_taken_from_the_input_of_a_script(control):
    script = f"{quoted(control('pass'))} ctl tsupv status; read line; echo \"kept $line\""
    result = subprocess.run(["/bin/sh", "-c", script], input="the line\n", capture_output=True, text=True, check=True)
    assert result.stdout == "kept the line\n"


def test_input_and_output_pass_through_pipes(control):
    script = "data = sys.stdin.read()\nsay(f'{len(data)} {data[:3]}')\nos.write(2, b'error\\n')\n"
    result = subprocess.run([*control(script), "ctl", "tsupv"], input="abc" * 100000, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("300000 abc\n", "error\n")
    joined = subprocess.run([*control("for i in range(99): os.write(1 + i % 2, b'%d\\n' % i)"), "ctl", "tsupv"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, input="")
    assert joined.stdout.split() == [str(i) for i in range(99)]


def test_a_terminal_that_is_gone_ends_the_guest(control, terminal, owner):
    """Also if nothing is read from the terminal and its SIGHUP is ignored."""
    words = control("signal.signal(1, signal.SIG_DFL)\nwhile True: say('x' * 999)\n")
    client = terminal(["/bin/sh", "-c", 'trap "" HUP; "$@"', "sh", *words, "ctl", "tsupv", "tail", "-f", "x"])
    client.expect_exact("xxx")
    client.ptyproc.fileobj.close()
    wait_for(lambda: of_user(owner.pw_uid) == [], "the guest to be gone")


def test_a_reader_that_goes_away_ends_it(service, log):
    """`logs -f NAME | head -1` does not wait for another line."""
    with open(log, "w", encoding="ascii") as file:
        file.write("one\ntwo\n")
    follow = service.start("logs", "-f", "tsupv")
    assert follow.stdout.readline() == "one\n"
    follow.stdout.close()
    follow.wait(60)
