# SPDX-License-Identifier: MIT
"""A program that reports to its supervisor: watchdog_reporter.py FILE USEC

Each tenth of a second it sends what FILE contains, WATCHDOG=1 without FILE, and nothing if that is "nothing". It writes
its WATCHDOG_USEC to the file USEC.
"""

import os
import socket
import sys
import time

with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(os.environ.get("WATCHDOG_USEC", ""))
address = os.environ["NOTIFY_SOCKET"]
reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reports.connect("\0" + address[1:] if address.startswith("@") else address)
while True:
    text = "WATCHDOG=1"
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            text = file.read().strip()
    except FileNotFoundError:
        pass
    if text != "nothing":
        reports.send(text.encode())
    time.sleep(0.1)
