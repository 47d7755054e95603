# SPDX-License-Identifier: MIT
"""What depends on a program that `update` restarts: it stays, or restarts with it and is in the plan."""

import pytest

from upgrading import infos
from waiting import wait_for

CHAIN = ("[program:db]\ncommand=/bin/sleep 1000\nstartsecs=0\n{0}"
         "[program:app]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=db\n"
         "[program:late]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=app:started\n"
         "[program:with]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=db\nrestart_with_dependencies=true\n")


@pytest.fixture
def chain(daemon):
    server = daemon(CHAIN.format(""))
    for name in ("db", "app", "late", "with"):
        server.wait_state(name, "RUNNING")
    return server


def pids(server):
    return {one["name"]: one["pid"] for one in infos(server).values()}


def test_what_depends_on_a_changed_program_stays(chain):
    before = pids(chain)
    chain.configure(CHAIN.format("umask=077\nexitcodes=3\n"))
    plan = ("db: would be updated\n    db: restarted (umask; also changed: exitcodes)\n"
            "with: would be the same\n    with: restarted (db is)\n")
    assert chain.ctl("update", "--dry-run").stdout == plan
    assert pids(chain) == before
    assert chain.ctl("update").stdout == "db: stopped\ndb: updated process group\n"
    wait_for(lambda: pids(chain)["with"] not in (0, before["with"]), "the restart")
    after = pids(chain)
    assert [name for name in before if before[name] != after[name]] == ["db", "with"]


def test_restart_if_changed_keeps_what_depends_on_it(chain):
    before = pids(chain)
    chain.configure(CHAIN.format("umask=077\n"))
    done = chain.ctl("restart", "--if-changed", "all")
    assert (done.stdout, done.returncode) == ("db: stopped\ndb: started\n", 0)
    wait_for(lambda: pids(chain)["with"] not in (0, before["with"]), "the restart")
    after = pids(chain)
    assert [name for name in before if before[name] != after[name]] == ["db", "with"]


def test_without_a_start_only_what_restarts_with_it_waits(chain):
    before = pids(chain)
    chain.configure(CHAIN.format("umask=077\n"))
    assert chain.ctl("update", "--no-start").returncode == 0
    after = pids(chain)
    assert [name for name in before if before[name] != after[name]] == ["db", "with"]
    assert infos(chain)["with:with"]["description"] == "waiting for db"
    assert chain.ctl("start", "db").returncode == 0
    chain.wait_state("with", "RUNNING")
