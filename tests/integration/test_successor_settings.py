# SPDX-License-Identifier: MIT
"""What a user has set up stays as it is when another supervisord continues: after an upgrade in place, and after a crash
under a manager."""

import os
import random
import signal
import socket
import time
import xmlrpc.client

import pytest

from eventlog import listener_section, recorded, stdout_section, touch
from programs import program
from upgrading import COUNT, counted, infos
from waiting import wait_for

TWIDDLER = ("[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory = "
            "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n")
SLEEP = "command=/bin/sleep 1000\nstartsecs=0\n"


class Succession:
    """Called with a server: lets one supervisord follow the other, as `words` of "upgrade" and "crash" say."""

    def __init__(self, words):
        self._words = words
        self.crashes = "crash" in words

    def __call__(self, server):
        for word in self._words:
            if word == "upgrade":
                assert server.rpc.supervisor.upgrade() is True
            else:
                server.crash_and_take_over()


@pytest.fixture(params=["", "upgrade", "crash", "crash upgrade crash"])
def succeed(request):
    return Succession(request.param.split())


def pids(server):
    return {name: (info["pid"], info["statename"]) for name, info in infos(server).items()}


def wrapper(directory, text):
    """A supervisord that is started in its own way."""
    path = os.path.join(directory, "start-supervisord")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/bash\n{text}\nexec {program('supervisord')[0]} \"$@\"\n")
    os.chmod(path, 0o755)
    return path


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_standard_descriptors_that_are_closed(kept, succeed, work_dir, closed):
    """No other descriptor gets their numbers, which an upgrade does not hand over."""
    server = kept(f"[program:a]\n{SLEEP}", executable=wrapper(work_dir, f"exec {closed}"))
    before = {"a:a": (server.wait_state("a", "RUNNING")["pid"], "RUNNING")}
    for _ in range(2):
        succeed(server)
        assert pids(server) == before


SHOWS = r"""[program:shows]
command=/bin/bash -c 'env -u _ | sort; umask; ulimit -a; ulimit -Ha; pwd; nice; id; grep -E "SigBlk|SigIgn|SigCgt|Cap|NoNew" /proc/self/status; cat /proc/self/oom_score_adj; exec 9</proc/self/fd; ls -l /proc/self/fd | sed "s/.*[0-9] //; s/:.*//; s/[0-9].*$//"; echo done; exec sleep 1000'
startsecs=0
stdout_logfile=%(here)s/shows.log
"""


def test_the_surroundings_of_programs(kept, succeed, work_dir):
    start = wrapper(work_dir, "umask 027; ulimit -S -n 1100; ulimit -S -c 0; cd /usr; export OF_START=1\nrenice -n 12 $$")
    server = kept(SHOWS, supervisord='environment=KEY="value"', executable=start)

    def shown():
        server.stop_program("shows")
        server.rpc.supervisor.clearProcessLogs("shows")
        server.rpc.supervisor.startProcess("shows")
        return wait_for(lambda: server.read("shows.log").endswith("done\n") and server.read("shows.log"), "the output")

    server.wait_state("shows", "RUNNING")
    before = shown()
    assert "OF_START=1\n" in before and "0027\n" in before and "(-n) 1100\n" in before and "/usr\n" in before
    succeed(server)
    assert shown() == before


def test_a_supervisord_that_was_started_by_root_for_another_account(kept, succeed, account):
    user = account("smuser")
    server = kept(f"[program:a]\n{SLEEP}stdout_logfile=%(here)s/a.log\n"
                  "[program:speaks]\ncommand=/bin/sh -c 'while :; do id -un; sleep 0.01; done'\nstartsecs=0\n"
                  "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n",
                  supervisord=f"user={user.pw_name}", wait=False)
    os.chown(server.directory, user.pw_uid, user.pw_gid)
    server.process.kill()
    server.process.wait()
    server.start()
    server.wait_ready()
    before = {name: server.wait_state(name, "RUNNING")["pid"] for name in ("a", "speaks")}
    groups = [line for line in status(server.pid) if line.startswith(("Uid", "Gid", "Groups", "Cap"))]
    for _ in range(2):
        succeed(server)
        assert {name: server.rpc.supervisor.getProcessInfo(name)["pid"] for name in before} == before
        assert [line for line in status(server.pid) if line.startswith(("Uid", "Gid", "Groups", "Cap"))] == groups
    seen = len(server.output())
    wait_for(lambda: user.pw_name in server.output()[seen:], "more output")
    server.stop_program("a")
    server.rpc.supervisor.startProcess("a")
    assert f"Uid:\t{user.pw_uid}" in "\n".join(status(server.rpc.supervisor.getProcessInfo("a")["pid"]))
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    for name in before:
        server.stop_program(name)
    assert server.stop() == 0
    assert not os.path.exists(server.socket)


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return file.read().splitlines()


def test_servers_with_passwords(kept, succeed):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = kept(f"""[inet_http_server]
port=127.0.0.1:{port}
username=user
password={{SHA}}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8
[program:a]
{SLEEP}""")
    open_url = f"http://user:password@127.0.0.1:{port}/RPC2"

    def check():
        assert xmlrpc.client.ServerProxy(open_url).supervisor.getState()["statename"] == "RUNNING"
        for url in (f"http://127.0.0.1:{port}/RPC2", f"http://user:no@127.0.0.1:{port}/RPC2"):
            with pytest.raises(xmlrpc.client.ProtocolError, match="401"):
                xmlrpc.client.ServerProxy(url).supervisor.getState()

    check()
    mode = os.stat(server.socket)
    for _ in range(2):
        succeed(server)
        check()
    after = os.stat(server.socket)
    assert (mode.st_mode, mode.st_uid, mode.st_gid) == (after.st_mode, after.st_uid, after.st_gid)
    assert xmlrpc.client.ServerProxy(open_url).supervisor.shutdown() is True
    assert server.process.wait(30) == 0
    assert not os.path.exists(server.socket)


def test_groups_of_run_time(kept, succeed):
    base = TWIDDLER + "[group:g]\nprograms=\n[program:gone]\n" + SLEEP
    server = kept(base)
    call = server.rpc
    call.twiddler.addProgramToGroup("g", "twiddled", {"command": "/bin/sleep 1000", "startsecs": "0"})
    added = f"[program:added]\n{SLEEP}[program:next]\n{SLEEP}"
    server.configure(added)
    assert call.supervisor.reloadConfig() == [[["added", "next"], [], ["g", "gone"]]]
    call.supervisor.addProcessGroup("added")
    server.wait_state("added", "RUNNING")
    before = pids(server)
    assert set(before) == {"g:twiddled", "gone:gone", "added:added"}
    server.configure("[program:broken]\n")
    for _ in range(2):
        succeed(server)
        assert pids(server) == before
    done = server.ctl("update")
    assert done.returncode != 0 and "broken" in done.stdout
    server.kill(signal.SIGHUP)
    server.wait_log("cannot restart, the old configuration stays")
    assert pids(server) == before
    call = server.rpc
    assert call.supervisor.addProcessGroup("next") is True
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME"):
        call.supervisor.addProcessGroup("broken")
    server.configure(added.replace("sleep 1000", "sleep 2000"))
    assert [sorted(names) for names in call.supervisor.reloadConfig()[0]] == [[], ["added", "next"], ["g", "gone"]]
    succeed(server)
    call = server.rpc
    assert [sorted(names) for names in call.supervisor.reloadConfig()[0]] == [[], ["added", "next"], ["g", "gone"]]
    for name in before:
        server.stop_program(name)
    assert server.ctl("update").returncode == 0
    server.wait_state("added", "RUNNING")
    assert set(pids(server)) == {"added:added", "next:next"}
    for name in ("added", "next"):
        server.stop_program(name)
    server.configure(base)
    starts = server.log().count("supervisord started with pid")
    server.kill(signal.SIGHUP)
    server.wait_log("supervisord started with pid", starts + 1)
    server.wait_ready()
    assert set(pids(server)) == {"gone:gone"}


def test_listeners_that_print_and_that_answer(kept, succeed):
    server = kept(stdout_section() + listener_section("feeds", "stdin", "PROCESS_COMMUNICATION") +
                  "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_events_enabled=true\n"
                  "stdout_logfile=%(here)s/cat.log\n")
    for name in ("stdout", "feeds", "cat"):
        server.wait_state(name, "RUNNING")
    for number in range(6):
        server.rpc.supervisor.sendProcessStdin("cat", f"line{number}\n")
        succeed(server)
    wait_for(lambda: server.is_answering() and server.output().count("line5") >= 1, "the last line")
    for number in range(6):
        times = server.output().count(f"line{number}")
        # Nobody can see whether a stream got what was written right before a crash: then it is printed again.
        assert times == 1 or (times > 1 and server.takeovers > 0), server.output()


def test_a_group_that_is_being_stopped(kept, succeed):
    server = kept("""[program:group]
command=/bin/bash -c "trap '' TERM; (while ! test -e %(here)s/child; do sleep 0.02; done) & echo ready; while ! test -e %(here)s/leader; do sleep 0.02; done"
startsecs=0
stopasgroup=true
killasgroup=true
stopwaitsecs=1000
stdout_logfile=%(here)s/group.log
""")
    server.wait_state("group", "RUNNING")
    wait_for(lambda: server.read("group.log") == "ready\n", "the group to ignore SIGTERM")
    server.rpc.supervisor.stopProcess("group", False)
    succeed(server)
    assert server.rpc.supervisor.getProcessInfo("group")["statename"] == "STOPPING"
    touch(server, "leader")
    pid = server.rpc.supervisor.getProcessInfo("group")["pid"]

    def leader_is_gone():
        server.reap()
        return not os.path.exists(f"/proc/{pid}")

    wait_for(leader_is_gone, "the leader to end")
    succeed(server)
    assert server.rpc.supervisor.getProcessInfo("group")["statename"] == "STOPPING"
    touch(server, "child")
    server.wait_state("group", "STOPPED")


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2])
def test_a_signal_right_after_an_upgrade(kept, first):
    server = kept(f"[program:a]\n{SLEEP}stdout_logfile=%(here)s/a.log\n")
    for number in range(12):
        pid = server.wait_state("a", "RUNNING")["pid"]
        server.kill(signal.SIGRTMIN + 25)
        upgrades = server.log().count("upgraded from")
        if number % 3 == 1:
            wait_for(lambda: "takes over" in server.log().rpartition("indicating upgrade")[2], "the upgrade")
        elif number % 3 == 2:
            wait_for(lambda count=upgrades: server.log().count("upgraded from") > count, "the upgrade")
        server.kill(first)
        if first == signal.SIGTERM:
            assert server.process.wait(30) == 0
            assert not os.path.exists(f"/proc/{pid}")
            server.store.clear()
            server.start()
            server.wait_ready()
        elif first == signal.SIGHUP:
            wait_for(lambda number=number: server.log().count("supervisord started with pid") == number + 2,
                     "the restart")
            server.wait_ready()
        else:
            server.wait_log("received SIGUSR2", number + 1)


def upgraded(server):
    """Whether it did, and was not upgrading already."""
    try:
        return server.rpc.supervisor.upgrade()
    except xmlrpc.client.Fault as fault:
        assert fault.faultString == "FAILED: an upgrade is under way"
        return False


def test_many_upgrades_at_once(kept):
    server = kept(f"[program:a]\n{SLEEP}")
    pid = server.wait_state("a", "RUNNING")["pid"]
    for _ in range(10):
        server.kill(signal.SIGRTMIN + 25)
        server.ctl("upgrade")  # refused, if the one of the signal is under way

    wait_for(lambda: upgraded(server), "the last upgrade")
    assert server.wait_state("a", "RUNNING")["pid"] == pid


def test_output_to_the_own_output_and_the_system_log(kept, succeed):
    server = kept("""[program:out]
command=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo out $i; echo err $i >&2; sleep 0.005; done'
startsecs=0
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/fd/2
stderr_logfile_maxbytes=0
[program:syslog]
command=/bin/sh -c 'while :; do echo to the log; sleep 0.005; done'
startsecs=0
stdout_syslog=true
stderr_logfile=syslog
stdout_logfile=%(here)s/syslog.log
""")
    for name in ("out", "syslog"):
        server.wait_state(name, "RUNNING")
    for _ in range(3):
        succeed(server)
        size = len(server.output())
        wait_for(lambda size=size: server.output()[size:].count("out ") > 3, "more output")
        size = len(server.read("syslog.log"))
        wait_for(lambda size=size: len(server.read("syslog.log")) > size, "more output")
    for name in ("out", "syslog"):
        server.stop_program(name)
    for kind in ("out", "err"):
        numbers = [int(line.split()[1]) for line in server.output().splitlines() if line.startswith(kind + " ")]
        # What went to a stream right before a kill may come twice: nobody can look whether it arrived.
        seen = [number for place, number in enumerate(numbers) if number > max(numbers[:place], default=0)]
        assert seen == list(range(1, len(seen) + 1))
        assert succeed.crashes or numbers == seen


def test_groups_that_are_removed_while_they_are_configured(kept, succeed):
    """They can be added again, and the numbers of programs continue."""
    server = kept("".join(f"[program:p{number}]\n{SLEEP}" for number in range(6)))
    call = server.rpc.supervisor
    for number in range(3):
        server.wait_state(f"p{number}", "RUNNING")
        server.stop_program(f"p{number}")
        call.removeProcessGroup(f"p{number}")
    call.addProcessGroup("p0")
    before = pids(server)
    succeed(server)
    assert pids(server) == before
    call = server.rpc.supervisor
    call.addProcessGroup("p1")
    assert call.reloadConfig() == [[["p2"], [], []]]
    server.stop_program("p0")
    call.removeProcessGroup("p0")
    before = pids(server)
    succeed(server)
    assert pids(server) == before
    server.rpc.supervisor.addProcessGroup("p2")
    assert set(pids(server)) == {f"{name}:{name}" for name in ("p1", "p2", "p3", "p4", "p5")}


def test_kills_around_upgrades(kept):
    """At every moment there is one state that is right: that of the old program, or that of the new one."""
    names = [f"c{number}" for number in range(4)]
    server = kept("".join(f"[program:{name}]\ncommand={COUNT}\nstdout_logfile=%(here)s/{name}.out\n"
                          f"stderr_logfile=%(here)s/{name}.err\nstartsecs=0\n" for name in names) +
                  listener_section("ok", "ok", "REMOTE_COMMUNICATION"))
    for name in [*names, "ok"]:
        server.wait_state(name, "RUNNING")
    for name in names:
        wait_for(lambda name=name: server.read(f"{name}.out"), f"{name} to print")
    before = pids(server)
    pick = random.Random(5)
    for number in range(40):
        server.rpc.supervisor.sendRemoteCommEvent("kind", str(number))
        way = pick.choice(["upgrade", "crash", "both"])
        if way == "upgrade":
            wait_for(lambda: upgraded(server), "the upgrade")
            continue
        if way == "both":
            server.kill(signal.SIGRTMIN + 25)
            time.sleep(pick.random() * 0.08)  # the moment of the kill
        server.crash_and_take_over()
    assert pids(server) == before
    wait_for(lambda: len(recorded(server, "ok")) == 40, "all events")
    assert [payload for _, payload in recorded(server, "ok")] == [f"type:kind\n{number}" for number in range(40)]
    for name in names:
        server.stop_program(name)
        for log in (f"{name}.out", f"{name}.err"):
            lines = counted(server.directory, log)
            assert lines == [*map(str, range(len(lines) - 1)), "end"], log
