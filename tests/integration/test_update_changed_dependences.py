# SPDX-License-Identifier: MIT
"""`update` when what programs depend on is removed, gets another name, becomes a group, or stops being a default."""

from upgrading import infos
from waiting import wait_for

SLEEP = "command=/bin/sleep 1000\nstartsecs=0\n"


def sleeper(name, *lines):
    return f"[program:{name}]\n{SLEEP}" + "".join(f"{line}\n" for line in lines)


def pids(server):
    return {name: one["pid"] for name, one in infos(server).items()}


def wait_all_running(server, names):
    """Waits until exactly these programs are there and run, and returns their pids."""
    def reached():
        all_ = infos(server)
        return set(all_) == set(names) and all(one["statename"] == "RUNNING" for one in all_.values())
    wait_for(reached, f"{names} to run")
    return pids(server)


def check_update(server, config, output):
    """Updates, and requires that nothing is left to update and nothing waits."""
    server.configure(config)
    done = server.ctl("update")
    assert (sorted(done.stdout.splitlines()), done.stderr, done.returncode) == (sorted(output), "", 0)
    assert server.ctl("update").stdout == ""
    assert not any(one.get("waitingFor") for one in infos(server).values())


def test_a_group_is_removed_together_with_the_dependence_on_it(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db") + sleeper("other"))
    before = wait_all_running(server, ["db:db", "web:web", "other:other"])
    check_update(server, sleeper("web") + sleeper("other"), ["db: stopped", "db: removed process group", "web: updated process group"])
    now = wait_all_running(server, ["web:web", "other:other"])
    assert now == {name: before[name] for name in now}
    now = now["web:web"]
    # The dependence is gone: a start and a restart wait for nothing.
    assert server.ctl("restart", "web").returncode == 0
    assert wait_all_running(server, ["web:web", "other:other"])["web:web"] != now


def test_the_same_with_restart_with_dependencies(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db", "restart_with_dependencies=true"))
    before = wait_all_running(server, ["db:db", "web:web"])
    check_update(server, sleeper("web"), ["db: stopped", "db: removed process group", "web: updated process group"])
    assert wait_all_running(server, ["web:web"])["web:web"] == before["web:web"]


def test_a_program_that_waits_for_what_is_removed_starts(daemon):
    server = daemon(sleeper("db", "autostart=false") + sleeper("web", "depends_on=db"))
    wait_for(lambda: infos(server)["web:web"]["description"] == "waiting for db", "web to wait")
    server.configure(sleeper("web"))
    assert server.ctl("update").returncode == 0
    wait_all_running(server, ["web:web"])


def test_a_program_that_others_depend_on_gets_another_name(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db"))
    before = wait_all_running(server, ["db:db", "web:web"])
    check_update(server, sleeper("store") + sleeper("web", "depends_on=store"),
                 ["db: stopped", "db: removed process group", "store: added process group",
                  "web: updated process group"])
    assert wait_all_running(server, ["store:store", "web:web"])["web:web"] == before["web:web"]
    # The new dependence is in force: a stop of the one takes the other along.
    assert server.ctl("stop", "store").returncode == 0
    assert {one["statename"] for one in infos(server).values()} == {"STOPPED"}
    assert server.ctl("start", "web").returncode == 0
    wait_all_running(server, ["store:store", "web:web"])


def test_a_program_that_others_depend_on_gets_into_a_group(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db"))
    before = wait_all_running(server, ["db:db", "web:web"])
    check_update(server, "[group:stores]\nprograms=db\n" + sleeper("db") + sleeper("web", "depends_on=stores:db"),
                 ["db: stopped", "db: removed process group", "stores: added process group",
                  "web: updated process group"])
    assert wait_all_running(server, ["stores:db", "web:web"])["web:web"] == before["web:web"]
    assert server.ctl("stop", "stores:db").returncode == 0
    assert {one["statename"] for one in infos(server).values()} == {"STOPPED"}


def test_a_program_gets_copies_in_a_group(daemon):
    server = daemon(sleeper("db") + sleeper("web", "depends_on=db"))
    before = wait_all_running(server, ["db:db", "web:web"])
    copies = sleeper("db", "numprocs=2", "process_name=%(program_name)s%(process_num)d")
    check_update(server, copies + sleeper("web", "depends_on=db:*"),
                 ["db: stopped", "db: updated process group", "web: updated process group"])
    assert wait_all_running(server, ["db:db0", "db:db1", "web:web"])["web:web"] == before["web:web"]


def test_defaults_with_a_dependence_are_removed(daemon):
    defaults = "[program-defaults]\ndepends_on=db\n"
    db = sleeper("db", "depends_on=")
    server = daemon(defaults + db + sleeper("web") + sleeper("late"))
    before = wait_all_running(server, ["db:db", "late:late", "web:web"])
    check_update(server, sleeper("web") + sleeper("late"), [
        "db: stopped", "db: removed process group", "late: updated process group", "web: updated process group"])
    now = wait_all_running(server, ["late:late", "web:web"])
    assert now == {name: before[name] for name in now}
    # And back.
    check_update(server, defaults + db + sleeper("web") + sleeper("late"), [
        "db: added process group", "late: updated process group", "web: updated process group"])
    assert wait_all_running(server, ["db:db", "late:late", "web:web"])["web:web"] == now["web:web"]
    assert server.ctl("stop", "db").returncode == 0
    assert {one["statename"] for one in infos(server).values()} == {"STOPPED"}


def test_a_program_that_is_down_with_autostart_last_stays_down(daemon):
    config = sleeper("a", "autostart=last") + "[group:g]\nprograms=b,c\n" + sleeper("b", "autostart=last") + sleeper("c")
    server = daemon(config)
    wait_all_running(server, ["a:a", "g:b", "g:c"])
    assert server.ctl("stop", "a", "g:b").returncode == 0
    server.configure(config.replace("sleep 1000", "sleep 2000"))
    assert server.ctl("update").returncode == 0
    wait_for(lambda: infos(server)["g:c"]["statename"] == "RUNNING", "the other one")
    assert {name: one["statename"] for name, one in infos(server).items()} == {
        "a:a": "STOPPED", "g:b": "STOPPED", "g:c": "RUNNING"}
    server.configure(config.replace("autostart=last\n", ""))
    assert server.ctl("update").returncode == 0
    wait_all_running(server, ["a:a", "g:b", "g:c"])
