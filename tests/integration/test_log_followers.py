# SPDX-License-Identifier: MIT
"""Many followers of one log: the file is read once for all, calls are answered, and a slow follower delays nobody."""

import os
import re
import socket
import threading

import pytest

from sanitizers import sanitizer
from waiting import wait_for

FOLLOWERS = 200
CONFIG = """[program:feed]
command=/bin/sh -c "exec /bin/cat <>%(here)s/feed.pipe"
stdout_logfile=%(here)s/feed.log
stdout_logfile_maxbytes=100KB
stdout_logfile_backups=1
startsecs=0
autostart=false
"""


class Feed:
    """A program that prints the lines that it reads, and followers of its log."""

    def __init__(self, daemon, cleanup):
        self.daemon = daemon(CONFIG)
        path = os.path.join(self.daemon.directory, "feed.pipe")
        os.mkfifo(path)  # before the program starts: its shell would create a plain file
        self._pipe = os.open(path, os.O_RDWR)
        cleanup.callback(os.close, self._pipe)
        self._cleanup = cleanup
        self.daemon.rpc.supervisor.startProcess("feed")

    def say(self, data):
        while data:
            data = data[os.write(self._pipe, data):]

    def follow(self):
        client = socket.socket(socket.AF_UNIX)
        self._cleanup.callback(client.close)
        client.settimeout(60)
        client.connect(self.daemon.socket)
        client.sendall(b"GET /logtail/feed HTTP/1.0\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        return client

    def number(self, file, field):
        with open(f"/proc/{self.daemon.pid}/{file}", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


@pytest.fixture
def feed(daemon, cleanup):
    return Feed(daemon, cleanup)


def receive(client, size):
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        assert piece, "the stream has ended"
        data += piece
    return data


def test_followers_miss_nothing_and_share_one_read(feed):
    clients = [feed.follow() for _ in range(FOLLOWERS)]
    reads = feed.number("io", "syscr")
    lines = [b"%06d %s\n" % (number, b"x" * 92) for number in range(2000)]
    for first in range(0, len(lines), 100):  # 10 KB each, so that the log rotates
        part = b"".join(lines[first:first + 100])
        feed.say(part)
        assert feed.daemon.rpc.supervisor.getState()["statename"] == "RUNNING"
        for client in clients:
            assert receive(client, len(part)) == part
    assert feed.number("io", "syscr") - reads < 20 * FOLLOWERS  # as many as if each follower read each part itself
    assert os.path.exists(os.path.join(feed.daemon.directory, "feed.log.1"))


def test_who_takes_nothing_is_told_what_was_missed(feed):
    stopped, other = feed.follow(), feed.follow()
    memory = feed.number("status", "RssAnon")
    total = 0
    for number in range(64):
        part = b"".join(b"%03d %04d %s\n" % (number, line, b"y" * 90) for line in range(1280))
        writer = threading.Thread(target=feed.say, args=(part,))  # in a thread, as the pipe has less room than this
        writer.start()
        assert receive(other, len(part)) == part
        writer.join()
        total += len(part)
    if not sanitizer():  # which keeps what is freed
        assert feed.number("status", "RssAnon") - memory < 4 * 1024
    feed.say(b"the end\n")
    data = b""
    while not data.endswith(b"the end\n"):
        data += stopped.recv(1 << 20)
    told = list(re.finditer(rb"\n\[\.\.\. (\d+) bytes skipped \.\.\.\]\n", data))
    assert told
    missed = sum(int(one[1]) for one in told)
    assert len(data) - sum(len(one[0]) for one in told) + missed == total + len(b"the end\n")
    assert missed > total // 2
    # After the gap the log continues with a whole line.
    assert re.match(rb"\d{3} \d{4} y{90}\n", data[told[-1].end():])


def test_a_new_follower_begins_with_the_end_of_the_file_there_is(feed):
    first = feed.follow()
    feed.say(b"a" * 3000 + b"\n")
    receive(first, 3001)
    second = feed.follow()
    assert receive(second, 1024) == b"a" * 1023 + b"\n"
    feed.daemon.rpc.supervisor.clearProcessLogs("feed")
    feed.say(b"after\n")
    assert receive(first, 6) == receive(second, 6) == b"after\n"
    third = feed.follow()
    assert receive(third, 6) == b"after\n"
    wait_for(lambda: feed.daemon.rpc.supervisor.getState(), "an answer")
