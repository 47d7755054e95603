# SPDX-License-Identifier: MIT
"""Programs behind a wrapper that dies first: a stop of the process group ends when the group is empty."""

import contextlib
import os
import signal
import sys
import time

import pytest

from processes import children, isRunning
from waiting import waitFor

# As Apache behind apachectl: it holds an address, and gives it back some time after SIGTERM. Says "bound PID", or fails.
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
# Both die at SIGTERM at once; the second one tells its server, as wrappers of killasgroup do.
WRAPPERS = {
    "stopasgroup": "%(server)s; :",
    "killasgroup": "%(server)s & trap 'kill $!; exit' TERM; wait",
}


def words(server, name):
    return server.read(f"{name}.log").splitlines()


def count(server, name, word):
    return sum(line.startswith(word) for line in words(server, name))


def pidOf(server, name):
    """The pid behind the last "pid N" that a program has printed."""
    found = waitFor(lambda: [line for line in words(server, name) if line.startswith("pid ")], f"the words of {name}")
    return int(found[-1].split()[1])


@pytest.mark.parametrize("key", WRAPPERS)
def testRestartsBehindAWrapper(daemon, workDir, key):
    """A hundred restarts, twenty of five programs at the same time: no server finds its address taken."""
    script = os.path.join(workDir, "server.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SERVER)
    command = WRAPPERS[key] % {"server": f"{sys.executable} -SE {script} $0"}
    config = "[group:all]\nprograms=" + ",".join(f"p{i}" for i in range(5)) + "\n"
    for i in range(5):
        config += (f"[program:p{i}]\ncommand=/bin/sh -c \"{command}\" {workDir}-{i}\nstartsecs=0\n{key}=true\n"
                   f"autorestart=false\nstdout_logfile=%(here)s/p{i}.log\n")
    server = daemon(config)
    rpc = server.rpc.supervisor
    for turn in range(1, 22):
        for i in range(5):
            waitFor(lambda: count(server, f"p{i}", "bound") + count(server, f"p{i}", "failed") == turn, "all servers")
        if turn < 21:
            rpc.stopProcessGroup("all")
            rpc.startProcessGroup("all")
    for i in range(5):
        assert (count(server, f"p{i}", "bound"), count(server, f"p{i}", "failed")) == (21, 0)
        assert count(server, f"p{i}", "closed") == 20, "the last words of a server are in the log"
    rpc.stopProcessGroup("all")
    assert server.log().count("stopped: p0 ") == 21


def testAMemberThatIgnoresTheSignalIsKilledInTime(daemon):
    server = daemon("""[program:deaf]
command=/bin/sh -c "(trap '' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done); :"
startsecs=0
stopwaitsecs=1
stopasgroup=true
stdout_logfile=%(here)s/deaf.log
""")
    member = pidOf(server, "deaf")
    assert os.getpgid(member) != member
    rpc = server.rpc.supervisor
    rpc.stopProcess("deaf", False)
    waitFor(lambda: not children(server.pid), "the end of the leader")
    info = rpc.getProcessInfo("deaf")
    assert info["statename"] == "STOPPING"
    assert isRunning(member)
    rpc.signalProcess("deaf", "TERM")  # nobody left to be signalled: as if it had just exited
    server.waitState("deaf", "STOPPED")
    assert not isRunning(member)
    assert server.log().count("killing 'deaf' (") == 1
    assert rpc.startProcess("deaf")
    assert server.rpc.supervisor.getProcessInfo("deaf")["statename"] == "RUNNING"


def testStopWaitsAndShutdownToo(daemon):
    """wait=true answers, and supervisord ends, when the group is empty."""
    server = daemon("""[program:slow]
command=/bin/sh -c "(trap 'sleep 0.3; exit' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000 & wait; done); :"
startsecs=0
stopasgroup=true
stdout_logfile=%(here)s/slow.log
""")
    member = pidOf(server, "slow")
    assert server.rpc.supervisor.stopProcess("slow")
    assert not isRunning(member)
    assert server.rpc.supervisor.startProcess("slow")
    waitFor(lambda: len(words(server, "slow")) == 2, "the second run")
    member = pidOf(server, "slow")
    assert server.stop() == 0
    assert not isRunning(member)


def testAZombieInTheGroupHoldsUpNoStop(daemon, workDir):
    """A member whose parent, in a session of its own, never reaps is a zombie for ever: it has ended all the same."""
    script = os.path.join(workDir, "zombie.py")
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
    member = pidOf(server, "zombie")
    waitFor(lambda: os.getpgid(member) == server.rpc.supervisor.getProcessInfo("zombie")["pid"], "its place")
    keeper = int(open(f"/proc/{member}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[1])
    try:
        assert server.rpc.supervisor.stopProcess("zombie")
        os.kill(member, 0)  # it is still there
        assert server.rpc.supervisor.getProcessInfo("zombie")["statename"] == "STOPPED"
        assert "killing 'zombie'" not in server.log()
    finally:
        os.kill(keeper, signal.SIGKILL)


def testWhatHasLeftTheGroupIsNotWaitedFor(daemon):
    server = daemon("""[program:parted]
command=/bin/sh -c "setsid sh -c 'echo pid $$; exec sleep 1000' & wait"
startsecs=0
stopwaitsecs=1000
killasgroup=true
stdout_logfile=%(here)s/parted.log
""")
    parted = pidOf(server, "parted")
    try:
        waitFor(lambda: os.getsid(parted) == parted, "the session")
        assert server.rpc.supervisor.stopProcess("parted")
        assert isRunning(parted)
    finally:
        os.kill(parted, signal.SIGKILL)


def testALeaderThatEndsByItselfIsRestartedAtOnce(daemon):
    """Nobody asked for the end of the others: as in Supervisor."""
    server = daemon("""[program:leaves]
command=/bin/sh -c "sleep 1000 & echo pid $!; sleep 0.1"
startsecs=0
stopasgroup=true
autorestart=false
stdout_logfile=%(here)s/leaves.log
""")
    member = pidOf(server, "leaves")
    try:
        server.waitState("leaves", "EXITED")
        assert isRunning(member)
    finally:
        os.kill(member, signal.SIGKILL)


def testWithoutTheKeysTheLeaderAloneCounts(daemon):
    server = daemon("""[program:alone]
command=/bin/sh -c "sleep 1000 & echo pid $!; wait"
startsecs=0
stdout_logfile=%(here)s/alone.log
""")
    member = pidOf(server, "alone")
    try:
        assert server.rpc.supervisor.stopProcess("alone")
        assert isRunning(member)
    finally:
        os.kill(member, signal.SIGKILL)


def testAWaitForAGroupSleeps(daemon):
    """While a member takes its time, the daemon waits for its end and does not look again and again."""
    server = daemon("""[program:long]
command=/bin/sh -c "(trap '' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done); :"
startsecs=0
stopwaitsecs=1000
stopasgroup=true
stdout_logfile=%(here)s/long.log
""")
    member = pidOf(server, "long")
    server.rpc.supervisor.stopProcess("long", False)
    waitFor(lambda: not children(server.pid), "the end of the leader")

    def held():
        fds = f"/proc/{server.pid}/fd"
        found = []
        for fd in os.listdir(fds):
            with contextlib.suppress(FileNotFoundError):  # a connection that has been closed meanwhile
                found += [fd] if "pidfd" in os.readlink(f"{fds}/{fd}") else []
        return found

    waitFor(held, "a descriptor of the member")

    def switches():
        with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
            return [line for line in status if "ctxt_switches" in line]

    before = switches()
    for _ in range(50):
        time.sleep(0.01)
    assert switches() == before
    os.killpg(os.getpgid(member), signal.SIGKILL)
    server.waitState("long", "STOPPED")
    assert not held()
