# SPDX-License-Identifier: MIT
"""An event listener like that of supervisor_stdout: returns each payload as its result, its length in characters."""

import sys


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


while True:
    write("READY\n")
    headers = dict(word.split(":") for word in sys.stdin.readline().split())
    data = sys.stdin.read(int(headers["len"]))
    write(f"RESULT {len(data)}\n{data}")
