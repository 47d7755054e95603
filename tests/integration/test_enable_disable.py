# SPDX-License-Identifier: MIT
"""supervisorctl enable and disable, and autostart=last: what supervisord remembers over a reboot."""

import os
import signal
import xmlrpc.client

import pytest

from daemon import Daemon
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

CONFIG = """
[program:web]
command=/bin/cat
startsecs=0

[program:db]
command=/bin/cat
startsecs=0

[group:g]
programs=one,two

[program:one]
command=/bin/cat
startsecs=0

[program:two]
command=/bin/cat
startsecs=0
"""
LAST = "[program:{name}]\ncommand=/bin/cat\nstartsecs=0\nautostart=last\n"


def states(server):
    return {f"{info['group']}:{info['name']}": info["statename"] for info in server.rpc.supervisor.getAllProcessInfo()}


def info(server, name):
    return server.rpc.supervisor.getProcessInfo(name)


def reboot(server, number=signal.SIGKILL):
    """Ends it, by default as a power failure does, and starts it again."""
    if number == signal.SIGTERM:
        server.stop()
    server.__exit__()  # also what it left
    server.start()
    server.wait_ready()


@pytest.fixture
def server(daemon):
    return daemon(CONFIG)


def test_disabled_programs_are_not_started_by_a_boot(server):
    done = server.ctl("disable", "web", "g:one")
    assert (done.stdout, done.stderr, done.returncode) == ("web: disabled\ng:one: disabled\n", "", 0)
    assert states(server)["web:web"] == "RUNNING"  # what runs keeps running
    reboot(server)
    assert states(server) == {"web:web": "STOPPED", "db:db": "RUNNING", "g:one": "STOPPED", "g:two": "RUNNING"}
    done = server.ctl("enable", "web", "g:one")
    assert (done.stdout, done.returncode) == ("web: enabled\ng:one: enabled\n", 0)
    assert states(server)["web:web"] == "STOPPED"
    assert not os.path.exists(server.log_path + ".state")
    reboot(server, signal.SIGTERM)
    assert set(states(server).values()) == {"RUNNING"}


def test_nor_by_start_all_nor_with_their_group_nor_by_update(server):
    server.ctl("disable", "web", "g:one")
    server.rpc.supervisor.stopAllProcesses()
    assert server.ctl("start", "all").stdout.splitlines() == ["db: started", "g:two: started"]
    server.rpc.supervisor.stopProcessGroup("g")
    assert server.ctl("start", "g:*").stdout == "g:two: started\n"
    server.configure(CONFIG.replace("startsecs=0", "startsecs=0\nstopsignal=INT"))
    assert server.ctl("update").returncode == 0
    assert states(server) == {"web:web": "STOPPED", "db:db": "RUNNING", "g:one": "STOPPED", "g:two": "RUNNING"}


def test_start_by_name_works(server):
    server.ctl("disable", "web")
    server.rpc.supervisor.stopProcess("web")
    assert server.ctl("start", "web").stdout == "web: started\n"
    assert info(server, "web")["description"].endswith(", disabled")


def test_status_says_so_and_nothing_else_changes(server):
    before = info(server, "web")
    listed = server.rpc.supervisor.getAllProcessInfo()
    assert "disabled" not in before
    server.rpc.supervisor.disableProcess("web")
    after = info(server, "web")
    assert set(after) - set(before) == {"disabled"} and after["disabled"] is True
    assert after["description"].startswith(f"pid {before['pid']}, uptime ")
    assert after["description"].endswith(", disabled")
    assert server.ctl("status", "web").stdout.endswith(", disabled\n")
    # The list, which is composed again and again, too.
    now = {entry["name"]: entry for entry in server.rpc.supervisor.getAllProcessInfo()}
    assert now["web"]["disabled"] is True
    assert set(now["db"]) == set(listed[0])
    server.rpc.supervisor.enableProcess("web")
    assert set(info(server, "web")) == set(before)
    assert all("disabled" not in entry for entry in server.rpc.supervisor.getAllProcessInfo())


def test_whole_groups_all_and_patterns(server):
    assert server.ctl("disable", "g:*").stdout == "g:one: disabled\ng:two: disabled\n"
    assert server.read("supervisord.log.state").splitlines()[1:] == ["disabled g:one", "disabled g:two"]
    assert server.ctl("enable", "t*").stdout == "g:two: enabled\n"
    assert server.ctl("disable", "all").stdout.splitlines() == [
        f"{name}: disabled" for name in ("db", "g:one", "g:two", "web")]
    assert server.ctl("enable", "all").returncode == 0
    assert server.rpc.supervisor.disableProcess("g:*")[0]["status"] == 80
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME: none"):
        server.rpc.supervisor.enableProcessGroup("none")


def test_mistakes(server):
    done = server.ctl("disable", "none")
    assert (done.stdout, done.returncode) == ("none: ERROR (no such process)\n", 1)
    done = server.ctl("disable", "none:*")
    assert (done.stdout, done.returncode) == ("none: ERROR (no such group)\n", 1)
    done = server.ctl("enable")
    assert done.stdout.startswith("Error: enable requires a process name\nenable NAME...")
    assert done.returncode == 2
    methods = server.rpc.system.listMethods()
    assert not [name for name in methods if "able" in name.lower() and "Process" in name]
    assert "disable" not in server.ctl("help").stdout


def test_what_cannot_be_kept_is_not_done(daemon, work_dir):
    os.mkdir(f"{work_dir}/none")
    server = daemon(CONFIG, supervisord=f"state_file={work_dir}/none/s.state")
    os.rmdir(f"{work_dir}/none")
    done = server.ctl("disable", "web", "g:*")
    assert done.returncode == 1
    why = f"the state file: cannot write {work_dir}/none/s.state: No such file or directory"
    assert done.stdout == f"web: ERROR ({why})\ng:*: ERROR ({why})\n"
    assert "disabled" not in info(server, "web")


def test_it_lasts_over_an_upgrade(daemon, work_dir):
    server = daemon(CONFIG, executable=Installation(work_dir).path)
    server.rpc.supervisor.disableProcess("web")
    assert server.rpc.supervisor.upgrade() is True
    assert info(server, "web")["disabled"] is True
    server.rpc.supervisor.stopAllProcesses()
    server.rpc.supervisor.startAllProcesses()
    assert states(server)["web:web"] == "STOPPED"


def test_the_state_file_has_a_key_and_a_default_without_a_log_file(daemon):
    server = daemon(CONFIG, supervisord="state_file=%(here)s/mine")
    server.rpc.supervisor.disableProcess("web")
    assert "\ndisabled web\n" in server.read("mine")
    server = daemon(CONFIG, args=["-l", "/dev/null"])
    server.rpc.supervisor.disableProcess("web")
    assert "\ndisabled web\n" in server.read("supervisord.pid.state")


def test_an_empty_name_of_the_state_file_is_refused(work_dir):
    server = Daemon("ours", work_dir, CONFIG, supervisord="state_file=", wait=False)
    with server:
        assert server.process.wait(30) == 2
        assert "the name of the state file is empty for key 'state_file'" in server.output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_autostart_last_goes_on_as_it_was(daemon, number):
    server = daemon("".join(LAST.format(name=name) for name in ("up", "down", "ended")))
    server.configure("".join(LAST.format(name=name) for name in ("up", "down", "ended")).replace(
        "[program:ended]\ncommand=/bin/cat", "[program:ended]\ncommand=/bin/true"))
    assert states(server) == dict.fromkeys(("up:up", "down:down", "ended:ended"), "RUNNING")  # there is no record
    server.ctl("update")
    server.wait_state("ended", "EXITED")
    server.rpc.supervisor.stopProcess("down")
    path = server.log_path + ".state"
    if number == signal.SIGKILL:
        wait_for(lambda: os.path.exists(path) and "\ndown down\ndown ended\n" in server.read("supervisord.log.state"),
                 "the states to be kept")
    reboot(server, number)
    assert states(server) == {"up:up": "RUNNING", "down:down": "STOPPED", "ended:ended": "STOPPED"}
    server.rpc.supervisor.startProcess("down")
    wait_for(lambda: "down down\n" not in server.read("supervisord.log.state"), "the new state to be kept")
    reboot(server, number)
    assert states(server) == {"up:up": "RUNNING", "down:down": "RUNNING", "ended:ended": "STOPPED"}


def test_what_failed_is_tried_again_with_autostart_last(daemon):
    server = daemon(LAST.format(name="bad").replace("/bin/cat", "/nonexistent"))
    server.wait_state("bad", "FATAL")
    reboot(server, signal.SIGTERM)
    server.wait_state("bad", "FATAL")
    assert server.log().count("gave up: bad") == 2
    assert not os.path.exists(server.log_path + ".state")


def test_autostart_last_counts_also_after_an_upgrade(daemon, work_dir):
    server = daemon(LAST.format(name="down"), executable=Installation(work_dir).path)
    server.rpc.supervisor.stopProcess("down")
    assert server.rpc.supervisor.upgrade() is True  # before it was noted, perhaps
    wait_for(lambda: "\ndown down\n" in server.read("supervisord.log.state"), "the state to be kept")


def test_update_starts_what_has_autostart_last(daemon):
    server = daemon(LAST.format(name="x"))
    server.configure(LAST.format(name="x") + "environment=A=\"1\"\n")
    assert server.ctl("update").stdout == "x: stopped\nx: updated process group\n"
    server.wait_state("x", "RUNNING")
    config = server.rpc.supervisor.getAllConfigInfo()[0]
    assert config["autostart"] == "last"


def test_it_lasts_over_a_crash(work_dir, cleanup):
    server = cleanup.enter_context(KeptDaemon(work_dir, CONFIG + LAST.format(name="last")))
    server.rpc.supervisor.disableProcess("web")
    server.rpc.supervisor.stopProcess("last")
    server.crash_and_take_over()
    assert info(server, "web")["disabled"] is True
    assert states(server)["web:web"] == "RUNNING"
    wait_for(lambda: "\ndown last\n" in server.read("supervisord.log.state"), "the state to be kept")
