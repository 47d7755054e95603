# SPDX-License-Identifier: MIT
"""supervisorctl scale: processes of a program are added and removed while the others run on."""

import os
import xmlrpc.client

import pytest

from store_keeper import KeptDaemon
from upgrading import Installation

WEB = """
[program:web]
command=/bin/cat
numprocs=2
process_name=%(program_name)s_%(process_num)d
startsecs=0
"""
INCLUDE = "[include]\nfiles=d/*.ini\n"


def pids(server):
    return {info["name"]: info["pid"] for info in server.rpc.supervisor.getAllProcessInfo()}


@pytest.fixture
def server(daemon):
    return daemon(WEB)


@pytest.fixture
def including(daemon, work_dir):
    """One whose included directory is `d`, which has the program."""
    server = daemon("", wait=False)
    server.__exit__()
    os.mkdir(f"{server.directory}/d")
    with open(f"{server.directory}/d/web.ini", "w", encoding="utf-8") as file:
        file.write(WEB)
    server.configure(INCLUDE)
    server.start()
    server.wait_ready()
    return server


def test_up_and_down_without_touching_the_others(server):
    before = pids(server)
    done = server.ctl("scale", "web=4")
    assert (done.stdout, done.stderr, done.returncode) == ("web:web_2: added\nweb:web_3: added\n", "", 0)
    now = pids(server)
    assert set(now) == {f"web_{number}" for number in range(4)} and all(now.values())
    assert {name: now[name] for name in before} == before
    assert server.ctl("scale", "web=1").stdout == "".join(f"web:web_{number}: removed\n" for number in (1, 2, 3))
    assert pids(server) == {"web_0": before["web_0"]}
    assert server.ctl("scale", "web=1").stdout == "web: 1 processes, as before\n"
    assert server.ctl("scale", "web=0").stdout == "web:web_0: removed\n"
    assert pids(server) == {}
    assert server.ctl("scale", "web=2").stdout == "web:web_0: added\nweb:web_1: added\n"


def test_in_a_group_only_the_programs_own_processes(daemon):
    server = daemon(WEB + "[program:db]\ncommand=/bin/cat\nstartsecs=0\n[group:g]\nprograms=db,web\n")
    before = pids(server)
    assert server.rpc.supervisor.scaleProgram("web", 1) == {"group": "g", "added": [], "removed": ["web_1"]}
    assert server.ctl("scale", "web=3").stdout == "g:web_1: added\ng:web_2: added\n"
    assert {name: pids(server)[name] for name in ("db", "web_0")} == {name: before[name] for name in ("db", "web_0")}


def test_processes_that_share_a_socket(daemon):
    server = daemon("[fcgi-program:f]\ncommand=/bin/sleep 1000\nprocess_name=%(process_num)d\nstartsecs=0\n"
                    "socket=unix://%(here)s/f.sock\n")
    first = pids(server)["0"]
    assert server.ctl("scale", "f=2").stdout == "f:1: added\n"
    now = pids(server)
    assert now["0"] == first
    assert len({os.readlink(f"/proc/{pid}/fd/0") for pid in now.values()}) == 1
    assert server.ctl("scale", "f=1").stdout == "f:1: removed\n"


def test_reread_sees_no_change_and_a_restart_forgets_it(server):
    server.ctl("scale", "web=3")
    assert server.rpc.supervisor.reloadConfig() == [[[], [], []]]
    infos = server.rpc.supervisor.getAllConfigInfo()
    assert [info["name"] for info in infos] == ["web_0", "web_1", "web_2"]
    server.stop()
    server.start()
    server.wait_ready()
    assert set(pids(server)) == {"web_0", "web_1"}


def test_it_lasts_over_an_upgrade(daemon, work_dir):
    server = daemon(WEB, executable=Installation(work_dir).path)
    server.ctl("scale", "web=3")
    before = pids(server)
    assert server.rpc.supervisor.upgrade() is True
    assert pids(server) == before
    assert server.ctl("scale", "web=1").stdout == "web:web_1: removed\nweb:web_2: removed\n"
    assert server.rpc.supervisor.upgrade() is True
    assert pids(server) == {"web_0": before["web_0"]}


def test_saved_numbers_last_over_a_restart(including):
    before = pids(including)
    done = including.ctl("scale", "web=3", "--save")
    assert (done.stdout, done.stderr, done.returncode) == ("web:web_2: added\n", "", 0)
    saved = including.read("d/scale.ini")
    assert saved.endswith("[scale:web]\nnumprocs=3\n")
    # What runs is what is configured: nothing is left to do.
    assert including.ctl("update").stdout == ""
    assert {name: pids(including)[name] for name in before} == before
    including.stop()
    including.start()
    including.wait_ready()
    assert set(pids(including)) == {"web_0", "web_1", "web_2"}
    assert including.ctl("scale", "web=1", "--save").stdout == "web:web_1: removed\nweb:web_2: removed\n"
    assert including.ctl("update").stdout == ""
    assert including.read("d/scale.ini").endswith("[scale:web]\nnumprocs=1\n")
    assert set(pids(including)) == {"web_0"}


def test_a_saved_number_of_processes_that_share_a_socket(daemon):
    server = daemon("", wait=False)
    server.__exit__()
    os.mkdir(f"{server.directory}/d")
    server.configure(INCLUDE + "[fcgi-program:f]\ncommand=/bin/sleep 1000\nprocess_name=%(process_num)d\n"
                     "startsecs=0\nsocket=unix://%(here)s/f.sock\n")
    server.start()
    server.wait_ready()
    first = pids(server)["0"]
    assert server.ctl("scale", "f=2", "--save").stdout == "f:1: added\n"
    now = pids(server)
    assert now["0"] == first and server.ctl("update").stdout == "" and pids(server) == now
    assert server.ctl("scale", "f=1", "--save").stdout == "f:1: removed\n"
    assert server.ctl("update").stdout == "" and pids(server) == {"0": first}
    server.ctl("stop", "f:*")
    assert server.ctl("start", "f:*").stdout == "f:0: started\n"


def test_without_a_directory_nothing_is_saved_and_nothing_changed(server):
    done = server.ctl("scale", "web=3", "--save")
    assert done.returncode == 1
    assert done.stdout.startswith("web: ERROR (there is no directory to save it in: ")
    assert set(pids(server)) == {"web_0", "web_1"}


def test_a_changed_configuration_comes_first(server):
    server.configure(WEB.replace("startsecs=0", "startsecs=0\nstopsignal=INT"))
    done = server.ctl("scale", "web=3")
    assert done.stdout == "web: ERROR (the configuration of group web has changed: run update first)\n"
    assert server.ctl("update").returncode == 0
    assert server.ctl("scale", "web=3").stdout == "web:web_2: added\n"


def test_disabled_processes_are_added_but_not_started(server):
    server.ctl("scale", "web=3")
    server.ctl("disable", "web:web_2")
    server.ctl("scale", "web=2")
    server.ctl("scale", "web=3")
    assert server.rpc.supervisor.getProcessInfo("web:web_2")["description"] == "Not started, disabled"


@pytest.mark.parametrize("words, output, status", [
    ((), "Error: scale requires a program and a number\nscale PROGRAM=N...", 2),
    (("web",), "Error: web is not PROGRAM=N, with a number up to 100000\n", 2),
    (("web=-1",), "Error: web=-1 is not PROGRAM=N, with a number up to 100000\n", 2),
    (("web=1000000",), "Error: web=1000000 is not PROGRAM=N, with a number up to 100000\n", 2),
    (("none=2",), "none: ERROR (no such program)\n", 1),
    (("single=2",), "single: ERROR (%(process_num) must be present within process_name", 1),
    (("listener=2",), "listener: ERROR (no such program)\n", 1),
])
def test_mistakes(daemon, words, output, status):
    server = daemon(WEB + "[program:single]\ncommand=/bin/cat\n"
                    "[eventlistener:listener]\ncommand=/bin/cat\nevents=TICK_3600\nautostart=false\n")
    done = server.ctl("scale", *words)
    assert done.stdout.startswith(output)
    assert done.returncode == status
    assert {"web_0", "web_1"} <= set(pids(server))
    with pytest.raises(xmlrpc.client.Fault, match="INCORRECT_PARAMETERS: count must be from 0"):
        server.rpc.supervisor.scaleProgram("web", -1)
    assert "supervisor.scaleProgram" not in server.rpc.system.listMethods()


def test_it_lasts_over_a_crash(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(work_dir, WEB))
    server.ctl("scale", "web=3")
    before = pids(server)
    server.crash_and_take_over()
    assert pids(server) == before
    server.ctl("scale", "web=1")
    server.crash_and_take_over()
    assert pids(server) == {"web_0": before["web_0"]}
