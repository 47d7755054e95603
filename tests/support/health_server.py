# SPDX-License-Identifier: MIT
"""A server whose health a test controls: health_server.py tcp|unix|http PLACE FILE [WORK]

It listens on PLACE, a port of 127.0.0.1 or a path. Each HTTP answer has the status that FILE contains, 200 without FILE;
with an empty FILE it does not answer. It appends a line to WORK for each connection, with the number of connections that
are open.
"""

import os
import socket
import sys
import threading

kind, place, control = sys.argv[1:4]
work = sys.argv[4] if len(sys.argv) > 4 else os.devnull
open_now = 0
mutex = threading.Lock()


def status():
    try:
        with open(control, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return "200"


def serve(guest):
    global open_now
    with mutex:
        open_now += 1
        with open(work, "a", encoding="utf-8") as file:
            print(open_now, file=file)
    answer = status() if kind == "http" else ""
    if kind == "http":
        guest.recv(65536)
    if answer:
        guest.sendall(f"HTTP/1.1 {answer} x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode())
    elif kind == "http":
        guest.recv(1)  # until the client has closed
    with mutex:
        open_now -= 1
    guest.close()


server = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if kind == "unix" and os.path.exists(place):
    os.unlink(place)
server.bind(place if kind == "unix" else ("127.0.0.1", int(place)))
server.listen(64)
while True:
    threading.Thread(target=serve, args=[server.accept()[0]], daemon=True).start()
