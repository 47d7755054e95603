# SPDX-License-Identifier: MIT
"""A program that does what its arguments say, one after the other, and then sleeps until it is signalled.

wait:FILE        until FILE is there
touch:FILE       writes FILE
print:TEXT       a line to standard output; part:TEXT without its end, error:TEXT a line to standard error
notify:TEXT      a message to the notification socket; "|" in it is a line break
child:TEXT       the same from a child, which lives until its message has been received (BARRIER=1)
orphan:TEXT      the same from a process that has left the process group
flood:COUNT      so many messages, as fast as they are taken
write:FD:TEXT    a line to a descriptor; close:FD closes it
fds:FILE         writes the numbers of its open descriptors to FILE
listen:PATH      a Unix socket; listen:PORT a port of 127.0.0.1
http:PORT        a web server there, which answers 503 until the file "up" is in the present directory, and then 204
exit:STATUS      ends
on_term:TEXT     from now on SIGTERM sends this message, and the program ends 4 seconds later
"""

import array
import http.server
import os
import signal
import socket
import sys
import threading
import time


def send(text, descriptors=()):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        notifier.sendmsg([text.replace("|", "\n").encode()], rights, 0, os.environ["NOTIFY_SOCKET"])


def send_and_wait(text, leave):
    """From a child. A pipe that goes along is closed when the message before it has been received."""
    child = os.fork()
    if child == 0:
        if leave:
            os.setpgid(0, 0)
        send(text)
        reader, writer = os.pipe()
        send("BARRIER=1", [writer])
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.waitpid(child, 0)


def wait(path):
    while not os.path.exists(path):
        time.sleep(0.01)


def touch(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")


def say(stream, text):
    stream.write(text)
    stream.flush()


def write(text):
    number, line = text.split(":", 1)
    os.write(int(number), line.encode() + b"\n")


def flood(count):
    for number in range(int(count)):
        send(f"STATUS=flood {number}")


def list_descriptors(path):
    numbers = [name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(" ".join(sorted(numbers, key=int)))
    os.rename(path + ".new", path)


def listen(path):
    port = path.isdigit()
    listener = socket.socket(socket.AF_INET if port else socket.AF_UNIX)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(path)) if port else path)
    listener.listen()
    KEPT.append(listener)


def serve(port):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204 if os.path.exists("up") else 503)
            self.end_headers()

    server = http.server.HTTPServer(("127.0.0.1", int(port)), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def on_term(text):
    def stop(*_):
        send(text)
        time.sleep(4)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)


KEPT = []
DEEDS = {
    "wait": wait, "touch": touch, "notify": send, "flood": flood, "write": write, "listen": listen, "http": serve,
    "on_term": on_term, "fds": list_descriptors,
    "child": lambda text: send_and_wait(text, False),
    "orphan": lambda text: send_and_wait(text, True),
    "print": lambda text: say(sys.stdout, text + "\n"),
    "part": lambda text: say(sys.stdout, text),
    "error": lambda text: say(sys.stderr, text + "\n"),
    "close": lambda number: os.close(int(number)),
    "exit": lambda status: sys.exit(int(status)),
}

for argument in sys.argv[1:]:
    deed, _, what = argument.partition(":")
    DEEDS[deed](what)
while True:
    time.sleep(1000)
