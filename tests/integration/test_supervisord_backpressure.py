# SPDX-License-Identifier: MIT
"""Output to targets that accept less than is written: a full one delays its own writers only, and no output is lost."""

import collections
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import xmlrpc.client

import pytest

from eventlog import stdout_section
from sanitizers import sanitizer
from waiting import wait_for

F_SETPIPE_SZ = 1031
DOTS = "." * 24
# Lines of 40 bytes, each with a write of its own.
LINES = """[program:{name}]
command=/bin/sh -c 'i=0; while [ $i -lt {lines} ]; do echo "<{name} %(process_num)02d $i {dots}>"; i=$((i+1)); done'
process_name=%(process_num)02d
numprocs={writers}
startsecs=0
autorestart=false
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
{more}
"""
# The simulated system log needs a /dev of its own.
OWN_DEV = """set -e
mount -t tmpfs tmpfs "$1/dev"
for name in null zero full random urandom tty; do touch "$1/dev/$name"; mount --bind "/dev/$name" "$1/dev/$name"; done
ln -s /proc/self/fd "$1/dev/fd"
ln -s fd/1 "$1/dev/stdout"
ln -s "$1/log" "$1/dev/log"
mount --rbind "$1/dev" /dev
shift
exec "$@"
"""


def program(name, writers, count, more=""):
    return LINES.format(name=name, writers=writers, lines=count, more=more, dots=DOTS)


class Pipe:
    """A pipe of one page, without a reader process yet."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, F_SETPIPE_SZ, 4096)

    def close(self):
        for name in ("reader", "writer"):
            if getattr(self, name) is not None:
                os.close(getattr(self, name))
                setattr(self, name, None)


@pytest.fixture
def pipe(cleanup):
    made = Pipe()
    cleanup.callback(made.close)
    return made


class Cat:
    """A reader that can be stopped: cat, into a file."""

    def __init__(self, pipe, path):
        self.path = path
        with open(path, "wb") as file:
            self.process = subprocess.Popen(["/bin/cat"], stdin=pipe.reader, stdout=file)
        os.close(pipe.reader)
        pipe.reader = None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.send(signal.SIGSTOP)
        wait_for(lambda: "T (stopped)" in status(self.process.pid, "State"), "the reader to stand still")

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def cat(pipe, work_dir, cleanup):
    reader = Cat(pipe, os.path.join(work_dir, "read"))
    cleanup.callback(reader.end)
    return reader


def status(pid, field):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(line.split(":", 1)[1].strip() for line in file if line.startswith(field + ":"))


def numbers(text, name):
    """{process of a LINES program: the received numbers in their order}. Checks that lines are whole."""
    found = collections.defaultdict(list)
    for line in text.splitlines():
        if f"<{name} " in line:
            match = re.fullmatch(rf"<{name} (\d\d) (\d+) \.{{24}}>", line)
            assert match, f"not a whole line: {line!r}"
            found[match[1]].append(int(match[2]))
    return found


def assert_complete(text, name, writers, lines):
    found = numbers(text, name)
    assert {key: len(value) for key, value in found.items()} == {f"{i:02}": lines for i in range(writers)}
    assert all(value == list(range(lines)) for value in found.values()), "out of order"


def is_blocked(pid):
    """Whether a process waits for room in a pipe."""
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return "pipe_write" in file.read()
    except FileNotFoundError:
        return False


def states(server, group):
    return {info["statename"] for info in server.rpc.supervisor.getAllProcessInfo() if info["group"] == group}


def finish(server, reader=None):
    """Ends the daemon while its output is still read; returns its exit status."""
    server.kill(signal.SIGTERM)
    server.process.wait(60)
    if reader is not None:
        reader.join(60)
        assert not reader.is_alive()
    return server.process.returncode


def read_slowly(fd, server, found):
    """Reads half a kilobyte at a time, with calls in between: the daemon can do both."""
    while piece := os.read(fd, 512):
        found.append(piece)
        try:
            if server.process.poll() is None and len(found) % 16 == 0:
                server.rpc.supervisor.getState()
        except (OSError, xmlrpc.client.Error):
            pass  # the daemon ends


def read_line_wise(fd, _, found):
    with open(fd, "rb", buffering=0, closefd=False) as file:
        line = b""
        while piece := file.read(64):
            line += piece
            while b"\n" in line:
                first, line = line.split(b"\n", 1)
                found.append(first + b"\n")
        found.append(line)


@pytest.mark.parametrize("read", [read_slowly, read_line_wise])
@pytest.mark.parametrize("writers, lines", [(1, 40_000), (50, 800)])
def test_a_slow_reader_gets_everything(daemon, pipe, read, writers, lines):
    server = daemon(program("w", writers, lines), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    found = []
    reader = threading.Thread(target=read, args=(pipe.reader, server, found), daemon=True)
    reader.start()
    wait_for(lambda: states(server, "w") == {"EXITED"}, "the writers to end", limit=120)
    assert finish(server, reader) == 0
    assert_complete(b"".join(found).decode(), "w", writers, lines)


OTHER = """[program:other]
command=/bin/cat
stdout_logfile=%(here)s/other.log
"""


@pytest.mark.parametrize("writers, lines", [(1, 50_000), (50, 4_000)])
def test_a_stopped_reader_stops_its_writers_and_nobody_else(daemon, pipe, cat, writers, lines):
    server = daemon(OTHER + program("w", writers, lines, "autostart=false"),
                    stdout=pipe.writer)
    before = int(status(server.pid, "VmRSS").split()[0])
    cat.stop()
    server.rpc.supervisor.startProcessGroup("w", False)
    pids = [info["pid"] for info in server.rpc.supervisor.getAllProcessInfo() if info["group"] == "w"]
    wait_for(lambda: all(is_blocked(pid) for pid in pids), "the writers to wait")
    # Other programs keep running.
    server.wait_state("other", "RUNNING")
    server.rpc.supervisor.sendProcessStdin("other", "still here\n")
    wait_for(lambda: server.read("other.log") == "still here\n", "the other program's log")
    assert states(server, "w") == {"RUNNING"}
    # Its memory does not grow with the waiting output, and nothing wakes it up.
    if not sanitizer():  # which keeps what is freed
        assert int(status(server.pid, "VmRSS").split()[0]) - before < 2048
    wait_for(lambda: status(server.pid, "State").startswith("S"), "the daemon to sleep")
    wait_for(lambda: switches(server.pid) == switches(server.pid, after=20), "the daemon to stay asleep")
    cat.send(signal.SIGCONT)
    wait_for(lambda: states(server, "w") == {"EXITED"}, "the writers to end", limit=120)
    finish(server)
    pipe.close()
    cat.process.wait(60)
    assert_complete(cat.text(), "w", writers, lines)


def switches(pid, after=0):
    """How often a process went to sleep, read after running `after` other processes."""
    for _ in range(after):
        subprocess.run(["/bin/true"], check=True)
    return status(pid, "voluntary_ctxt_switches")


@pytest.mark.parametrize("writers", [1, 50])
def test_a_reader_that_is_gone_costs_its_output_and_is_counted(daemon, pipe, cat, writers):
    server = daemon(program("w", writers, 10_000, "autostart=false"), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    cat.stop()
    server.rpc.supervisor.startProcessGroup("w", False)
    pids = [info["pid"] for info in server.rpc.supervisor.getAllProcessInfo() if info["group"] == "w"]
    wait_for(lambda: any(is_blocked(pid) for pid in pids), "a writer to wait")
    cat.end()
    wait_for(lambda: states(server, "w") == {"EXITED"}, "the writers to get on", limit=60)
    finish(server)
    broken = "log file /dev/stdout: cannot write: Broken pipe; output is discarded until it is writable again"
    assert broken in server.log()
    assert 1 <= server.log().count("log file /dev/stdout: cannot write") <= writers
    assert re.search(r"log file /dev/stdout: \d+ bytes were lost", server.log())


def test_a_programs_end_does_not_wait_for_its_last_words(daemon, pipe, cat):
    """Five runs, one after the other; only the output of the last is more than the pipe has room for."""
    sizes = [8000] * 4 + [100_000]
    server = daemon("[program:r]\ncommand=/bin/sh -c 'n=$(cat n); echo $((n+1)) > n; echo begin $n; "
                    "head -c $(sed -n ${n}p sizes) /dev/zero | tr \"\\\\0\" \"\\\\n\"; echo end $n'\n"
                    "directory=%(here)s\nstartsecs=0\nautostart=false\n"
                    "autorestart=false\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n", stdout=pipe.writer)
    with open(os.path.join(server.directory, "n"), "w", encoding="ascii") as file:
        file.write("1\n")
    with open(os.path.join(server.directory, "sizes"), "w", encoding="ascii") as file:
        file.writelines(f"{size}\n" for size in sizes)
    cat.stop()
    for run in range(1, 5):
        server.rpc.supervisor.startProcess("r")
        server.wait_state("r", "EXITED")
        assert server.read("n") == f"{run + 1}\n"
    server.rpc.supervisor.startProcess("r")
    wait_for(lambda: server.read("n") == "6\n", "the fifth run")
    server.wait_state("r", "RUNNING")
    cat.send(signal.SIGCONT)
    server.wait_state("r", "EXITED")
    finish(server)
    pipe.close()
    cat.process.wait(60)
    ours = [line for line in cat.text().splitlines() if line == "" or line.startswith(("begin", "end"))]
    expected = [line for n, size in enumerate(sizes, 1) for line in [f"begin {n}", *[""] * size, f"end {n}"]]
    assert ours == expected


def test_a_program_that_is_removed_leaves_its_output(daemon, pipe, cat):
    server = daemon(OTHER + program("w", 1, 700, "autostart=false"), stdout=pipe.writer)
    cat.stop()
    for _ in range(2):
        server.rpc.supervisor.startProcess("w:00")
        server.wait_state("w:00", "EXITED")
    server.rpc.supervisor.removeProcessGroup("w")
    cat.send(signal.SIGCONT)
    wait_for(lambda: cat.text().count("<w ") == 1400, "all lines")
    assert numbers(cat.text(), "w")["00"] == 2 * list(range(700))


@pytest.mark.parametrize("number, words", [
    (signal.SIGTERM, "received SIGTERM indicating exit request"),
    (signal.SIGHUP, "received SIGHUP indicating restart request")])
def test_what_was_read_is_written_before_the_end(daemon, pipe, cat, number, words):
    server = daemon(program("w", 3, 1500, "autostart=false"), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    cat.stop()
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "the writers to end")
    server.kill(number)
    wait_for(lambda: words in server.log(), "the way down")
    cat.send(signal.SIGCONT)
    if number == signal.SIGHUP:
        wait_for(lambda: server.log().count("supervisord started with pid") == 2, "the next life")
        server.kill(signal.SIGTERM)
    server.process.wait(60)
    cat.process.wait(60)
    assert_complete(cat.text(), "w", 3, 1500)
    assert words in cat.text(), "its own log waits in line as well"
    assert "are lost" not in server.log()


def test_a_reader_that_stands_still_does_not_keep_it_alive(daemon, pipe, cat):
    server = daemon(program("w", 3, 1500, "autostart=false"), stdout=pipe.writer)
    cat.stop()
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "the writers to end")
    assert server.stop(limit=60) == 0
    assert re.search(r"ERRO discarded \d+ bytes of output: their readers did not take them in time", server.log())


SAYS = """[program:d]
command=/bin/sh -c 'while read n; do i=0; while [ $i -lt $n ]; do echo "<d 00 $i {dots}>"; i=$((i+1)); done; done'
startsecs=0
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=NONE
"""


@pytest.mark.parametrize("where", ["program", "supervisord"])
def test_with_drop_a_program_does_not_wait_and_the_loss_is_counted(daemon, pipe, cat, where):
    policy = "log_backpressure=drop\n"
    server = daemon(OTHER + SAYS.format(dots=DOTS) + policy * (where == "program"), stdout=pipe.writer,
                    supervisord=policy * (where != "program"))
    server.wait_state("d", "RUNNING")
    cat.stop()
    pid = server.rpc.supervisor.getProcessInfo("d")["pid"]
    server.rpc.supervisor.sendProcessStdin("d", "20000\n")
    full = "log file /dev/stdout: its reader is too slow; output that does not fit is discarded until it catches up"
    wait_for(lambda: full in server.log(), "the loss to be logged")
    wait_for(lambda: reads_stdin(pid), "the program to get on")
    cat.send(signal.SIGCONT)
    said = 20000

    def works():
        nonlocal said
        server.rpc.supervisor.sendProcessStdin("d", "1\n")
        said += 1
        return re.search(r"log file /dev/stdout: works again, (\d+) bytes were lost", server.log())

    lost = int(wait_for(works, "the loss to be counted")[1])
    assert server.log().count(full) == 1
    finish(server)
    pipe.close()
    cat.process.wait(60)
    lines = [line for line in cat.text().splitlines() if "<d " in line]
    assert all(re.fullmatch(r"<d 00 \d+ \.{24}>", line) for line in lines)
    written = sum(len(f"<d 00 {i} {DOTS}>\n") for i in range(20000)) + (said - 20000) * len(f"<d 00 0 {DOTS}>\n")
    assert sum(len(line) + 1 for line in lines) + lost == written


def reads_stdin(pid):
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return "pipe_read" in file.read()


class Receiver:
    """The system log: a datagram socket. The receiver calls `pace` before it takes the next message."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.bind()

    def bind(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def take(self, count, pace=lambda: None):
        self.socket.settimeout(30)
        for _ in range(count):
            self.messages.append(self.socket.recv(65536).decode())
            pace()

    def take_all(self):
        while message := self.socket.recv(65536):
            self.messages.append(message.decode())

    def shut_down(self):
        """Ends take_all()."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self.path)

    def close(self):
        self.socket.close()


@pytest.fixture
def receiver(work_dir, cleanup):
    if os.getuid() != 0:
        pytest.skip("a mount namespace needs root")
    os.mkdir(os.path.join(work_dir, "dev"))
    made = Receiver(os.path.join(work_dir, "log"))
    cleanup.callback(made.close)
    return made


def with_own_dev(work_dir):
    return ["unshare", "--mount", "sh", "-c", OWN_DEV, "sh", work_dir]


SYSLOG = """[program:w]
command=/bin/sh -c 'i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done'
startsecs=0
autostart=false
autorestart=false
stdout_logfile={log}
stdout_syslog=true
"""


@pytest.mark.parametrize("log", ["NONE", "%(here)s/w.log"])
def test_a_slow_system_log_gets_every_line_in_order(daemon, work_dir, receiver, log):
    server = daemon(OTHER + SYSLOG.format(log=log), prefix=with_own_dev(work_dir))
    server.rpc.supervisor.startProcess("w")
    receiver.take(2000, pace=lambda: threading.Event().wait(0.0005))
    assert [re.sub(r"^<14>\w+ +\d+ [\d:]+ ", "", message) for message in receiver.messages] == [
        f"supervisord: w line {i}" for i in range(2000)]
    if log != "NONE":
        wait_for(lambda: server.read("w.log") == "".join(f"line {i}\n" for i in range(2000)), "the file")
    assert "lost" not in server.log()


def test_a_system_log_that_stands_still_holds_up_nobody_and_may_be_restarted(daemon, work_dir, receiver):
    server = daemon(OTHER + SYSLOG.format(log="NONE").replace("2000", "20000"), prefix=with_own_dev(work_dir))
    server.rpc.supervisor.startProcess("w")
    pid = server.rpc.supervisor.getProcessInfo("w")["pid"]
    wait_for(lambda: is_blocked(pid), "the writer to wait")
    server.wait_state("other", "RUNNING")
    server.rpc.supervisor.sendProcessStdin("other", "still here\n")
    wait_for(lambda: server.read("other.log") == "still here\n", "the other program's log")
    old = receiver.socket
    receiver.bind()
    old.close()  # with its unread messages
    receiver.messages.clear()
    first = int(receiver.socket.recv(65536).decode().rsplit(" ", 1)[1])
    receiver.take(20000 - first - 1)
    assert [int(message.rsplit(" ", 1)[1]) for message in receiver.messages] == list(range(first + 1, 20000))
    server.wait_state("w", "EXITED")
    assert "lost" not in server.log()


def test_a_system_log_that_is_gone_is_said_and_counted(daemon, work_dir, receiver):
    server = daemon(SYSLOG.format(log="NONE"), prefix=with_own_dev(work_dir))
    receiver.close()
    server.rpc.supervisor.startProcess("w")
    server.wait_state("w", "EXITED")
    wait_for(lambda: server.log().count("system log for w: cannot write: Connection refused") == 1, "the trouble")
    receiver.bind()

    def works():
        server.rpc.supervisor.startProcess("w")
        server.wait_state("w", "EXITED")
        return re.search("system log for w: works again, [0-9]+ bytes were lost", server.log())

    drain = threading.Thread(target=receiver.take_all, daemon=True)
    drain.start()
    wait_for(works, "the loss to be counted")
    receiver.shut_down()
    drain.join(30)
    lost = int(re.search(r"works again, (\d+) bytes", server.log())[1])
    assert lost == sum(len(f"line {i}\n") for i in range(2000)), "the first run, and nothing else"


def printing(writers, lines, more=""):
    """Programs whose lines go to standard output through supervisor_stdout's listener; the tests start them."""
    quiet = "stdout_events_enabled=true\nautostart=false\nstdout_logfile=NONE\n"
    return stdout_section(more) + program("w", writers, lines, quiet).replace("stdout_logfile=/dev/stdout\n", "")


def printed(text):
    """The lines that the listener printed, as the programs wrote them."""
    return "".join(line[len("00 stdout | "):] + "\n" for line in text.splitlines() if " stdout | " in line)


@pytest.mark.parametrize("read", [read_slowly, read_line_wise])
@pytest.mark.parametrize("writers, lines", [(1, 20_000), (20, 1000)])
def test_printed_lines_of_a_slow_reader_are_complete(daemon, pipe, read, writers, lines):
    """More events than the pool keeps, and a reader that is slower than the listener: the programs wait."""
    server = daemon(printing(writers, lines), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    found = []
    reader = threading.Thread(target=read, args=(pipe.reader, server, found))
    reader.start()
    server.wait_state("stdout:stdout", "RUNNING")
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "all writers", 90)
    wait_for(lambda: b"".join(found).count(b">\n") >= writers * lines, "all lines", 60)
    finish(server, reader)
    assert_complete(printed(b"".join(found).decode()), "w", writers, lines)
    assert "lost" not in server.log() and "overflowed" not in server.log()


def test_printed_lines_wait_for_a_stopped_reader(daemon, cat, pipe):
    """The listener and its programs wait, other programs and calls do not; when the reader continues, so do they."""
    server = daemon(printing(3, 40_000) + "[program:free]\ncommand=/bin/echo free\nstartsecs=0\nautorestart=false\n",
                    stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    server.wait_state("stdout:stdout", "RUNNING")
    cat.stop()
    pids = [server.rpc.supervisor.getProcessInfo(f"w:{i:02}")["pid"] for i in range(3)
            if server.rpc.supervisor.startProcess(f"w:{i:02}")]
    wait_for(lambda: any(is_blocked(pid) for pid in pids), "a writer to wait")
    assert server.rpc.supervisor.startProcess("free")
    assert server.rpc.supervisor.readProcessStdoutLog("free", 0, 0).endswith("free\n")
    cat.send(signal.SIGCONT)
    wait_for(lambda: len(printed(cat.text()).splitlines()) >= 120_000, "all lines", 60)
    assert_complete(printed(cat.text()), "w", 3, 40_000)
    assert "lost" not in server.log() and "overflowed" not in server.log()


def test_printed_lines_may_be_dropped(daemon, cat, pipe):
    server = daemon(printing(3, 10_000, "log_backpressure=drop"), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    server.wait_state("stdout:stdout", "RUNNING")
    cat.stop()
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "all writers")
    assert "standard output: its reader is too slow" in server.log()


def test_a_printing_listener_outlives_the_reader(daemon, cat, pipe):
    server = daemon(printing(3, 3000), stdout=pipe.writer)
    os.close(pipe.writer)
    pipe.writer = None
    server.wait_state("stdout:stdout", "RUNNING")
    cat.end()
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "all writers")
    assert server.rpc.supervisor.getProcessInfo("stdout:stdout")["statename"] == "RUNNING"


def test_a_listener_that_hangs_holds_up_no_program(daemon):
    """It has an event and never answers: its pool loses its oldest events, like any other pool."""
    server = daemon(printing(3, 10_000))
    listener = server.wait_state("stdout:stdout", "RUNNING")["pid"]
    os.kill(listener, signal.SIGSTOP)
    server.rpc.supervisor.startProcessGroup("w")
    wait_for(lambda: states(server, "w") == {"EXITED"}, "all writers", 60)
    assert "overflowed" in server.log()
