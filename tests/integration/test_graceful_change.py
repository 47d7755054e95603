# SPDX-License-Identifier: MIT
"""`update` restarts only what has to be restarted, and shows its plan: supervisorctl, XML-RPC, upgrades and crashes."""

import glob
import os
import re
import threading
import xmlrpc.client

import pytest

from eventlog import listener_section, recorded
from processes import is_running
from upgrading import Installation, infos
from waiting import wait_for

GROUP = """[group:g]
programs=a,b,c

[program:a]
command=sleep 1000
startsecs=0
stdout_logfile=%(here)s/a.log
[program:b]
command=sleep 1000
startsecs=0
stdout_logfile=%(here)s/b.log
[program:c]
command=sleep 1000
startsecs=0
stdout_logfile=%(here)s/c.log
"""


@pytest.fixture
def server(daemon):
    server = daemon(GROUP)
    for name in "abc":
        server.wait_state(f"g:{name}", "RUNNING")
    return server


def of(section, line, text=GROUP):
    """The text with one more line in [program:section]."""
    return text.replace(f"[program:{section}]\n", f"[program:{section}]\n{line}\n")


def pids(server):
    return {f"{info['group']}:{info['name']}": info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}


def changed_pids(before, server):
    after = pids(server)
    return sorted(name for name in before if name in after and after[name] != before[name])


def test_only_the_changed_program_restarts(server):
    before = pids(server)
    server.configure(of("b", "environment=A=\"1\""))
    done = server.ctl("update")
    assert (done.stdout, done.returncode) == ("g:b: stopped\ng: updated process group\n", 0)
    server.wait_state("g:b", "RUNNING")
    assert changed_pids(before, server) == ["g:b"]
    assert "updated group g: b restarted (environment)" in server.log()
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    assert server.rpc.supervisor.getConfigChanges() == []


def test_nothing_restarts_for_keys_that_can_be_applied(server):
    before = pids(server)
    text = of("a", "autorestart=true\nexitcodes=3\nstopwaitsecs=3\nstopsignal=INT\npriority=5\nstartretries=7")
    server.configure(of("c", "stderr_logfile_maxbytes=1MB\nstopasgroup=true", text))
    done = server.ctl("update")
    assert (done.stdout, done.returncode) == ("g: updated process group\n", 0)
    assert pids(server) == before
    config = {entry["name"]: entry for entry in server.rpc.supervisor.getAllConfigInfo()}
    assert (config["a"]["autorestart"], config["a"]["exitcodes"], config["a"]["stopsignal"]) == (True, [3], 2)
    assert config["c"]["stderr_logfile_maxbytes"] == 1024 * 1024
    # They are in force: the program comes back after an exit that was not expected to be followed by a restart.
    os.kill(before["g:a"], 9)
    wait_for(lambda: pids(server)["g:a"] not in (0, before["g:a"]), "the restart")


def test_a_stop_signal_that_was_changed_is_sent(daemon):
    section = ("[program:p]\ncommand=sh -c 'trap \"echo int; exit 0\" INT; echo up; while :; do sleep 0.02; done'\n"
               "startsecs=0\nstdout_logfile=%(here)s/p.log\n")
    server = daemon(section)
    wait_for(lambda: server.read("p.log") == "up\n", "the program")
    server.configure(section + "stopsignal=INT\n")
    assert server.ctl("update").stdout == "p: updated process group\n"
    assert server.ctl("stop", "p").stdout == "p: stopped\n"
    assert server.read("p.log") == "up\nint\n"


def test_the_size_of_a_log_changes_while_it_is_written(daemon):
    section = ("[program:p]\ncommand=sh -c 'while read line; do echo $line; done'\nstartsecs=0\nstdout_logfile=%(here)s/p.log\n"
               "stdout_logfile_backups=2\nstdout_logfile_maxbytes=")
    server = daemon(section + "1MB\n")
    pid = server.wait_state("p", "RUNNING")["pid"]
    lines = ["x" * 99 + "\n"] * 20
    server.rpc.supervisor.sendProcessStdin("p", "".join(lines))
    wait_for(lambda: len(server.read("p.log")) == 2000, "the log")
    server.configure(section + "1000\n")
    assert server.ctl("update").stdout == "p: updated process group\n"
    server.rpc.supervisor.sendProcessStdin("p", lines[0])
    wait_for(lambda: os.path.exists(os.path.join(server.directory, "p.log.1")), "the rotation")
    assert server.rpc.supervisor.getProcessInfo("p")["pid"] == pid


def test_log_events_begin_and_end_without_a_restart(daemon):
    listener = listener_section("ok", "ok", "PROCESS_LOG_STDOUT")
    section = ("[program:p]\ncommand=sh -c 'while read line; do echo $line; done'\nstartsecs=0\nstdout_logfile=%(here)s/p.log\n"
               "stdout_events_enabled=")
    server = daemon(listener + section + "false\n")
    pid = server.wait_state("p", "RUNNING")["pid"]
    server.wait_state("ok", "RUNNING")
    for value, line in (("true", "told"), ("false", "silent"), ("true", "told again")):
        server.configure(listener + section + value + "\n")
        server.ctl("update")
        server.rpc.supervisor.sendProcessStdin("p", line + "\n")
        wait_for(lambda line=line: server.read("p.log").endswith(line + "\n"), "the line")
    wait_for(lambda: len(recorded(server, "ok")) == 2, "the events")
    assert [payload.partition("\n")[2] for _, payload in recorded(server, "ok")] == ["told\n", "told again\n"]
    assert server.rpc.supervisor.getProcessInfo("p")["pid"] == pid


def test_numprocs_grows_and_shrinks_beside_running_programs(daemon):
    section = "[program:w]\ncommand=sleep 1000\nstartsecs=0\nprocess_name=%%(process_num)d\nnumprocs=%d\n"
    server = daemon(section % 2)
    for name in ("w:0", "w:1"):
        server.wait_state(name, "RUNNING")
    before = pids(server)
    server.configure(section % 4)
    assert server.ctl("update").stdout == "w: updated process group\n"
    for name in ("w:2", "w:3"):
        server.wait_state(name, "RUNNING")
    assert changed_pids(before, server) == [] and len(pids(server)) == 4
    before = pids(server)
    server.configure(section % 1)
    assert server.ctl("update").stdout == "w:1: stopped\nw:2: stopped\nw:3: stopped\nw: updated process group\n"
    assert pids(server) == {"w:0": before["w:0"]}
    wait_for(lambda: not any(is_running(before[name]) for name in ("w:1", "w:2", "w:3")), "the ends")


def test_a_program_moves_to_another_group(daemon):
    programs = GROUP.partition("\n\n")[2]
    server = daemon("[group:one]\nprograms=a,b\n[group:two]\nprograms=c\n" + programs)
    for name in ("one:a", "one:b", "two:c"):
        server.wait_state(name, "RUNNING")
    before = pids(server)
    server.configure("[group:one]\nprograms=a\n[group:two]\nprograms=b,c\n" + programs)
    done = server.ctl("update")
    assert done.stdout == "one:b: stopped\none: updated process group\ntwo: updated process group\n"
    server.wait_state("two:b", "RUNNING")
    after = pids(server)
    assert sorted(after) == ["one:a", "two:b", "two:c"]
    assert (after["one:a"], after["two:c"]) == (before["one:a"], before["two:c"])


def test_a_priority_moves_the_group(daemon):
    config = "".join(f"[program:{name}]\ncommand=sleep 1000\nstartsecs=0\npriority=%d\n" for name in "xy")
    server = daemon(config % (1, 2))
    before = {name: server.wait_state(name, "RUNNING")["pid"] for name in "xy"}
    server.configure(config % (3, 2))
    assert server.ctl("update").stdout == "x: updated process group\n"
    assert [entry["group_prio"] for entry in server.rpc.supervisor.getAllConfigInfo()] == [3, 2]
    assert [result["name"] for result in server.rpc.supervisor.stopAllProcesses()] == ["y", "x"]
    assert not any(is_running(pid) for pid in before.values())


def test_a_listener_gets_other_events_without_a_restart(daemon):
    server = daemon(listener_section("ok", "ok", "REMOTE_COMMUNICATION"))
    pid = server.wait_state("ok", "RUNNING")["pid"]
    server.configure(listener_section("ok", "ok", "PROCESS_GROUP_ADDED") + "[program:new]\ncommand=cat\nautostart=false\n")
    assert server.ctl("update").stdout == "ok: updated process group\nnew: added process group\n"
    server.rpc.supervisor.sendRemoteCommEvent("kind", "unwanted")
    wait_for(lambda: recorded(server, "ok"), "the event")
    assert [dict(headers)["eventname"] for headers, _ in recorded(server, "ok")] == ["PROCESS_GROUP_ADDED"]
    assert server.rpc.supervisor.getProcessInfo("ok")["pid"] == pid


def test_dry_run_prints_the_plan_and_changes_nothing(server):
    before = pids(server)
    text = of("b", "umask=077\nautorestart=true", of("a", "exitcodes=0,1"))
    text = text.replace("programs=a,b,c", "programs=a,b,d\npriority=7").replace("[program:c]", "[program:d]")
    server.configure(text + "[program:new]\ncommand=cat\n")
    plan = ("g: would be updated (priority)\n"
            "    g:a: changed without a restart (exitcodes)\n"
            "    g:b: restarted (umask; also changed: autorestart)\n"
            "    g:d: added\n"
            "    g:c: removed\n"
            "new: would be added\n"
            "    new: added\n")
    done = server.ctl("update", "--dry-run")
    assert (done.stdout, done.returncode) == (plan, 0)
    assert server.ctl("update", "--dry-run", "new").stdout == "new: would be added\n    new: added\n"
    assert pids(server) == before
    assert server.ctl("add", "new").stdout == "ERROR: no such process/group: new\n"  # it is not even read
    assert server.ctl("reread", "--verbose").stdout == (
        "g: changed (priority)\n    g:a: changed without a restart (exitcodes)\n    g:b: restarted (umask; also changed: autorestart)\n"
        "    g:d: added\n    g:c: removed\nnew: available\n    new: added\n")
    assert server.ctl("update").stdout == "g:b: stopped\ng:c: stopped\ng: updated process group\nnew: added process group\n"
    assert server.ctl("update", "--dry-run").stdout == "No config updates to processes\n"


def test_no_start(server):
    before = pids(server)
    server.configure(of("b", "umask=077") + "[program:new]\ncommand=cat\nstartsecs=0\n")
    done = server.ctl("update", "--no-start")
    assert (done.stdout, done.returncode) == ("g:b: stopped\ng: updated process group\nnew: added process group\n", 0)
    after = infos(server)
    assert (after["new:new"]["statename"], after["g:b"]["statename"]) == ("STOPPED", "STOPPED")
    assert (after["g:a"]["pid"], after["g:c"]["pid"]) == (before["g:a"], before["g:c"])
    assert server.ctl("start", "g:b", "new").stdout == "g:b: started\nnew: started\n"


def test_an_invalid_file_changes_nothing(server):
    before = pids(server)
    server.configure(of("b", "umask=077", of("c", "exitcodes=soon")))
    for arguments in (["update"], ["update", "--dry-run"], ["update", "--no-start"], ["reread", "--verbose"]):
        done = server.ctl(*arguments)
        assert done.returncode != 0 and "exitcodes" in done.stdout and "line " in done.stdout, arguments
    assert pids(server) == before
    assert server.rpc.supervisor.getConfigChanges(False) == []


def test_all_of_a_group_is_replaced_as_supervisor_does(server):
    server.configure(GROUP.replace("sleep 1000", "sleep 2000"))
    assert server.ctl("update").stdout == "g: stopped\ng: updated process group\n"
    for name in "abc":
        server.wait_state(f"g:{name}", "RUNNING")


def test_clients_that_stop_remove_and_add_still_work(server):
    before = pids(server)
    server.configure(of("b", "umask=077"))
    rpc = server.rpc.supervisor
    assert rpc.reloadConfig() == [[[], ["g"], []]]
    rpc.stopProcessGroup("g")
    assert rpc.removeProcessGroup("g") and rpc.addProcessGroup("g")
    for name in "abc":
        assert server.wait_state(f"g:{name}", "RUNNING")["pid"] != before[f"g:{name}"]


def test_supervisors_server_restarts_the_group(daemon):
    server = daemon(GROUP, kind="debian")
    for name in "abc":
        server.wait_state(f"g:{name}", "RUNNING")
    before = pids(server)
    server.configure(of("b", "umask=077"))
    for option in ("--dry-run", "--no-start"):
        done = server.ctl("update", option, kind="ours")
        assert done.returncode == 3 and done.stdout == (
            f"ERROR: this supervisord does not have {option}; it needs a newer supervisord\n")
    assert pids(server) == before
    assert server.ctl("update", kind="ours").stdout == "g: stopped\ng: updated process group\n"


def test_a_program_that_was_stopped_by_hand_stays_stopped(server):
    server.ctl("stop", "g:a")
    server.configure(of("b", "umask=077", of("a", "exitcodes=4")))
    server.ctl("update")
    assert infos(server)["g:a"]["statename"] == "STOPPED"


def test_what_failed_is_tried_again_after_any_change(daemon):
    section = "[program:p]\ncommand=sh -c 'exec %%(here)s/it'\nstartretries=0\nstartsecs=%d\n"
    server = daemon(section % 1)
    server.wait_state("p", "FATAL")
    with open(os.path.join(server.directory, "it"), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write("#!/bin/sh\nexec sleep 1000\n")
    server.configure(section % 0)
    assert server.ctl("update", "--no-start").stdout == "p: updated process group\n"
    assert infos(server)["p:p"]["statename"] == "FATAL"
    server.configure(section % 2)
    assert server.ctl("update").stdout == "p: updated process group\n"
    server.wait_state("p", "RUNNING")


def test_autostart_that_is_switched_on_starts_it(server):
    server.ctl("stop", "g:a", "g:b")
    server.configure(of("a", "autostart=false"))
    server.ctl("update")
    assert infos(server)["g:a"]["statename"] == "STOPPED"
    server.configure(GROUP)
    assert server.ctl("update").stdout == "g: updated process group\n"
    server.wait_state("g:a", "RUNNING")
    assert infos(server)["g:b"]["statename"] == "STOPPED"


def test_autorestart_that_is_switched_on_brings_back_what_has_ended(daemon):
    section = "[program:p]\ncommand=sh -c 'test -e %%(here)s/go && exec sleep 1000'\nstartsecs=0\nautorestart=%s\n"
    server = daemon(section % "false")
    server.wait_state("p", "EXITED")
    with open(os.path.join(server.directory, "go"), "w", encoding="utf-8"):
        pass
    server.configure(section % "true")
    assert server.ctl("update").stdout == "p: updated process group\n"
    server.wait_state("p", "RUNNING")


def test_the_plan_tells_what_will_not_run_or_will_be_started(daemon):
    config = ("[program:hand]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n"
              "[program:off]\ncommand=sleep 1000\nstartsecs=0\n"
              "[program:idle]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n"
              "[program:usual]\ncommand=sleep 1000\nstartsecs=0\n")
    server = daemon(config)
    server.wait_state("usual", "RUNNING")
    assert server.ctl("start", "hand").returncode == 0
    assert server.ctl("disable", "off").returncode == 0
    changed = config.replace("sleep 1000", "sleep 2000").replace(
        "[program:idle]\ncommand=sleep 2000\nstartsecs=0\nautostart=false", "[program:idle]\ncommand=sleep 1000\nstartsecs=0")
    server.configure(changed)
    assert server.ctl("update", "--dry-run").stdout.splitlines() == [
        "hand: would be updated", "    hand: left stopped (command)",
        "idle: would be updated", "    idle: changed and started (autostart)",
        "off: would be updated", "    off: left stopped (command)",
        "usual: would be updated", "    usual: restarted (command)"]
    assert [line for line in server.ctl("update", "--dry-run", "--no-start").stdout.splitlines() if line[0] == " "] == [
        "    hand: left stopped (command)", "    idle: changed without a restart (autostart)",
        "    off: left stopped (command)", "    usual: left stopped (command)"]
    assert server.ctl("update").returncode == 0
    server.wait_state("idle", "RUNNING")
    server.wait_state("usual", "RUNNING")
    states = {name: one["statename"] for name, one in infos(server).items()}
    assert (states["hand:hand"], states["off:off"]) == ("STOPPED", "STOPPED")


def test_a_socket_belongs_to_the_whole_group(daemon):
    config = ("[group:g]\nprograms=f,p\n"
              "[fcgi-program:f]\ncommand=sleep %s\nstartsecs=0\nsocket=unix://%%(here)s/%s.sock\n"
              "[program:p]\ncommand=sleep 1000\nstartsecs=0\n")
    server = daemon(config % (1000, "one"))
    for name in ("g:f", "g:p"):
        server.wait_state(name, "RUNNING")
    before = pids(server)
    server.configure(config % (2000, "two"))
    done = server.ctl("restart", "--if-changed", "g:f")
    assert (done.stdout, done.returncode) == ('g:f: ERROR (its group changes as a whole: use "update g")\n', 1)
    with pytest.raises(xmlrpc.client.Fault) as raised:
        server.rpc.supervisor.updateProcessGroup("g", True, ["f"])
    assert raised.value.faultString == "FAILED: g can only be updated as a whole"
    assert pids(server) == before
    assert server.ctl("update", "--dry-run").stdout == "g: would be replaced (socket)\n    g:f: restarted (command)\n"
    assert server.ctl("update").stdout == "g: stopped\ng: updated process group\n"
    assert os.path.exists(os.path.join(server.directory, "two.sock"))


def test_faults(server):
    rpc = server.rpc.supervisor
    for parameters, code in ((["nowhere"], 10), ([7], 2), (["g", True, "b"], 2)):
        with pytest.raises(xmlrpc.client.Fault) as raised:
            rpc.updateProcessGroup(*parameters)
        assert raised.value.faultCode == code, parameters
    assert "supervisor.updateProcessGroup" not in server.rpc.system.listMethods()


def test_logs_of_removed_programs_are_complete(daemon):
    section = "[program:w]\ncommand=sh -c 'trap \"echo bye; exit\" TERM; echo up; while :; do sleep 0.02; done'\nstartsecs=0\n" \
              "stdout_logfile=%%(here)s/%%(process_num)d.log\nprocess_name=%%(process_num)d\nnumprocs=%d\n"
    server = daemon(section % 2)
    wait_for(lambda: server.read("0.log") == server.read("1.log") == "up\n", "the programs")
    server.configure(section % 1)
    server.ctl("update")
    assert (server.read("0.log"), server.read("1.log")) == ("up\n", "up\nbye\n")


def test_automatic_logs_of_what_continues_stay(daemon):
    text = "[group:g]\nprograms=a,b\n[program:a]\ncommand=cat\nstartsecs=0\n[program:b]\ncommand=cat\nstartsecs=0\n"
    server = daemon(text)
    log = server.wait_state("g:a", "RUNNING")["stdout_logfile"]
    server.configure(text + "umask=077\n")
    server.ctl("update")
    assert server.rpc.supervisor.getProcessInfo("g:a")["stdout_logfile"] == log and os.path.exists(log)
    entry = {entry["name"]: entry for entry in server.rpc.supervisor.getAllConfigInfo()}["a"]
    assert entry["stdout_logfile"] == log
    assert len(glob.glob(os.path.join(server.directory, "b-stdout*"))) >= 1


def check_after_takeover(server, before):
    assert pids(server) == before
    assert [info["name"] for info in server.rpc.supervisor.stopProcessGroup("g")] == ["a", "b", "c"]
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]


def test_an_upgrade_after_an_update(daemon, work_dir):
    server = daemon(GROUP, executable=Installation(work_dir).path)
    for name in "abc":
        server.wait_state(f"g:{name}", "RUNNING")
    server.configure(of("a", "umask=077", of("c", "exitcodes=9")))
    assert server.ctl("update").stdout == "g:a: stopped\ng: updated process group\n"
    server.wait_state("g:a", "RUNNING")
    before = pids(server)
    assert server.rpc.supervisor.upgrade() is True
    assert {entry["name"]: entry["exitcodes"] for entry in server.rpc.supervisor.getAllConfigInfo()}["c"] == [9]
    check_after_takeover(server, before)


def test_a_crash_after_an_update(kept):
    server = kept(GROUP)
    for name in "abc":
        server.wait_state(f"g:{name}", "RUNNING")
    server.configure(of("a", "umask=077", of("c", "exitcodes=9")))
    server.rpc.supervisor.reloadConfig()
    server.rpc.supervisor.updateProcessGroup("g")
    server.wait_state("g:a", "RUNNING")
    before = pids(server)
    server.crash_and_take_over()
    assert {entry["name"]: entry["exitcodes"] for entry in server.rpc.supervisor.getAllConfigInfo()}["c"] == [9]
    check_after_takeover(server, before)


def test_an_upgrade_during_an_update(daemon, work_dir):
    slow = ("[program:b]\ncommand=sh -c 'trap \"\" TERM; touch ready; while [ ! -e enough ]; do sleep 0.02; done'\n"
            "directory=%(here)s\nstopwaitsecs=1000\n")
    text = GROUP.replace("[program:b]\ncommand=sleep 1000\n", slow)
    server = daemon(text, executable=Installation(work_dir).path)
    wait_for(lambda: os.path.exists(os.path.join(server.directory, "ready")), "the trap")
    server.configure(text.replace("command=sh -c", "umask=077\ncommand=sh -c"))
    server.rpc.supervisor.reloadConfig()
    results = []
    thread = threading.Thread(target=lambda: results.append(server.rpc.supervisor.updateProcessGroup("g")))
    thread.start()
    server.wait_state("g:b", "STOPPING")
    assert server.rpc.supervisor.upgrade() is True
    os.close(os.open(os.path.join(server.directory, "enough"), os.O_CREAT))
    thread.join(60)
    assert [(one["change"], one["kept"]) for one in results] == [("changed", 2)]
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]


WORKERS = ("[program:w]\ncommand=sleep 1000\nstartsecs=0\nprocess_name=%(process_num)d\nnumprocs=5\n"
           "stdout_logfile=NONE\nstderr_logfile=NONE\n")


def transitions(server):
    """(step, name) of starts and stops of [program:w], in their order, from the log."""
    return re.findall(r"(?:INFO|WARN) (spawned|stopped): '?(\d)", server.log())


def most_unavailable(steps, total):
    running, most = total, 0
    for step, _ in steps:
        running += 1 if step == "spawned" else -1
        most = max(most, total - running)
    return most


@pytest.mark.parametrize("options, most", [
    (["--rolling"], 1), (["--rolling", "--max-unavailable", "2"], 2), (["--max-unavailable=3"], 3)])
def test_rolling(daemon, options, most):
    server = daemon(WORKERS)
    for number in range(5):
        server.wait_state(f"w:{number}", "RUNNING")
    before, known = pids(server), len(transitions(server))
    done = server.ctl("restart", "w:*", *options)
    assert done.returncode == 0 and done.stdout.count(": started\n") == 5
    assert changed_pids(before, server) == sorted(before)
    steps = transitions(server)[known:]
    assert len(steps) == 10 and 1 <= most_unavailable(steps, 5) <= most


def test_rolling_ends_at_the_first_failure(daemon):
    server = daemon("[program:w]\ncommand=sh -c 'test -e bad%(process_num)d || exec sleep 1000'\ndirectory=%(here)s\n"
                    "startsecs=1\nstartretries=0\nprocess_name=%(process_num)d\nnumprocs=3\n")
    before = {f"w:{number}": server.wait_state(f"w:{number}", "RUNNING")["pid"] for number in range(3)}
    os.close(os.open(os.path.join(server.directory, "bad1"), os.O_CREAT))
    done = server.ctl("restart", "w:*", "--rolling")
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == "ERROR: w:1 did not restart, so these were not restarted: w:2"
    assert pids(server)["w:2"] == before["w:2"] and changed_pids(before, server) == ["w:0", "w:1"]


def test_restart_if_changed(server):
    before = pids(server)
    done = server.ctl("restart", "--if-changed", "g:*")
    assert (done.stdout, done.returncode) == ("No config updates to processes\n", 0)
    server.configure(of("a", "umask=077", of("b", "umask=022", of("c", "exitcodes=5"))) + "[program:new]\ncommand=cat\n")
    done = server.ctl("restart", "--if-changed", "g:a", "g:c")
    assert (done.stdout, done.returncode) == ("g:c: changed without a restart\ng:a: stopped\ng:a: started\n", 0)
    assert changed_pids(before, server) == ["g:a"] and "new:new" not in pids(server)
    assert server.ctl("update", "--dry-run").stdout == (
        "g: would be updated\n    g:b: restarted (umask)\nnew: would be added\n    new: added\n")
    assert server.ctl("restart", "--if-changed", "g:a").stdout == "No config updates to these processes\n"
    done = server.ctl("restart", "--if-changed", "--rolling", "all")
    assert done.stdout == "g:b: stopped\ng:b: started\n"
    assert changed_pids(before, server) == ["g:a", "g:b"]


def test_restart_if_changed_of_a_program_of_its_own(daemon):
    server = daemon("[program:p]\ncommand=sleep 1000\nstartsecs=0\nautostart=false\n")
    server.ctl("start", "p")
    server.configure("[program:p]\ncommand=sleep 2000\nstartsecs=0\nautostart=false\n")
    assert server.ctl("restart", "--if-changed", "p").stdout == "p: stopped\np: started\n"
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    server.configure("")
    done = server.ctl("restart", "--if-changed", "p")
    assert (done.stdout, done.returncode) == ('p: ERROR (it is not configured any more: use "update p")\n', 1)
    assert infos(server)["p:p"]["statename"] == "RUNNING"


@pytest.mark.parametrize("options, message", [
    (["--rolling", "--wait"], "Error: --rolling and --if-changed wait by themselves, without --wait and --timeout\n"),
    (["--max-unavailable", "0"], "Error: --max-unavailable requires a number from 1 to 1000\n"),
    (["--max-unavailable"], "Error: --max-unavailable requires a number from 1 to 1000\n"),
    (["--rolling=1"], "Error: --rolling takes no value\n")])
def test_wrong_options_of_restart(server, options, message):
    before = pids(server)
    done = server.ctl("restart", "g:*", *options)
    assert (done.stdout, done.returncode) == (message, 2)
    assert pids(server) == before


def test_supervisors_server_cannot_restart_what_changed(daemon):
    server = daemon("[program:p]\ncommand=sleep 1000\nstartsecs=0\n", kind="debian")
    server.wait_state("p", "RUNNING")
    done = server.ctl("restart", "--if-changed", "p", kind="ours")
    assert done.returncode == 3 and "does not have --if-changed" in done.stdout
    done = server.ctl("restart", "--rolling", "p", kind="ours")
    assert (done.stdout, done.returncode) == ("p: stopped\np: started\n", 0)
