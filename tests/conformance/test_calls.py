# SPDX-License-Identifier: MIT
"""Every XML-RPC method with good and bad arguments: both return the same values and faults."""

import os
import re

import pytest

from waiting import wait_for

CONFIG = """
[program:cat]
command=cat
startsecs=0
stdout_logfile=%(here)s/cat.log
stderr_logfile=%(here)s/cat.err

[program:idle]
command=cat
autostart=false
startsecs=0
stdout_logfile=NONE
redirect_stderr=true

[program:gone]
command=/nonexistent/gone
autostart=false

[program:directory]
command=/tmp
autostart=false

[program:a]
command=cat
autostart=false
startsecs=0

[program:b]
command=cat
autostart=false
startsecs=0

[group:pair]
programs=a,b
"""

CALLS = [
    ("getAPIVersion",), ("getVersion",), ("getIdentification",), ("getState",), ("getPID", "extra"),
    ("getProcessInfo", "nobody"), ("getProcessInfo", "pair"), ("getProcessInfo", "pair:a"), ("getProcessInfo", "pair:*"),
    ("getProcessInfo", "a"), ("getProcessInfo", ""), ("getProcessInfo", "cat:"), ("getProcessInfo",),
    ("startProcess", "nobody"), ("startProcess", "cat"), ("startProcess", "gone"), ("startProcess", "directory"),
    ("startProcess", "pair:nobody"), ("startProcess", "nobody:*"), ("startProcess", "idle", True),
    ("startProcess", "idle", False), ("startProcess", "a", True, 3),
    ("stopProcess", "nobody"), ("stopProcess", "gone"), ("stopProcess", "idle"), ("stopProcess", "idle", False),
    ("stopProcess", "nobody:*"),
    ("startProcessGroup", "nobody"), ("startProcessGroup", "pair"), ("startProcessGroup", "pair"),
    ("startProcessGroup", "gone"), ("stopProcessGroup", "nobody"), ("stopProcessGroup", "pair"),
    ("stopProcessGroup", "pair"), ("startProcess", "pair:*"), ("startProcess", "pair:*", False), ("stopProcess", "pair:*"),
    ("signalProcess", "cat", "CONT"), ("signalProcess", "cat", "SIGCONT"), ("signalProcess", "cat", "18"),
    ("signalProcess", "cat", "cont"), ("signalProcess", "cat", "NONSENSE"), ("signalProcess", "cat", "-5"),
    ("signalProcess", "cat", "0"), ("signalProcess", "cat", "999"), ("signalProcess", "nobody", "CONT"),
    ("signalProcess", "idle", "CONT"), ("signalProcess", "pair:*", "CONT"), ("signalProcessGroup", "nobody", "CONT"),
    ("signalProcessGroup", "pair", "CONT"), ("signalProcessGroup", "pair", "NONSENSE"), ("signalAllProcesses", "CONT"),
    ("signalAllProcesses", "NONSENSE"),
    ("readProcessStdoutLog", "cat", 0, 0), ("readProcessStdoutLog", "cat", -4, 0), ("readProcessStdoutLog", "cat", 2, 5),
    ("readProcessStdoutLog", "cat", -4, 3), ("readProcessStdoutLog", "cat", 0, -3), ("readProcessStdoutLog", "cat", 999, 0),
    ("readProcessStdoutLog", "cat", -999, 0), ("readProcessLog", "cat", 0, 3), ("readProcessStdoutLog", "nobody", 0, 0),
    ("readProcessStdoutLog", "idle", 0, 0), ("readProcessStderrLog", "idle", 0, 0), ("readProcessStderrLog", "cat", 0, 0),
    ("readProcessStdoutLog", "pair:*", 0, 0), ("readProcessStdoutLog", "gone", 0, 0), ("readProcessStdoutLog", "cat"),
    ("tailProcessStdoutLog", "cat", 0, 5), ("tailProcessStdoutLog", "cat", 0, 999), ("tailProcessStdoutLog", "cat", 5, 5),
    ("tailProcessStdoutLog", "cat", 999, 5), ("tailProcessStdoutLog", "cat", 0, 0), ("tailProcessStdoutLog", "cat", -3, 2),
    ("tailProcessLog", "cat", 0, 5), ("tailProcessStdoutLog", "nobody", 0, 5), ("tailProcessStdoutLog", "idle", 0, 5),
    ("tailProcessStderrLog", "cat", 0, 5), ("tailProcessStdoutLog", "gone", 0, 5),
    ("clearProcessLogs", "nobody"), ("clearProcessLogs", "idle"), ("clearProcessLog", "pair:*"), ("clearProcessLogs", "cat"),
    ("readProcessStdoutLog", "cat", 0, 0), ("clearAllProcessLogs",),
    ("sendProcessStdin", "nobody", "x"), ("sendProcessStdin", "idle", "x"), ("sendProcessStdin", "cat", 5),
    ("sendProcessStdin", "cat", ""), ("sendProcessStdin", "cat"), ("sendRemoteCommEvent", "type", "data"),
    ("sendRemoteCommEvent", "type"),
    ("addProcessGroup", "cat"), ("addProcessGroup", "nobody"), ("removeProcessGroup", "nobody"),
    ("removeProcessGroup", "cat"), ("removeProcessGroup", "gone"), ("addProcessGroup", "gone"),
    ("removeProcessGroup", "pair"), ("getProcessInfo", "pair:a"), ("addProcessGroup", "pair"), ("reloadConfig",),
    ("readLog", -5, 2), ("readLog", 0, -1), ("readLog", 99999999, 0), ("readLog", 0), ("clearLog",), ("clearLog", 1),
    ("nonsense",), ("_private",), ("system.nonsense",), ("nonsense.method",), ("system.listMethods",),
    ("system.listMethods", 1), ("system.methodSignature", "supervisor.startProcess"),
    ("system.methodSignature", "nonsense"), ("system.methodHelp", "nonsense"), ("system.methodHelp",),
    ("startAllProcesses", False), ("stopAllProcesses", True, 1),
]


def test_every_call(compare):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        daemon.call("sendProcessStdin", "cat", "one\ntwo\nthree\n")
        wait_for(lambda: "three" in daemon.read("cat.log"), "the output")
        for number, call in enumerate(CALLS):
            note(f"{number} {call}", daemon.call(*call))
        note("all", daemon.call("getAllProcessInfo"))

    compare(CONFIG, play, with_log=False)


def test_signatures_of_every_method(compare):
    def play(daemon, note):
        for method in daemon.call("system.listMethods"):
            note(method, daemon.call("system.methodSignature", method))
            note(f"{method} has help", bool(daemon.call("system.methodHelp", method)))

    compare("", play, with_log=False)


def test_multicall(compare):
    calls = [
        {"methodName": "supervisor.getState", "params": []}, {"methodName": "supervisor.getIdentification"},
        {"methodName": "supervisor.stopProcess", "params": ["cat"]}, {"methodName": "supervisor.getProcessInfo", "params": ["cat"]},
        {"methodName": "supervisor.startProcess", "params": ["cat", True]}, {"methodName": "supervisor.stopAllProcesses"},
        {"methodName": "system.multicall", "params": [[]]}, {"methodName": "supervisor.nonsense", "params": []},
        {"params": []}, {"methodName": "supervisor.getState", "params": [1]},
    ]

    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        for number, result in enumerate(daemon.rpc.system.multicall(calls)):
            note(f"{number}", result)
        note("none", daemon.call("system.multicall", []))

    # A child of Debian's that is signalled before its exec loses the signal: with a second of startsecs the start waits
    # for the program to run.
    compare(CONFIG.replace("startsecs=0", "startsecs=1", 1), play)


def test_reread(compare):
    """reloadConfig, add, remove and update after every kind of change."""
    changed = CONFIG.replace("[program:gone]\ncommand=/nonexistent/gone", "[program:new]\ncommand=cat\nstartsecs=0")
    changed = changed.replace("stdout_logfile=%(here)s/cat.log", "stdout_logfile=%(here)s/cat2.log")

    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        note("nothing changed", daemon.call("reloadConfig"))
        daemon.configure(changed)
        note("changes", daemon.call("reloadConfig"))
        note("again", daemon.call("reloadConfig"))
        note("add", daemon.call("addProcessGroup", "new"))
        note("update", daemon.ctl("update").stdout)
        daemon.wait_state("cat", "RUNNING")
        note("all", daemon.call("getAllProcessInfo"))
        daemon.configure("[program:cat]\ncommand=cat\nstartsecs=soon\n")
        note("bad", re.sub(r"CANT_REREAD: .*", "CANT_REREAD", str(daemon.call("reloadConfig")), flags=re.S))
        note("still", daemon.call("getProcessInfo", "cat"))
        daemon.configure("")
        note("empty", daemon.call("reloadConfig"))
        note("avail", daemon.ctl("avail").stdout)
        note("update to nothing", daemon.ctl("update").stdout)

    compare(CONFIG, play)


@pytest.mark.parametrize("method", ["shutdown", "restart"])
def test_leaving(compare, method):
    def play(daemon, note):
        wait_for(lambda: os.path.exists(os.path.join(daemon.directory, "ready")), "the trap")
        note(method, daemon.call(method))
        for call in (("getState",), ("getAllProcessInfo",), ("startProcess", "slow"), ("getPID",), ("system.listMethods",)):
            note(f"meanwhile {call}", daemon.call(*call))
        daemon.configure("[program:slow]\ncommand=cat\nstartsecs=0\n")
        open(os.path.join(daemon.directory, "enough"), "w", encoding="ascii").close()
        if method == "shutdown":
            daemon.process.wait(30)
        else:
            wait_for(lambda: daemon.log().count("supervisord started with pid") == 2, "the second start")
            daemon.wait_ready()
            daemon.wait_state("slow", "RUNNING")
            note("again", daemon.call("getAllProcessInfo"))

    # The program ends when the test wants it, so that the calls in between find the daemon on its way out.
    compare("[program:slow]\ncommand=sh -c 'trap \"\" TERM; rm -f enough; touch ready; while [ ! -e enough ]; do sleep 0.1; done'\n"
            "startsecs=0\nautorestart=true\n", play)
