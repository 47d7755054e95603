# SPDX-License-Identifier: MIT
"""Programs started by a wrapper that ends first: a stop of the process group ends when the group is empty."""

import contextlib
import os
import signal
import sys

import pytest

from processes import children, is_running, wait_for_sleep
from waiting import wait_for

# Like Apache started by apachectl: it has an address, and releases it some time after SIGTERM. Prints "bound PID", or
# "failed" if the address is in use.
SERVER = """
import os, signal, socket, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
listener = socket.socket(socket.AF_UNIX)
try:
    listener.bind("\\0" + sys.argv[1])
except OSError as error:
    print("failed", error, flush=True)
    sys.exit(1)
listener.listen()
print("bound", os.getpid(), flush=True)
signal.sigwait([signal.SIGTERM])
time.sleep(0.2)
print("closed", flush=True)
"""
# Both end immediately at SIGTERM; the second one sends it to its server too, like wrappers for killasgroup.
WRAPPERS = {
    "stopasgroup": "%(server)s; :",
    "killasgroup": "%(server)s & trap 'kill $!; exit' TERM; wait",
}


def words(server, name):
    return server.read(f"{name}.log").splitlines()


def count(server, name, word):
    return sum(line.startswith(word) for line in words(server, name))


def pid_of(server, name):
    """The pid in the last "pid N" that a program has printed."""
    found = wait_for(lambda: [line for line in words(server, name) if line.startswith("pid ")], f"the output of {name}")
    return int(found[-1].split()[1])


@pytest.mark.parametrize("key", WRAPPERS)
def test_restarts_behind_a_wrapper(daemon, work_dir, key):
    """A hundred restarts, of five programs at the same time: no server finds its address in use."""
    script = os.path.join(work_dir, "server.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SERVER)
    command = WRAPPERS[key] % {"server": f"{sys.executable} -SE {script} $0"}
    config = "[group:all]\nprograms=" + ",".join(f"p{i}" for i in range(5)) + "\n"
    for i in range(5):
        config += (f"[program:p{i}]\ncommand=/bin/sh -c \"{command}\" {work_dir}-{i}\nstartsecs=0\n{key}=true\n"
                   f"autorestart=false\nstdout_logfile=%(here)s/p{i}.log\n")
    server = daemon(config)
    rpc = server.rpc.supervisor
    for turn in range(1, 22):
        for i in range(5):
            wait_for(lambda: count(server, f"p{i}", "bound") + count(server, f"p{i}", "failed") == turn, "all servers")
        if turn < 21:
            rpc.stopProcessGroup("all")
            rpc.startProcessGroup("all")
    for i in range(5):
        assert (count(server, f"p{i}", "bound"), count(server, f"p{i}", "failed")) == (21, 0)
        assert count(server, f"p{i}", "closed") == 20, "the last words of a server are in the log"
    rpc.stopProcessGroup("all")
    assert server.log().count("stopped: p0 ") == 21


def test_a_member_that_ignores_the_signal_is_killed_in_time(daemon):
    server = daemon("""[program:deaf]
command=/bin/sh -c "(trap '' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done); :"
startsecs=0
stopwaitsecs=1
stopasgroup=true
stdout_logfile=%(here)s/deaf.log
""")
    member = pid_of(server, "deaf")
    assert os.getpgid(member) != member
    rpc = server.rpc.supervisor
    rpc.stopProcess("deaf", False)
    wait_for(lambda: not children(server.pid), "the end of the leader")
    info = rpc.getProcessInfo("deaf")
    assert info["statename"] == "STOPPING"
    assert is_running(member)
    rpc.signalProcess("deaf", "TERM")  # no process of the leader is left to signal: as if it had just ended
    server.wait_state("deaf", "STOPPED")
    assert not is_running(member)
    assert server.log().count("killing 'deaf' (") == 1
    assert rpc.startProcess("deaf")
    assert server.rpc.supervisor.getProcessInfo("deaf")["statename"] == "RUNNING"


def test_stop_waits_and_shutdown_too(daemon):
    """A stop with wait=true returns, and supervisord ends, when the group is empty."""
    server = daemon("""[program:slow]
command=/bin/sh -c "(trap 'sleep 0.3; exit' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000 & wait; done); :"
startsecs=0
stopasgroup=true
stdout_logfile=%(here)s/slow.log
""")
    member = pid_of(server, "slow")
    assert server.rpc.supervisor.stopProcess("slow")
    assert not is_running(member)
    assert server.rpc.supervisor.startProcess("slow")
    wait_for(lambda: len(words(server, "slow")) == 2, "the second run")
    member = pid_of(server, "slow")
    assert server.stop() == 0
    assert not is_running(member)


def test_a_zombie_in_the_group_holds_up_no_stop(daemon, work_dir):
    """A member whose parent, outside of the group, never reaps it stays a zombie: it counts as ended."""
    script = os.path.join(work_dir, "zombie.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("""
import os, signal, sys, time
group = os.getpgid(0)
if os.fork() == 0:  # the one that never reaps, in a group of its own
    os.setpgid(0, 0)
    if os.fork() == 0:
        os.setpgid(0, group)
        print("pid", os.getpid(), flush=True)
        signal.pause()
    time.sleep(1000)
signal.pause()
""")
    server = daemon(f"""[program:zombie]
command={sys.executable} -SE {script}
startsecs=0
stopwaitsecs=1000
stopasgroup=true
stdout_logfile=%(here)s/zombie.log
""")
    member = pid_of(server, "zombie")
    wait_for(lambda: os.getpgid(member) == server.rpc.supervisor.getProcessInfo("zombie")["pid"], "its place")
    keeper = int(open(f"/proc/{member}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[1])
    try:
        assert server.rpc.supervisor.stopProcess("zombie")
        os.kill(member, 0)  # it still exists
        assert server.rpc.supervisor.getProcessInfo("zombie")["statename"] == "STOPPED"
        assert "killing 'zombie'" not in server.log()
    finally:
        os.kill(keeper, signal.SIGKILL)


def test_what_has_left_the_group_is_not_waited_for(daemon):
    server = daemon("""[program:parted]
command=/bin/sh -c "setsid sh -c 'echo pid $$; exec sleep 1000' & wait"
startsecs=0
stopwaitsecs=1000
killasgroup=true
stdout_logfile=%(here)s/parted.log
""")
    parted = pid_of(server, "parted")
    try:
        wait_for(lambda: os.getsid(parted) == parted, "the session")
        assert server.rpc.supervisor.stopProcess("parted")
        assert is_running(parted)
    finally:
        os.kill(parted, signal.SIGKILL)


def test_a_leader_that_ends_by_itself_is_restarted_at_once(daemon):
    """The other members keep running, as with Supervisor: nobody stopped the program."""
    server = daemon("""[program:leaves]
command=/bin/sh -c "sleep 1000 & echo pid $!; sleep 0.1"
startsecs=0
stopasgroup=true
autorestart=false
stdout_logfile=%(here)s/leaves.log
""")
    member = pid_of(server, "leaves")
    try:
        server.wait_state("leaves", "EXITED")
        assert is_running(member)
    finally:
        os.kill(member, signal.SIGKILL)


def test_without_the_keys_the_leader_alone_counts(daemon):
    server = daemon("""[program:alone]
command=/bin/sh -c "sleep 1000 & echo pid $!; wait"
startsecs=0
stdout_logfile=%(here)s/alone.log
""")
    member = pid_of(server, "alone")
    try:
        assert server.rpc.supervisor.stopProcess("alone")
        assert is_running(member)
    finally:
        os.kill(member, signal.SIGKILL)


def test_a_wait_for_a_group_sleeps(daemon):
    """While a member does not end, the daemon sleeps until its end and does not poll."""
    server = daemon("""[program:long]
command=/bin/sh -c "(trap '' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done); :"
startsecs=0
stopwaitsecs=1000
stopasgroup=true
stdout_logfile=%(here)s/long.log
""")
    member = pid_of(server, "long")
    server.rpc.supervisor.stopProcess("long", False)
    wait_for(lambda: not children(server.pid), "the end of the leader")

    def held():
        fds = f"/proc/{server.pid}/fd"
        found = []
        for fd in os.listdir(fds):
            with contextlib.suppress(FileNotFoundError):  # a connection that has been closed meanwhile
                found += [fd] if "pidfd" in os.readlink(f"{fds}/{fd}") else []
        return found

    wait_for(held, "a descriptor of the member")

    wait_for_sleep(server.pid)
    os.killpg(os.getpgid(member), signal.SIGKILL)
    server.wait_state("long", "STOPPED")
    assert not held()
