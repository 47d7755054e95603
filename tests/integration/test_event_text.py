# SPDX-License-Identifier: MIT
"""Listeners stay synchronized and read the same values when events are not plain ASCII, however they read: as text or
bytes, splitting lines at any white space, as childutils does, or at each blank, as several public listeners do."""

import json
import shutil

import pytest

from programs import PYTHON
from waiting import wait_for

LISTENER = """
import json, sys
reads, splits = sys.argv[1:3]
separator = None if splits == "white" else " "

def pairs(line):  # a token without a colon ends it, as it does them
    return dict([token.split(":") for token in line.split(separator)])

def take():
    if reads == "text":
        header = pairs(sys.stdin.readline())
        return header, sys.stdin.read(int(header["len"]))
    header = pairs(sys.stdin.buffer.readline().decode())
    return header, sys.stdin.buffer.read(int(header["len"])).decode()

while True:
    sys.stdout.write("READY\\n")
    sys.stdout.flush()
    header, payload = take()
    line, newline, data = payload.partition("\\n")
    with open(sys.argv[3], "a", encoding="utf-8") as out:
        out.write(json.dumps([header["eventname"], header["poolserial"], pairs(line), data if newline else None]) + "\\n")
    sys.stdout.write("RESULT 2\\nOK")
    sys.stdout.flush()
"""

NODE = """
const fs = require("fs"), splits = process.argv[2] == "white" ? /[ \\t]+/ : " ";
const pairs = line => Object.fromEntries(line.split(splits).filter(t => splits == " " || t).map(token => {
  if (!token.includes(":")) throw new Error("no pair: " + JSON.stringify(token));
  return token.split(":");
}));
let seen = "", header = null;
process.stdin.setEncoding("utf8");
process.stdin.on("data", more => {
  seen += more;
  while (true) {
    if (!header) {
      const end = seen.indexOf("\\n");
      if (end < 0) return;
      header = pairs(seen.slice(0, end));
      seen = seen.slice(end + 1);
    }
    if (seen.length < +header.len) return;
    const payload = seen.slice(0, +header.len), end = payload.indexOf("\\n");
    seen = seen.slice(+header.len);
    const record = [header.eventname, header.poolserial, pairs(end < 0 ? payload : payload.slice(0, end)), end < 0 ? null : payload.slice(end + 1)];
    fs.appendFileSync(process.argv[3], JSON.stringify(record) + "\\n");
    header = null;
    process.stdout.write("RESULT 2\\nOKREADY\\n");
  }
});
process.stdout.write("READY\\n");
"""

PYTHONS = [f"{PYTHON} {{directory}}/listener.py {reads} {splits}" for reads in ("text", "bytes") for splits in ("white", "blank")]
NODES = [f"node {{directory}}/listener.js {splits}" for splits in ("white", "blank")] if shutil.which("node") else []
PROGRAM = "grüße_€"


def told(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file.read().splitlines()]
    except FileNotFoundError:
        return []


@pytest.mark.parametrize("command", PYTHONS + NODES)
def test_events_that_are_not_ascii(daemon, work_dir, command):
    for name, script in (("listener.py", LISTENER), ("listener.js", NODE)):
        with open(f"{work_dir}/{name}", "w", encoding="utf-8") as file:
            file.write(script)
    server = daemon(f"[eventlistener:l]\ncommand={command} {work_dir}/out\nstartsecs=0\nbuffer_size=100\n"
                    "environment=LC_ALL=\"C.UTF-8\"\nevents=REMOTE_COMMUNICATION,PROCESS_STATE_STARTING,PROCESS_STATE_FATAL\n"
                    "stderr_logfile=%(here)s/err\n[program:grüße_€]\ncommand=/bin/false\nautostart=false\nstartretries=0\n"
                    .replace("{directory}", work_dir))
    server.wait_state("l", "RUNNING")
    rpc = server.rpc.supervisor
    remote = [("tüp", "dätä 1 €"), ("plain", "plain data"), ("t", "\U0001f600" * 9), ("ü", "  blanks  "), ("t", "two\nlines ä\n"), ("t", "")]
    expected = []
    for kind, data in remote:
        rpc.sendRemoteCommEvent(kind, data)
        expected.append(("REMOTE_COMMUNICATION", {"type": kind}, data))
        with pytest.raises(Exception, match="SPAWN_ERROR"):
            rpc.startProcess("grüße_€")
        names = {"processname": "grüße_€", "groupname": "grüße_€"}
        expected.append(("PROCESS_STATE_STARTING", {**names, "from_state": "STOPPED" if len(expected) == 1 else "FATAL", "tries": "0"}, None))
        expected.append(("PROCESS_STATE_FATAL", {**names, "from_state": "BACKOFF"}, None))

    def others():
        return [event for event in told(f"{work_dir}/out") if event[2].get("processname") != "l"]

    wait_for(lambda: len(others()) >= len(expected) or server.read("err"), "all events")
    assert server.read("err") == ""
    seen = others()
    for (event, values, data), (seen_event, _, seen_values, seen_data) in zip(expected, seen, strict=True):
        if "node" in command or " text " in command:  # they count characters, so they read the padding too
            seen_data = seen_data and seen_data.rstrip("\t")
        assert (seen_event, {key: seen_values.get(key) for key in values}, seen_data) == (event, values, data)
    assert [e[1] for e in told(f"{work_dir}/out")] == [str(n) for n in range(len(told(f"{work_dir}/out")))], "none came twice"
    assert "UNKNOWN" not in server.log()
