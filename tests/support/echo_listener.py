# SPDX-License-Identifier: MIT
"""An event listener as supervisor_stdout's own: sends each payload back as its result, counted in characters."""

import sys


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


while True:
    write("READY\n")
    headers = dict(word.split(":") for word in sys.stdin.readline().split())
    data = sys.stdin.read(int(headers["len"]))
    write(f"RESULT {len(data)}\n{data}")
