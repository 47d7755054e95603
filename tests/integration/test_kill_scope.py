# SPDX-License-Identifier: MIT
"""kill_scope and leftovers: which processes of a program a stop reaches, and what happens to those it leaves behind."""

import os
import pwd
import signal
import subprocess
import time
import sys
import tempfile

import pytest

from processes import is_running
from programs import program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

# Starts a process of each kind, prints "KIND PID" for each of them and then "ready". What is left waits for signals.
# argv: "deaf" (they ignore SIGTERM), "exit" (the program ends when its standard input does).
FAMILY = """
import os, signal, sys, time
def wait():
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1000)
def say(kind):
    os.write(1, b"%s %d\\n" % (kind.encode(), os.getpid()))
def child(kind, *steps):
    reading, writing = os.pipe()
    if os.fork() == 0:
        for step in steps:
            if step is not None:
                step()
            elif os.fork() != 0:
                os._exit(0)
        say(kind)
        os.write(writing, b".")
        if "clean" in kind:
            os.execve(sys.executable, [sys.executable, "-SEc", "import time; time.sleep(1000)"], {})
        wait()
    os.read(reading, 1)
say("main")
child("member")
child("group", lambda: os.setpgid(0, 0))
child("session", os.setsid)
child("clean", os.setsid)
child("daemon", os.setsid, None)
os.write(1, b"ready\\n")
if "exit" in sys.argv:
    sys.stdin.read()
    os._exit(3)
wait()
"""
KINDS = ("main", "member", "group", "session", "clean", "daemon")
# What each scope reaches.
REACHES = {"process": KINDS[:1], "group": KINDS[:2], "session": KINDS[:3], "tree": KINDS}


@pytest.fixture
def family(work_dir, cleanup):
    """The section of a program with a family; what is left of it is killed at the end."""
    script = os.path.join(work_dir, "family.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(FAMILY)
    logs = []

    def kill_all():
        for log in logs:
            for pid in pids_in(log).values():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    cleanup.callback(kill_all)

    def section(keys, arguments="", directory=work_dir):
        logs.append(os.path.join(directory, "family.log"))
        return (f"[program:x]\ncommand={sys.executable} -SE {script} {arguments}\nautostart=false\nstartsecs=0\n"
                f"autorestart=false\nstdout_logfile={logs[-1]}\n{keys}")

    return section


def pids_in(log):
    """{kind: pid} of the last run."""
    try:
        with open(log, encoding="utf-8") as file:
            return {line.split()[0]: int(line.split()[1]) for line in file if " " in line}
    except FileNotFoundError:
        return {}


def start(server, work_dir):
    """Starts the program; returns the pids when all are there."""
    log = os.path.join(work_dir, "family.log")

    def ready():
        try:
            with open(log, encoding="utf-8") as file:
                return file.read().count("ready\n")
        except FileNotFoundError:
            return 0

    before = ready()
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: ready() > before, "the family")
    pids = pids_in(log)
    assert set(pids) == set(KINDS)
    return pids


def running(pids):
    return tuple(kind for kind in KINDS if is_running(pids[kind]))


@pytest.mark.parametrize("scope", REACHES)
def test_a_stop_reaches_its_scope(daemon, work_dir, family, scope):
    server = daemon(family(f"kill_scope={scope}\n"))
    pids = start(server, work_dir)
    assert os.getsid(pids["main"]) == (pids["main"] if scope in ("session", "tree") else os.getsid(server.pid))
    assert server.rpc.supervisor.stopProcess("x")
    rest = tuple(kind for kind in KINDS if kind not in REACHES[scope])
    assert running(pids) == rest, "the state is STOPPED when all of the scope have ended, and no one else has"


@pytest.mark.parametrize("scope", ["group", "session", "tree"])
def test_what_ignores_the_signal_is_killed(daemon, work_dir, family, scope):
    server = daemon(family(f"kill_scope={scope}\nstopwaitsecs=1\n", "deaf"))
    pids = start(server, work_dir)
    assert server.rpc.supervisor.stopProcess("x")
    assert not set(running(pids)) & set(REACHES[scope])
    assert "killing 'x'" in server.log()


def test_steps_of_a_stop_reach_the_tree(daemon, work_dir, family):
    server = daemon(family("kill_scope=tree\nstopsignal=TERM 0.3, KILL 10\n", "deaf"))
    pids = start(server, work_dir)
    assert server.rpc.supervisor.stopProcess("x")
    assert running(pids) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_stop_by_root_reaches_the_tree_of_another_account(daemon, work_dir, family):
    """With the same limit in the program's configuration, which the mark replaces."""
    os.chmod(work_dir, 0o755)
    server = daemon(family("kill_scope=tree\nleftovers=stop\nuser=nobody\nlimit_locks=10\n"))
    pids = start(server, work_dir)
    assert os.stat(f"/proc/{pids['clean']}").st_uid == pwd.getpwnam("nobody").pw_uid
    os.kill(pids["main"], signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert running(pids) == ()


def test_a_shutdown_stops_the_tree(daemon, work_dir, family):
    server = daemon(family("kill_scope=tree\n"))
    pids = start(server, work_dir)
    assert server.stop() == 0
    assert running(pids) == ()


def test_no_process_is_missed_while_they_multiply(daemon, work_dir, cleanup):
    """Each process is replaced by a new one in a session of its own, again and again."""
    script, beat, halt = (os.path.join(work_dir, name) for name in ("multiply.py", "beat", "halt"))
    with open(script, "w", encoding="utf-8") as file:
        file.write("import os, signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                   "for _ in range(3):\n"
                   "    if os.fork() == 0:\n"
                   "        while not os.path.exists(sys.argv[2]) and time.time() < float(sys.argv[3]):\n"
                   "            os.close(os.open(sys.argv[1], os.O_CREAT))\n"
                   "            time.sleep(0.01)\n"
                   "            if os.fork() != 0: os._exit(0)\n"
                   "            os.setsid()\n"
                   "        os._exit(0)\n"
                   "time.sleep(1000)\n")

    end = time.time() + 120  # also if this test is killed before it can halt them

    def halt_all():
        with open(halt, "w", encoding="utf-8"):
            pass

    cleanup.callback(halt_all)
    server = daemon(f"[program:x]\ncommand={sys.executable} -SE {script} {beat} {halt} {end}\nkill_scope=tree\n"
                    "stopwaitsecs=0\nstartsecs=0\n")
    wait_for(lambda: os.path.exists(beat), "the processes")
    assert server.rpc.supervisor.stopProcess("x")
    os.unlink(beat)
    for _ in range(100):  # much more than one of them takes
        subprocess.run(["/bin/true"], check=True)
    assert not os.path.exists(beat), "none is left"


@pytest.mark.parametrize("scope", ["group", "session", "tree"])
def test_leftovers_are_stopped(daemon, work_dir, family, scope):
    server = daemon(family(f"kill_scope={scope}\nleftovers=stop\n", "exit"))
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert running(pids) == tuple(kind for kind in KINDS if kind not in REACHES[scope])


def test_leftovers_that_ignore_the_signal_are_killed(daemon, work_dir, family):
    server = daemon(family("kill_scope=tree\nleftovers=stop\nstopwaitsecs=1\n", "deaf"))
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    wait_for(lambda: not is_running(pids["main"]), "the end")
    info = server.rpc.supervisor.getProcessInfo("x")
    assert (info["statename"], info["description"]) == ("RUNNING", "has ended, what it left behind is stopped")
    server.wait_state("x", "EXITED")
    assert running(pids) == ()
    assert "killing what x has left behind with SIGKILL" in server.log()


def test_a_stop_while_leftovers_are_being_stopped(daemon, work_dir, family):
    server = daemon(family("kill_scope=tree\nleftovers=stop\nstopwaitsecs=1\n", "deaf"))
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    wait_for(lambda: not is_running(pids["main"]), "the end")
    assert server.rpc.supervisor.stopProcess("x")
    assert running(pids) == ()
    assert server.rpc.supervisor.getProcessInfo("x")["statename"] == "STOPPED"


@pytest.mark.parametrize("keys", ["", "leftovers=keep\n", "kill_scope=tree\n"])
def test_leftovers_are_kept_by_default(daemon, work_dir, family, keys):
    server = daemon(family(keys))
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert running(pids) == KINDS[1:]


def test_the_commands_after_the_end_wait_for_leftovers(daemon, work_dir, family):
    server = daemon(family("kill_scope=tree\nleftovers=stop\nexec_stop_post=/bin/sh -c 'echo end > %(here)s/end'\n"))
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert server.read("end") == "end\n"
    assert running(pids) == ()


@pytest.mark.parametrize("way", ["upgrade", "crash"])
def test_a_successor_continues(daemon, work_dir, cleanup, family, way):
    """A stop of a tree and of leftovers, with a supervisord that is replaced meanwhile."""
    keys = "kill_scope=tree\nleftovers=stop\nstopwaitsecs=3\n"
    if way == "upgrade":
        installed = Installation(work_dir)
        server = daemon(family(keys, "deaf"), executable=installed.path)
    else:
        directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
        server = cleanup.enter_context(KeptDaemon(directory, family(keys, "deaf")))

    def replace():
        if way == "upgrade":
            server.rpc.supervisor.upgrade()
        else:
            server.crash_and_take_over()

    def reached(state):
        if way == "crash":
            server.reap()
        return server.rpc.supervisor.getProcessInfo("x")["statename"] == state

    pids = start(server, work_dir)
    replace()
    assert server.rpc.supervisor.stopProcess("x", False)
    replace()
    assert reached("STOPPING")
    wait_for(lambda: reached("STOPPED"), "STOPPED")
    assert running(pids) == ()
    pids = start(server, work_dir)
    os.kill(pids["main"], signal.SIGKILL)
    wait_for(lambda: "what it left behind" in server.rpc.supervisor.getProcessInfo("x")["description"], "the end")
    replace()
    wait_for(lambda: reached("EXITED"), "EXITED")
    assert running(pids) == ()


@pytest.mark.parametrize("keys, key, why", [
    ("kill_scope=all", "kill_scope", "'all' is not one of process, group, session and tree"),
    ("kill_scope=tree\nstopasgroup=true", "kill_scope", "it replaces stopasgroup and killasgroup; remove those"),
    ("leftovers=stop\nkill_scope=process", "leftovers", "with kill_scope=process nothing else is stopped"),
    ("leftovers=maybe", "leftovers", "'maybe' is neither keep nor stop"),
])
def test_bad_values_name_file_line_section_and_key(work_dir, keys, key, why):
    path = os.path.join(work_dir, "bad.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:x]\ncommand=/bin/true\n{keys}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{why} for key '{key}' in section 'program:x' (file: '{path}', line 4)" in done.stdout + done.stderr
