# SPDX-License-Identifier: MIT
"""supervisord.service under systemd: programs outlive a crash of supervisord, and nothing outlives an orderly stop."""

import os
import signal

import pytest

from processes import parent_of
from waiting import wait_for

UNIT = "supervisord.service"
CONF = """[supervisord]
logfile = /var/log/supervisord.log
pidfile = /run/supervisord.pid
childlogdir = /var/log

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[program:count]
command = /opt/counter.sh
stdout_logfile = /var/log/count.log
process_name = %(process_num)03d
startsecs = 0
"""
SOCKET = """
[unix_http_server]
file = /run/supervisor.sock

[supervisorctl]
serverurl = unix:///run/supervisor.sock

"""
COUNTER = "#!/bin/sh\nn=0; while :; do n=$((n + 1)); echo $n; sleep 0.05; done\n"
LOG = "/var/log/supervisord.log"


@pytest.fixture
def start(machine):
    def begin(programs, unit="", socket=SOCKET):
        machine.install()
        machine.boot()
        machine.write("/opt/counter.sh", COUNTER, 0o755)
        machine.write("/etc/supervisord.conf", CONF + socket + programs)
        if unit:
            machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", unit)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", UNIT)
        return machine
    return begin


def main_pid(machine):
    """As seen from outside; None while there is none."""
    return next((pid for pid, line in machine.processes().items()
                 if line == "/usr/bin/supervisord -n -c /etc/supervisord.conf"), None)


def states(machine):
    """{program: its line of supervisorctl's status without the name}"""
    told = machine.run("supervisorctl", "-c", "/etc/supervisord.conf", "status", check=False).stdout
    return {line.split()[0]: " ".join(line.split()[1:]) for line in told.splitlines()}


def ctl(machine, *words):
    return machine.run("supervisorctl", "-c", "/etc/supervisord.conf", *words)


def show(machine, name):
    return machine.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.strip()


def log_of(machine, path=LOG):
    return machine.run("cat", path).stdout


def programs_of(machine):
    """The pids of the programs, without copies of a shell that are about to run something else."""
    found = {pid: line for pid, line in machine.processes().items()
             if line in ("/bin/sh /opt/counter.sh", "/bin/sleep 4321", "/bin/cat") or line.startswith("/bin/sh -c ")}
    return {pid for pid, line in found.items() if found.get(parent_of(pid)) != line}


def running(machine, count):
    return wait_for(lambda: sum("RUNNING" in line for line in states(machine).values()) == count and
                    programs_of(machine), f"{count} programs to run")


def kill_and_wait(machine, times):
    """Kills supervisord, and waits until the next one has taken over."""
    killed = main_pid(machine)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: log_of(machine).count("after a crash") == times and main_pid(machine) not in (None, killed),
             "the next supervisord to take over")


def check_count(machine):
    lines = log_of(machine, "/var/log/count.log").splitlines()
    assert lines == [str(n + 1) for n in range(len(lines))]
    return len(lines)


def test_programs_outlive_crashes_and_no_stop(start):
    machine = start("[program:sleep]\ncommand = /bin/sleep 4321\n[program:off]\ncommand = /bin/cat\nautostart = false\n"
                    "[program:ends]\ncommand = /bin/sh -c 'read line; exit 3'\nautorestart = unexpected\n"
                    "exitcodes = 3\nstartsecs = 0\n")
    before = running(machine, 3)
    for times in range(1, 4):
        kill_and_wait(machine, times)
        assert running(machine, 3) == before
        assert states(machine)["off"] == "STOPPED Not started"
        seen = check_count(machine)
        wait_for(lambda: check_count(machine) > seen + 3, "more lines")
    assert "took over 3 programs after a crash" in log_of(machine)

    # systemd reaped it: that its status is the expected one cannot be known.
    first = states(machine)["ends"].split()[2]
    machine.run("sh", "-c", f"kill {first.rstrip(',')}")
    wait_for(lambda: "exit status unknown" in log_of(machine), "the end of a program that systemd reaped")
    running(machine, 3)
    assert states(machine)["ends"].split()[2] != first

    # A copy after an orderly end takes nothing over; its programs are new.
    machine.run("systemctl", "restart", UNIT)
    after = running(machine, 3)
    assert not before & after and len(after) == len(before) and log_of(machine).count("after a crash") == 3
    machine.run("systemctl", "stop", UNIT)
    assert programs_of(machine) == set() and show(machine, "ActiveState") == "inactive"


DEAF = """[program:deaf]
command = /bin/sh -c 'trap "" TERM; setsid /bin/sleep 4321 & while :; do sleep 1; done'
stopwaitsecs = {seconds}
"""


@pytest.mark.parametrize("how", ["stop", "restart", "shutdown"])
def test_an_orderly_end_leaves_nothing(start, how):
    """...not even a process that has left its group."""
    machine = start(DEAF.format(seconds=1))
    before = wait_for(lambda: len(programs_of(machine)) == 3 and programs_of(machine), "the programs")
    if how == "shutdown":
        ctl(machine, "shutdown")
    else:
        machine.run("systemctl", how, UNIT)
    wait_for(lambda: not programs_of(machine) & before, "the old programs to be gone")
    if how == "restart":
        wait_for(lambda: len(programs_of(machine)) == 3, "the new programs")
    else:
        wait_for(lambda: show(machine, "ActiveState") == "inactive", "the unit to be stopped")
        assert not programs_of(machine)


@pytest.mark.parametrize("how", ["stop", "restart"])
def test_a_stop_that_takes_too_long_leaves_nothing(start, how):
    machine = start(DEAF.format(seconds=1000), "[Service]\nTimeoutStopSec=1\n")
    before = wait_for(lambda: len(programs_of(machine)) == 3 and programs_of(machine), "the programs")
    machine.run("systemctl", how, UNIT, check=False)
    wait_for(lambda: not programs_of(machine) & before, "the old programs to be gone")
    if how == "restart":
        wait_for(lambda: len(programs_of(machine)) == 3, "the new programs")
    else:
        assert not programs_of(machine)


def test_a_stop_behind_a_crash_leaves_nothing(start):
    """systemd runs no command of a unit that it stops while it waits for the next try."""
    machine = start("", "[Service]\nRestartSec=1h\n")
    before = running(machine, 1)
    os.kill(main_pid(machine), signal.SIGKILL)
    wait_for(lambda: show(machine, "SubState") == "auto-restart", "supervisord to be gone")
    machine.run("systemctl", "restart", UNIT)  # no stop: they are taken over
    assert running(machine, 1) == before
    os.kill(main_pid(machine), signal.SIGKILL)
    wait_for(lambda: show(machine, "SubState") == "auto-restart", "supervisord to be gone")
    assert programs_of(machine) == before
    machine.run("systemctl", "stop", UNIT)
    wait_for(lambda: not programs_of(machine), "the programs to be gone")
    machine.run("systemctl", "start", UNIT)
    assert len(running(machine, 1)) == 1


def test_what_cannot_be_taken_over_is_ended_first(start):
    machine = start("", "[Service]\nExecStartPre=-/bin/mkdir /run/system-instance\n",
                    SOCKET.replace("/run/", "/run/system-instance/"))
    wait_for(lambda: len(programs_of(machine)) == 1, "the program")
    before = programs_of(machine)
    machine.run("sh", "-c", "rm -r /run/system-instance && touch /run/system-instance")
    os.kill(main_pid(machine), signal.SIGKILL)
    wait_for(lambda: not programs_of(machine), "the program to be ended")
    machine.run("rm", "/run/system-instance")
    wait_for(lambda: len(programs_of(machine)) == 1, "a new copy of the program")
    assert not programs_of(machine) & before and "after a crash" not in log_of(machine)


def test_many_programs(start):
    """More descriptors than the limit of files of a service."""
    machine = start("[program:many]\ncommand = /bin/sleep 4321\nnumprocs = 400\nprocess_name = %(process_num)03d\n"
                    "startsecs = 0\n")
    before = running(machine, 401)
    wait_for(lambda: int(show(machine, "NFileDescriptorStore")) >= 3 * 401, "systemd to have the descriptors")
    kill_and_wait(machine, 1)
    assert running(machine, 401) == before
    assert "took over 401 programs" in log_of(machine)
