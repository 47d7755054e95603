# SPDX-License-Identifier: MIT
"""What brings the output of programs into files, one class for each, with the same few operations.

    with Svlogd(directory, tools, 10, 1_000_000, 1) as logger:   # 10 writers, each of 1 MB in lines of 80 bytes
        logger.start()
        logger.records.wait(10)
        logger.go()
        logger.wait_written(10_000_000)
"""

import os
import shutil
import socket
import subprocess

from compiled import compiled
from daemon import Daemon
from meters import processor_time
from peers.kind import DebianSupervisord, Kind, OurSupervisord
from peers.records import Records
from waiting import wait_for


class Logger(Kind):
    """`writers` programs that each write `size` bytes, `lines` lines in one write, and what reads them."""

    def __init__(self, directory, tools, writers, size, lines):
        self.directory, self.writers = directory, writers
        self.records = Records(os.path.join(directory, "started"))
        self.folder = os.path.join(directory, "logs")
        self._go_path, self._go = os.path.join(directory, "go"), None
        self.writer = [compiled("peers/program", tools), "--write", self._go_path, str(size), str(lines),
                       self.records.path]
        self.processes = []

    def __enter__(self):
        os.mkdir(self.folder)
        os.mkfifo(self._go_path)
        self.records.__enter__()
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        if self._go is not None:
            os.close(self._go)
        self.records.__exit__()
        shutil.rmtree(self.folder)

    def start(self):
        """Starts the readers and the writers, which wait for go()."""
        raise NotImplementedError

    def run(self, command, **streams):
        """Runs a process until exit."""
        streams.setdefault("stdin", subprocess.DEVNULL)
        self.processes.append(subprocess.Popen(command, cwd=self.directory, **streams))
        return self.processes[-1]

    def readers(self):
        """The pids of the processes that read."""
        raise NotImplementedError

    def processor(self):
        """Seconds of processor time that the readers have used so far."""
        return sum(map(processor_time, self.readers()))

    def go(self):
        """Lets the writers write."""
        self._go = os.open(self._go_path, os.O_RDWR)

    def wait_written(self, size):
        """Waits until the files have so many bytes."""
        wait_for(lambda: self._written() >= size, f"{size} bytes of {self.name} in {self.folder}", limit=120)

    def _written(self):
        """The bytes in the files; a logger may rename one at any time."""
        return sum(entry.stat().st_size for folder, _, _ in os.walk(self.folder) for entry in os.scandir(folder)
                   if entry.is_file() and entry.name.removeprefix("@").isalnum())


class Piped(Logger):
    """A process for each writer, at the other end of a pipe."""

    def start(self):
        self._readers = []
        for index in range(self.writers):
            source, target = os.pipe()
            self._readers.append(self.reader(os.path.join(self.folder, f"w{index:03d}"), source).pid)
            self.run(self.writer, stdout=target)
            os.close(source)
            os.close(target)

    def readers(self):
        return self._readers

    def reader(self, target, source):
        """Starts the process that reads from `source` into `target`, a file or a folder to be created."""
        return self.run(self.command(target), stdin=source, stderr=subprocess.DEVNULL)

    def command(self, target):
        raise NotImplementedError


class Cat(Piped):
    """cat > file."""

    name = "cat > file"
    note = "One process for each writer; neither rotation nor any look at the bytes: the limit."

    def reader(self, target, source):
        with open(target, "wb") as file:
            return self.run(["cat"], stdin=source, stdout=file)


class Svlogd(Piped):
    """runit's svlogd."""

    name = "svlogd"
    note = "One process for each writer; it looks for the ends of lines. Its limit of a file is turned off."
    needs = "svlogd"
    package = "runit"

    def command(self, target):
        os.mkdir(target)
        with open(os.path.join(target, "config"), "w", encoding="ascii") as file:
            file.write("s0\n")
        return ["svlogd", target]


class S6Log(Piped):
    """s6-log."""

    name = "s6-log"
    note = "One process for each writer; it looks for the ends of lines. Its limit of a file is 256 MB."
    needs = "s6-log"
    package = "s6"

    def command(self, target):
        return ["s6-log", "s268435455", target]


class Multilog(Piped):
    """daemontools' multilog."""

    name = "multilog"
    note = "One process for each writer; it looks for the ends of lines. Its limit of a file is 16 MB, the largest."
    needs = "multilog"
    package = "daemontools"

    def command(self, target):
        return ["multilog", "s16777215", target]


class Rsyslog(Logger):
    """rsyslogd with a stream socket."""

    name = "rsyslog"
    note = ("One process for all, which puts all lines into one file. It does not read pipes: the writers write to a "
            "Unix stream socket (`imptcp`). It parses each line as a syslog message, and writes it as it came.")
    needs = "rsyslogd"
    package = "rsyslog"

    def start(self):
        path = os.path.join(self.directory, "r.sock")
        with open(os.path.join(self.directory, "rsyslog.conf"), "w", encoding="ascii") as file:
            file.write(f'global(workDirectory="{self.directory}")\n'
                       f'module(load="imptcp" threads="1")\ninput(type="imptcp" path="{path}")\n'
                       'template(name="raw" type="string" string="%rawmsg%\\n")\n'
                       f'action(type="omfile" file="{self.folder}/all" template="raw")\n')
        self._reader = self.run(["rsyslogd", "-n", "-f", "rsyslog.conf", "-i", os.path.join(self.directory, "r.pid")])
        for _ in range(self.writers):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                wait_for(lambda: connection.connect_ex(path) == 0, "rsyslogd to listen")  # pylint: disable=W0640
                self.run(self.writer, stdout=connection)

    def readers(self):
        return [self._reader.pid]


class Supervisor(Logger):
    """supervisord of a kind, which also starts the writers."""

    def start(self):
        config = (f"[program:w]\ncommand={' '.join(self.writer)}\nnumprocs={self.writers}\nautorestart=false\n"
                  "process_name=%(process_num)03d\nstderr_logfile=NONE\nstdout_logfile_maxbytes=0\n"
                  f"stdout_logfile={self.folder}/w%(process_num)03d\n")
        self._daemon = Daemon(self.kind, self.directory, config, supervisord="minfds=4096").__enter__()

    def __exit__(self, *_):
        self._daemon.__exit__()
        super().__exit__()

    def readers(self):
        return [self._daemon.pid]


class Ours(OurSupervisord, Supervisor):
    """This project."""


class Debian(DebianSupervisord, Supervisor):
    """Debian's Supervisor."""
