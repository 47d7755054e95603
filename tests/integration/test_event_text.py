# SPDX-License-Identifier: MIT
"""Listeners that read text and listeners that read bytes both keep step when events are not plain ASCII."""

from waiting import waitFor

READS_TEXT = """
import sys
from supervisor import childutils
while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    with open(sys.argv[1], "a", encoding="utf-8") as out:
        out.write(payload.rstrip(" ").replace("\\n", "|") + "\\n")
    childutils.listener.ok(sys.stdout)
"""

READS_BYTES = """
import sys
while True:
    sys.stdout.write("READY\\n")
    sys.stdout.flush()
    headers = dict(pair.split(b":") for pair in sys.stdin.buffer.readline().split())
    payload = sys.stdin.buffer.read(int(headers[b"len"]))
    with open(sys.argv[1], "ab") as out:
        out.write(payload.replace(b"\\n", b"|") + b"\\n")
    sys.stdout.write("RESULT 2\\nOK")
    sys.stdout.flush()
"""

CONFIG = """
[eventlistener:text]
command=/usr/bin/python3 {directory}/text.py {directory}/text.out
environment=LC_ALL="C.UTF-8"
events=REMOTE_COMMUNICATION

[eventlistener:bytes]
command=/usr/bin/python3 {directory}/bytes.py {directory}/bytes.out
events=REMOTE_COMMUNICATION
"""


def test_events_that_are_not_ascii(daemon, workDir):
    for name, script in (("text", READS_TEXT), ("bytes", READS_BYTES)):
        with open(f"{workDir}/{name}.py", "w", encoding="utf-8") as file:
            file.write(script)
    running = daemon(CONFIG.format(directory=workDir))
    expected = [f"type:tüp|dätä {i} €" for i in range(5)]
    for i in range(5):
        running.rpc.supervisor.sendRemoteCommEvent("tüp", f"dätä {i} €")

    def lines(name):
        try:
            with open(f"{workDir}/{name}.out", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    for name in ("text", "bytes"):
        waitFor(lambda name=name: len(lines(name)) == 5, f"the listener that reads {name}")
        assert lines(name) == expected
