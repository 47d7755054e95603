# SPDX-License-Identifier: MIT
"""Fifty programs of one instance under a manager, and supervisord replaces its program, or is killed, again and again: no
pid changes, no line and no event is lost or doubled, every state and deadline is right afterwards, and nothing leaks.

  SM_ROUNDS=2000   how many upgrades, and how many kills (200)
  SM_SEED=7        another seed of the moments
"""

import http.client
import os
import random
import signal
import socket
import threading
import time
import xmlrpc.client

import pytest

from daemon import UnixConnection, connect
from eventlog import listener_section, parse
from manager_root import kill_instance
from processes import children
from programs import PYTHON, SOURCE, program
from sanitizers import sanitizer
from upgrading import counted, in_thread
from waiting import wait_for

UPGRADES = int(os.environ.get("SM_ROUNDS", "200"))
KILLS = int(os.environ.get("SM_ROUNDS", "200"))
SEED = int(os.environ.get("SM_SEED", "13"))
COUNT = f"{PYTHON} {os.path.join(SOURCE, 'tests', 'support', 'count_lines.py')}"

# The manager's memory may grow by this many kB: malloc does not give back everything.
GROWTH = 512

TEMPLATE = """[unix_http_server]
file={{{socks_dir}}}/supervisor.sock
chmod=0700
chown={{{user}}}:{{{group}}}
[supervisord]
logfile={{{logs_dir}}}/supervisord.log
pidfile={{{pid_dir}}}/supervisord.pid
childlogdir={{{logs_dir}}}
user={{{user}}}
identifier=supervisor_{{{name}}}
strip_ansi=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files={{{include_dir}}}/*.ini
"""

# Name, number of processes, arguments of count_lines.py, more lines.
WRITERS = [
    ("steady", 20, "0.05", ""),
    ("fast", 4, "0.001", "stdout_logfile_maxbytes=20KB\nstderr_logfile_maxbytes=20KB\n"),
    ("pieces", 4, "0.01 pieces", ""),
    ("colours", 3, "0.01 colours", ""),
    ("capture", 2, "0.02 capture", "stdout_capture_maxbytes=1KB\nstderr_capture_maxbytes=1KB\n"),
    ("heard", 2, "0.02 pieces", "stdout_events_enabled=true\nstderr_events_enabled=true\n"),
]
NAMES = [f"{name}:{name}_{number}" for name, count, _, _ in WRITERS for number in range(count)]

OTHERS = """[program:both]
command={count} 0.01
redirect_stderr=true
stdout_logfile={home}/both.out
[program:early]
command=/bin/sleep 1000
startsecs=6
autostart=false
[program:late]
command=/bin/sleep 1000
startsecs=4
autostart=false
[program:starting]
command=/bin/sleep 1000
startsecs=1000
[program:backoff]
command=/bin/false
startsecs=1000
startretries=1000
[program:stopping]
command=/bin/sh -c "trap '' TERM; echo > {home}/ready; while :; do read line < {home}/fifo; done"
startsecs=0
stopwaitsecs=1000
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
[program:asked]
command=/bin/sleep 1000
startsecs=6
autostart=false
[program:dies]
command=/bin/sh -c "n=$(cat {home}/dies.lives | wc -l); echo $$ >> {home}/dies.lives; echo $n; sleep 0.1; exit $((n %% 2))"
startsecs=0
autostart=false
autorestart=true
exitcodes=0
stdout_logfile={home}/dies.out
[program:quick]
command=/bin/sh -c "n=$(cat {home}/quick.lives | wc -l); echo $$ >> {home}/quick.lives; echo $n; sleep 0.02"
startsecs=0
autostart=false
autorestart=true
stdout_logfile={home}/quick.out
"""
LISTENERS = {"states": ("ok", "PROCESS_STATE"), "logs": ("ok", "PROCESS_LOG"),
             "captured": ("ok", "PROCESS_COMMUNICATION"), "ticks": ("ok", "TICK_5"), "moody": ("moody", "REMOTE_COMMUNICATION"),
             "slow": ("slow", "REMOTE_COMMUNICATION")}
LIVES = ("dies", "quick")
BEGUN = (*LIVES, "early", "late", "asked")  # are not always there


def configuration(home):
    text = OTHERS.format(count=COUNT, home=home)
    for name, count, arguments, more in WRITERS:
        logs = "".join(f"{channel}_logfile={home}/%(program_name)s_%(process_num)d.{suffix}\n"
                       f"{channel}_logfile_maxbytes=2KB\n{channel}_logfile_backups=1000\n" for channel, suffix in (("stdout", "out"), ("stderr", "err")))
        overridden = {line.partition("=")[0] for line in more.splitlines()}
        logs = "".join(line + "\n" for line in logs.splitlines() if line.partition("=")[0] not in overridden)
        text += (f"[program:{name}]\ncommand={COUNT} {arguments}\nnumprocs={count}\n"
                 f"process_name=%(program_name)s_%(process_num)d\nstartsecs=0\n{logs}{more}")
    for name, (manner, events) in LISTENERS.items():
        text += listener_section(name, manner, events, buffer_size=100000).replace("%(here)s", home)
    return text


class Instance:
    """The instance `tsupv` under a manager, with all its programs in the state of the test."""

    def __init__(self, manager, owner):
        self.manager, self.owner = manager, owner
        self.home = manager.path("home")
        self.socket = manager.path("run/supervisor_tsupv/supervisor.sock")
        os.makedirs(self.home)
        manager.write("etc/supervisor-manager/templates/stress", TEMPLATE)
        manager.write("etc/supervisor-manager/supervisor-manager.conf",
                      f"[supervisor-manager]\nsupervisord = {program('supervisord')[0]}\n"
                      f"supervisorctl = {program('supervisorctl')[0]}\nrestart_delay = 0\nstart_limit = 1000\n"
                      "stop_timeout = 3\n")
        manager.entry("tsupv", owner, "conf_file_src = stress\n")
        manager.write("etc/supervisord_tsupv.d/x.ini", configuration(self.home), owner)
        os.chown(manager.path("etc/supervisord_tsupv.d"), owner.pw_uid, owner.pw_gid)
        os.mkfifo(self.path("fifo"))
        for name in LIVES:
            manager.write(f"home/{name}.lives", "", owner)
        for path in (self.home, self.path("fifo")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        manager.start()
        manager.wait_state("tsupv", "running")
        self._settle()

    def _settle(self):
        for name in NAMES:
            self.wait_state(name, "RUNNING")
        for name, state in (("backoff", "BACKOFF"), ("exited", "EXITED"), ("fatal", "FATAL")):
            self.wait_state(name, state)
        wait_for(lambda: os.path.exists(self.path("ready")), "the program that ignores SIGTERM")
        for name in BEGUN:  # from now on they have logs
            self.rpc.startProcess(name, False)
            wait_for(lambda name=name: name not in LIVES or len(self.lives(name)) > 1, f"{name} to end")
        self.stop_what_began()
        self.stopped = in_thread(self.rpc.stopProcess, "stopping")
        self.wait_state("stopping", "STOPPING")
        self.before = self.infos()

    def path(self, name):
        return os.path.join(self.home, name)

    def touch(self, name):
        with open(self.path(name), "wb"):
            pass

    @property
    def rpc(self):
        return connect(self.socket).supervisor

    def infos(self):
        return {f"{info['group']}:{info['name']}": info for info in self.rpc.getAllProcessInfo()}

    def log(self):
        with open(self.manager.path("var/log/supervisor_tsupv/supervisord.log"), encoding="utf-8") as file:
            return file.read()

    def serving(self):
        """The pid of supervisord, if it answers."""
        try:
            return self.rpc.getPID()
        except (OSError, http.client.HTTPException):
            return 0

    def crash(self, pick):
        """Kills supervisord, and now and then the next one at some moment of its start; returns when one serves."""
        pid = self.manager.main_pid("tsupv")
        time.sleep(pick.random() * 0.05)  # the moment of the kill
        kill_instance(pid)
        if pick.random() < 0.2:
            pid = wait_for(lambda: self.next_process(pid), "the next process")
            time.sleep(pick.random() * 0.02)  # the moment of the kill
            kill_instance(pid)
        wait_for(lambda: self.serving() not in (0, pid), "the next supervisord")
        self.manager.wait_state("tsupv", "running")

    def next_process(self, before):
        known = {info["pid"] for info in self.before.values()}
        return next((pid for pid in children(self.manager.process.pid) if pid not in (*known, before)
                     and command(pid)[:1] == [program("supervisord")[0]]), None)

    def wait_state(self, name, state):
        def reached():
            info = self.rpc.getProcessInfo(name)
            return info if info["statename"] == state else None

        return wait_for(reached, f"{name} to be {state}")

    def events(self, name):
        """What a listener has recorded (and accepted): (headers, payload)."""
        with open(self.path(f"{name}.events"), "rb") as file:
            return [(dict(headers), payload) for headers, payload in parse(file.read())]

    def begin_deadlines(self):
        """`early` has to be RUNNING before `late`, which is started later: not if its deadline began again."""
        self.begun_at = len(self.log())
        self.rpc.startProcess("early", False)

    def go_on_with_deadlines(self):
        early, late = (self.rpc.getProcessInfo(name) for name in ("early", "late"))
        if late["statename"] == "STOPPED" and early["now"] - early["start"] >= 3:
            self.rpc.startProcess("late", False)

    def check_deadlines(self):
        while self.rpc.getProcessInfo("early")["statename"] == "STARTING":
            self.go_on_with_deadlines()
        self.wait_state("late", "RUNNING")
        log = self.log()[self.begun_at:]
        assert log.index("success: early entered RUNNING") < log.index("success: late entered RUNNING")

    def lives(self, name):
        with open(self.path(f"{name}.lives"), encoding="ascii") as file:
            return file.read().split()

    def start_lives(self):
        for name in LIVES:
            self.rpc.startProcess(name)

    def stop_what_began(self):
        for name in BEGUN:
            wait_for(lambda name=name: self.is_stopped(name), f"{name} to stop")

    def is_stopped(self, name):
        """Stops it, unless it has just ended: then it first has to start again."""
        try:
            self.rpc.stopProcess(name)
        except xmlrpc.client.Fault as fault:
            assert "NOT_RUNNING" in fault.faultString
        return self.rpc.getProcessInfo(name)["statename"] == "STOPPED"

    def descriptors(self):
        """The kinds of those of the instance, and of those of the manager."""
        return kinds(self.manager.main_pid("tsupv")), kinds(self.manager.process.pid)

    def usage(self):
        """What may not grow: descriptors, and the manager's memory in kB. Waits until nothing is on its way."""
        looks = []

        def settled():
            looks.append(self.descriptors())
            return len(looks) > 20 and all(look == looks[-1] for look in looks[-20:])

        wait_for(settled, "the descriptors to settle")
        return *looks[-1], memory(self.manager.process.pid)

    def check_usage(self, before):
        differences = []

        def as_before():
            differences[:] = [{kind: (now.get(kind), then.get(kind)) for kind in {*now, *then}
                               if now.get(kind) != then.get(kind)} for now, then in zip(self.descriptors(), before)]
            return not any(differences)

        try:
            wait_for(as_before, "the descriptors to be as before")
        except AssertionError as error:
            raise AssertionError(f"{error}: now and then: {differences}") from None
        if sanitizer() is None:
            assert memory(self.manager.process.pid) <= before[2] + GROWTH

    def check_states(self):
        after = self.infos()
        changing = {f"{name}:{name}" for name in ("backoff", *BEGUN)}
        for name, info in self.before.items():
            for key in ("pid", "start", "stop", "statename", "exitstatus", "spawnerr"):
                assert name in changing or after[name][key] == info[key], (name, key)
        assert after["backoff:backoff"]["statename"] in ("BACKOFF", "STARTING")
        os.kill(after["stopping:stopping"]["pid"], signal.SIGKILL)
        self.wait_state("stopping", "STOPPED")

    def check_logs(self):
        for name in (group for group, *_ in WRITERS):
            self.rpc.stopProcessGroup(name)
        self.rpc.stopProcess("both")
        for name in NAMES:
            for suffix in ("out", "err"):
                log = f"{name.partition(':')[2]}.{suffix}"
                lines = counted(self.home, log)
                assert lines == [*map(str, range(len(lines) - 1)), "end"], log
        lines = counted(self.home, "both.out")
        assert lines == [text for line in [*map(str, range(len(lines) // 2 - 1)), "end"] for text in (line, line)]

    def check_lives(self):
        """Each process of the programs that end all the time is known with its exit status, and its line is there."""
        transitions = {name: [] for name in LIVES}
        for headers, payload in self.events("states"):
            fields = dict(word.split(":", 1) for word in payload.split())
            transitions.setdefault(fields["processname"], []).append(
                (fields["from_state"], headers["eventname"].removeprefix("PROCESS_STATE_"), fields))
        for name, chain in transitions.items():
            for (_, state, _), (before, _, _) in zip(chain, chain[1:]):
                assert state == before, (name, [step[:2] for step in chain])
        for name in LIVES:
            lives = self.lives(name)
            running = [fields["pid"] for _, state, fields in transitions[name] if state == "RUNNING"]
            assert [pid for pid in running if pid in lives] == lives, name
            assert len(running) - len(lives) <= 2, name  # stops can end processes that had no time to write that
            ends = {lives.index(fields["pid"]): fields["expected"] for _, state, fields in transitions[name]
                    if state == "EXITED"}
            assert ends == {life: str(1 - life % 2) if name == "dies" else "1" for life in ends}, name
            assert len(ends) >= len(lives) - 2, name
            said = list(map(int, counted(self.home, f"{name}.out")))
            assert said == sorted(set(said)) and set(said) >= set(ends), name

    def check_events(self, sent, uncertain):
        """Each event was accepted once, in order, and the listener has no gap."""
        self.touch("slow.events.go")
        for name in ("moody", "slow"):
            expected = [text for text in sent if text not in uncertain]
            wait_for(lambda name=name, expected=expected: self.events(name) and set(expected) <= self.remote(name),
                     f"all events of {name}")
            got = [payload.partition("\n")[2] for _, payload in self.events(name)]
            assert [text for text in got if text not in uncertain] == expected, name
            assert len(set(got)) == len(got), name
        for name in LISTENERS:
            wait_for(lambda name=name: self.is_idle(name), f"{name} to have no event left")
            serials = [int(headers["poolserial"]) for headers, _ in self.events(name)]
            assert serials == [*range(len(serials))], name
        for name in ("heard:heard_0", "heard:heard_1"):
            self.check_heard(name.partition(":")[2])
        for name in ("capture_0", "capture_1"):
            self.check_captured(name)
        ticks = [int(payload.partition(":")[2]) for _, payload in self.events("ticks")]
        assert ticks == sorted(set(ticks))

    def remote(self, name):
        return {payload.partition("\n")[2] for _, payload in self.events(name)}

    def is_idle(self, name):
        size = os.stat(self.path(f"{name}.events")).st_size
        self.rpc.getState()
        return size == os.stat(self.path(f"{name}.events")).st_size

    def check_heard(self, name):
        for suffix, event in (("out", "PROCESS_LOG_STDOUT"), ("err", "PROCESS_LOG_STDERR")):
            expected = "\n".join(counted(self.home, f"{name}.{suffix}")) + "\n"

            def heard(event=event):
                return "".join(payload.partition("\n")[2] for headers, payload in self.events("logs")
                               if headers["eventname"] == event and f"processname:{name} " in payload)

            wait_for(lambda heard=heard, expected=expected: len(heard()) >= len(expected), f"the output of {name}")
            assert heard() == expected, name

    def check_captured(self, name):
        for suffix, event in (("out", "PROCESS_COMMUNICATION_STDOUT"), ("err", "PROCESS_COMMUNICATION_STDERR")):
            expected = counted(self.home, f"{name}.{suffix}")[:-1]

            def heard(event=event):
                return [payload.partition("\n")[2] for headers, payload in self.events("captured")
                        if headers["eventname"] == event and f"processname:{name} " in payload]

            wait_for(lambda heard=heard, expected=expected: len(heard()) >= len(expected), f"the captures of {name}")
            assert heard() == expected, name


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except OSError:
        return []


def kinds(pid):
    """How many descriptors of each kind a process has. Some on /dev/null are there once it has started a program."""
    found = {}
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            kind = os.readlink(entry.path).partition("[")[0]
        except FileNotFoundError:
            continue
        if kind != "/dev/null":
            found[kind] = found.get(kind, 0) + 1
    return found


def memory(pid):
    """Memory of its own, in kB, also what it shares with a helper that it has just forked."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


class Sender:
    """Calls sendRemoteCommEvent all the time, until exit. `sent` are the texts, `uncertain` those without an answer."""

    def __init__(self, path):
        self._path, self._stop = path, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent, self.uncertain = [], set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self):
        while not self._stop.wait(0.02):
            text = str(len(self.sent))
            self.sent.append(text)
            try:
                self._send(text)
            except (OSError, http.client.HTTPException):
                self.uncertain.add(text)

    def _send(self, text):
        """Once: xmlrpc.client would try again."""
        connection = UnixConnection(self._path)
        try:
            connection.request("POST", "/RPC2", xmlrpc.client.dumps(("t", text), "supervisor.sendRemoteCommEvent"),
                               {"Content-Type": "text/xml"})
            assert xmlrpc.client.loads(connection.getresponse().read()) == ((True,), None)
        finally:
            connection.close()


class Follower:
    """Follows a log of counted lines, and checks them when it has ended."""

    def __init__(self, path, name):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(path)
        self._socket.sendall(f"GET /logtail/{name} HTTP/1.0\r\n\r\n".encode())
        self._text = in_thread(self._read)

    def _read(self):
        text = b""
        while not text.endswith(b"end\n"):
            data = self._socket.recv(65536)
            if not data:
                break
            text += data
        return text.partition(b"\r\n\r\n")[2].decode()

    def check(self):
        with self._socket:
            lines = self._text().splitlines()
        first = int(lines[1])  # the first one may be a part
        assert lines[1:] == [*map(str, range(first, first + len(lines) - 2)), "end"]


@pytest.fixture
def instance(manager, owner):
    print(f"SM_SEED={SEED}")
    running = Instance(manager, owner)
    yield running
    for text in (running.log(), manager.log()):  # seen if the test fails
        print(text[-6000:])


def test_upgrades_in_a_row(instance):
    call = instance.rpc
    assert call.upgrade() is True
    pid = call.getPID()
    followers = [Follower(instance.socket, name) for name in ("steady:steady_0", "fast:fast_0")]
    usage = instance.usage()
    started = in_thread(instance.rpc.startProcess, "asked")
    instance.begin_deadlines()
    instance.start_lives()
    with Sender(instance.socket) as sender:
        for _ in range(UPGRADES):
            assert call.upgrade() is True
            instance.go_on_with_deadlines()
    assert call.getPID() == pid == instance.manager.main_pid("tsupv")
    assert sender.uncertain == set()
    instance.check_deadlines()
    assert started() is True
    instance.stop_what_began()
    instance.check_usage(usage)
    instance.check_states()
    assert instance.stopped() is True
    instance.check_logs()
    for follower in followers:
        follower.check()
    instance.check_events(sender.sent, sender.uncertain)
    instance.check_lives()


def test_kills_at_random_moments(instance):
    pick = random.Random(SEED)
    instance.crash(pick)
    usage = instance.usage()
    instance.begin_deadlines()
    instance.start_lives()
    with Sender(instance.socket) as sender:
        for _ in range(KILLS):
            instance.crash(pick)
            instance.go_on_with_deadlines()
    instance.check_deadlines()
    instance.stop_what_began()
    instance.check_usage(usage)
    instance.check_states()
    instance.check_logs()
    instance.check_events(sender.sent, sender.uncertain)
    instance.check_lives()
