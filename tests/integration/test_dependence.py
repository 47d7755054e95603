# SPDX-License-Identifier: MIT
"""The order of programs: depends_on and its conditions, restart_with_dependencies, oneshot programs, delayed starts."""

import os
import subprocess
import tempfile
import xmlrpc.client

import pytest

from processes import is_running
from programs import program
from store_keeper import KeptDaemon
from upgrading import Installation, in_thread, infos
from waiting import wait_for

SLEEP = "command=/bin/sleep 1000\nstartsecs=0\n"
# Ends when the test has created the file NAME.go.
GATE = ("[program:{0}]\ncommand=/bin/sh -c 'until [ -e %(here)s/{0}.go ]; do sleep 0.02; done; exit {1}'\n"
        "type=oneshot\nstartretries=0\nstartsecs=0\nautorestart=false\n")


def gate(name, status=0):
    return GATE.format(name, status)


def open_gate(server, name):
    with open(os.path.join(server.directory, f"{name}.go"), "w", encoding="utf-8"):
        pass


def sleeper(name, *lines):
    return f"[program:{name}]\n{SLEEP}" + "".join(f"{line}\n" for line in lines)


def states(server):
    return {name: info["statename"] for name, info in infos(server).items()}


def waits(server, name, description):
    return wait_for(lambda: server.rpc.supervisor.getProcessInfo(name)["description"] == description,
                    f"{name} to be {description}")


def spawned(server):
    """The programs in the order of their starts."""
    return [line.split("'")[1] for line in server.log().splitlines() if " INFO spawned: " in line]


def ended(server):
    """The programs in the order in which their stops ended."""
    return [line.split("stopped: ")[1].split()[0] for line in server.log().splitlines() if " stopped: " in line]


def test_starts_wait_for_what_is_depended_on(daemon):
    server = daemon(gate("migrate") + sleeper("db", "priority=999") +
                    sleeper("web", "priority=1", "depends_on=db, migrate") +
                    sleeper("proxy", "priority=0", "depends_on=web"))
    waits(server, "web", "waiting for migrate")
    info = server.rpc.supervisor.getProcessInfo("proxy")
    assert (info["statename"], info["description"], info["waitingFor"]) == ("STOPPED", "waiting for web", ["web"])
    assert "waitingFor" not in server.rpc.supervisor.getProcessInfo("db")
    assert server.ctl("status", "web").stdout.split(None, 2)[1:] == ["STOPPED", "waiting for migrate\n"]
    # Asked for again and again, the list is kept between calls: it must not keep a description of before.
    for _ in range(3):
        assert infos(server)["web:web"]["description"] == "waiting for migrate"
    open_gate(server, "migrate")
    server.wait_state("proxy", "RUNNING")
    assert spawned(server) == ["db", "migrate", "web", "proxy"]
    assert states(server)["migrate:migrate"] == "EXITED"
    info = server.rpc.supervisor.getProcessInfo("proxy")
    assert info["waitingFor"] == [] and info["description"].startswith("pid ")


@pytest.mark.parametrize("condition, starts", [
    ("started", "immediately"), ("running", "running"), ("ready", "running"), ("exited", "exited")])
def test_conditions(daemon, condition, starts):
    job = "[program:job]\ncommand=/bin/sh -c 'until [ -e %(here)s/job.go ]; do sleep 0.02; done'\nautorestart=false\n"
    server = daemon(job + f"startsecs={3600 if starts == 'immediately' else 0}\n" +
                    sleeper("web", f"depends_on=job:{condition}"))
    if starts == "exited":
        server.wait_state("job", "RUNNING")
        assert states(server)["web:web"] == "STOPPED"
        open_gate(server, "job")
    server.wait_state("web", "RUNNING")
    assert states(server)["job:job"] == {"immediately": "STARTING", "running": "RUNNING", "exited": "EXITED"}[starts]


def test_a_program_that_needs_a_healthy_one(daemon):
    server = daemon(sleeper("db", "health_check=exec:/usr/bin/test -e %(here)s/good", "health_interval=100ms",
                            "health_action=none", "health_retries=1") + sleeper("web", "depends_on=db:healthy"))
    wait_for(lambda: server.rpc.supervisor.getProcessInfo("db")["health"]["state"] == "unhealthy", "the first check")
    assert server.rpc.supervisor.getProcessInfo("web")["description"] == "waiting for db"
    open_gate(server, "x")
    os.rename(os.path.join(server.directory, "x.go"), os.path.join(server.directory, "good"))
    server.wait_state("web", "RUNNING")


def test_a_oneshot_program_succeeds_however_early_and_fails_with_another_code(daemon):
    server = daemon("[program:quick]\ncommand=/bin/true\nstartsecs=3600\ntype=oneshot\n"
                    "[program:three]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=3600\ntype=oneshot\nexitcodes=0,3\n"
                    "[program:bad]\ncommand=/bin/sh -c 'exit 4'\nstartsecs=3600\ntype=oneshot\nstartretries=0\n"
                    + sleeper("web", "depends_on=quick,three") + sleeper("never", "depends_on=bad"))
    server.wait_state("web", "RUNNING")
    server.wait_state("bad", "FATAL")
    assert states(server) == {"quick:quick": "EXITED", "three:three": "EXITED", "bad:bad": "FATAL",
                              "web:web": "RUNNING", "never:never": "STOPPED"}
    assert server.ctl("start", "quick").stdout == "quick: started\n"
    server.wait_state("quick", "EXITED")


def test_patterns_groups_and_copies(daemon):
    server = daemon(gate("first") + "[group:g]\nprograms=a,b\n" + sleeper("a", "depends_on=first") + sleeper("b") +
                    f"[program:web]\n{SLEEP}numprocs=3\nprocess_name=web_%(process_num)d\ndepends_on=g:*\n" +
                    sleeper("after", "depends_on=web") + sleeper("one", "depends_on=web:web_[12]"))
    waits(server, "web:web_0", "waiting for g:a")
    waits(server, "after", "waiting for web:web_0, web:web_1, web:web_2")
    waits(server, "one", "waiting for web:web_1, web:web_2")
    open_gate(server, "first")
    for name in ("after", "one"):
        server.wait_state(name, "RUNNING")


def test_a_start_by_hand_starts_what_is_needed_and_waits_for_it(daemon):
    server = daemon(gate("migrate") + sleeper("db", "autostart=false", "depends_on=migrate") +
                    sleeper("cache", "autostart=false") + sleeper("web", "autostart=false", "depends_on=db,cache"),
                    supervisord="")
    assert states(server)["cache:cache"] == "STOPPED"
    outcome = in_thread(server.rpc.supervisor.startProcess, "web")
    waits(server, "web", "waiting for db")
    assert states(server)["cache:cache"] == "RUNNING"
    open_gate(server, "migrate")
    assert outcome() is True
    assert states(server)["web:web"] == "RUNNING"
    assert spawned(server)[1:] == ["cache", "db", "web"]


def test_a_start_in_vain_names_the_dependence_that_failed(daemon):
    server = daemon("[program:db]\ncommand=/bin/sh -c 'exit 1'\nstartretries=0\nautostart=false\n" +
                    sleeper("mid", "autostart=false", "depends_on=db") +
                    sleeper("web", "autostart=false", "depends_on=mid"))
    with pytest.raises(xmlrpc.client.Fault) as fault:
        server.rpc.supervisor.startProcess("web")
    assert fault.value.faultString == "ABNORMAL_TERMINATION: web: waits for db, which is FATAL"
    done = server.ctl("start", "web")
    assert (done.stdout, done.returncode) == ("web: ERROR (waits for db, which is FATAL)\n", 7)
    assert server.rpc.supervisor.startProcess("web", False) is True
    waits(server, "web", "waiting for mid")
    # It goes on to wait until it is stopped, and then it does not.
    assert server.ctl("stop", "web").stdout == "web: stopped\n"
    assert server.rpc.supervisor.getProcessInfo("web")["description"] == "Not started"


def test_a_start_in_vain_says_how_the_other_program_ended_and_that_it_is_disabled(daemon):
    server = daemon("[program:job]\ncommand=/bin/sh -c 'exit 5'\nstartsecs=0\nautorestart=false\n" +
                    sleeper("off", "autostart=false") + sleeper("web", "autostart=false", "depends_on=job:exited") +
                    sleeper("app", "autostart=false", "depends_on=off"))
    server.wait_state("job", "EXITED")
    assert server.ctl("disable", "off").returncode == 0
    done = server.ctl("start", "web", "app")
    assert done.stdout == ("web: ERROR (waits for job, which is EXITED (exit status 5))\n"
                           "app: ERROR (waits for off, which is STOPPED and disabled)\n")


def test_a_client_that_waits_hears_that_the_start_was_withdrawn_or_became_vain(daemon):
    server = daemon(gate("job") + sleeper("web", "autostart=false", "depends_on=job"))
    outcome = in_thread(server.rpc.supervisor.startProcess, "web")
    waits(server, "web", "waiting for job")
    assert server.rpc.supervisor.stopProcess("web") is True
    assert outcome().faultString == "ABNORMAL_TERMINATION: web"
    outcome = in_thread(server.rpc.supervisor.startProcess, "web")
    waits(server, "web", "waiting for job")
    server.rpc.supervisor.stopProcess("job")
    assert outcome().faultString == "ABNORMAL_TERMINATION: web: waits for job, which is STOPPED"


def test_a_start_with_a_time_limit_ends_while_its_dependence_is_missing(daemon):
    server = daemon(gate("job") + sleeper("web", "autostart=false", "depends_on=job"))
    for words in (["web"], ["--parallel", "web", "job"]):
        done = server.ctl("start", "--timeout", "1", *words)
        assert done.stdout.splitlines()[-1] == "ERROR: not RUNNING after 1 s: web (STOPPED: waiting for job)"
        assert done.returncode == 1
        waits(server, "web", "waiting for job")  # what was begun continues
    open_gate(server, "job")
    server.wait_state("web", "RUNNING")


def test_all_of_a_long_chain_that_fails_are_answered(daemon):
    server = daemon("[program:p0]\ncommand=/bin/sh -c 'exit 1'\nstartretries=0\nautostart=false\n" +
                    "".join(sleeper(f"p{i}", "autostart=false", f"depends_on=p{i - 1}") for i in range(1, 200)) +
                    sleeper("odd", "autostart=false", "depends_on=p7, p9"))
    done = server.ctl("start", "--parallel", *(f"p{i}" for i in range(199, 180, -1)), "odd")
    assert done.stdout == "".join(f"p{i}: ERROR (waits for p0, which is FATAL)\n" for i in range(199, 180, -1)) + \
        "odd: ERROR (waits for p0, which is FATAL)\n"


def test_a_disabled_program_does_not_wait(daemon):
    server = daemon(gate("job") + sleeper("web", "depends_on=job") + sleeper("proxy", "depends_on=job"))
    waits(server, "web", "waiting for job")
    assert server.ctl("disable", "web").returncode == 0
    assert "waiting" not in server.rpc.supervisor.getProcessInfo("web")["description"]
    open_gate(server, "job")
    server.wait_state("proxy", "RUNNING")
    assert states(server)["web:web"] == "STOPPED"


def test_a_stop_takes_dependent_programs_along_in_reverse_order(daemon):
    server = daemon(sleeper("db") + sleeper("mid", "depends_on=db") + sleeper("web", "depends_on=mid") +
                    sleeper("other") + gate("job") + sleeper("done", "depends_on=job"))
    server.wait_state("web", "RUNNING")
    done = server.ctl("stop", "db")
    assert done.stdout == ("web: stopped (it depends on db, and starts again with it)\n"
                           "mid: stopped (it depends on db, and starts again with it)\ndb: stopped\n")
    assert ended(server) == ["web", "mid", "db"]
    assert states(server)["other:other"] == "RUNNING"
    waits(server, "web", "waiting for mid")
    assert server.ctl("start", "db").stdout == "db: started\n"
    server.wait_state("web", "RUNNING")
    # The method that every client has does the same.
    assert server.rpc.supervisor.stopProcess("db") is True
    assert ended(server)[3:] == ["web", "mid", "db"]
    # What was stopped by name stays stopped.
    server.rpc.supervisor.stopProcess("web")
    server.ctl("start", "db")
    server.wait_state("mid", "RUNNING")
    assert states(server)["web:web"] == "STOPPED"
    # A job is not needed any more when it is done: its stop concerns nobody.
    open_gate(server, "job")
    server.wait_state("done", "RUNNING")
    os.unlink(os.path.join(server.directory, "job.go"))
    assert server.ctl("start", "job").stdout == "job: started\n"
    assert server.ctl("stop", "job").stdout == "job: stopped\n"
    assert states(server)["done:done"] == "RUNNING"


def test_a_forced_stop_leaves_dependent_programs_alone(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db"))
    before = server.wait_state("web", "RUNNING")
    assert server.ctl("stop", "--force", "db").stdout == "db: stopped\n"
    assert infos(server)["web:web"]["pid"] == before["pid"]
    done = server.ctl("stop", "db")
    assert (done.stdout, done.returncode) == ("db: ERROR (not running)\n", 0)
    assert infos(server)["web:web"]["pid"] == before["pid"]


def test_a_restart_restarts_those_that_ask_for_it(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db", "restart_with_dependencies=true") +
                    sleeper("behind", "depends_on=web", "restart_with_dependencies=true") +
                    sleeper("quiet", "depends_on=db"))
    for name in ("behind", "quiet"):
        server.wait_state(name, "RUNNING")
    before = infos(server)
    done = server.ctl("restart", "db")
    assert done.stdout == ("behind: stopped (it depends on db, and starts again with it)\n"
                           "web: stopped (it depends on db, and starts again with it)\ndb: stopped\ndb: started\n")
    server.wait_state("behind", "RUNNING")
    after = infos(server)
    changed = {name for name, info in after.items() if info["pid"] != before[name]["pid"]}
    assert changed == {"db:db", "web:web", "behind:behind"}
    # The same when it is started again by itself.
    os.kill(after["db:db"]["pid"], 9)
    wait_for(lambda: infos(server)["behind:behind"]["pid"] not in (0, after["behind:behind"]["pid"]), "the restart")
    server.wait_state("behind", "RUNNING")
    last = infos(server)
    assert {name for name, info in last.items() if info["pid"] != after[name]["pid"]} == changed
    assert last["quiet:quiet"]["pid"] == before["quiet:quiet"]["pid"]


def test_automatic_restarts_are_held_while_something_is_missing(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db", "autorestart=true"))
    pid = server.wait_state("web", "RUNNING")["pid"]
    server.ctl("stop", "--force", "db")
    os.kill(pid, 9)
    server.wait_state("web", "EXITED")
    # Its restart would be due by now: that of another one is.
    server.rpc.supervisor.startProcess("db")
    server.wait_state("web", "RUNNING")
    assert spawned(server)[-2:] == ["db", "web"]


@pytest.mark.parametrize("how", ["stop all", "stop group", "shutdown"])
def test_everything_is_stopped_in_reverse_order(daemon, how):
    # The priorities say the opposite.
    server = daemon("[group:g]\nprograms=db,web\n" + sleeper("db", "priority=900") +
                    sleeper("web", "priority=1", "depends_on=g:db") +
                    sleeper("late", "priority=0", "depends_on=g:web") +
                    sleeper("first", "priority=1000"))
    server.wait_state("late", "RUNNING")
    if how == "stop all":
        assert server.ctl("stop", "all").stdout.splitlines() == [
            "late: stopped", "g:web: stopped", "g:db: stopped", "first: stopped"]
        assert "waiting" not in str([info["description"] for info in infos(server).values()])
        results = server.rpc.supervisor.startAllProcesses()
        assert {result["description"] for result in results} == {"OK"}
        assert set(states(server).values()) == {"RUNNING"}
    elif how == "stop group":
        assert server.ctl("stop", "g:*").stdout.splitlines() == [
            "late: stopped (it depends on g:*, and starts again with it)", "g:web: stopped", "g:db: stopped"]
    else:
        assert server.stop() == 0
    order = ended(server)
    assert [name for name in order if name != "first"][:3] == ["late", "web", "db"]


def test_an_update_of_a_group_keeps_dependent_programs(daemon):
    web = sleeper("web", "depends_on=db")
    server = daemon(sleeper("db") + web)
    before = server.wait_state("web", "RUNNING")["pid"]
    server.configure(sleeper("db", "environment=A=1") + web)
    assert server.ctl("update").stdout == "db: stopped\ndb: updated process group\n"
    server.wait_state("db", "RUNNING")
    assert infos(server)["web:web"]["pid"] == before
    # Without db the file is refused, and nothing changes.
    server.configure(web)
    done = server.ctl("update")
    assert "there is no program 'db'" in done.stdout + done.stderr
    assert set(states(server).values()) == {"RUNNING"}


def test_delayed_and_staggered_starts(daemon):
    server = daemon(f"[program:web]\n{SLEEP}numprocs=2\nprocess_name=web_%(process_num)d\nstagger=1h\n" +
                    sleeper("late", "start_delay=1h") + sleeper("soon", "start_delay=50ms", "depends_on=web:web_0"))
    server.wait_state("soon", "RUNNING")
    for name in ("web:web_1", "late"):
        waits(server, name, "waiting for start_delay")
    # A start by hand does not wait, and a stop ends the wait.
    assert server.ctl("start", "late").stdout == "late: started\n"
    assert server.ctl("stop", "web:web_1").stdout == "web:web_1: stopped\n"
    assert server.rpc.supervisor.getProcessInfo("web:web_1")["description"] == "Not started"


@pytest.mark.parametrize("lines, reason", [
    ("depends_on=dbb", "there is no program 'dbb'; did you mean db? for key 'depends_on'"),
    ("depends_on=p", "p depends on itself for key 'depends_on'"),
    ("depends_on=a/b", "is not a program, group:program or group:*"),
    ("type=often", "'often' is neither simple nor oneshot for key 'type'"),
    ("start_delay=x", "for key 'start_delay'"), ("stagger=x", "for key 'stagger'"),
    ("restart_with_dependencies=x", "for key 'restart_with_dependencies'")])
def test_errors_name_key_section_file_and_line(work_dir, lines, reason):
    path = os.path.join(work_dir, "wrong.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[supervisord]\n[program:db]\n{SLEEP}[program:p]\n{SLEEP}{lines}\n")
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert reason in said and f"in section 'program:p' (file: '{path}', line 8)" in said
    assert done.returncode == 2


def test_programs_that_are_added_at_run_time(daemon):
    server = daemon(sleeper("db", "autostart=false") + "[rpcinterface:twiddler]\n"
                    "supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n")
    add = server.rpc.twiddler.addProgramToGroup
    with pytest.raises(xmlrpc.client.Fault, match="there is no program 'dbb'; did you mean db"):
        add("db", "web", {"command": "/bin/sleep 1000", "depends_on": "dbb"})
    with pytest.raises(xmlrpc.client.Fault, match="db:web depends on itself"):
        add("db", "web", {"command": "/bin/sleep 1000", "depends_on": "web"})
    add("db", "web", {"command": "/bin/sleep 1000", "depends_on": "db", "startsecs": "0"})
    waits(server, "db:web", "waiting for db")
    server.rpc.supervisor.startProcess("db:db")
    server.wait_state("db:web", "RUNNING")
    server.rpc.supervisor.stopProcess("db:db")
    assert ended(server) == ["web", "db"]
    assert server.rpc.twiddler.removeProcessFromGroup("db", "web") is True
    server.rpc.supervisor.startProcess("db:db")


WAITING = (gate("job") + sleeper("web", "depends_on=job") + sleeper("late", "start_delay=1h") + sleeper("db") +
           "[program:slow]\ncommand=/bin/sh -c 'trap : TERM; touch slow.up; until [ -e slow.go ]; do sleep 0.02; done'\n"
           "directory=%(here)s\n"
           "startsecs=0\nstopwaitsecs=3600\ndepends_on=db\n")


def check_that_waits_go_on(server, replace, reap=lambda: None):
    """Replaces supervisord while starts and a stop wait, and lets them come to their ends. `reap` reports how the
    processes of a predecessor that crashed have ended."""
    waits(server, "web", "waiting for job")
    waits(server, "late", "waiting for start_delay")
    wait_for(lambda: os.path.exists(os.path.join(server.directory, "slow.up")), "the trap")
    server.rpc.supervisor.stopProcess("db", False)
    assert states(server)["db:db"] == "RUNNING" and states(server)["slow:slow"] == "STOPPING"
    replace()
    assert states(server)["db:db"] == "RUNNING" and states(server)["slow:slow"] == "STOPPING"
    waits(server, "web", "waiting for job")
    waits(server, "late", "waiting for start_delay")
    open_gate(server, "slow")
    wait_for(lambda: reap() or states(server)["db:db"] == "STOPPED", "db to be STOPPED")
    waits(server, "slow", "waiting for db")
    open_gate(server, "job")
    wait_for(lambda: reap() or states(server)["web:web"] == "RUNNING", "web to be RUNNING")
    assert ended(server) == ["slow", "db"]


def test_waits_go_on_after_an_upgrade(daemon, work_dir):
    server = daemon(WAITING, executable=Installation(work_dir).path)
    check_that_waits_go_on(server, server.rpc.supervisor.upgrade)


def test_waits_go_on_after_a_crash(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(tempfile.mkdtemp(prefix="kept-", dir=work_dir), WAITING))
    check_that_waits_go_on(server, server.crash_and_take_over, server.reap)


def test_a_call_that_waits_for_a_chain_goes_on_after_an_upgrade(daemon, work_dir):
    server = daemon(gate("job") + sleeper("web", "autostart=false", "depends_on=job"),
                    executable=Installation(work_dir).path)
    outcome = in_thread(server.rpc.supervisor.startProcess, "web")
    waits(server, "web", "waiting for job")
    server.rpc.supervisor.upgrade()
    open_gate(server, "job")
    assert outcome() is True
    assert is_running(infos(server)["web:web"]["pid"])
