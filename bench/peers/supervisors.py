# SPDX-License-Identifier: MIT
"""The supervisors that are compared, one class for each, with the same few operations.

    with S6(directory, tools, 10) as peer:
        peer.start()
        peer.records.wait(10)
        peer.stop()
        peer.records.wait_ended()
"""

import glob
import os
import signal
import subprocess

from compiled import compiled
from daemon import Daemon
from instance_bench import QUIET
from meters import processor_time
from peers.kind import DebianSupervisord, Kind, OurSupervisord
from peers.records import Records
from processes import children, is_running
from programs import program


class Peer(Kind):
    """A supervisor with `count` programs, in `directory`; `tools` is where C programs are compiled."""

    most = 1000           # programs
    most_timed = 1000     # programs whose start and stop are measured: more take minutes
    is_stopping = True    # whether stop() ends the supervisor, too
    shares_memory = True  # whether a second one beside it shares its code

    def __init__(self, directory, tools, count):
        self.directory, self.count, self.process, self.pids = directory, count, None, []
        self.records = Records(os.path.join(directory, "started"))
        self.program = [compiled("peers/program", tools), self.records.path]

    def __enter__(self):
        self.records.__enter__()
        self.prepare()
        return self

    def __exit__(self, *_):
        if self.process is not None:
            managers = self.managers()
            programs = self.pids if len(self.pids) == self.count else self.started_by(managers)
            for pid in [*managers, *programs]:  # the first supervisor first: nothing is started again
                if is_running(pid):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.records.__exit__()

    def prepare(self):
        """Writes the configuration."""

    def start(self):
        """Starts the supervisor, which starts the programs; does not wait for them."""
        self.process = subprocess.Popen(self.command(), cwd=self.directory, start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def command(self):
        raise NotImplementedError

    @property
    def is_timed(self):
        """Whether its start and stop are measured."""
        return 0 < self.count <= self.most_timed

    def wait_started(self):
        """Waits until all programs run; returns the time of the last start in ns of the monotonic clock."""
        found = self.records.wait(self.count)
        self.pids = [pid for pid, _ in found]
        return max((time for _, time in found), default=0)

    def managers(self):
        """The pids of the supervisor's processes, the first one first."""
        return [self.process.pid]

    def started_by(self, managers):
        """The pids of the programs, of which not all have reported that they run."""
        return [pid for manager in managers for pid in children(manager)]

    def processor(self):
        """Seconds of processor time of all its processes and of the programs, so far."""
        return sum(processor_time(pid) for pid in self.managers() + self.pids)

    def status(self):
        """A command that prints the state of all programs."""
        raise NotImplementedError

    def stop(self):
        """Begins to stop everything."""
        self.process.terminate()

    def ended(self):
        """Notes that all its processes have ended: none is left to be killed."""
        if self.process is not None:
            self.process.wait()
        self.process = None

    def path(self, *names):
        return os.path.join(self.directory, *names)


class Bare(Peer):
    """A C program with the bare system calls: the limit."""

    name = "bare C"
    note = "`bench/peers/bare_supervisor.c`: only the system calls; it has no configuration, log, status or control."

    def __init__(self, directory, tools, count):
        super().__init__(directory, tools, count)
        self._supervisor = compiled("peers/bare_supervisor", tools)

    def command(self):
        return [self._supervisor, str(self.count), *self.program]

    def status(self):
        return None


class Supervisor(Peer):
    """supervisord of a kind."""

    def prepare(self):
        config = (f"[program:p]\ncommand={' '.join(self.program)}\nnumprocs={self.count}\nautorestart=true\n"
                  f"process_name=%(process_num)04d\n{QUIET}") if self.count else ""
        self._daemon = Daemon(self.kind, self.directory, config, supervisord="minfds=8192")

    def start(self):
        self.process = self._daemon.start().process

    def status(self):
        return [*program("supervisorctl", self.kind), "-c", self._daemon.config_path, "status"]


class Ours(OurSupervisord, Supervisor):
    """This project."""


class Debian(DebianSupervisord, Supervisor):
    """Debian's Supervisor."""


class Tree(Peer):
    """A supervisor that starts a supervisor for each folder with a program."""

    def prepare(self):
        for index in range(self.count):
            folder = self.path("services", f"{index:04d}")
            os.makedirs(folder)
            run = os.path.join(folder, "run")
            with open(run, "w", encoding="ascii") as file:
                file.write(f"#!{' '.join(self.program)}\n")  # no shell: as fast as these can be
            os.chmod(run, 0o755)
        os.makedirs(self.path("services"), exist_ok=True)
        os.utime(self.path("services"), (0, 0))  # runsvdir waits a second for a folder that has just changed

    _others = ()

    def managers(self):
        first = self.process.pid
        if is_running(first):  # otherwise the others have another parent
            self._others = children(first)
        return [first, *self._others]

    def folders(self):
        return sorted(glob.glob(self.path("services", "*")))


class S6(Tree):
    """s6-svscan."""

    name = "s6"
    note = ("One `s6-supervise` for each program, all together counted. No RPC. It waits a second before it starts a "
            "program again. `s6-svstat` takes one program: a shell calls it for each.")
    needs = "s6-svscan"
    package = "s6"

    def command(self):
        return ["s6-svscan", "-c", "2000", self.path("services")]

    def status(self):
        return ["/bin/sh", "-c", 'for folder in "$@"; do s6-svstat "$folder"; done', "sh", *self.folders()]


class Runit(Tree):
    """runsvdir."""

    name = "runit"
    note = "One `runsv` for each program, all together counted. No RPC; at most 1,000 programs."
    needs = "runsvdir"
    package = "runit"

    def command(self):
        return ["runsvdir", self.path("services")]

    def status(self):
        return ["sv", "status", *self.folders()]

    def stop(self):
        self.process.send_signal(signal.SIGHUP)


class Daemontools(Tree):
    """svscan."""

    name = "daemontools"
    note = ("One `supervise` for each program, all together counted. No RPC; at most 1,000 programs. It has no command "
            "that stops all: `svscan` is killed, then `svc -dx` gets all folders.")
    needs = "svscan"
    package = "daemontools"

    def command(self):
        return ["svscan", self.path("services")]

    def status(self):
        return ["svstat", *self.folders()]

    def stop(self):
        self.process.kill()
        if self.count:
            subprocess.run(["svc", "-dx", *self.folders()], check=True)


class Monit(Peer):
    """monit."""

    name = "monit"
    note = ("It supervises daemons by their pid files and looks at them once in a cycle, here a second, the shortest. "
            "It starts one program after the other, and stops one in a cycle or two: with 100 programs that takes "
            "minutes, so that these ran before it. No RPC.")
    needs = "monit"
    package = "monit"
    most = 100
    most_timed = 10

    def prepare(self):
        binary, fifo = self.program
        lines = ["set daemon 1", f"set pidfile {self.path('pid')}", f"set idfile {self.path('id')}",
                 f"set statefile {self.path('state')}", f"set log {self.path('log')}",
                 f"set httpd unixsocket {self.path('s.sock')} allow bench:bench"]
        for index in range(self.count):
            pidfile = self.path(f"p{index:04d}.pid")
            lines += [f"check process p{index:04d} with pidfile {pidfile}",
                      f'  start program = "{binary} --daemon {pidfile} {fifo}"',
                      f'  stop program = "{binary} --end {pidfile}"']
            if self.count > self.most_timed:
                subprocess.run([binary, "--daemon", pidfile, fifo], check=True)
        with open(self.path("monitrc"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(self.path("monitrc"), 0o600)

    def started_by(self, managers):
        found = []
        for path in glob.glob(self.path("p*.pid")):
            with open(path, encoding="ascii") as file:
                found += map(int, file.read().split())
        return found

    def command(self):
        return ["monit", "-I", "-c", self.path("monitrc")]

    def status(self):
        return ["monit", "-c", self.path("monitrc"), "summary"]

    def stop(self):
        if self.count:
            subprocess.run(["monit", "-c", self.path("monitrc"), "stop", "all"], check=True, stdout=subprocess.DEVNULL)
            self.records.wait_ended()
        self.process.terminate()
