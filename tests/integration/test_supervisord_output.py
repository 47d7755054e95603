# SPDX-License-Identifier: MIT
"""Logs of programs: rotation, logrotate's two ways, removed files, full disks, targets other than files."""

import os
import signal
import subprocess

import pytest

from daemon import UnixConnection
from waiting import wait_for

# For each line N of its standard input it writes N bytes "x" and a newline.
WRITER = """[program:w]
command=/bin/sh -c 'while read n; do head -c "$n" /dev/zero | tr "\\\\0" x; echo; done'
startsecs=0
stdout_logfile={path}
stdout_logfile_maxbytes={max_bytes}
stdout_logfile_backups=2
"""


def writer(daemon, path="%(here)s/w.out", max_bytes=0, **options):
    server = daemon(WRITER.format(path=path, max_bytes=max_bytes), **options)
    server.wait_state("w", "RUNNING")
    return server


def say(server, count):
    server.rpc.supervisor.sendProcessStdin("w", f"{count}\n")


def size(path):
    return os.stat(path).st_size if os.path.exists(path) else -1


def test_rotation_keeps_every_byte(daemon):
    server = writer(daemon, max_bytes=1001)
    path = os.path.join(server.directory, "w.out")
    for count in range(1, 4):
        rotated = os.stat(path).st_ino
        say(server, 1000)
        wait_for(lambda n=count, inode=rotated: size(path + ".1") == 1001 and os.stat(path + ".1").st_ino == inode
                 and size(f"{path}.{min(n, 2)}") == 1001, f"rotation {count}")
        wait_for(lambda: size(path) == 0, "the new file")
    assert not os.path.exists(path + ".3")
    say(server, 10)
    wait_for(lambda: size(path) == 11, "what comes after the rotation")


def test_rotation_between_the_lines_of_a_fast_program(daemon):
    """All that is in the pipe is written in one piece, so that a rotation divides no line."""
    server = daemon("[program:w]\ncommand=/bin/sh -c 'i=0; while [ $i -lt 500000 ]; do i=$((i+1)); echo $i; done'\n"
                    "startsecs=0\nautorestart=false\nstdout_logfile=%(here)s/w.out\nstdout_logfile_maxbytes=1MB\n"
                    "stdout_logfile_backups=10\n")
    server.wait_state("w", "EXITED")
    names = [f"w.out.{number}" for number in range(10, 0, -1)] + ["w.out"]
    files = [server.read(name) for name in names if os.path.exists(os.path.join(server.directory, name))]
    assert "".join(files) == "".join(f"{number}\n" for number in range(1, 500_001))
    assert len(files) > 2
    for text in files[:-1]:
        assert text.endswith("\n")
        assert 2**20 <= len(text) < 2**20 + 2**17


def test_copytruncate_leaves_no_hole(daemon):
    server = writer(daemon)
    path = os.path.join(server.directory, "w.out")
    say(server, 500)
    wait_for(lambda: size(path) == 501, "the first line")
    os.truncate(path, 0)
    say(server, 9)
    wait_for(lambda: size(path) > 0, "the second line")
    assert server.read("w.out") == "x" * 9 + "\n"


def test_rename_and_usr2(daemon):
    server = writer(daemon)
    path = os.path.join(server.directory, "w.out")
    say(server, 5)
    wait_for(lambda: size(path) == 6, "the first line")
    os.rename(path, path + "-old")
    os.rename(server.log_path, server.log_path + "-old")
    server.kill(signal.SIGUSR2)
    wait_for(lambda: os.path.exists(path) and os.path.exists(server.log_path), "the new files")
    say(server, 7)
    wait_for(lambda: size(path) == 8, "the second line")
    assert size(path + "-old") == 6
    assert "received SIGUSR2 indicating log reopen request" in server.read("supervisord.log-old")


def test_a_removed_file_comes_back(daemon):
    server = writer(daemon)
    path = os.path.join(server.directory, "w.out")
    say(server, 5)
    wait_for(lambda: size(path) == 6, "the first line")
    os.unlink(path)

    def returned():
        say(server, 1)
        return os.path.exists(path)

    wait_for(returned, "the file to come back")


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
def test_a_full_disk_costs_output_but_not_the_program(daemon, work_dir, cleanup):
    disk = os.path.join(work_dir, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "none", disk], check=True)
    cleanup.callback(subprocess.run, ["umount", "-l", disk], check=True)
    server = writer(daemon, path=f"{disk}/w.out")
    pid = server.rpc.supervisor.getProcessInfo("w")["pid"]
    say(server, 100_000)
    wait_for(lambda: "cannot write: No space left on device" in server.log(), "the trouble in the log")
    os.truncate(f"{disk}/w.out", 0)

    def resumed():
        say(server, 1)
        return "works again" in server.log()

    wait_for(resumed, "the output to resume")
    assert server.log().count("cannot write") == 1
    assert server.rpc.supervisor.getProcessInfo("w")["pid"] == pid
    assert size(f"{disk}/w.out") > 0


def test_a_fifo_without_reader_holds_up_nobody(daemon):
    server = daemon("[program:w]\ncommand=/bin/sh -c 'head -c 500000 /dev/zero; echo done >&2; exec sleep 1000'\n"
                    "stdout_logfile=%(here)s/fifo\nstartsecs=0\nautostart=false\n")
    os.mkfifo(os.path.join(server.directory, "fifo"))
    server.rpc.supervisor.startProcess("w")
    wait_for(lambda: server.rpc.supervisor.readProcessStderrLog("w", 0, 0) == "done\n", "the program to get on")


@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/fd/1"])
def test_a_program_logs_to_the_standard_output_of_supervisord(daemon, target):
    server = daemon(f"[program:hello]\ncommand=/bin/echo hello there\nstartsecs=0\nautorestart=false\n"
                    f"stdout_logfile={target}\nstdout_logfile_maxbytes=0\n")
    server.wait_state("hello", "EXITED")
    assert "\nhello there\n" in server.output()


def test_ansi_and_invalid_bytes(daemon):
    server = daemon("[program:c]\ncommand=/usr/bin/printf 'a\\033[31mred\\033[0m\\377\\n'\nstartsecs=0\n"
                    "autorestart=false\nstdout_logfile=%(here)s/c.out\n", supervisord="strip_ansi=true")
    server.wait_state("c", "EXITED")
    with open(os.path.join(server.directory, "c.out"), "rb") as file:
        assert file.read() == b"ared\xff\n"


def test_auto_logs_go_with_the_next_start(daemon):
    server = daemon("[program:c]\ncommand=/bin/cat\n")
    first = server.rpc.supervisor.getProcessInfo("c")["stdout_logfile"]
    assert os.path.basename(first).startswith("c-stdout---supervisor-")
    server.kill(signal.SIGHUP)
    wait_for(lambda: not os.path.exists(first), "the old log to go")
    server.wait_ready()
    assert os.path.exists(server.rpc.supervisor.getProcessInfo("c")["stdout_logfile"])


COLOURED = "\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m\n\x1b]0;title\x07plain ä\n"


def test_sequences_are_left_out_of_answers_alone(daemon, cleanup):
    """XML cannot carry ESC, and "[31m" is noise in a dashboard. Files, streams and `tail -f` keep colours."""
    server = daemon("[program:cat]\ncommand=cat\nstartsecs=0\nstdout_logfile=%(here)s/cat.out\n")
    with open(os.path.join(server.directory, "text"), "w", encoding="utf-8") as file:
        file.write(COLOURED)
    server.configure("[program:talk]\ncommand=/bin/sh -c 'cat text; exec sleep 1000'\nstartsecs=0\ndirectory=%(here)s\n"
                     "stdout_logfile=%(here)s/talk.out\n")
    server.ctl("update")
    wait_for(lambda: server.read("talk.out") == COLOURED, "the output, as it is")
    rpc, size = server.rpc.supervisor, len(COLOURED.encode())
    plain = "red and green\nplain ä\n"
    assert rpc.readProcessStdoutLog("talk", 0, 0) == plain
    assert rpc.readProcessStdoutLog("talk", -size, 0) == plain
    assert rpc.readProcessStdoutLog("talk", -10 * size, 0) == plain
    assert rpc.tailProcessStdoutLog("talk", 0, size) == [plain, size, False]
    assert rpc.tailProcessStdoutLog("talk", 0, 10 * size)[0] == plain
    assert rpc.readProcessStdoutLog("talk", size + 3, 5) == ""
    for offset in range(size):  # wherever a reader begins, it gets no incomplete sequence
        for text in (rpc.readProcessStdoutLog("talk", offset, 0), rpc.readProcessStdoutLog("talk", offset - size, 0),
                     rpc.tailProcessStdoutLog("talk", size - offset, offset)[0]):
            assert plain.endswith(text.lstrip("\ufffd")), text
    assert "".join(rpc.readProcessStdoutLog("talk", n, 1) for n in range(size)).replace("\ufffd\ufffd", "ä") == plain
    assert server.ctl("tail", "talk").stdout == plain + "\n"
    stream = UnixConnection(server.socket)
    cleanup.callback(stream.close)
    stream.request("GET", "/logtail/talk")
    assert stream.getresponse().read(size).decode() == COLOURED
