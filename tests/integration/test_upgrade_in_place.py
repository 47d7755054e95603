# SPDX-License-Identifier: MIT
"""supervisord replaces its own program in the same process: programs, logs, states, listeners and clients continue."""

import os
import signal
import socket
import subprocess
import xmlrpc.client

import pytest

from daemon import Daemon, UnixConnection, connect
from eventlog import listener_section, recorded, touch
from processes import is_running
from programs import program
from upgrading import COUNT, Installation, counted, in_thread, infos, other_version, version
from waiting import wait_for


@pytest.fixture
def installed(work_dir):
    return Installation(work_dir)


@pytest.fixture
def upgraded(daemon, installed):
    """Starts a supervisord of an installation; its `upgrade` returns when the new program serves."""

    def start(config="", **options):
        server = daemon(config, executable=installed.path, **options)

        def upgrade():
            before = server.log().count("INFO supervisord upgraded from ")
            assert server.rpc.supervisor.upgrade() is True
            assert server.log().count("INFO supervisord upgraded from ") == before + 1

        server.upgrade = upgrade
        return server

    return start


def test_fifty_upgrades_and_no_line_is_lost_or_doubled(upgraded):
    server = upgraded(f"[program:count]\ncommand={COUNT}\nnumprocs=10\nprocess_name=%(program_name)s_%(process_num)d\n"
                      "stdout_logfile=%(here)s/%(process_num)d.out\nstderr_logfile=%(here)s/%(process_num)d.err\n"
                      "stdout_logfile_maxbytes=2KB\nstdout_logfile_backups=10000\n"
                      f"[program:both]\ncommand={COUNT}\nredirect_stderr=true\nstdout_logfile=%(here)s/both.out\n")
    names = ["both:both", *(f"count:count_{number}" for number in range(10))]
    before = {name: server.wait_state(name, "RUNNING") for name in names}
    for _ in range(50):
        server.upgrade()
    after = infos(server)
    for name in names:
        assert [after[name][key] for key in ("pid", "start", "statename")] == [
            before[name][key] for key in ("pid", "start", "statename")]
    server.rpc.supervisor.stopAllProcesses()
    for number in range(10):
        for log in (f"{number}.out", f"{number}.err"):
            lines = counted(server.directory, log)
            assert lines == [*map(str, range(len(lines) - 1)), "end"], log
    lines = counted(server.directory, "both.out")
    assert lines == [text for line in [*map(str, range(len(lines) // 2 - 1)), "end"] for text in (line, line)]


def test_the_log_says_from_which_version_to_which(upgraded, installed):
    server = upgraded("[program:a]\ncommand=/bin/sleep 1000\n[program:b]\ncommand=/bin/sleep 1000\nautostart=false\n")
    server.wait_state("a", "RUNNING")
    pid, executable = server.pid, os.stat(f"/proc/{server.pid}/exe").st_ino
    installed.newer()
    server.upgrade()
    assert f"INFO supervisord upgraded from {version()} to {other_version()}, 1 program kept\n" in server.log()
    assert server.rpc.supervisor.getPID() == pid
    assert os.stat(f"/proc/{pid}/exe").st_ino == os.stat(installed.path).st_ino != executable


@pytest.mark.parametrize("arguments, text", [((), "Upgrading supervisord\n"), (("--wait",), "Upgraded supervisord\n")])
def test_supervisorctl_upgrade(upgraded, installed, arguments, text):
    server = upgraded()
    installed.newer()
    done = server.ctl("upgrade", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, text, "")
    wait_for(lambda: f"to {other_version()}, 0 programs kept\n" in server.log(), "the upgrade")


def test_supervisorctl_upgrade_takes_no_other_argument(upgraded):
    done = upgraded().ctl("upgrade", "now")
    assert done.returncode == 1
    assert done.stdout.startswith("Error: upgrade accepts only --wait\nupgrade\t\t\tReplace the program")


def test_a_signal_upgrades(upgraded):
    server = upgraded()
    server.kill(signal.SIGRTMIN + 25)
    wait_for(lambda: "INFO supervisord upgraded from " in server.log(), "the upgrade")
    assert "INFO received SIGRTMIN+25 indicating upgrade request\n" in server.log()
    assert server.rpc.supervisor.getState()["statename"] == "RUNNING"


STATES = """[program:starting]
command=/bin/sleep 1000
startsecs=4
[program:later]
command=/bin/sleep 1000
startsecs=4
autostart=false
[program:running]
command=/bin/sleep 1000
startsecs=0
[program:backoff]
command=/bin/false
startretries=3
[program:stopping]
command=/bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
startsecs=0
stopwaitsecs=4
killasgroup=true
stdout_logfile=%(here)s/stopping.log
[program:after]
command=/bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
startsecs=0
stopwaitsecs=4
killasgroup=true
stdout_logfile=%(here)s/after.log
[program:exited]
command=/bin/sh -c "exit 3"
startsecs=0
autorestart=false
[program:fatal]
command=/nonexistent
startretries=0
[program:stopped]
command=/bin/sleep 1000
autostart=false
"""


def test_every_state_and_deadline_goes_on(upgraded):
    server = upgraded(STATES)
    call = server.rpc.supervisor
    for name, state in (("starting", "STARTING"), ("backoff", "BACKOFF"), ("exited", "EXITED"), ("fatal", "FATAL")):
        server.wait_state(name, state)
    for name in ("stopping", "after"):
        wait_for(lambda name=name: server.read(f"{name}.log"), f"{name} to ignore SIGTERM")
    call.stopProcess("stopping", False)
    before = infos(server)
    server.upgrade()
    after = infos(server)
    for name, info in before.items():
        if name == "backoff:backoff":  # may have been tried again
            continue
        for key in info:
            if key not in ("now", "description") or info["statename"] in ("EXITED", "FATAL", "STOPPED"):
                assert after[name][key] == info[key], (name, key)
    # The same deadline, begun now, passes later.
    call.startProcess("later", False)
    call.stopProcess("after", False)
    server.wait_state("later", "RUNNING")
    server.wait_state("after", "STOPPED")
    server.wait_state("backoff", "FATAL")
    log = server.log()
    assert log.index("INFO success: starting entered RUNNING") < log.index("INFO success: later entered RUNNING")
    assert log.index("WARN killing 'stopping'") < log.index("WARN killing 'after'")
    assert log.count("INFO spawned: 'backoff'") == 4
    assert "INFO gave up: backoff entered FATAL state, too many start retries too quickly" in log


def test_a_program_that_ends_right_before_the_upgrade_is_reaped(upgraded):
    server = upgraded("[program:short]\ncommand=/bin/sleep 1000\nnumprocs=20\nprocess_name=short_%(process_num)d\n"
                      "startsecs=0\nautorestart=unexpected\n")
    names = [f"short:short_{number}" for number in range(20)]
    before = {name: server.wait_state(name, "RUNNING")["pid"] for name in names}
    for pid in before.values():
        os.kill(pid, signal.SIGUSR1)
    server.upgrade()
    for name in names:
        wait_for(lambda name=name: server.rpc.supervisor.getProcessInfo(name)["pid"] not in (0, before[name]),
                 f"{name} to be restarted")
    assert server.log().count("(terminated by SIGUSR1; not expected)") == 20


def test_an_event_in_the_hands_of_a_listener_is_delivered_once(upgraded):
    server = upgraded(listener_section("slow", "slow", "REMOTE_COMMUNICATION"))
    server.wait_state("slow", "RUNNING")
    for number in range(5):
        server.rpc.supervisor.sendRemoteCommEvent("kind", str(number))
    wait_for(lambda: recorded(server, "slow"), "the first event")
    server.upgrade()
    server.upgrade()
    server.rpc.supervisor.sendRemoteCommEvent("kind", "5")
    touch(server, "slow.events.go")
    wait_for(lambda: len(recorded(server, "slow")) == 6, "all events")
    events = recorded(server, "slow")
    assert [payload for _, payload in events] == [f"type:kind\n{number}" for number in range(6)]
    for key in ("serial", "poolserial"):
        serials = [int(dict(headers)[key]) for headers, _ in events]
        assert serials == sorted(set(serials)), key
    assert [int(dict(headers)["poolserial"]) for headers, _ in events] == list(range(6))


def test_what_a_reread_has_applied_stays_applied(upgraded):
    config = listener_section("ok", "ok", "REMOTE_COMMUNICATION")
    server = upgraded(config, supervisord="identifier=before")
    server.wait_state("ok", "RUNNING")
    text = server.read("supervisord.conf")
    with open(server.config_path, "w", encoding="utf-8") as file:
        file.write(text.replace("identifier=before", "identifier=after"))
    server.rpc.supervisor.reloadConfig()
    for number in range(2):
        server.upgrade()
        server.rpc.supervisor.sendRemoteCommEvent("kind", str(number))
        wait_for(lambda number=number: len(recorded(server, "ok")) == number + 1, "the event")
    assert [dict(headers)["server"] for headers, _ in recorded(server, "ok")] == ["after", "after"]
    assert server.rpc.supervisor.getIdentification() == "after"


HALVES = """[program:half]
command=/bin/sh -c "printf '%s'; while ! test -e %%(here)s/go; do sleep 0.02; done; printf '%s'; exec sleep 1000"
startsecs=0
stdout_logfile=%%(here)s/half.log
%s
"""


@pytest.mark.parametrize("first, second", [
    ("<!--XSUPERVISOR:BEGIN-->one ", "two<!--XSUPERVISOR:END-->"),
    ("<!--XSUPERVISOR:BEG", "IN-->one two<!--XSUPERVISOR:END-->"),
    ("<!--XSUPERVISOR:BEGIN-->one two<!--XSUPERVI", "SOR:END-->")])
def test_a_capture_section_that_is_half_read(upgraded, first, second):
    server = upgraded(listener_section("ok", "ok", "PROCESS_COMMUNICATION") +
                      HALVES % ("before " + first, second + " after", "stdout_capture_maxbytes=1MB"))
    server.wait_state("ok", "RUNNING")
    wait_for(lambda: server.read("half.log") == "before ", "the first half")
    server.upgrade()
    touch(server, "go")
    wait_for(lambda: recorded(server, "ok"), "the event")
    (_, payload), = recorded(server, "ok")
    assert payload.partition("\n")[2] == "one two"
    wait_for(lambda: server.read("half.log") == "before  after", "the rest")


def test_half_a_control_sequence_is_stripped(upgraded):
    server = upgraded(HALVES % (r"plain \\033[3", r"1mred\\033[0m", ""), supervisord="strip_ansi=true")
    wait_for(lambda: server.read("half.log").startswith("plain "), "the first half")
    server.upgrade()
    touch(server, "go")
    wait_for(lambda: server.read("half.log") == "plain red", "the rest")


SLOW = """[program:slow]
command=/bin/sleep 1000
startsecs=4
autostart=false
[program:stubborn]
command=/bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
startsecs=0
killasgroup=true
stopwaitsecs=4
stdout_logfile=%(here)s/stubborn.log
[group:pair]
programs=one,two
[program:one]
command=/bin/sleep 1000
startsecs=2
autostart=false
[program:two]
command=/bin/sleep 1000
startsecs=2
autostart=false
"""


def test_calls_that_wait_are_answered_by_the_new_program(upgraded):
    server = upgraded(SLOW)
    wait_for(lambda: server.read("stubborn.log"), "the program that ignores SIGTERM")
    started = in_thread(server.rpc.supervisor.startProcess, "slow")
    stopped = in_thread(server.rpc.supervisor.stopProcess, "stubborn")
    server.wait_state("slow", "STARTING")
    server.wait_state("stubborn", "STOPPING")
    server.upgrade()
    assert server.rpc.supervisor.getProcessInfo("slow")["statename"] == "STARTING"
    assert started() is True
    assert server.rpc.supervisor.getProcessInfo("slow")["statename"] == "RUNNING"
    assert stopped() is True
    assert server.rpc.supervisor.getProcessInfo("stubborn")["statename"] == "STOPPED"


def test_a_call_that_cannot_go_on_gets_a_clear_fault(upgraded):
    server = upgraded(SLOW)
    both = in_thread(server.rpc.supervisor.startProcessGroup, "pair")
    server.wait_state("pair:two", "STARTING")
    server.upgrade()
    fault = both()
    assert isinstance(fault, xmlrpc.client.Fault)
    assert (fault.faultCode, fault.faultString) == (
        30, "FAILED: supervisord was upgraded during this call: what it began continues")
    server.wait_state("pair:one", "RUNNING")
    server.wait_state("pair:two", "RUNNING")


def test_a_followed_log_goes_on_at_its_byte(upgraded):
    server = upgraded(f"[program:count]\ncommand={COUNT}\nstdout_logfile=%(here)s/count.log\n")
    server.wait_state("count", "RUNNING")
    with subprocess.Popen([*program("supervisorctl"), "-c", server.config_path, "tail", "-f", "count"],
                          stdout=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout.readline() == "==> Press Ctrl-C to exit <==\n"
            first = int(client.stdout.readline())
            for _ in range(5):
                server.upgrade()
            server.rpc.supervisor.stopProcess("count")
            expected = first
            for line in client.stdout:
                expected += 1
                if line == "end\n":
                    break
                assert int(line) == expected
            assert expected > first + 5
        finally:
            client.terminate()


def test_a_request_that_is_half_sent_is_answered(upgraded):
    server = upgraded()
    body = xmlrpc.client.dumps((), "supervisor.getPID").encode()
    head = b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
    request = head + body
    for cut in (1, len(head) - 3, len(head), len(request) - 1):
        connection = UnixConnection(server.socket)
        connection.connect()
        with connection.sock as client:
            client.settimeout(60)
            client.sendall(request[:cut])
            server.upgrade()
            client.sendall(request[cut:])
            answer = b""
            while b"</methodResponse>" not in answer:
                received = client.recv(4096)
                assert received, answer
                answer += received
            assert b"<int>%d</int>" % server.pid in answer
            client.sendall(request)  # the connection is kept
            assert client.recv(12) == b"HTTP/1.1 200"


def test_groups_of_run_time_stay(upgraded):
    server = upgraded("[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory = "
                      "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n"
                      "[group:g]\nprograms=\n[program:gone]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    call = server.rpc
    call.twiddler.addProgramToGroup("g", "twiddled", {"command": "/bin/sleep 1000", "startsecs": "0"})
    sections = "[program:added]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:next]\ncommand=/bin/sleep 1000\n"
    server.configure(sections)
    assert call.supervisor.reloadConfig() == [[["added", "next"], [], ["g", "gone"]]]
    call.supervisor.addProcessGroup("added")
    before = infos(server)
    assert set(before) == {"g:twiddled", "gone:gone", "added:added"}
    server.configure("[program:broken]\n")  # is not read
    server.upgrade()
    after = infos(server)
    assert {name: info["pid"] for name, info in after.items()} == {name: info["pid"] for name, info in before.items()}
    call = server.rpc
    assert call.supervisor.addProcessGroup("next") is True  # from the configuration that was last read
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME"):
        call.supervisor.addProcessGroup("broken")
    server.configure(sections)
    assert call.supervisor.reloadConfig() == [[[], [], ["g", "gone"]]]
    call.supervisor.stopProcess("g:twiddled")
    call.twiddler.removeProcessFromGroup("g", "twiddled")
    server.upgrade()
    assert set(infos(server)) == {"gone:gone", "added:added", "next:next"}


def test_standard_input_that_waits_for_its_reader(upgraded):
    server = upgraded("[program:reader]\ncommand=/bin/sh -c \"while ! test -e %(here)s/go; do sleep 0.02; done; "
                      "exec cat\"\nstartsecs=0\nstdout_logfile=%(here)s/reader.log\n")
    server.wait_state("reader", "RUNNING")
    lines = "".join(f"{number}\n" for number in range(18000))  # more than the pipe takes
    for start in range(0, len(lines), 50000):
        server.rpc.supervisor.sendProcessStdin("reader", lines[start:start + 50000])
    server.upgrade()
    server.rpc.supervisor.sendProcessStdin("reader", "end\n")
    server.upgrade()
    touch(server, "go")
    wait_for(lambda: server.read("reader.log") == lines + "end\n", "all input to be read")


def test_restart_and_stop_after_an_upgrade(upgraded):
    server = upgraded("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    server.upgrade()
    server.kill(signal.SIGHUP)
    wait_for(lambda: server.log().count("supervisord started with pid") == 2, "the restart")
    server.wait_ready()
    pid = server.wait_state("a", "RUNNING")["pid"]
    server.upgrade()
    assert server.stop() == 0
    assert not is_running(pid)
    assert not os.path.exists(server.socket)
    assert not os.path.exists(os.path.join(server.directory, "supervisord.pid"))


def test_a_daemon_in_the_background(work_dir, installed, cleanup):
    """Started with relative paths, in a directory that it then leaves."""
    config = os.path.join(work_dir, "s.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[supervisord]\nlogfile=s.log\npidfile=s.pid\nchildlogdir=.\ndirectory=/\n[unix_http_server]\n"
                   f"file={work_dir}/s.sock\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "
                   "supervisor.rpcinterface:make_main_rpcinterface\n[program:a]\ncommand=/bin/sleep 1000\n")
    subprocess.run([installed.path, "-c", "s.conf"], cwd=work_dir, check=True, timeout=60)
    call = connect(f"{work_dir}/s.sock").supervisor
    pid = call.getPID()
    cleanup.callback(wait_for, lambda: not is_running(pid), "supervisord to end")
    cleanup.callback(os.kill, pid, signal.SIGTERM)
    assert call.upgrade() is True
    with open(os.path.join(work_dir, "s.pid"), encoding="ascii") as file:
        assert int(file.read()) == pid == call.getPID()
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert call.reloadConfig() == [[[], [], []]]


def test_the_first_process_of_a_container(work_dir, installed):
    if os.getuid() != 0:
        pytest.skip("a new pid namespace needs root")
    with Daemon("ours", work_dir, f"[program:count]\ncommand={COUNT}\nstdout_logfile=%(here)s/count.log\n",
                executable=installed.path, prefix=["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]) as box:
        assert box.rpc.supervisor.getPID() == 1
        box.wait_state("count", "RUNNING")
        for _ in range(3):
            assert box.rpc.supervisor.upgrade() is True
        box.rpc.supervisor.stopProcess("count")
        lines = counted(work_dir, "count.log")
        assert lines == [*map(str, range(len(lines) - 1)), "end"]
        box.rpc.supervisor.shutdown()
        assert box.process.wait(30) == 0


def test_the_manager_hears_from_the_new_program(upgraded, work_dir, cleanup):
    path = os.path.join(work_dir, "notify")
    manager = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    manager.bind(path)
    manager.settimeout(60)
    server = upgraded("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n",
                      env={**os.environ, "NOTIFY_SOCKET": path, "SUPERVISOR_MANAGER_INSTANCE": "x"})
    pid = server.wait_state("a", "RUNNING")["pid"]

    def hears(text):
        while text not in manager.recv(1 << 18).decode():
            pass

    hears(f"X_SUPERVISOR_PROGRAM=RUNNING {pid} a\n")
    server.upgrade()
    hears(f"READY=1\nX_SUPERVISOR_PROGRAMS=all\nX_SUPERVISOR_PROGRAM=RUNNING {pid} a\n")
    server.rpc.supervisor.stopProcess("a")
    hears(f"X_SUPERVISOR_PROGRAM=STOPPED {pid} a\n")


def test_programs_see_nothing_of_the_upgrade(upgraded):
    """Neither in their environment nor among their descriptors."""
    server = upgraded("[program:a]\ncommand=/bin/sh -c \"env | cut -d= -f1 | sort; ls /proc/self/fd; exec sleep 1000\"\n"
                      "startsecs=0\nstdout_logfile=%(here)s/a.log\n")

    def printed():
        server.rpc.supervisor.stopProcess("a")
        server.rpc.supervisor.clearProcessLogs("a")  # what it has printed until now
        server.rpc.supervisor.startProcess("a")
        return wait_for(lambda: server.read("a.log").endswith("\n3\n") and server.read("a.log"), "the descriptors")

    server.wait_state("a", "RUNNING")
    before = printed()
    server.upgrade()
    assert printed() == before
