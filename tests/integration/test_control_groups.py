# SPDX-License-Identifier: MIT
"""Control groups of programs: what belongs to a tree, and limits where there are no controllers. The system suite has the
limits themselves."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

import control_groups
from control_groups import ControlGroup
from processes import is_running
from programs import program
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

pytestmark = pytest.mark.skipif(control_groups.why_not() is not None, reason=str(control_groups.why_not()))

# It starts a process that nothing else connects with it: no parent, no session, no environment. argv: "deaf".
FAMILY = """
import os, signal, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    os.set_inheritable(writing, True)
    os.execve(sys.executable, [sys.executable, "-SEc",
        f"import os, time; os.write({writing}, b'%d' % os.getpid()); os.close({writing}); time.sleep(1000)"], {})
os.write(1, b"%d %d\\n" % (os.getpid(), int(os.read(reading, 16))))
time.sleep(1000)
"""

# Its process, or one that it starts, enters the group argv[1] beside its own. argv[2]: what connects that with the program.
MOVER = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else signal.SIG_DFL)
def leave():
    with open(sys.argv[1] + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")
reading, writing = os.pipe()
way = sys.argv[2]
if way == "leader" or os.fork() == 0:
    leave()
    if way in ("parent", "mark"):
        os.setsid()
    if way == "mark" and os.fork() != 0:
        os._exit(0)
    os.write(writing, b"%d" % os.getpid())
    if way == "parent":
        os.execve("/bin/sleep", ["sleep", "1000"], {})
else:
    if way == "mark":
        os.wait()
    moved = os.read(reading, 16)
    os.write(1, b"%d %d\\n" % (os.getpid(), int(moved)))
    time.sleep(1000)
if way == "leader":
    if "remove" in sys.argv:
        os.rmdir(sys.argv[1] + "/../program-x")
    os.write(1, b"%d\\n" % os.getpid())
time.sleep(1000)
"""


@pytest.fixture
def group(cleanup):
    return cleanup.enter_context(ControlGroup())


@pytest.fixture
def family(work_dir):
    script = os.path.join(work_dir, "family.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(FAMILY)

    def section(keys, arguments="", directory=work_dir):
        return (f"[program:x]\ncommand={sys.executable} -SE {script} {arguments}\nautostart=false\nstartsecs=0\n"
                f"autorestart=false\nstopwaitsecs=1\nstdout_logfile={directory}/x.log\n{keys}")

    return section


def start(server, directory):
    """The pids of the program and of what it has started."""
    log = os.path.join(directory, "x.log")

    def lines():
        return open(log, encoding="utf-8").read().splitlines() if os.path.exists(log) else []

    before = len(lines())
    assert server.rpc.supervisor.startProcess("x")
    wait_for(lambda: len(lines()) > before, "the family")
    return tuple(int(word) for word in lines()[-1].split())


@pytest.mark.parametrize("arguments", ["", "deaf"])
def test_a_stop_reaches_everything_in_the_group(daemon, work_dir, group, family, arguments):
    server = daemon(family("kill_scope=tree\n", arguments))
    group.enter(server.pid)
    pids = start(server, work_dir)
    assert group.members("program-x") == sorted(pids)
    assert group.members("supervisord") == [server.pid]
    assert server.rpc.supervisor.stopProcess("x")
    assert not [pid for pid in pids if is_running(pid)]
    assert group.groups() == ["supervisord"]


@pytest.fixture
def mover(daemon, work_dir, group):
    """Starts a program, x, with a process in the group "elsewhere", and returns its supervisord with the pids."""
    script = os.path.join(work_dir, "mover.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(MOVER)

    def begin(arguments, wait):
        elsewhere = os.path.join(group.path, "elsewhere")
        os.mkdir(elsewhere)
        server = daemon(f"[program:x]\ncommand={sys.executable} -SE {script} {elsewhere} {arguments}\nautostart=false\n"
                        f"startsecs=0\nautorestart=false\nstopwaitsecs={wait}\nkill_scope=tree\n"
                        f"stdout_logfile={work_dir}/x.log\n")
        group.enter(server.pid)
        pids = start(server, work_dir)
        assert group.members("elsewhere") == [pids[-1]]
        return server, pids

    return begin


@pytest.mark.parametrize("arguments, wait", [("leader", 600), ("leader deaf", 1)])
def test_a_stop_reaches_a_program_that_left_its_group(mover, arguments, wait):
    server, pids = mover(arguments, wait)
    assert server.rpc.supervisor.stopProcess("x", False)
    server.wait_state("x", "STOPPED")
    assert not is_running(pids[0])


@pytest.mark.parametrize("arguments, wait", [("session", 600), ("parent", 600), ("mark", 600), ("session deaf", 1),
                                             ("parent deaf", 1), ("mark deaf", 1)])
def test_a_stop_reaches_what_left_the_group(mover, arguments, wait):
    server, pids = mover(arguments, wait)
    assert server.rpc.supervisor.stopProcess("x", False)
    server.wait_state("x", "STOPPED")
    assert not [pid for pid in pids if is_running(pid)]


def test_a_group_that_was_removed_is_empty(mover, group):
    server, pids = mover("leader deaf remove", 600)
    assert group.groups() == ["elsewhere", "supervisord"]
    assert server.rpc.supervisor.stopProcess("x", False)
    os.kill(pids[0], signal.SIGKILL)
    server.wait_state("x", "STOPPED")


def test_leftovers_are_stopped_and_their_end_is_awaited(daemon, work_dir, group, family):
    server = daemon(family("kill_scope=tree\nleftovers=stop\n"))
    group.enter(server.pid)
    main, child = start(server, work_dir)
    os.kill(main, signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert not is_running(child)
    assert group.groups() == ["supervisord"]


def test_leftovers_that_are_kept_keep_their_group(daemon, work_dir, group, family):
    server = daemon(family("kill_scope=tree\n"))
    group.enter(server.pid)
    main, child = start(server, work_dir)
    os.kill(main, signal.SIGKILL)
    server.wait_state("x", "EXITED")
    assert group.members("program-x") == [child]
    pids = start(server, work_dir)
    assert group.members("program-x.2") == sorted(pids)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: not group.members("program-x"), "the end of what was left")
    assert server.rpc.supervisor.stopProcess("x")
    pids = start(server, work_dir)
    assert group.groups() == ["program-x", "supervisord"]
    assert group.members("program-x") == sorted(pids)


@pytest.mark.parametrize("way", ["upgrade", "crash"])
def test_a_successor_has_the_group(daemon, work_dir, cleanup, group, family, way):
    directory = work_dir
    if way == "upgrade":
        server = daemon(family("kill_scope=tree\n", "deaf"), executable=Installation(work_dir).path)
    else:
        directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
        server = cleanup.enter_context(KeptDaemon(directory, family("kill_scope=tree\n", "deaf", directory)))
    group.enter(server.pid)
    pids = start(server, directory)

    def replace():
        if way == "upgrade":
            return server.rpc.supervisor.upgrade()
        server.crash()
        # The manager starts it in its group.
        group.enter(os.getpid())
        try:
            server.take_over()
        finally:
            with open(os.path.join(control_groups.mount(), "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
        return server.wait_ready()

    def reached(state):
        if way == "crash":
            server.reap()
        return server.rpc.supervisor.getProcessInfo("x")["statename"] == state

    replace()
    assert server.rpc.supervisor.stopProcess("x", False)
    replace()
    wait_for(lambda: reached("STOPPED"), "STOPPED")
    assert not [pid for pid in pids if is_running(pid)]
    assert group.groups() == ["supervisord"]


def test_without_a_controller_the_program_is_not_started(daemon, group):
    """Where the controllers are those of another tree, as here, or were not passed on."""
    server = daemon("[program:x]\ncommand=/bin/sleep 1000\nautostart=false\nmemory_max=64MB\nstartretries=0\n")
    group.enter(server.pid)
    with open(os.path.join(group.path, "cgroup.controllers"), encoding="ascii") as file:
        if "memory" in file.read().split():
            pytest.skip("this group has the controller")
    with pytest.raises(Exception):
        server.rpc.supervisor.startProcess("x")
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("x")["statename"] == "FATAL", "FATAL")
    name = "/" + os.path.basename(group.path)
    assert (f"spawnerr: couldn't set memory_max: control group {name} has no controller 'memory' (it has: ); start supervisord "
            "by the manager, with Delegate=yes in its systemd unit, or in a container that may write to its control groups\n") in server.log()
    assert group.groups() == ["supervisord"]


def test_no_group_is_made_for_other_programs(daemon, group):
    server = daemon("[program:x]\ncommand=/bin/sleep 1000\nautostart=false\nkill_scope=session\n")
    group.enter(server.pid)
    assert server.rpc.supervisor.startProcess("x")
    assert group.groups() == ["supervisord"]
    assert len(group.members("supervisord")) == 2


@pytest.mark.parametrize("key, value, why", [
    ("memory_max", "lots", "'lots' is not a limit of memory: it is a size such as 64MB or 2GB, or infinity"),
    ("cpu_max", "half", "'half' is not a limit of processor time: it is a number of processors such as 0.5 or 2, a percentage "
                        "of one such as 50%, which is written 50%%, or infinity"),
    ("tasks_max", "0", "'0' is not a limit of tasks: it is a number of processes and threads from 1 on, or infinity"),
])
def test_bad_values_name_file_line_section_and_key(work_dir, key, value, why):
    path = os.path.join(work_dir, "bad.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:x]\ncommand=/bin/true\n{key}={value}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{why} for key '{key}' in section 'program:x' (file: '{path}', line 4)" in done.stdout + done.stderr
