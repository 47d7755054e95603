# SPDX-License-Identifier: MIT
"""A program that gets its sockets from supervisord: answers each connection with its pid, then waits for its end. SIGTERM
never comes between the two.

  activated.py [once | never | shut | slow | describe FILE]

once       ends after the first connection was closed
never      ends without taking one
slow       does not end at SIGTERM
shut       ends its sockets, for all who have them, and then itself
describe   first writes what it was given to FILE: a line for each descriptor
"""

import os
import selectors
import signal
import socket
import sys

FIRST = 3


def sockets():
    """The sockets of LISTEN_FDS, by systemd's protocol, with their names."""
    assert os.environ["LISTEN_PID"] == str(os.getpid()), os.environ["LISTEN_PID"]
    names = os.environ["LISTEN_FDNAMES"].split(":")
    count = int(os.environ["LISTEN_FDS"])
    assert len(names) == count
    return [(name, socket.socket(fileno=FIRST + number)) for number, name in enumerate(names)]


def describe(path, given):
    numbers = sorted(os.listdir("/proc/self/fd"), key=int)[:-1]  # the last one was for the list
    with open(path + ".new", "w", encoding="utf-8") as file:
        for name, one in given:
            flags = "blocking" if os.get_blocking(one.fileno()) else "nonblocking"
            file.write(f"{name} {one.family.name} {one.type.name} {flags} {one.getsockname()}\n")
        file.write(" ".join(numbers) + "\n")
    os.rename(path + ".new", path)


def answer(client):
    with client:
        client.sendall(f"{os.getpid()}\n".encode())
        client.recv(1)


def serve(given, once=False, ends=True):
    wakened, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    with selectors.DefaultSelector() as ready:
        ready.register(wakened, selectors.EVENT_READ)
        for _, one in given:
            ready.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is wakened:
                    if ends:
                        return
                    wakened.recv(100)
                    continue
                if key.fileobj.type == socket.SOCK_DGRAM:
                    _, peer = key.fileobj.recvfrom(100)
                    key.fileobj.sendto(f"{os.getpid()}\n".encode(), peer)
                elif key.fileobj in [one for _, one in given]:
                    client, _ = key.fileobj.accept()
                    if once:
                        answer(client)
                        return
                    client.sendall(f"{os.getpid()}\n".encode())
                    ready.register(client, selectors.EVENT_READ)
                elif not key.fileobj.recv(1):
                    ready.unregister(key.fileobj)
                    key.fileobj.close()


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode == "never":
        return
    given = sockets()
    if mode == "shut":
        for _, one in given:
            one.shutdown(socket.SHUT_RDWR)
        return
    if mode == "slow":
        serve(given, ends=False)
    if mode == "describe":
        describe(sys.argv[2], given)
    serve(given, mode == "once")


if __name__ == "__main__":
    main()
