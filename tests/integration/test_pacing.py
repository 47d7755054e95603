# SPDX-License-Identifier: MIT
"""The pace of restarts: restart_delay and its kin, restart_limit, fatal_retry, startretries=-1."""

import os
import re
import xmlrpc.client

import pytest

from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

CRASH = "[program:it]\ncommand=/bin/sh -c 'exit 3'\n"


def info(server, name="it"):
    return server.rpc.supervisor.getProcessInfo(name)


def starts(server, name="it"):
    return server.log().count(f"INFO spawned: '{name}' with pid ")


def test_a_program_without_these_keys_has_supervisors_members_only(daemon):
    server = daemon("[program:plain]\ncommand=/bin/cat\nstartretries=-1\n"
                    "[program:paced]\ncommand=/bin/cat\nrestart_delay=1\n")
    plain, paced = server.wait_state("plain", "RUNNING"), server.wait_state("paced", "RUNNING")
    assert set(paced) - set(plain) == {"restarts", "nextStart"}
    everything = {one["name"]: one for one in server.rpc.supervisor.getAllProcessInfo()}
    assert set(everything["plain"]) == set(plain) and set(everything["paced"]) == set(paced)


def test_startretries_without_an_end(daemon):
    server = daemon(f"{CRASH}startretries=-1\nrestart_delay=10ms\n")
    wait_for(lambda: starts(server) > 30, "more starts than any other number of retries")
    assert info(server)["restarts"] > 20
    assert info(server)["statename"] in ("STARTING", "BACKOFF")
    assert "FATAL" not in server.log()


def test_startretries_minus_one_without_other_keys_never_gives_up(daemon):
    """Supervisor gives up after the first failure, see test_processes.py of the conformance suite."""
    server = daemon(f"{CRASH}startretries=-1\n")
    wait_for(lambda: starts(server) == 3, "two retries")
    assert "gave up" not in server.log()
    assert "nextStart" not in info(server)


def test_restart_delay_is_waited_for_and_shown(daemon):
    server = daemon("[program:it]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nrestart_delay=1h\n")
    what = server.wait_state("it", "EXITED")
    assert 3590 <= what["nextStart"] - what["stop"] <= 3601
    assert re.fullmatch(r"\w{3} \d\d \d\d:\d\d [AP]M; next start at (\w{3} \d\d )?\d\d:\d\d:\d\d", what["description"])
    assert what["lastExit"] == {"code": 3, "signal": 0, "reason": "exit status 3", "time": what["stop"]}
    assert what["spawnerr"] == "Bad exit code 3"
    assert what["restarts"] == 0


def test_a_stop_cancels_the_restart_that_is_waited_for(daemon):
    server = daemon("[program:it]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nrestart_delay=1h\n"
                    "[program:plain]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nautorestart=false\n")
    server.wait_state("it", "EXITED")
    server.wait_state("plain", "EXITED")
    assert server.rpc.supervisor.stopProcess("it") is True
    what = info(server)
    assert (what["statename"], what["nextStart"]) == ("STOPPED", 0)
    for name in ("it", "plain"):
        with pytest.raises(xmlrpc.client.Fault, match="NOT_RUNNING"):
            server.rpc.supervisor.stopProcess(name)
    assert server.rpc.supervisor.startProcess("it", False) is True
    server.wait_state("it", "EXITED")
    assert [one["name"] for one in server.rpc.supervisor.stopAllProcesses()] == ["it"]
    assert info(server)["statename"] == "STOPPED"


def test_delays_grow_up_to_the_longest(daemon):
    server = daemon(f"{CRASH}startretries=4\nrestart_delay=20ms\nrestart_delay_factor=2\nrestart_delay_max=50ms\n")
    what = server.wait_state("it", "FATAL")
    assert starts(server) == 5
    assert what["description"] == "Exited too quickly (process log may have details)"
    assert (what["restarts"], what["nextStart"]) == (4, 0)


@pytest.mark.parametrize("startsecs", [0, 1])
def test_a_crash_loop_ends_in_fatal_with_the_reason(daemon, startsecs):
    server = daemon(f"[program:it]\ncommand=/bin/sh -c 'sleep {startsecs}.1; exit 3'\nstartsecs={startsecs}\n"
                    "restart_limit=2/1m\nrestart_delay=10ms\nautostart=false\n")
    server.rpc.supervisor.startProcess("it")
    what = server.wait_state("it", "FATAL")
    reason = "Bad exit code 3; restarted 2 times in 60 seconds (restart_limit)"
    assert what["description"] == what["spawnerr"] == reason
    assert what["restarts"] == 2
    assert f"INFO gave up: it entered FATAL state, {reason}\n" in server.log()
    assert starts(server) == 3
    server.rpc.supervisor.startProcess("it")
    server.wait_state("it", "FATAL")
    assert starts(server) == 6


def test_fatal_retry(daemon):
    path = "%(here)s/exists"
    server = daemon(f"[program:it]\ncommand=/bin/sh -c 'test -e {path} && exec sleep 1000'\nstartretries=0\n"
                    "fatal_retry=1s\n[program:slow]\ncommand=/nonexistent\nstartretries=0\nfatal_retry=2d\n")
    wait_for(lambda: starts(server) > 3, "several attempts")
    assert ("gave up: it entered FATAL state, too many start retries too quickly; the next attempt follows after "
            "1 second (fatal_retry)\n") in server.log()
    what = server.wait_state("slow", "FATAL")
    assert re.fullmatch(r"can't find command '/nonexistent'; next start at \w{3} \d\d \d\d:\d\d:\d\d",
                        what["description"])
    with open(os.path.join(server.directory, "exists"), "w", encoding="utf-8"):
        pass
    server.wait_state("it", "RUNNING")
    assert server.rpc.supervisor.stopProcess("slow") is True
    assert server.rpc.supervisor.getProcessInfo("slow")["nextStart"] == 0


def test_update_restarts_for_a_changed_pacing_and_config_info_shows_it(daemon):
    server = daemon("[program:it]\ncommand=/bin/cat\nrestart_delay=2\n")
    before = server.wait_state("it", "RUNNING")["pid"]
    server.configure("[program:it]\ncommand=/bin/cat\nrestart_delay=3\n")
    assert server.rpc.supervisor.reloadConfig() == [[[], ["it"], []]]
    server.configure("[program:it]\ncommand=/bin/cat\nrestart_delay=2\n")
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    assert info(server)["pid"] == before


WAITING = """[program:it]
command=/bin/sh -c 'kill -9 $$'
startsecs=0
restart_delay=1h
[program:down]
command=/nonexistent
startretries=0
fatal_retry=1h
[program:loop]
command=/bin/sh -c 'sleep 0.3; exit 3'
startsecs=0
restart_limit=10/1h
restart_delay=10ms
"""


def check_what_waits(server, replace):
    """`replace` puts another supervisord in the place of this one, which continues with what waits, and what counts."""
    server.wait_state("it", "EXITED")
    server.wait_state("down", "FATAL")
    wait_for(lambda: starts(server, "loop") > 1, "a restart")
    before = {name: info(server, name) for name in ("it", "down")}
    assert before["it"]["lastExit"]["signal"] == 9
    replace()
    for name, what in before.items():
        after = info(server, name)
        assert abs(after["nextStart"] - what["nextStart"]) <= 1  # the clocks are two
        for key in ("state", "spawnerr", "restarts", "lastExit", "start", "stop"):
            assert after.get(key) == what.get(key), key
    server.wait_state("loop", "FATAL")
    assert info(server, "loop")["restarts"] == 10
    assert server.rpc.supervisor.stopProcess("it") is True
    assert info(server)["statename"] == "STOPPED"


def test_pacing_goes_through_an_upgrade(daemon, work_dir):
    server = daemon(WAITING, executable=Installation(work_dir).path)
    check_what_waits(server, lambda: server.rpc.supervisor.upgrade())


def test_pacing_goes_through_a_crash(work_dir):
    with KeptDaemon(work_dir, WAITING) as server:
        check_what_waits(server, server.crash_and_take_over)


def test_a_bad_value_changes_nothing(daemon):
    server = daemon("[program:it]\ncommand=/bin/cat\n")
    before = server.wait_state("it", "RUNNING")["pid"]
    server.configure("[program:it]\ncommand=/bin/cat\nrestart_limit=often\n")
    with pytest.raises(xmlrpc.client.Fault, match=r"'often' is not COUNT/SECONDS, such as 5/60 for key 'restart_limit' "
                                                  r"in section 'program:it' \(file: '.*supervisord.conf', line \d+\)"):
        server.rpc.supervisor.reloadConfig()
    assert info(server)["pid"] == before
