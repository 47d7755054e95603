# SPDX-License-Identifier: MIT
"""A supervisord is killed, and another one takes over its programs: no pid changes, no line is lost or doubled."""

import os
import random
import signal
import time

import pytest

from eventlog import listener_section, recorded, touch
from processes import is_running
from store_keeper import directory_of
from upgrading import COUNT, counted, infos
from waiting import wait_for


def check_counts(lines):
    assert lines[-1] == "end"
    assert lines[:-1] == [str(number) for number in range(len(lines) - 1)]


def test_kill_after_kill_no_line_is_lost_or_doubled(kept):
    names = [f"count{number}" for number in range(5)]
    sections = "".join(f"[program:{name}]\ncommand={COUNT} {0.0002 * number}\nstopwaitsecs=60\n"
                       f"stdout_logfile=%(here)s/{name}.out\nstdout_logfile_maxbytes=20000\n"
                       f"stdout_logfile_backups=1000\nstderr_logfile=%(here)s/{name}.err\n"
                       for number, name in enumerate(names))
    server = kept(sections)
    for name in names:
        server.wait_state(name, "RUNNING")
    before = infos(server)
    pick = random.Random(13)
    for number in range(40):
        time.sleep(pick.random() * 0.1)  # the moment of the kill
        server.crash_and_take_over()
        assert f"took over {len(names)} programs after a crash (signal 9)" in server.log()
        if number % 10 == 9:
            after = infos(server)
            assert {name: (info["pid"], info["start"], info["statename"]) for name, info in after.items()} == {
                name: (info["pid"], info["start"], "RUNNING") for name, info in before.items()}
    for name in names:
        assert server.rpc.supervisor.stopProcess(name, False)
    for name in names:
        server.wait_state(name, "STOPPED")
    for name in names:
        check_counts(counted(server.directory, f"{name}.out"))
        check_counts(counted(server.directory, f"{name}.err"))


def test_states_deadlines_and_exit_statuses_are_right_afterwards(kept):
    server = kept(f"""
[program:running]
command=/bin/sleep 1000
[program:ends]
command=/bin/sh -c 'while ! [ -e %(here)s/go ]; do sleep 0.01; done; exit 7'
exitcodes=7
autorestart=unexpected
[program:restarts]
command=/bin/sh -c 'echo once >> %(here)s/lives; while ! [ -e %(here)s/go ]; do sleep 0.01; done; exit 1'
autorestart=true
[program:starting]
command=/bin/sleep 1000
startsecs=1000
[program:backoff]
command=/bin/false
startsecs=1000
startretries=1000
[program:fatal]
command=/bin/false
startsecs=1000
startretries=0
[program:stopping]
command={COUNT}
stdout_logfile=%(here)s/stopping.out
stopsignal=CONT
stopwaitsecs=1000
[program:stopped]
command=/bin/sleep 1000
autostart=false
[program:exited]
command=/bin/true
startsecs=0
autorestart=false
""")
    for name, state in (("running", "RUNNING"), ("backoff", "BACKOFF"), ("fatal", "FATAL"), ("exited", "EXITED"),
                        ("stopping", "RUNNING"), ("restarts", "RUNNING"), ("ends", "RUNNING")):
        server.wait_state(name, state)
    server.rpc.supervisor.stopProcess("stopping", False)
    server.wait_state("stopping", "STOPPING")
    before = infos(server)
    server.crash()
    touch(server, "go")
    wait_for(lambda: not is_running(before["ends:ends"]["pid"]), "the program to end while nobody is there")
    server.reap()
    server.take_over()
    server.wait_ready()
    server.wait_state("ends", "EXITED")
    assert infos(server)["ends:ends"]["exitstatus"] == 7
    wait_for(lambda: server.read("lives").count("once") >= 2, "the restart")
    after = infos(server)
    for name in ("running", "starting", "stopping", "stopped", "exited", "fatal"):
        for key in ("statename", "pid", "start", "stop", "exitstatus"):
            assert after[f"{name}:{name}"][key] == before[f"{name}:{name}"][key], (name, key)
    assert after["backoff:backoff"]["statename"] in ("BACKOFF", "STARTING")
    os.kill(before["stopping:stopping"]["pid"], signal.SIGKILL)
    server.wait_state("stopping", "STOPPED")
    os.kill(before["running:running"]["pid"], signal.SIGKILL)
    assert wait_for(lambda: server.is_answering() and infos(server)["running:running"]["pid"] not in
                    (0, before["running:running"]["pid"]), "the restart after a kill")


def test_without_anybody_who_tells_the_exit_status_is_unknown(kept):
    server = kept("[program:a]\ncommand=/bin/sleep 1000\nautorestart=false\n", reports=False)
    pid = server.wait_state("a", "RUNNING")["pid"]
    server.crash_and_take_over()
    os.kill(pid, signal.SIGTERM)
    server.wait_log("exit status unknown")
    assert server.wait_state("a", "EXITED")["exitstatus"] == -1


def test_a_listener_does_not_lose_step(kept):
    server = kept(listener_section("ok", "ok", events="PROCESS_COMMUNICATION,REMOTE_COMMUNICATION"))
    server.wait_state("ok", "RUNNING")
    pick = random.Random(7)
    for number in range(30):
        for part in range(3):
            server.rpc.supervisor.sendRemoteCommEvent("t", f"{number}.{part}")
        time.sleep(pick.random() * 0.01)  # the moment of the kill
        server.crash_and_take_over()
    expected = [f"type:t\n{number}.{part}" for number in range(30) for part in range(3)]
    wait_for(lambda: server.is_answering() and len(recorded(server, "ok")) >= len(expected), "all events")
    assert [payload for _, payload in recorded(server, "ok")] == expected


def test_an_event_that_a_listener_works_on_is_acknowledged_after_the_takeover(kept):
    server = kept(listener_section("slow", "slow", events="REMOTE_COMMUNICATION"))
    server.wait_state("slow", "RUNNING")
    server.rpc.supervisor.sendRemoteCommEvent("t", "first")
    wait_for(lambda: len(recorded(server, "slow")) == 1, "the first event")
    server.rpc.supervisor.sendRemoteCommEvent("t", "second")
    server.crash_and_take_over()
    touch(server, "slow.events.go")
    wait_for(lambda: server.is_answering() and len(recorded(server, "slow")) == 2, "the second event")
    assert [payload for _, payload in recorded(server, "slow")] == ["type:t\nfirst", "type:t\nsecond"]


def test_input_is_neither_lost_nor_doubled(kept):
    server = kept("[program:cat]\ncommand=/bin/cat\nstdout_logfile=%(here)s/cat.out\n")
    server.wait_state("cat", "RUNNING")
    expected = ""
    for number in range(30):
        server.rpc.supervisor.sendProcessStdin("cat", f"{number}\n")
        expected += f"{number}\n"
        server.crash_and_take_over()
    wait_for(lambda: server.read("cat.out") == expected, "all input")


def test_input_that_waits_for_a_reader_is_neither_lost_nor_doubled(kept):
    server = kept("""
[program:cat]
command=/bin/sh -c 'while ! [ -e %(here)s/go ]; do sleep 0.01; done; exec cat'
stdout_logfile=%(here)s/cat.out
""")
    server.wait_state("cat", "RUNNING")
    expected = ""
    for number in range(25):
        text = f"{number:04}\n" * 819 + "\n"
        server.rpc.supervisor.sendProcessStdin("cat", text)
        expected += text
        if number % 6 == 5:
            server.crash_and_take_over()
    touch(server, "go")
    for _ in range(5):
        server.crash_and_take_over()
    wait_for(lambda: server.is_answering() and len(server.read("cat.out")) >= len(expected), "all input")
    assert server.read("cat.out") == expected


def test_kills_while_programs_start_leave_each_of_them_once(kept):
    names = [f"p{number}" for number in range(30)]
    server = kept("".join(f"[program:{name}]\ncommand=/bin/sleep 4242\nstartsecs=0\n" for name in names), wait=False)
    pick = random.Random(3)
    for _ in range(15):
        time.sleep(pick.random() * 0.03)  # the moment of the kill
        server.crash()
        if "state" not in server.store:
            server.start()  # it had not begun
        else:
            server.take_over()
    server.wait_ready()
    for name in names:
        server.wait_state(name, "RUNNING")
    running = {info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}
    assert len(running) == len(names)
    children = {int(pid) for pid in os.listdir("/proc") if pid.isdigit() and command_of(pid) == ["/bin/sleep", "4242"]
                and directory_of(pid) == server.directory}
    assert children == running


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def test_a_capture_section_that_is_half_read(kept):
    server = kept(listener_section("ok", "ok", events="PROCESS_COMMUNICATION") + """
[program:speaks]
command=/bin/sh -c 'printf "before <!--XSUPERVISOR:BEGIN-->half "; while ! [ -e %(here)s/go ]; do sleep 0.01; done; printf "whole<!--XSUPERVISOR:END-->after"; sleep 1000'
stdout_logfile=%(here)s/speaks.out
stdout_capture_maxbytes=1000
""")
    server.wait_state("ok", "RUNNING")
    wait_for(lambda: server.read("speaks.out").startswith("before"), "the text before")
    server.crash_and_take_over()
    touch(server, "go")
    wait_for(lambda: server.is_answering() and recorded(server, "ok"), "the event")
    assert [payload.partition("\n")[2] for _, payload in recorded(server, "ok")] == ["half whole"]
    wait_for(lambda: server.read("speaks.out") == "before after", "the text after")


def test_descriptors_do_not_leak(kept):
    server = kept("[program:a]\ncommand=/bin/sleep 1000\n[program:b]\ncommand=/bin/sleep 1000\n")
    server.wait_state("b", "RUNNING")
    server.crash_and_take_over()
    server.receive()
    first, kept_first = len(os.listdir(f"/proc/{server.pid}/fd")), set(server.store)
    for _ in range(10):
        server.crash_and_take_over()
    server.receive()
    wait_for(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) <= first, "the connections of the clients to be closed")
    assert set(server.store) == kept_first
    server.rpc.supervisor.stopProcess("a")
    server.wait_state("a", "STOPPED")
    server.receive()
    assert {name for name in server.store if name.startswith("p")} == {
        name for name in kept_first if name.startswith("p2.")}


@pytest.mark.parametrize("damage", ["version", "text", "missing"])
def test_a_state_that_cannot_be_used_is_refused_with_status_7(kept, damage):
    server = kept("[program:a]\ncommand=/bin/sleep 1000\n")
    server.wait_state("a", "RUNNING")
    server.crash()
    if damage == "version":
        os.pwrite(server.store["state"], b"x" * 8, 0)
    elif damage == "text":
        size = os.fstat(server.store["state"]).st_size
        for offset in range(2 * 1024 * 1024, size, 4096):
            if os.pread(server.store["state"], 4096, offset).strip(b"\0"):
                os.pwrite(server.store["state"], b"nonsense\n" * 4, offset)
    else:
        os.close(server.store["state"])
        server.store["state"] = os.open("/dev/null", os.O_RDWR)
    server.take_over()
    assert server.process.wait(30) == 7
    assert "cannot take over the programs of the supervisord that crashed" in server.output()


@pytest.mark.parametrize("end", ["killed in its shutdown", "shut down"])
def test_a_shutdown_leaves_nothing_to_take_over(kept, end):
    """A successor of one that was killed in its shutdown must not run what was to be stopped."""
    server = kept("[program:stays]\ncommand=/bin/sh -c 'trap \"\" TERM; while :; do sleep 0.05; done'\nstopwaitsecs=600\n"
                  if end == "killed in its shutdown" else "[program:a]\ncommand=/bin/sleep 1000\n")
    server.wait_state("stays" if end == "killed in its shutdown" else "a", "RUNNING")
    server.kill(signal.SIGTERM)
    if end == "killed in its shutdown":
        server.wait_log("waiting for stays to die")
        server.crash()
    else:
        assert server.process.wait(30) == 0
    server.take_over()
    assert server.process.wait(30) == 7
    assert "it was stopping all programs" in server.output()


def test_a_supervisord_without_programs_keeps_nothing_until_there_is_one(kept):
    empty = kept("")
    empty.wait_ready()
    empty.receive()
    assert not empty.store
    with open(empty.config_path, "a", encoding="utf-8") as file:
        file.write("[program:later]\ncommand=/bin/sleep 1000\n")
    empty.rpc.supervisor.reloadConfig()
    empty.rpc.supervisor.addProcessGroup("later")
    empty.wait_state("later", "RUNNING")
    pid = infos(empty)["later:later"]["pid"]
    empty.receive()
    assert "state" in empty.store
    empty.crash_and_take_over()
    assert infos(empty)["later:later"]["pid"] == pid
