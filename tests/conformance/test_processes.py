# SPDX-License-Identifier: MIT
"""What happens to processes: states, answers and log lines, the same on both."""

import os
import signal

import pytest

from compare import Player, normalise
from waiting import waitFor


def noteInfo(daemon, note, what, name):
    note(what, daemon.call("getProcessInfo", name))


def testLifeOfAProgram(compare):
    def play(daemon, note):
        daemon.waitState("cat", "RUNNING")
        noteInfo(daemon, note, "running", "cat")
        note("start again", daemon.call("startProcess", "cat"))
        note("stop", daemon.call("stopProcess", "cat"))
        noteInfo(daemon, note, "stopped", "cat")
        note("stop again", daemon.call("stopProcess", "cat"))
        note("start", daemon.call("startProcess", "cat:cat"))
        noteInfo(daemon, note, "started", "cat")
        note("status", daemon.ctl("status").stdout)

    compare("[program:cat]\ncommand=cat\n", play)


@pytest.mark.parametrize("command,keys,state", [
    ("sh -c 'read line'", "startsecs=0\nautorestart=false", "EXITED"),
    ("sh -c 'exit 3'", "startsecs=0\nautorestart=unexpected\nexitcodes=0,3", "EXITED"),
    ("sh -c 'exit 4'", "startsecs=0\nautorestart=false", "EXITED"),
    ("sh -c 'exit 0'", "startretries=0\nstartsecs=20", "FATAL"),
    ("sh -c 'exit 5'", "startretries=1\nstartsecs=20", "FATAL"),
    ("sh -c 'kill -9 $$'", "startsecs=0\nautorestart=false", "EXITED"),
    ("/nonexistent/program", "startretries=0", "FATAL"),
    ("nonexistent-program", "startretries=1", "FATAL"),
    ("/tmp", "startretries=0", "FATAL"),
    ("/etc/passwd", "startretries=0", "FATAL"),
    ("sh -c 'exit 0", "startretries=0", "FATAL"),
])
def testEnds(compare, command, keys, state):
    """A program that ends, or cannot start, on its own: the way to the final state, and what is said of it."""

    def play(daemon, note):
        if "read line" in command:
            daemon.waitState("it", "RUNNING")
            note("stdin", daemon.call("sendProcessStdin", "it", "go\n"))
        daemon.waitState("it", state)
        noteInfo(daemon, note, "final", "it")
        note("stderr", daemon.call("readProcessStderrLog", "it", 0, 0))
        if "read line" not in command:
            # Who waits for a program that ends at once sees its end or does not: that is chance, with Supervisor too.
            note("start again", daemon.call("startProcess", "it", "startsecs=0" not in keys))
            daemon.waitState("it", state)

    compare(f"[program:it]\ncommand={command}\n{keys}\n", play, ignoreLog=["cannot be taken apart"])  # a warning of ours


def testALogThatCannotBeOpened(workDir):
    """Supervisor's words, and behind them ours: which log, and why."""
    said = {}
    for kind in ("debian", "ours"):
        directory = os.path.join(workDir, kind)
        os.mkdir(directory)
        config = "[program:it]\ncommand=cat\nstartretries=0\nstdout_logfile=/tmp\n"
        with Player(kind, directory, config) as daemon:
            said[kind] = daemon.waitState("it", "FATAL")["spawnerr"]
            assert daemon.call("startProcess", "it") == "fault 50 SPAWN_ERROR: it"
    assert said["debian"] == "unknown error making dispatchers for 'it': EISDIR"
    assert said["ours"] == said["debian"] + ": stdout log /tmp: Is a directory"


def testAProgramThatCannotBegin(workDir):
    """The same state, faults and words in its log; ours says the reason where Supervisor has "Exited too quickly"."""
    said = {}
    for kind in ("debian", "ours"):
        directory = os.path.join(workDir, kind)
        os.mkdir(directory)
        config = "[program:it]\ncommand=cat\nstartretries=0\nstartsecs=20\ndirectory=/nonexistent\n"
        with Player(kind, directory, config) as daemon:
            info = daemon.waitState("it", "FATAL")
            said[kind] = info["description"], info["spawnerr"]
            assert (info["exitstatus"], info["pid"]) == (0, 0)
            assert daemon.call("readProcessStderrLog", "it", 0, 0) == (
                "supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n")
            assert daemon.call("startProcess", "it") == "fault 50 SPAWN_ERROR: it"
    assert said == {"debian": ("Exited too quickly (process log may have details)",) * 2,
                    "ours": ("couldn't chdir to /nonexistent: ENOENT",) * 2}


def testUnexpectedExitRestarts(compare):
    def play(daemon, note):
        first = daemon.waitState("it", "RUNNING")["pid"]
        os.kill(first, signal.SIGKILL)
        waitFor(lambda: daemon.waitState("it", "RUNNING")["pid"] != first, "another copy")
        noteInfo(daemon, note, "restarted", "it")

    compare("[program:it]\ncommand=cat\nautorestart=unexpected\n", play)


def testStopInBackoffKeepsTheCounter(compare):
    def play(daemon, note):
        daemon.call("startProcess", "it", False)
        daemon.waitState("it", "BACKOFF")
        noteInfo(daemon, note, "backoff", "it")
        note("start in backoff", daemon.call("startProcess", "it"))
        note("stop", daemon.call("stopProcess", "it"))
        noteInfo(daemon, note, "stopped", "it")

    compare("[program:it]\ncommand=sh -c 'exit 1'\nautostart=false\nstartretries=20\nstartsecs=20\n", play)


def testStopThatNeedsAKill(compare):
    def play(daemon, note):
        daemon.waitState("deaf", "RUNNING")
        waitFor(lambda: "ready" in daemon.read("deaf.log"), "the trap")
        note("stop without waiting", daemon.call("stopProcess", "deaf", False))
        noteInfo(daemon, note, "stopping", "deaf")
        note("start while stopping", daemon.call("startProcess", "deaf", False))
        note("signal while stopping", daemon.call("signalProcess", "deaf", "CONT"))
        daemon.waitState("deaf", "STOPPED")
        noteInfo(daemon, note, "stopped", "deaf")

    compare("[program:deaf]\ncommand=sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'\nstopwaitsecs=2\n"
            "killasgroup=true\nstdout_logfile=%(here)s/deaf.log\nstartsecs=0\n", play)


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "QUIT", "KILL", "USR1", "USR2"])
def testStopSignals(compare, name):
    def play(daemon, note):
        daemon.waitState("cat", "RUNNING")
        note("stop", daemon.call("stopProcess", "cat"))
        noteInfo(daemon, note, "stopped", "cat")

    compare(f"[program:cat]\ncommand=cat\nstopsignal={name}\nstartsecs=0\n", play)


def testGroupsAndOrder(compare):
    config = "".join(f"[program:p{n}]\ncommand=cat\npriority={priority}\nstartsecs=0\n"
                     for n, priority in enumerate((30, 10, 20)))
    config += "[program:many]\ncommand=cat\nnumprocs=3\nprocess_name=%(program_name)s_%(process_num)02d\nstartsecs=0\n"
    config += "[program:x]\ncommand=cat\nstartsecs=0\n[program:y]\ncommand=cat\nstartsecs=0\n"
    config += "[group:pair]\nprograms=y,x\npriority=5\n"

    def play(daemon, note):
        def allRunning():
            return all(info["statename"] == "RUNNING" for info in daemon.rpc.supervisor.getAllProcessInfo())

        waitFor(allRunning, "everything to run")
        note("order", [line for line in daemon.logLines() if "spawned" in line])
        note("all", daemon.call("getAllProcessInfo"))
        note("stop group", daemon.call("stopProcessGroup", "pair"))
        note("start group", daemon.call("startProcessGroup", "pair"))
        note("stop by wildcard", daemon.call("stopProcess", "many:*"))
        note("one of a group", daemon.call("getProcessInfo", "pair:x"))
        note("signal a group", daemon.call("signalProcessGroup", "pair", "CONT"))
        note("signal all", daemon.call("signalAllProcesses", "18"))
        note("start all", daemon.call("startAllProcesses"))

    compare(config, play, withLog=False)


def testOrderlyShutdown(compare):
    """Groups stop one after the other, from the last to the first."""
    config = "".join(f"[program:p{n}]\ncommand=cat\npriority={n}\nstartsecs=0\n" for n in range(1, 5))

    def play(daemon, note):
        for n in range(1, 5):
            daemon.waitState(f"p{n}", "RUNNING")

    compare(config, play)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1])
def testSignalsThatEnd(compare, number):
    def play(daemon, note):
        daemon.waitState("cat", "RUNNING")
        daemon.stop(number)
        note("left", sorted(name for name in os.listdir(daemon.directory) if name.endswith((".sock", ".pid"))))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\n", play)


def testHangupRestartsEverything(compare):
    def play(daemon, note):
        first = daemon.waitState("cat", "RUNNING")["pid"]
        daemon.configure("[program:cat]\ncommand=cat\nstartsecs=0\n[program:dog]\ncommand=cat\nstartsecs=0\n")
        daemon.kill(signal.SIGHUP)
        waitFor(lambda: daemon.log().count("supervisord started with pid") == 2, "the second start")
        daemon.waitReady()
        assert daemon.waitState("cat", "RUNNING")["pid"] != first
        daemon.waitState("dog", "RUNNING")
        note("all", daemon.call("getAllProcessInfo"))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\n", play)


def testReopensLogs(compare):
    def play(daemon, note):
        daemon.waitState("cat", "RUNNING")
        for name in ("cat.log", "supervisord.log"):
            path = os.path.join(daemon.directory, name)
            os.rename(path, path + ".old")
        daemon.kill(signal.SIGUSR2)
        waitFor(lambda: os.path.exists(os.path.join(daemon.directory, "cat.log")), "the new log")
        note("stdin", daemon.call("sendProcessStdin", "cat", "after\n"))
        waitFor(lambda: daemon.read("cat.log"), "output in the new file")
        note("new file", daemon.read("cat.log"))
        note("log before", "supervisord started" in daemon.read("supervisord.log.old"))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\n", play)


def testWhatIsWaitedForIsSaidAtOnceAndAgain(compare):
    """All that still runs, in every group, when the first is told to stop; then what is left every three seconds."""
    config = ("[program:deaf]\ncommand=sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'\nstopwaitsecs=4\n"
              "killasgroup=true\nstdout_logfile=%(here)s/deaf.log\nstartsecs=0\npriority=900\n"
              "[program:cat]\ncommand=cat\nstartsecs=0\npriority=2\n[program:idle]\ncommand=cat\nautostart=false\n"
              "[program:many]\ncommand=cat\nnumprocs=2\nprocess_name=m%(process_num)d\nstartsecs=0\npriority=1\n")

    def play(daemon, note):
        for name in ("deaf", "cat", "many:m0", "many:m1"):
            daemon.waitState(name, "RUNNING")
        waitFor(lambda: "ready" in daemon.read("deaf.log"), "the trap")
        note("shutdown", daemon.call("shutdown"))
        daemon.process.wait(30)
        note("reports", [line for line in normalise(daemon.log(), daemon.directory).splitlines() if "waiting for" in line])

    compare(config, play, withLog=False)  # two programs of a group end in any order
