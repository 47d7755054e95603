# SPDX-License-Identifier: MIT
"""Event listeners with different behaviour: `listener.py MANNER FILE`.

Each appends every event, header and payload as received, to FILE. They implement the protocol themselves, in bytes,
except `childutils`, which uses the module that Supervisor ships for listeners.

  ok          answers OK
  fail        answers FAIL to what is marked "fail" until FILE.ok exists, OK to the rest
  moody       answers FAIL to every tenth event, and records only what it accepts
  slow        answers when FILE.go exists
  crash       ends without an answer in its first life, answers OK in the next
  chatty      prints text that is not an answer in its first life, answers OK in the next
  greedy      says READY twice in its first life, answers OK in the next
  babble      violates the protocol in every life
  stdin       answers STDIN:<data> to PROCESS_COMMUNICATION events, OK to others
  childutils  records the event as childutils parsed it, and the server's state from an XML-RPC call, as JSON lines
"""

import itertools
import json
import os
import sys
import time


def say(data):
    os.write(1, data)


def read():
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit(0)
    headers = dict(token.split(":", 1) for token in line.decode().split())
    payload = sys.stdin.buffer.read(int(headers["len"]))
    return line, headers, payload


def record(path, data):
    with open(path, "ab") as file:
        file.write(data)


def wait_for_file(path):
    while not os.path.exists(path):
        time.sleep(0.01)


def answer(manner, path, headers, payload):
    result = b"OK"
    if manner == "fail" and payload.endswith(b"fail") and not os.path.exists(path + ".ok"):
        result = b"FAIL"
    elif manner == "slow":
        wait_for_file(path + ".go")
    elif manner == "stdin" and headers["eventname"].startswith("PROCESS_COMMUNICATION"):
        result = b"STDIN:" + payload.partition(b"\n")[2]
    say(b"RESULT %d\n%s" % (len(result), result))


def misbehave(manner, path):
    """Does what no listener should do with an event; false if this one behaves."""
    if manner == "babble":
        say(b"this is not a result\n")
        return True
    if manner not in ("crash", "chatty") or os.path.exists(path + ".lived"):
        return False
    record(path + ".lived", b"")
    if manner == "crash":
        os._exit(3)
    say(b"Traceback (most recent call last):\n")
    return True


def rejects(manner, count):
    return manner == "moody" and count % 10 == 9


def speak(manner, path):
    if manner == "greedy" and not os.path.exists(path + ".lived"):
        record(path + ".lived", b"")
        say(b"READY\nREADY\n")
        time.sleep(3600)
    for count in itertools.count():
        say(b"READY\n")
        line, headers, payload = read()
        if rejects(manner, count):
            say(b"RESULT 4\nFAIL")
            continue
        record(path, line + payload + b"\n")
        if misbehave(manner, path):
            time.sleep(3600)
        answer(manner, path, headers, payload)


def speak_with_childutils(path):
    from supervisor import childutils

    server = childutils.getRPCInterface(os.environ)
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        event = {"headers": headers, "payload": payload, "state": server.supervisor.getState()["statename"]}
        if headers["eventname"].startswith("PROCESS_STATE"):
            event["process"] = childutils.get_headers(payload)
        elif "\n" in payload:
            event["process"], event["data"] = childutils.eventdata(payload)
        record(path, json.dumps(event).encode() + b"\n")
        if payload.endswith("fail"):
            childutils.listener.fail(sys.stdout)
        else:
            childutils.listener.ok(sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "childutils":
        speak_with_childutils(sys.argv[2])
    else:
        speak(sys.argv[1], sys.argv[2])
