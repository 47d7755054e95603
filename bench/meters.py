# SPDX-License-Identifier: MIT
"""Reading what a process costs: memory, processor time, wake-ups."""

import os
import socket
import time

TICKS = os.sysconf("SC_CLK_TCK")


def memory(pid):
    """(PSS, private) of a process in KB."""
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as rollup:
        for line in rollup:
            parts = line.split()
            if len(parts) == 3 and parts[2] == "kB":
                fields[parts[0].rstrip(":")] = int(parts[1])
    return fields["Pss"], fields["Private_Clean"] + fields["Private_Dirty"]


def processorTime(pid):
    """Seconds of processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def switches(pid):
    """How often all threads of a process have gone to sleep by themselves: once for each wake-up."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8", errors="replace") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
    return total


def wakeUps(pid, seconds):
    """Wake-ups in so many seconds of doing nothing."""
    before = switches(pid)
    time.sleep(seconds)
    return switches(pid) - before


def rate(call, seconds=2.0):
    """How often a second `call` can be made."""
    for _ in range(5):
        call()
    start, count = time.monotonic(), 0
    while time.monotonic() - start < seconds:
        call()
        count += 1
    return count / (time.monotonic() - start)


def elapsed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


class RawCaller:
    """Posts one XML-RPC call again and again over one connection, and reads the replies without looking into them: what
    is measured is the server, not a client's parser."""

    def __init__(self, path, method):
        body = f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params/></methodCall>"
        self._request = (f"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)

    def __call__(self):
        self._socket.sendall(self._request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        left = int(fields[b"content-length"]) - len(body)
        while left > 0:
            left -= len(self._receive())

    def _receive(self):
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def close(self):
        self._socket.close()
