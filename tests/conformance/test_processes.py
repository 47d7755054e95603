# SPDX-License-Identifier: MIT
"""The life of processes: both have the same states, answers and log lines."""

import os
import signal

import pytest

from compare import Player, normalise
from waiting import wait_for


def note_info(daemon, note, what, name):
    note(what, daemon.call("getProcessInfo", name))


def test_life_of_a_program(compare):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        note_info(daemon, note, "running", "cat")
        note("start again", daemon.call("startProcess", "cat"))
        note("stop", daemon.call("stopProcess", "cat"))
        note_info(daemon, note, "stopped", "cat")
        note("stop again", daemon.call("stopProcess", "cat"))
        note("start", daemon.call("startProcess", "cat:cat"))
        note_info(daemon, note, "started", "cat")
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
def test_ends(compare, command, keys, state):
    """A program that ends by itself or cannot start: its states up to the last one, and the log lines."""

    def play(daemon, note):
        if "read line" in command:
            daemon.wait_state("it", "RUNNING")
            note("stdin", daemon.call("sendProcessStdin", "it", "go\n"))
        daemon.wait_state("it", state)
        note_info(daemon, note, "final", "it")
        note("stderr", daemon.call("readProcessStderrLog", "it", 0, 0))
        if "read line" not in command:
            # Whether a start that waits reports the end of a program that exits immediately is chance, with Supervisor too.
            note("start again", daemon.call("startProcess", "it", "startsecs=0" not in keys))
            daemon.wait_state("it", state)

    compare(f"[program:it]\ncommand={command}\n{keys}\n", play, ignore_log=["cannot be split into words"])  # a warning of ours


def test_a_log_that_cannot_be_opened(work_dir):
    """Supervisor's text, followed by ours: which log, and why."""
    said = {}
    for kind in ("debian", "ours"):
        directory = os.path.join(work_dir, kind)
        os.mkdir(directory)
        config = "[program:it]\ncommand=cat\nstartretries=0\nstdout_logfile=/tmp\n"
        with Player(kind, directory, config) as daemon:
            said[kind] = daemon.wait_state("it", "FATAL")["spawnerr"]
            assert daemon.call("startProcess", "it") == "fault 50 SPAWN_ERROR: it"
    assert said["debian"] == "unknown error making dispatchers for 'it': EISDIR"
    assert said["ours"] == said["debian"] + ": stdout log /tmp: Is a directory"


def test_a_program_that_cannot_begin(work_dir):
    """The same state, faults and log lines; ours has the reason where Supervisor has "Exited too quickly"."""
    said = {}
    for kind in ("debian", "ours"):
        directory = os.path.join(work_dir, kind)
        os.mkdir(directory)
        config = "[program:it]\ncommand=cat\nstartretries=0\nstartsecs=20\ndirectory=/nonexistent\n"
        with Player(kind, directory, config) as daemon:
            info = daemon.wait_state("it", "FATAL")
            said[kind] = info["description"], info["spawnerr"]
            assert (info["exitstatus"], info["pid"]) == (0, 0)
            assert daemon.call("readProcessStderrLog", "it", 0, 0) == (
                "supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n")
            assert daemon.call("startProcess", "it") == "fault 50 SPAWN_ERROR: it"
    assert said == {"debian": ("Exited too quickly (process log may have details)",) * 2,
                    "ours": ("couldn't chdir to /nonexistent: ENOENT",) * 2}


def test_startretries_minus_one(work_dir):
    """Never to give up is what it means in ours; Supervisor gives up after the first failure."""
    said = {}
    for kind in ("debian", "ours"):
        directory = os.path.join(work_dir, kind)
        os.mkdir(directory)
        config = "".join(f"[program:it{number}]\ncommand=sh -c 'exit 1'\nstartretries=-{number}\nstartsecs=20\n"
                         for number in (1, 2))
        with Player(kind, directory, config) as daemon:
            daemon.wait_state("it2", "FATAL")
            wait_for(lambda: "gave up: it1" in daemon.log() or daemon.log().count("spawned: 'it1'") == 3,
                     "the end of the attempts, or the third one")
            said[kind] = "gave up: it1" in daemon.log()
            assert daemon.log().count("spawned: 'it2'") == 1
    assert said == {"debian": True, "ours": False}


def test_unexpected_exit_restarts(compare):
    def play(daemon, note):
        first = daemon.wait_state("it", "RUNNING")["pid"]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: daemon.wait_state("it", "RUNNING")["pid"] != first, "another copy")
        note_info(daemon, note, "restarted", "it")

    compare("[program:it]\ncommand=cat\nautorestart=unexpected\n", play)


def test_stop_in_backoff_keeps_the_counter(compare):
    def play(daemon, note):
        daemon.call("startProcess", "it", False)
        daemon.wait_state("it", "BACKOFF")
        note_info(daemon, note, "backoff", "it")
        note("start in backoff", daemon.call("startProcess", "it"))
        note("stop", daemon.call("stopProcess", "it"))
        note_info(daemon, note, "stopped", "it")

    compare("[program:it]\ncommand=sh -c 'exit 1'\nautostart=false\nstartretries=20\nstartsecs=20\n", play)


def test_stop_that_needs_a_kill(compare):
    def play(daemon, note):
        daemon.wait_state("deaf", "RUNNING")
        wait_for(lambda: "ready" in daemon.read("deaf.log"), "the trap")
        note("stop without waiting", daemon.call("stopProcess", "deaf", False))
        note_info(daemon, note, "stopping", "deaf")
        note("start while stopping", daemon.call("startProcess", "deaf", False))
        note("signal while stopping", daemon.call("signalProcess", "deaf", "CONT"))
        daemon.wait_state("deaf", "STOPPED")
        note_info(daemon, note, "stopped", "deaf")

    compare("[program:deaf]\ncommand=sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'\nstopwaitsecs=2\n"
            "killasgroup=true\nstdout_logfile=%(here)s/deaf.log\nstartsecs=0\n", play)


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "QUIT", "KILL", "USR1", "USR2"])
def test_stop_signals(compare, name):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        note("stop", daemon.call("stopProcess", "cat"))
        note_info(daemon, note, "stopped", "cat")

    compare(f"[program:cat]\ncommand=cat\nstopsignal={name}\nstartsecs=0\n", play)


def test_groups_and_order(compare):
    config = "".join(f"[program:p{n}]\ncommand=cat\npriority={priority}\nstartsecs=0\n"
                     for n, priority in enumerate((30, 10, 20)))
    config += "[program:many]\ncommand=cat\nnumprocs=3\nprocess_name=%(program_name)s_%(process_num)02d\nstartsecs=0\n"
    config += "[program:x]\ncommand=cat\nstartsecs=0\n[program:y]\ncommand=cat\nstartsecs=0\n"
    config += "[group:pair]\nprograms=y,x\npriority=5\n"

    def play(daemon, note):
        def all_running():
            return all(info["statename"] == "RUNNING" for info in daemon.rpc.supervisor.getAllProcessInfo())

        wait_for(all_running, "everything to run")
        note("order", [line for line in daemon.log_lines() if "spawned" in line])
        note("all", daemon.call("getAllProcessInfo"))
        note("stop group", daemon.call("stopProcessGroup", "pair"))
        note("start group", daemon.call("startProcessGroup", "pair"))
        note("stop by wildcard", daemon.call("stopProcess", "many:*"))
        note("one of a group", daemon.call("getProcessInfo", "pair:x"))
        note("signal a group", daemon.call("signalProcessGroup", "pair", "CONT"))
        note("signal all", daemon.call("signalAllProcesses", "18"))
        note("start all", daemon.call("startAllProcesses"))

    compare(config, play, with_log=False)


def test_orderly_shutdown(compare):
    """Groups stop one after the other, from the last to the first."""
    config = "".join(f"[program:p{n}]\ncommand=cat\npriority={n}\nstartsecs=0\n" for n in range(1, 5))

    def play(daemon, note):
        for n in range(1, 5):
            daemon.wait_state(f"p{n}", "RUNNING")

    compare(config, play)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1])
def test_signals_that_end(compare, number):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        daemon.stop(number)
        note("left", sorted(name for name in os.listdir(daemon.directory) if name.endswith((".sock", ".pid"))))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\n", play)


def test_hangup_restarts_everything(compare):
    def play(daemon, note):
        first = daemon.wait_state("cat", "RUNNING")["pid"]
        daemon.configure("[program:cat]\ncommand=cat\nstartsecs=0\n[program:dog]\ncommand=cat\nstartsecs=0\n")
        daemon.kill(signal.SIGHUP)
        wait_for(lambda: daemon.log().count("supervisord started with pid") == 2, "the second start")
        daemon.wait_ready()
        assert daemon.wait_state("cat", "RUNNING")["pid"] != first
        daemon.wait_state("dog", "RUNNING")
        note("all", daemon.call("getAllProcessInfo"))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\n", play)


def test_reopens_logs(compare):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        for name in ("cat.log", "supervisord.log"):
            path = os.path.join(daemon.directory, name)
            os.rename(path, path + ".old")
        daemon.kill(signal.SIGUSR2)
        wait_for(lambda: os.path.exists(os.path.join(daemon.directory, "cat.log")), "the new log")
        note("stdin", daemon.call("sendProcessStdin", "cat", "after\n"))
        wait_for(lambda: daemon.read("cat.log"), "output in the new file")
        note("new file", daemon.read("cat.log"))
        note("log before", "supervisord started" in daemon.read("supervisord.log.old"))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\n", play)


def test_what_is_waited_for_is_said_at_once_and_again(compare):
    """The log names all processes that still run, in every group, when the first is stopped; then every three seconds
    those that are left."""
    config = ("[program:deaf]\ncommand=sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'\nstopwaitsecs=4\n"
              "killasgroup=true\nstdout_logfile=%(here)s/deaf.log\nstartsecs=0\npriority=900\n"
              "[program:cat]\ncommand=cat\nstartsecs=0\npriority=2\n[program:idle]\ncommand=cat\nautostart=false\n"
              "[program:many]\ncommand=cat\nnumprocs=2\nprocess_name=m%(process_num)d\nstartsecs=0\npriority=1\n")

    def play(daemon, note):
        for name in ("deaf", "cat", "many:m0", "many:m1"):
            daemon.wait_state(name, "RUNNING")
        wait_for(lambda: "ready" in daemon.read("deaf.log"), "the trap")
        note("shutdown", daemon.call("shutdown"))
        daemon.process.wait(30)
        note("reports", [line for line in normalise(daemon.log(), daemon.directory).splitlines() if "waiting for" in line])

    compare(config, play, with_log=False)  # two programs of a group end in any order
