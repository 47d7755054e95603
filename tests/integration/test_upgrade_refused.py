# SPDX-License-Identifier: MIT
"""An upgrade that goes wrong changes nothing: the old program continues, logs the reason, and can be upgraded later.
Nothing leaks in many upgrades."""

import os
import re
import resource
import signal
import subprocess
import xmlrpc.client

import pytest

from programs import program
from sanitizers import without_sanitizer
from upgrading import ACCEPTS, COUNT, Installation, counted, in_thread, other_version
from waiting import wait_for

CONFIG = f"[program:count]\ncommand={COUNT}\nstdout_logfile=%(here)s/count.log\nstartsecs=0\n"
OTHERS = ("[program:other]\ncommand=/bin/sleep 1000\nnumprocs=20\nstartsecs=0\n"
          "process_name=other_%(process_num)d\n")
# Gives the process back, as a supervisord does that cannot continue.
GIVES_BACK = ACCEPTS + """export SUPERVISORD_REFUSED='the state has !magic'
exec /proc/self/fd/$SUPERVISORD_PREDECESSOR "$@"
"""


@pytest.fixture
def installed(work_dir):
    return Installation(work_dir)


@pytest.fixture
def server(daemon, installed):
    return daemon(CONFIG, executable=installed.path)


def descriptors(server):
    """What the descriptors of supervisord are; without those that it keeps for the next start of a program."""
    folder = f"/proc/{server.pid}/fd"
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:
            pass
    return sorted(target.split(":")[0] for target in found if target != "/dev/null")


def settled(server):
    """The same, when the clients of the test have gone."""
    seen = [descriptors(server)]

    def same():
        seen.append(descriptors(server))
        return len(seen) > 10 and all(look == seen[-1] for look in seen[-10:])

    wait_for(same, "the descriptors to stay as they are")
    return seen[-1]


def fault_of(call):
    """Not with pytest.raises(), which would keep the client, and its connection."""
    try:
        call()
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, fault.faultString
    return None


def refused(server, installed, text):
    """Upgrades to what is installed, which must fail, and finds everything as it was; then upgrades to a good one."""
    info = server.wait_state("count", "RUNNING")
    before = settled(server)
    code, reason = fault_of(server.rpc.supervisor.upgrade)
    assert code == 30
    assert text in reason
    assert f"ERRO cannot upgrade supervisord, the old program continues: {reason.removeprefix('FAILED: ')}\n" in server.log()
    after = server.rpc.supervisor.getProcessInfo("count")
    assert [after[key] for key in ("pid", "start", "statename")] == [info[key] for key in ("pid", "start", "statename")]
    wait_for(lambda: descriptors(server) == before, f"the descriptors to be {before}, not {descriptors(server)}")
    installed.newer()
    assert server.rpc.supervisor.upgrade() is True
    assert f"to {other_version()}, 1 program kept\n" in server.log()
    server.rpc.supervisor.stopProcess("count")
    lines = counted(server.directory, "count.log")
    assert lines == [*map(str, range(len(lines) - 1)), "end"]


def test_no_program_is_there(server, installed):
    installed.remove()
    refused(server, installed, "it cannot be executed: No such file or directory")


def test_the_program_is_no_program(server, installed):
    installed.garbage()
    refused(server, installed, "it cannot be executed: Exec format error")


def test_the_program_refuses_the_state(server, installed):
    installed.script("echo 'line 3 of the state: no sense' >&2\nexit 2\n")
    refused(server, installed, "it ended with exit status 2: line 3 of the state: no sense")


def test_a_program_that_knows_no_upgrade(server, installed):
    """Such as Supervisor's: its usage error is the reason."""
    installed.script("echo 'Error: option --check-state not recognized'\nexit 2\n")
    refused(server, installed, "Error: option --check-state not recognized")


def test_a_program_that_is_no_supervisord(server, installed):
    installed.script("exit 0\n")
    refused(server, installed, "it does not test a state: it is not a supervisord")


def test_the_program_dies_in_its_test(server, installed):
    installed.script("kill -SEGV $$\n")
    refused(server, installed, "it was ended by signal 11")


def test_the_program_hangs_in_its_test(server, installed):
    installed.script("exec sleep 1000\n")
    refused(server, installed, "it did not answer within 10 seconds")


def test_the_program_talks_without_end(server, installed):
    installed.script("while :; do echo '\x1b[31m0123456789012345678901234567890123456789'; done\n")
    refused(server, installed, "it did not answer within 10 seconds: \\x1b[31m0123")


def test_the_program_gives_the_process_back(server, installed):
    installed.script(GIVES_BACK)
    refused(server, installed, "the state has !magic")
    with open(f"/proc/{server.pid}/comm", encoding="ascii") as name:
        assert name.read() == "supervisord\n"


@without_sanitizer("without a free descriptor it cannot look at memory, and reports good objects")
def test_a_supervisord_that_cannot_take_over_gives_the_process_back(daemon, installed):
    """Ours needs each descriptor twice for a moment."""
    server = daemon(CONFIG + OTHERS, executable=installed.path)
    server.wait_state("count", "RUNNING")
    settled(server)
    used = max(int(name) for name in os.listdir(f"/proc/{server.pid}/fd")) + 1
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    installed.newer()
    # The test of the new program needs a few, the takeover as many as there are.
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 20, limits[1]))
    _, reason = fault_of(server.rpc.supervisor.upgrade)
    assert re.search(r"cannot take over descriptor \d+ .*: Too many open files", reason)
    assert "ERRO cannot upgrade supervisord, the old program continues: " in server.log()
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
    assert server.rpc.supervisor.upgrade() is True
    server.rpc.supervisor.stopProcess("count")
    lines = counted(server.directory, "count.log")
    assert lines == [*map(str, range(len(lines) - 1)), "end"]


def test_supervisorctl_says_why(server, installed):
    installed.script("echo 'no sense' >&2\nexit 2\n")
    for arguments in (["upgrade"], ["upgrade", "--wait"]):
        done = server.ctl(*arguments)
        assert done.returncode == 1
        assert done.stdout == (f"ERROR: the new program {installed.path} refuses: it ended with exit status 2: "
                               "no sense: supervisord continues as it was\n")


def test_one_upgrade_at_a_time_and_none_in_a_shutdown(server, installed):
    installed.script(f"while ! test -e {server.directory}/go; do sleep 0.02; done\nexit 0\n")
    first = in_thread(server.rpc.supervisor.upgrade)
    wait_for(lambda: "--check-state" in subprocess.run(["ps", "-o", "args=", "--ppid", str(server.pid)], check=False,
                                                       capture_output=True, text=True).stdout, "the test")
    with pytest.raises(xmlrpc.client.Fault, match="FAILED: an upgrade is under way"):
        server.rpc.supervisor.upgrade()
    server.kill(signal.SIGTERM)
    wait_for(lambda: "WARN received SIGTERM" in server.log(), "the shutdown")
    with open(os.path.join(server.directory, "go"), "wb"):
        pass
    assert server.process.wait(30) == 0
    assert isinstance(first(), (xmlrpc.client.Fault, OSError))


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "2", "99999", "7 ", "99999999999999999999"])
def test_a_variable_that_nobody_meant(work_dir, value):
    done = subprocess.run([*program("supervisord"), "-n", "-c", os.path.join(work_dir, "none.conf")],
                          env={**os.environ, "SUPERVISORD_STATE": value}, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == (f"Error: cannot continue after an upgrade: SUPERVISORD_STATE is '{value}', which is not an open "
                           "descriptor: the variable is only for a supervisord that upgrades itself\n")


def test_a_state_that_is_not_ours(work_dir):
    """A file that is not a sealed memfd, as descriptor 3."""
    path = os.path.join(work_dir, "state")
    with open(path, "w+", encoding="ascii") as file:
        file.write("supervisord-state 1\nend 0\n")
        file.flush()
        done = subprocess.run([*program("supervisord"), "-n"], pass_fds=[file.fileno()], stdin=subprocess.DEVNULL,
                              env={**os.environ, "SUPERVISORD_STATE": str(file.fileno())}, text=True,
                              capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: cannot continue after an upgrade: ")


def memory(server):
    """Private memory, in kB."""
    with open(f"/proc/{server.pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def test_nothing_leaks_in_two_hundred_upgrades(daemon, installed):
    server = daemon(CONFIG + OTHERS, executable=installed.path)
    server.wait_state("count", "RUNNING")
    server.rpc.supervisor.upgrade()  # from here on, the state is that of a supervisord that took over
    before, used = settled(server), memory(server)
    call = server.rpc.supervisor  # one connection through all of them
    for _ in range(200):
        assert call.upgrade() is True
    del call
    wait_for(lambda: descriptors(server) == before, "the descriptors to be as before")
    assert memory(server) < used + 200
    server.rpc.supervisor.stopProcess("count")
    lines = counted(server.directory, "count.log")
    assert lines == [*map(str, range(len(lines) - 1)), "end"]
