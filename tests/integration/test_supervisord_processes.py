# SPDX-License-Identifier: MIT
"""The life of programs under the real supervisord: starts, retries, stops, what is left behind."""

import os
import re
import signal

import pytest

from processes import children, isRunning
from waiting import waitFor


def lines(server, name):
    """The activity log's lines about a program, without time stamps, pids and the words of a waiting client."""
    found = [line[24:] for line in server.log().splitlines() if re.search(rf"\b{name}\b", line)]
    found = [line for line in found if "waiting for" not in line]
    return [re.sub(r"pid \d+|\(\d+\)", "pid N", line) for line in found]


def testStartRunStop(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    info = server.waitState("cat", "RUNNING")
    assert info["pid"] in children(server.pid)
    assert info["description"].startswith(f"pid {info['pid']}, uptime 0:00:")
    assert server.rpc.supervisor.stopProcess("cat") is True
    info = server.rpc.supervisor.getProcessInfo("cat")
    assert (info["statename"], info["pid"], info["exitstatus"]) == ("STOPPED", 0, -1)
    assert info["stop"] >= info["start"] > 0
    assert lines(server, "cat") == [
        "INFO spawned: 'cat' with pid N",
        "INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)",
        "WARN stopped: cat (terminated by SIGTERM)",
    ]


def testAQuickDeathIsRetriedAndGivenUp(daemon):
    server = daemon("[program:dies]\ncommand=/bin/sh -c 'exit 2'\nstartretries=1\n")
    info = server.waitState("dies", "FATAL")
    assert info["spawnerr"] == info["description"] == "Exited too quickly (process log may have details)"
    assert lines(server, "dies") == [
        "INFO spawned: 'dies' with pid N",
        "WARN exited: dies (exit status 2; not expected)",
        "INFO spawned: 'dies' with pid N",
        "WARN exited: dies (exit status 2; not expected)",
        "INFO gave up: dies entered FATAL state, too many start retries too quickly",
    ]


def testARunningProgramComesBack(daemon):
    server = daemon("[program:back]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
                    "[program:gone]\ncommand=/bin/sleep 1000\nstartsecs=0\nautorestart=false\n")
    first = server.waitState("back", "RUNNING")["pid"]
    gone = server.waitState("gone", "RUNNING")["pid"]
    os.kill(first, signal.SIGKILL)
    os.kill(gone, signal.SIGKILL)
    waitFor(lambda: server.rpc.supervisor.getProcessInfo("back")["pid"] not in (0, first), "the restart")
    assert server.waitState("gone", "EXITED")["exitstatus"] == -1
    assert "WARN exited: back (terminated by SIGKILL; not expected)" in server.log()


def testStopKillsWhatIgnoresTheSignalWithItsGroup(daemon):
    server = daemon("""[program:deaf]
command=/bin/sh -c 'trap : TERM; sleep 1000 & echo $!; while :; do wait; done'
startsecs=0
stopwaitsecs=0
killasgroup=true
""")
    server.waitState("deaf", "RUNNING")
    waitFor(lambda: server.rpc.supervisor.readProcessStdoutLog("deaf", 0, 0), "the pid of the grandchild")
    grandchild = int(server.rpc.supervisor.readProcessStdoutLog("deaf", 0, 0))
    server.rpc.supervisor.stopProcess("deaf")
    waitFor(lambda: not isRunning(grandchild), "the end of the grandchild")
    assert "WARN killing 'deaf' (" in server.log()


def testAChildHasDefaultSignalsAnEmptyMaskAndNoStrayDescriptors(daemon):
    server = daemon("""[program:look]
command=/bin/sh -c 'grep Sig /proc/self/status; echo; ls /proc/self/fd'
startsecs=0
autorestart=false
""")
    server.waitState("look", "EXITED")
    status, descriptors = server.rpc.supervisor.readProcessStdoutLog("look", 0, 0).split("\n\n")
    masks = dict(line.split(":\t") for line in status.splitlines())
    assert int(masks["SigIgn"], 16) == 0 and int(masks["SigBlk"], 16) == 0
    assert descriptors.split() == ["0", "1", "2", "3"]  # 3 is ls's own


def testUserAndUmaskAndDirectoryAndEnvironment(daemon, account):
    user = account()
    server = daemon(f"""[program:who]
command=/bin/sh -c 'id -un; umask; pwd; echo $GREETING $SUPERVISOR_PROCESS_NAME'
user={user.pw_name}
umask=027
directory=/usr
environment=GREETING="good day"
startsecs=0
autorestart=false
""")
    server.waitState("who", "EXITED")
    assert server.rpc.supervisor.readProcessStdoutLog("who", 0, 0) == f"{user.pw_name}\n0027\n/usr\ngood day who\n"


def testGroupsStopOneAfterTheOther(daemon):
    server = daemon("".join(f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority={priority}\n"
                            for name, priority in (("low", 1), ("mid", 2), ("high", 3))))
    server.waitState("high", "RUNNING")
    assert server.stop() == 0
    stopped = re.findall(r"stopped: (\w+)", server.log())
    assert stopped == ["high", "mid", "low"]
    assert "WARN received SIGTERM indicating exit request" in server.log()


@pytest.mark.skipif(os.getuid() != 0, reason="a new pid namespace needs root")
def testAsPid1ItReapsStrangersAndEnds(daemon, workDir):
    import subprocess
    from programs import program

    config = os.path.join(workDir, "pid1.conf")
    log = os.path.join(workDir, "pid1.log")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"""[supervisord]
logfile={log}
pidfile={workDir}/pid1.pid
childlogdir={workDir}
user=root
[program:orphans]
command=/bin/sh -c '(sleep 0.1; exit 7) & exit 0'
startsecs=0
autorestart=false
""")
    run = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
                            *program("supervisord"), "-n", "-s", "-c", config])
    try:
        waitFor(lambda: os.path.exists(log) and "(exit status 7)" in open(log, encoding="utf-8").read(), "the orphan")
        text = open(log, encoding="utf-8").read()
        assert "supervisord started with pid 1" in text
        assert re.search(r"INFO reaped unknown pid \d+ \(exit status 7\)", text)
        os.kill(children(run.pid)[0], signal.SIGTERM)
        assert run.wait(30) == 0
    finally:
        if run.poll() is None:
            run.kill()
            run.wait()
