# SPDX-License-Identifier: MIT
"""What our supervisorctl has beyond Supervisor's, with either daemon; and the links supervisorctl_NAME."""

import json
import os
import re
import subprocess

import pytest

from programs import program
from waiting import wait_for

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0

[program:off]
command=/bin/cat
autostart=false
startsecs=0

[program:lost]
command=/bin/false
autostart=false
startretries=0

[program:third]
command=/bin/sh -c 'echo x >> %(here)s/tries; test $(wc -l < %(here)s/tries) -ge 2 && exec cat'
autostart=false
startretries=5

[program:web]
command=/bin/sh -c 'sleep 1000 & wait'
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
stopasgroup=true
"""


@pytest.fixture(params=["debian", "ours"])
def running(request, daemon):
    server = daemon(PROGRAMS, kind=request.param)
    for name in ("cat", "web:web_0", "web:web_1"):
        server.wait_state(name, "RUNNING")
    return server


def ctl(server, line):
    return server.ctl(*line.split(), kind="ours")


def test_status_as_json(running):
    done = ctl(running, "status --json cat off")
    rows = json.loads(done.stdout)
    assert [(row["name"], row["group"], row["state"]) for row in rows] == [("cat", "cat", "RUNNING"), ("off", "off", "STOPPED")]
    assert rows[0]["pid"] == running.rpc.supervisor.getProcessInfo("cat")["pid"]
    assert done.returncode == 3
    done = ctl(running, "status nope --json")
    assert (json.loads(done.stdout), done.stderr, done.returncode) == ([], "nope: ERROR (no such process)\n", 4)


def test_json_stays_json_without_a_server(work_dir):
    done = subprocess.run([*program("supervisorctl"), "-s", "unix:///nonexistent", "status", "--json"], capture_output=True,
                          text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 4) and done.stderr.startswith("unix:///nonexistent no such file: ")


def test_patterns(running):
    assert [line.split()[0] for line in ctl(running, "status w*_? c*").stdout.splitlines()] == ["web:web_0", "web:web_1", "cat"]
    assert ctl(running, "status web:[1]").stdout == "web:[1]: ERROR (no such process)\n"
    assert sorted(ctl(running, "stop web:web_? web*").stdout.splitlines()) == ["web:web_0: stopped", "web:web_1: stopped"]
    assert ctl(running, "start x*").stdout == "x*: ERROR (no such process)\n"
    assert ctl(running, "start web_1").stdout == "web_1: ERROR (no such process)\n"
    assert ctl(running, "start *_1").stdout == "web:web_1: started\n"
    assert len(ctl(running, "pid *").stdout.splitlines()) == 6


def test_side_by_side(running):
    done = ctl(running, "stop --parallel cat off web:web_1 nope:* web:web_0")
    assert done.stdout.splitlines() == ["cat: stopped", "off: ERROR (not running)", "web:web_1: stopped", "nope: ERROR (no such group)",
                                        "web:web_0: stopped"]
    done = ctl(running, "restart --parallel cat off lost web:*")
    assert done.returncode == 7
    assert "cat: started" in done.stdout and "lost: ERROR (spawn error)" in done.stdout
    assert {row["statename"] for row in running.rpc.supervisor.getAllProcessInfo() if row["group"] == "web"} == {"RUNNING"}


def test_waiting(running):
    assert ctl(running, "status --wait RUNNING web:*").returncode == 0
    late = ctl(running, "status --wait=running --timeout 0 off cat")
    assert late.returncode == 1
    assert late.stdout.splitlines()[0] == "ERROR: not RUNNING after 0 s: off (STOPPED: Not started)"
    assert ctl(running, "status --wait STOPPED off lost").returncode == 0
    unknown = ctl(running, "status --wait --timeout 5 nope")
    assert unknown.returncode == 1 and unknown.stdout.splitlines()[0] == "nope: ERROR (no such process)"


def test_start_waits_over_failed_attempts(running):
    third = ctl(running, "start --wait --timeout 30 third")
    assert third.returncode == 0  # although the first attempts failed
    assert running.rpc.supervisor.getProcessInfo("third")["statename"] == "RUNNING"
    lost = ctl(running, "start --wait --timeout 30 lost")
    assert (lost.returncode, lost.stdout.splitlines()[-1]) == (1, "ERROR: will not become RUNNING: lost (FATAL: Exited too quickly (process log may have details))")
    assert ctl(running, "stop --wait --timeout 30 third").returncode == 0


def test_a_start_waits_for_what_it_has_asked_for(daemon):
    section = "[program:%s]\ncommand=sh -c 'exit %d'\nautorestart=false\nautostart=false\ntype=oneshot\nstartsecs=0\n"
    server = daemon("[program:a]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n"
                    "[program:off]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n" +
                    section % ("done", 0) + section % ("bad", 3))
    assert server.ctl("disable", "off", "bad").returncode == 0
    everything = server.ctl("start", "--wait", "all")
    assert (everything.returncode, "ERROR" in everything.stdout) == (0, False)
    assert server.ctl("start", "--wait", "done").returncode == 0
    again = server.ctl("restart", "--wait", "all")
    assert (again.returncode, "ERROR" in again.stdout) == (0, False)
    failed = server.ctl("start", "--wait", "bad")
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-1].startswith("ERROR: will not become RUNNING: bad (EXITED: ")


def test_a_rolling_restart_leaves_out_what_is_disabled(daemon):
    server = daemon("[program:w]\ncommand=sleep 1000\nstartsecs=0\nnumprocs=3\nprocess_name=%(process_num)d\n")
    assert server.ctl("disable", "w:1").returncode == 0
    assert server.ctl("stop", "w:1").returncode == 0
    for words in (["w:*"], ["all"], ["w:*", "w:0"]):
        done = server.ctl("restart", "--rolling", *words)
        assert (done.returncode, done.stdout) == (0, "w:0: stopped\nw:0: started\nw:2: stopped\nw:2: started\n"), words
    assert server.ctl("restart", "--rolling", "w:1").stdout == "w:1: ERROR (not running)\nw:1: started\n"


@pytest.mark.parametrize("words", ["start --timeout x cat", "status --watch=0", "status --wait=UP", "status --json=yes", "stop --timeout"])
def test_wrong_options(running, words):
    done = ctl(running, words)
    assert done.returncode == 2
    assert done.stdout.startswith("Error: --")


@pytest.mark.parametrize("words, said", [
    ("stop --bogus all", "stop has --force, --parallel, --wait and --timeout"),
    ("start --rolling off", "start has --parallel, --wait and --timeout"),
    ("restart --if-change all", "did you mean --if-changed?"),
    ("status --helth cat", "did you mean --health?"),
    ("update all --dryrun", "did you mean --dry-run?"),
    ("reread --quiet", "reread has --verbose"),
    ("serialrestart --wait cat", "serialrestart has no options"),
    ("disable --now cat", "disable has no options"),
    ("reload-program --all cat", "reload-program has no options"),
    ("scale --force web=1", "scale has --save")])
def test_an_unknown_option_changes_nothing(running, words, said):
    before = running.rpc.supervisor.getAllProcessInfo()
    done = ctl(running, words)
    option = next(word for word in words.split() if word.startswith("--"))
    assert (done.stdout, done.returncode) == (f"Error: unknown option {option}; {said}\n", 2)
    after = running.rpc.supervisor.getAllProcessInfo()
    assert [info["pid"] for info in after] == [info["pid"] for info in before]


@pytest.mark.parametrize("kind", ["debian", "ours"])
def test_a_program_can_be_named_like_an_option(daemon, kind):
    server = daemon("[program:--bogus]\ncommand=cat\nstartsecs=0\n", kind=kind)
    server.wait_state("--bogus", "RUNNING")
    assert ctl(server, "stop --bogus").stdout == "--bogus: stopped\n"
    assert ctl(server, "update --bogus").returncode == 0
    server.configure("[program:--new]\ncommand=cat\nstartsecs=0\n")
    assert ctl(server, "update --new").stdout == "--new: added process group\n"


def test_a_failed_start_says_why_if_the_program_has_a_key_of_ours(daemon):
    never = "command=cat\nautostart=false\nstartretries=0\nready=file:%(here)s/never\nready_timeout=100ms\n"
    server = daemon(f"[program:never]\n{never}[program:plain]\ncommand=/bin/false\nautostart=false\nstartretries=0\n"
                    f"[program:long]\n{never.replace('100ms', '1h')}[group:g]\nprograms=member\n[program:member]\n{never}")
    why = "not ready after 0.1 seconds"
    done = server.ctl("start", "never", "plain", "g:*")
    assert (done.stdout.splitlines(), done.returncode) == (
        [f"never: ERROR (spawn error): {why}", "plain: ERROR (spawn error)", f"g:member: ERROR (spawn error): {why}"], 7)
    server.wait_state("never", "FATAL")
    assert server.ctl("restart", "--rolling", "never", "plain").stdout.splitlines()[-2:] == [
        f"never: ERROR (spawn error): {why}", "ERROR: never did not restart, so these were not restarted: plain"]
    late = server.ctl("start", "--timeout", "1", "long")
    assert late.returncode == 1
    assert re.fullmatch(r"ERROR: not RUNNING after 1 s: long \(STARTING: pid \d+, not ready\)\n", late.stdout)


def test_resources_count_children(running):
    def memory():
        rows = json.loads(ctl(running, "status --json --resources").stdout)
        return {row["name"]: row["memory_bytes"] for row in rows}

    assert memory()["off"] is None
    # A program is RUNNING before it has its child, and before either has used its memory.
    wait_for(lambda: (now := memory())["web:web_0"] > now["cat"] > 0, "the memory of a child to count")
    columns = ctl(running, "status --resources cat off").stdout.splitlines()
    assert columns[0].split()[1] == "RUNNING" and columns[0].split()[3].endswith("%")
    assert columns[1].split()[2:4] == ["-", "-"]


def test_completion(running):
    def offered(*words):
        return ctl(running, " ".join(["__complete", *words])).stdout.split()

    assert offered("=re") == ["reload", "reload-program", "remove", "reread", "restart"]
    assert offered("start", "=w") == ["web:web_0", "web:*", "web:web_1"]
    assert offered("start", "=cat:") == ["cat:cat", "cat:*"]
    assert offered("remove", "=w") == ["web"]
    assert offered("status", "=--w") == ["--watch", "--wait"]
    assert offered("nonsense", "=") == []


@pytest.fixture
def links(work_dir):
    """Makes a link, with the folders it needs, and returns its path."""

    def make(path, target):
        path = os.path.join(work_dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target if os.path.isabs(target) else os.path.join(work_dir, target), path)
        return path

    return make


def test_relocated_link_leads_to_its_configuration(running, links):
    links("state/supervisorctl_tech2", program("supervisorctl")[0])
    links("state/supervisord_tech2.conf", running.config_path)
    called = links("opt/tech2/supervisorctl", "state/supervisorctl_tech2")
    done = subprocess.run([called, "status", "cat"], capture_output=True, text=True, check=False)
    assert "RUNNING" in done.stdout and done.returncode == 0
    folder = os.path.dirname(links("bin/supervisorctl_tech2", "state/supervisorctl_tech2"))
    found = subprocess.run(["supervisorctl_tech2", "status", "cat"], capture_output=True, text=True, check=False,
                           env={"PATH": f"{folder}:/bin"}, executable=os.path.join(folder, "supervisorctl_tech2"))
    assert "RUNNING" in found.stdout


def test_link_without_configuration_names_the_usual_file(running, links):
    called = links("bin/supervisorctl_nobodyhasthis", program("supervisorctl")[0])
    done = subprocess.run([called, "status"], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[0] == "Error: could not find config file /etc/supervisord_nobodyhasthis.conf"
    assert done.returncode == 2
    for words in (["-c", running.config_path], ["-s", f"unix://{running.socket}"]):
        done = subprocess.run([called, *words, "status", "cat"], capture_output=True, text=True, check=False)
        assert "RUNNING" in done.stdout


PLUGINS = """[ctlplugin:wild]
supervisor.ctl_factory = wildcards.controllerplugin:make_wildcards_controllerplugin
match_group = 0

[ctlplugin:serial]
supervisor.ctl_factory = supervisorserialrestart.controller:make_serialrestart_controllerplugin

[ctlplugin:own]
supervisor.ctl_factory = supervisor.supervisorctl:DefaultControllerPlugin
"""


@pytest.mark.parametrize("words,status", [(["status"], 0), (["pid", "cat"], 0), (["status", "nope"], 4), (["status", "--json"], 0)])
def test_plugins_in_python_are_told_of_once(daemon, words, status):
    server = daemon("[program:cat]\ncommand=cat\nstartsecs=0\n")
    server.wait_state("cat", "RUNNING")
    plain = server.ctl(*words)
    server.configure("[program:cat]\ncommand=cat\nstartsecs=0\n" + PLUGINS)
    result = server.ctl(*words)
    uptime = re.compile(r'uptime [0-9:]+|"now":\d+')
    assert (result.returncode, uptime.sub("", result.stdout)) == (plain.returncode, uptime.sub("", plain.stdout))
    assert result.returncode == status
    told = result.stderr.splitlines()
    assert [line.partition(": ")[0] for line in told] == ["Warning", "Warning"]
    assert "[ctlplugin:wild]" in told[0] and "make_wildcards_controllerplugin" in told[0] and server.config_path in told[0]
    assert "[ctlplugin:serial]" in told[1]


def test_serial_restart(daemon):
    server = daemon("[program:a]\ncommand=cat\nstartsecs=0\n[program:b]\ncommand=sh -c 'test ! -e %(here)s/broken && exec cat'\n"
                    "startsecs=1\nstartretries=0\n[program:c]\ncommand=cat\nstartsecs=0\n"
                    "[program:w]\ncommand=cat\nstartsecs=0\nnumprocs=2\nprocess_name=w%(process_num)d\n")
    for name in ("a", "b", "c", "w:w0", "w:w1"):
        server.wait_state(name, "RUNNING")
    before = {info["name"]: info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}
    done = server.ctl("serialrestart", "c", "w*", "a", "c")
    assert (done.returncode, done.stdout.splitlines()) == (0, [f"{name}: {verb}" for name in ("c", "w:w0", "w:w1", "a")
                                                              for verb in ("stopped", "started")])
    after = {info["name"]: info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}
    assert after["b"] == before["b"] and all(after[name] != before[name] for name in ("a", "c", "w0", "w1"))
    done = server.ctl("serialrestart", "nope")
    assert (done.returncode, done.stdout) == (1, "No such process nope\n")
    done = server.ctl("serialrestart")
    assert done.stdout.startswith("Error: serialrestart requires a process name\nserialrestart NAME...")
    # A program that does not start again ends it.
    with open(os.path.join(server.directory, "broken"), "w", encoding="utf-8"):
        pass
    done = server.ctl("serialrestart", "all")
    assert done.returncode == 7
    assert done.stdout.splitlines() == ["a: stopped", "a: started", "b: stopped", "b: ERROR (spawn error)",
                                        "ERROR: b did not restart, so these were not restarted: c w:w0 w:w1"]
    assert server.rpc.supervisor.getProcessInfo("c")["pid"] == after["c"]
    assert "serialrestart" in server.ctl("help").stdout and "one process after the other" in server.ctl("help", "serialrestart").stdout
    assert server.ctl("__complete", "serialrestart", "=w").stdout.split() == ["w:w0", "w:*", "w:w1"]
