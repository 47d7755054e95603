# SPDX-License-Identifier: MIT
"""What `scale` has added follows the section of its program, and `update` keeps its number."""

import os
import signal

import pytest

from store_keeper import KeptDaemon
from upgrading import Installation, in_thread

WEB = """
[program:web]
command=/bin/cat
numprocs=2
process_name=%(program_name)s_%(process_num)d
startsecs=0
environment=NUMBER="%(process_num)d"
stdout_logfile=NONE
"""
DB = "[program:db]\ncommand=/bin/cat\nstartsecs=0\n[group:g]\nprograms=db,web\n"


def pids(server):
    return {info["name"]: info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}


def names(*numbers):
    return {f"web_{number}" for number in numbers}


def value(server, key):
    """What each process of the program has for the key."""
    return {info["name"]: info[key] for info in server.rpc.supervisor.getAllConfigInfo()}


def environ(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")


def with_line(line, text=WEB):
    return text.replace("startsecs=0\n", f"startsecs=0\n{line}\n", 1)


def with_number(number, text=WEB):
    return text.replace("numprocs=2", f"numprocs={number}")


@pytest.fixture
def server(daemon):
    """One whose program has four processes, two of them by scale."""
    server = daemon(WEB)
    assert server.ctl("scale", "web=4").returncode == 0
    return server


def test_a_live_key_reaches_them_while_they_run(server):
    before = pids(server)
    server.configure(with_line("stopwaitsecs=7"))
    plan = server.ctl("update", "--dry-run").stdout
    for number in range(4):
        assert f"web_{number}" in plan
    assert server.ctl("reread", "--verbose").stdout.count("stopwaitsecs") == 4
    assert server.ctl("update").returncode == 0
    assert pids(server) == before and set(before) == names(0, 1, 2, 3)
    assert set(value(server, "stopwaitsecs").values()) == {7}
    assert server.ctl("update").stdout == "" and server.ctl("reread").stdout == "No config updates to processes\n"


def test_another_key_restarts_them(server):
    before = pids(server)
    server.configure(WEB.replace('NUMBER="', 'MORE="x%(process_num)d",NUMBER="'))
    assert server.ctl("update").returncode == 0
    now = pids(server)
    assert set(now) == names(0, 1, 2, 3) and not set(now.values()) & set(before.values())
    for number in range(4):
        server.wait_state(f"web:web_{number}", "RUNNING")
        assert f"MORE=x{number}".encode() in environ(pids(server)[f"web_{number}"])
    assert server.ctl("update").stdout == ""


def test_no_start_leaves_them_stopped(server):
    server.configure(with_line("umask=077"))
    assert server.ctl("update", "--no-start").returncode == 0
    assert pids(server) == {name: 0 for name in names(0, 1, 2, 3)}


def test_restart_if_changed_restarts_one_of_them(server):
    before = pids(server)
    server.configure(with_line("umask=077"))
    assert server.ctl("restart", "--if-changed", "web:web_3").returncode == 0
    now = pids(server)
    assert now["web_3"] != before["web_3"] and {name for name in now if now[name] == before[name]} == names(0, 1, 2)
    assert server.ctl("update").returncode == 0
    assert pids(server)["web_3"] == now["web_3"] and pids(server)["web_2"] != before["web_2"]


def test_others_of_the_group_do_not_bring_removed_ones_back(daemon):
    server = daemon(WEB + DB)
    assert server.ctl("scale", "web=1").stdout == "g:web_1: removed\n"
    before = pids(server)
    server.configure(with_line("stopwaitsecs=7", WEB) + DB.replace("startsecs=0", "startsecs=0\numask=077"))
    assert server.ctl("update").returncode == 0
    now = pids(server)
    assert set(now) == {"db", "web_0"} and now["web_0"] == before["web_0"] and now["db"] != before["db"]
    assert server.ctl("scale", "web=2").stdout == "g:web_1: added\n"


def test_a_program_that_leaves_its_group_takes_them_along(daemon):
    server = daemon(WEB + DB)
    server.ctl("scale", "web=3")
    db = pids(server)["db"]
    server.configure("[program:db]\ncommand=/bin/cat\nstartsecs=0\n[group:g]\nprograms=db\n")
    assert server.ctl("update").returncode == 0
    assert pids(server) == {"db": db}


def test_they_go_with_their_section(server):
    server.configure("")
    assert server.ctl("update").returncode == 0
    assert pids(server) == {}
    server.configure(WEB)
    assert server.ctl("update").returncode == 0
    assert set(pids(server)) == names(0, 1)


@pytest.mark.parametrize("file, then", [(3, 4), (1, 4), (5, 5), (4, 4)])
def test_the_number_stays_unless_the_file_has_a_larger_one(server, file, then):
    before = pids(server)
    server.configure(with_number(file))
    assert server.ctl("update").returncode == 0
    now = pids(server)
    assert set(now) == names(*range(then)) and {name: now[name] for name in before} == before
    assert server.ctl("update").stdout == ""
    # A number that the file has covered is forgotten.
    server.configure(with_number(1))
    assert server.ctl("update").returncode == 0
    assert set(pids(server)) == names(*range(1 if file >= 4 else 4))


def test_a_smaller_number_stays_until_the_file_has_a_larger_one(daemon):
    server = daemon(with_number(3))
    server.ctl("scale", "web=1")
    for file, then in ((2, 1), (3, 3)):
        server.configure(with_number(file))
        assert server.ctl("update").returncode == 0
        assert set(pids(server)) == names(*range(then))


def test_their_first_number_follows_the_file(server):
    server.configure(with_line("numprocs_start=10"))
    assert server.ctl("update").returncode == 0
    assert set(pids(server)) == names(10, 11, 12, 13)
    assert b"NUMBER=13" in environ(pids(server)["web_13"])


def test_a_section_that_allows_only_one_process_wins(server):
    server.configure(WEB.replace("numprocs=2", "numprocs=1").replace("_%(process_num)d\n", "\n", 1))
    assert server.ctl("update").returncode == 0
    assert set(pids(server)) == {"web"}


def test_scaled_to_none(server):
    server.ctl("scale", "web=0")
    server.configure(with_line("umask=077"))
    assert server.ctl("update").returncode == 0
    assert pids(server) == {}
    assert server.ctl("scale", "web=1").stdout == "web:web_0: added\n"


def test_the_number_in_a_value(daemon):
    text = WEB.replace('NUMBER="%(process_num)d"', 'OF="%(numprocs)d"')
    server = daemon(text)
    before = pids(server)
    for number in (3, 4):
        assert server.ctl("scale", f"web={number}").stdout == f"web:web_{number - 1}: added\n"
    assert {name: pids(server)[name] for name in before} == before
    assert b"OF=2" in environ(before["web_0"]) and b"OF=4" in environ(pids(server)["web_3"])
    assert server.ctl("update").stdout == ""
    server.configure(with_line("stopwaitsecs=7", text))
    assert server.ctl("update").returncode == 0
    assert all(b"OF=4" in environ(pid) for pid in pids(server).values())


def test_what_was_added_by_name_stays_as_it_is(daemon):
    text = WEB + "[rpcinterface:twiddler]\n" \
        "supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n"
    server = daemon(text)
    server.ctl("scale", "web=3")
    assert server.rpc.twiddler.addProgramToGroup("web", "other", {"command": "/bin/cat", "startsecs": "0"})
    before = pids(server)
    server.configure(with_line("umask=077", text))
    assert server.ctl("update").returncode == 0
    now = pids(server)
    assert set(now) == {"other"} | names(0, 1, 2)
    assert {name for name in now if now[name] == before[name]} == {"other"}


def test_a_larger_number_while_the_last_ones_stop(daemon):
    server = daemon(with_line("stopsignal=CONT\nstopwaitsecs=1000"))
    before = pids(server)
    result = in_thread(server.rpc.supervisor.scaleProgram, "web", 1)
    server.wait_state("web:web_1", "STOPPING")
    assert server.ctl("scale", "web=3").stdout == "web:web_2: added\n"
    os.kill(before["web_1"], signal.SIGKILL)
    assert result() == {"group": "web", "added": [], "removed": []}
    server.wait_state("web:web_1", "RUNNING")
    assert set(pids(server)) == names(0, 1, 2)


def test_a_file_that_needs_a_larger_number(daemon):
    server = daemon(WEB)
    server.ctl("scale", "web=1")
    server.configure(WEB + "[program:db]\ncommand=/bin/cat\ndepends_on=web:web_1\nstartsecs=0\n")
    assert "web:web_1" in server.ctl("update").stdout and set(pids(server)) == names(0)
    assert server.ctl("scale", "web=2").stdout == "web:web_1: added\n"
    assert server.ctl("update").returncode == 0
    assert set(pids(server)) == {"db"} | names(0, 1)


def test_a_crash_while_the_last_ones_stop(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(work_dir, with_line("stopsignal=CONT\nstopwaitsecs=1000")))
    before = pids(server)
    in_thread(server.rpc.supervisor.scaleProgram, "web", 1)
    server.wait_state("web:web_1", "STOPPING")
    server.crash_and_take_over()
    assert pids(server) == before
    os.kill(before["web_1"], signal.SIGKILL)
    server.wait_state("web:web_1", "STOPPED")
    assert server.ctl("scale", "web=1").stdout == "web:web_1: removed\n"
    server.configure(with_line("stopsignal=CONT\nstopwaitsecs=7"))
    assert server.ctl("update").returncode == 0
    assert pids(server) == {"web_0": before["web_0"]}


def test_update_removes_what_a_lost_call_has_left(work_dir, cleanup):
    text = with_line("stopsignal=CONT\nstopwaitsecs=1000")
    server = cleanup.enter_context(KeptDaemon(work_dir, text))
    before = pids(server)
    in_thread(server.rpc.supervisor.scaleProgram, "web", 1)
    server.wait_state("web:web_1", "STOPPING")
    server.crash_and_take_over()
    os.kill(before["web_1"], signal.SIGKILL)
    server.wait_state("web:web_1", "STOPPED")
    server.configure(text.replace("1000", "7"))
    assert server.ctl("update").returncode == 0
    assert pids(server) == {"web_0": before["web_0"]}


def test_a_supervisorctl_that_replaces_whole_groups_keeps_the_number(server):
    server.configure(with_line("umask=077"))
    rpc = server.rpc.supervisor
    assert rpc.reloadConfig() == [[[], ["web"], []]]
    rpc.stopProcessGroup("web")
    assert rpc.removeProcessGroup("web") is True and rpc.addProcessGroup("web") is True
    assert set(pids(server)) == names(0, 1, 2, 3)
    assert server.ctl("update").stdout == ""


def test_a_group_that_is_removed_and_read_again_has_the_number_of_the_file(server):
    server.ctl("stop", "web:*")
    server.ctl("remove", "web")
    server.ctl("reread")
    server.ctl("add", "web")
    assert set(pids(server)) == names(0, 1)


def follows(server, count):
    """Whether update reaches all of them."""
    before = pids(server)
    assert set(before) == names(*range(count))
    server.configure(with_line("stopwaitsecs=7"))
    changes = server.rpc.supervisor.getConfigChanges()
    assert [program["change"] for program in changes[0]["programs"]] == ["live"] * count
    assert server.ctl("update").returncode == 0
    assert pids(server) == before and set(value(server, "stopwaitsecs").values()) == {7}


@pytest.mark.parametrize("count", [1, 4])
def test_after_an_upgrade_update_still_reaches_them(daemon, work_dir, count):
    server = daemon(WEB, executable=Installation(work_dir).path)
    server.ctl("scale", f"web={count}")
    assert server.rpc.supervisor.upgrade() is True
    follows(server, count)


@pytest.mark.parametrize("count", [1, 4])
def test_after_a_crash_update_still_reaches_them(work_dir, cleanup, count):
    server = cleanup.enter_context(KeptDaemon(work_dir, WEB))
    server.ctl("scale", f"web={count}")
    server.crash_and_take_over()
    follows(server, count)
