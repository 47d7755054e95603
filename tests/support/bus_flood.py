# SPDX-License-Identifier: MIT
"""A client that sends calls as fast as the bus takes them. As a program:

  bus_flood.py SOCKET COUNT          GetManagedObjects, all sent before the first reply is read; prints how many were
                                     answered and how many were refused with LimitsExceeded
  bus_flood.py SOCKET COUNT unheard  the same with the flag that no reply is expected; prints "sent"
"""

import os
import socket
import struct
import sys
import threading

CALL, RETURN, ERROR = 1, 2, 3
NO_REPLY = 1


def _padded(data):
    return data + b"\0" * (-len(data) % 8)


def _field(code, signature, value):
    data = value.encode()
    return bytes([code, 1]) + signature.encode() + b"\0" + struct.pack("<I", len(data)) + data + b"\0"


def _call(serial, destination, path, interface, member, flags=0, argument=None):
    """`argument`: None, or a string."""
    body = struct.pack("<I", len(argument)) + argument.encode() + b"\0" if argument is not None else b""
    fields = [_field(1, "o", path), _field(2, "s", interface), _field(3, "s", member), _field(6, "s", destination)]
    if body:
        fields.append(bytes([8, 1]) + b"g\0\1s\0")
    array = b"".join(_padded(field) for field in fields[:-1]) + fields[-1]
    return _padded(struct.pack("<cBBBIII", b"l", CALL, flags, 1, len(body), serial, len(array)) + array) + body


def _messages(stream):
    """(type, error name or "") of each message that arrives."""
    while True:
        head = stream.read(16)
        if len(head) < 16:
            return
        _, kind, _, _, body, _, fields = struct.unpack("<cBBBIII", head)
        rest = stream.read(fields + (-fields % 8) + body)
        yield kind, rest[:fields]


def connect(path):
    """The socket, and the messages that arrive, of a connection that has its name on the bus."""
    bus = socket.socket(socket.AF_UNIX)
    bus.connect(path)
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
    stream = bus.makefile("rb")
    assert stream.readline().startswith(b"OK")
    bus.sendall(_call(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"))
    messages = _messages(stream)
    next(messages)
    return bus, messages


def deaf_listener(path):
    """The socket of a new connection that gets the manager's signals, and reads nothing: as if it was stopped."""
    bus, messages = connect(path)
    bus.sendall(_call(2, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
                      argument="type='signal',sender='org.supervisormanager1'"))
    while next(messages)[0] != RETURN:
        pass
    return bus


def unread_calls(path, count):
    """The socket of a new connection that has sent `count` calls of GetManagedObjects, and reads no reply."""
    bus, _messages = connect(path)
    bus.sendall(b"".join(_call(serial, "org.supervisormanager1", "/org/supervisormanager1",
                               "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
                         for serial in range(2, count + 2)))
    return bus


def pipelined(path, calls):
    """Sends all `calls`, (path, interface, member), from one new connection in one write, and waits for the replies."""
    bus, messages = connect(path)
    with bus:
        bus.sendall(b"".join(_call(serial, "org.supervisormanager1", *call) for serial, call in enumerate(calls, 2)))
        left = len(calls)
        while left:
            left -= next(messages)[0] in (RETURN, ERROR)


def main(path, count, *mode):
    bus, messages = connect(path)
    flags = NO_REPLY if mode else 0

    def send():
        for serial in range(2, count + 2):
            bus.sendall(_call(serial, "org.supervisormanager1", "/org/supervisormanager1",
                              "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", flags))
        print("sent", flush=True)

    if mode:
        return send()
    sender = threading.Thread(target=send)
    sender.start()
    sender.join(1)  # the bus may stop reading before everything is sent
    answered = refused = other = 0
    for kind, fields in messages:
        answered += kind == RETURN
        refused += kind == ERROR and b"LimitsExceeded" in fields
        other += kind == ERROR and b"LimitsExceeded" not in fields
        if answered + refused + other == count:
            break
    sender.join()
    print(answered, refused, flush=True)
    return None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
