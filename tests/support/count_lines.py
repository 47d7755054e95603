# SPDX-License-Identifier: MIT
"""Prints the numbers from 0 on, one a line, to standard output and to standard error: `count_lines.py [PAUSE [MANNER]]`,
with a pause after each (0.001 s). After SIGTERM it ends, with a last line that is "end".

  whole    a line at a time (the default)
  pieces   each line in two pieces, another pause between them
  colours  the same, with control sequences around the number; the end of a piece can be inside one
  capture  the same, with the number in a capture section of its own in front of it
"""

import os
import signal
import sys
import time

STOPPED = []
signal.signal(signal.SIGTERM, lambda *_: STOPPED.append(True))
PAUSE = float(sys.argv[1]) if len(sys.argv) > 1 else 0.001
MANNER = sys.argv[2] if len(sys.argv) > 2 else "whole"
FORMAT = {"colours": "\x1b[31m{0}\x1b[0m\n", "capture": "<!--XSUPERVISOR:BEGIN-->{0}<!--XSUPERVISOR:END-->{0}\n"}


def say(text):
    for descriptor in (1, 2):
        os.write(descriptor, text.encode())


def say_number(number):
    line = FORMAT.get(MANNER, "{0}\n").format(number)
    if MANNER == "whole":
        return say(line)
    cut = number % len(line)
    say(line[:cut])
    time.sleep(PAUSE)
    return say(line[cut:])


NUMBER = 0
while not STOPPED:
    say_number(NUMBER)
    NUMBER += 1
    time.sleep(PAUSE)
say("end\n")
