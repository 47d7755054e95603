# SPDX-License-Identifier: MIT
"""Prints the numbers from 0 on, one a line, to standard output and to standard error: `count_lines.py [PAUSE]`, with a
pause after each (0.001 s). After SIGTERM it ends, with a last line that is "end"."""

import os
import signal
import sys
import time

STOPPED = []
signal.signal(signal.SIGTERM, lambda *_: STOPPED.append(True))
PAUSE = float(sys.argv[1]) if len(sys.argv) > 1 else 0.001


def say(text):
    for descriptor in (1, 2):
        os.write(descriptor, text.encode())


NUMBER = 0
while not STOPPED:
    say(f"{NUMBER}\n")
    NUMBER += 1
    time.sleep(PAUSE)
say("end\n")
