# SPDX-License-Identifier: MIT
"""watch: programs that are restarted or reloaded when files change."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from memory_plan import MemoryPlan
from processes import is_running
from programs import program
from sanitizers import without_sanitizer
from store_keeper import KeptDaemon
from upgrading import Installation
from waiting import wait_for

def section(more="", name="web", command="/bin/sleep 1000", startsecs=0):
    return f"[program:{name}]\ncommand={command}\nstartsecs={startsecs}\nwatch_delay=100ms\n{more}\n"


def place(server, name):
    return os.path.join(server.directory, name)


def write(server, name, text="x"):
    with open(place(server, name), "w", encoding="utf-8") as file:
        file.write(text)


def replace(server, name, text="x"):
    write(server, name + ".new", text)
    os.rename(place(server, name + ".new"), place(server, name))


def info(server, name="web"):
    return server.rpc.supervisor.getProcessInfo(name)


def wait_restarted(server, pid, name="web"):
    """Waits for the next process; returns its pid."""

    def restarted():
        now = info(server, name)
        return now["pid"] if now["statename"] == "RUNNING" and now["pid"] != pid else None

    return wait_for(restarted, f"{name} to be restarted")


def consequences(server, name="web"):
    return re.findall(rf"INFO watch: {re.escape(name)}: (.*)\n", server.log())


def watches(server, name="conf"):
    """How many watches supervisord has on the directory."""
    count, wanted = 0, f" ino:{os.stat(place(server, name)).st_ino:x} "
    for fd in os.listdir(f"/proc/{server.pid}/fdinfo"):
        try:
            with open(f"/proc/{server.pid}/fdinfo/{fd}", encoding="utf-8") as file:
                count += sum(line.startswith("inotify ") and wanted in line for line in file)
        except FileNotFoundError:
            pass
    return count


@pytest.fixture
def site(daemon):
    """Makes a supervisord with the directory `conf` in which `app.conf` is, and the program web that is RUNNING."""

    def start(more="watch=%(here)s/conf", executable=None, **options):
        server = daemon("", supervisord="loglevel=debug", executable=executable)
        os.mkdir(place(server, "conf"))
        write(server, "conf/app.conf")
        server.configure(section(more, **options))
        server.rpc.supervisor.reloadConfig()
        server.rpc.supervisor.addProcessGroup("web")
        server.wait_state("web", "RUNNING")
        return server

    return start


def test_a_change_restarts_it_once(site):
    server = site()
    pid = info(server)["pid"]
    for number in range(3):
        write(server, "conf/app.conf", str(number))
        replace(server, "conf/app.conf", str(number))
    after = wait_restarted(server, pid)
    replace(server, "conf/app.conf", "again")
    assert wait_restarted(server, after) != after
    path = place(server, "conf/app.conf")
    assert consequences(server)[-1] == f"{path} and 1 more have changed; it is restarted (watch_action)"
    assert len(consequences(server)) == 2
    assert "exited" not in server.log()


def test_one_file(site):
    server = site("watch=%(here)s/conf/app.conf")
    pid = info(server)["pid"]
    write(server, "conf/other")
    write(server, "conf/app.conf", "new")
    wait_restarted(server, pid)
    path = place(server, "conf/app.conf")
    assert consequences(server) == [f"{path} has changed; it is restarted (watch_action)"]


def test_a_restart_is_not_a_failure(site):
    server = site("watch=%(here)s/conf\nrestart_limit=1/1000\nautorestart=true")
    pid = info(server)["pid"]
    for number in range(4):
        write(server, "conf/app.conf", str(number))
        pid = wait_restarted(server, pid)
    assert info(server)["restarts"] == 4


def test_a_file_that_is_there_later(site):
    server = site("watch=%(here)s/later/app.conf")
    pid = info(server)["pid"]
    os.mkdir(place(server, "later"))
    write(server, "later/app.conf")
    pid = wait_restarted(server, pid)
    shutil.rmtree(place(server, "later"))
    wait_restarted(server, pid)


def test_a_deployment_switches_a_link(site):
    server = site("watch=%(here)s/current")
    pid = info(server)["pid"]
    for number in range(2):
        os.makedirs(place(server, f"releases/{number}/app"))
        write(server, f"releases/{number}/app/main")
        os.symlink(f"releases/{number}", place(server, "next"))
        os.rename(place(server, "next"), place(server, "current"))
        pid = wait_restarted(server, pid)
    assert len(consequences(server)) == 2
    assert consequences(server)[1].startswith(f"{place(server, 'current')} has changed;")


def test_a_reload_by_signal(site):
    server = site("watch=%(here)s/conf\nwatch_action=reload\nreload_signal=USR1\nstdout_logfile=%(here)s/web.out",
                  command="/bin/sh -c 'trap \"echo again\" USR1; echo ready; while :; do sleep 0.05; done'")
    wait_for(lambda: "ready" in server.read("web.out"), "the program to be ready")
    pid = info(server)["pid"]
    write(server, "conf/app.conf", "new")
    wait_for(lambda: "again" in server.read("web.out"), "the signal")
    assert info(server)["pid"] == pid
    assert consequences(server) == [f"{place(server, 'conf/app.conf')} has changed; it is reloaded (watch_action)"]
    assert "reloaded: web by signal SIGUSR1" in server.log()


def test_a_reload_by_command_waits_for_the_one_before(site):
    server = site("watch=%(here)s/conf\nwatch_action=reload\n"
                  "reload_command=/bin/sh -c 'echo $MAINPID >> %(here)s/reloads; "
                  "while ! test -e %(here)s/go; do sleep 0.05; done'")
    pid = info(server)["pid"]
    write(server, "conf/app.conf", "1")
    wait_for(lambda: server.read("reloads") == f"{pid}\n", "the command")
    write(server, "conf/app.conf", "2")
    wait_for(lambda: server.rpc.supervisor.getState(), "an answer")
    write(server, "go")
    wait_for(lambda: server.read("reloads") == f"{pid}\n{pid}\n", "the command, again")
    assert info(server)["pid"] == pid


def test_a_signal(site):
    server = site("watch=%(here)s/conf\nwatch_action=signal HUP\nstdout_logfile=%(here)s/web.out",
                  command="/bin/sh -c 'trap \"echo again\" HUP; echo ready; while :; do sleep 0.05; done'")
    wait_for(lambda: "ready" in server.read("web.out"), "the program to be ready")
    write(server, "conf/app.conf", "new")
    wait_for(lambda: "again" in server.read("web.out"), "the signal")
    assert consequences(server) == [f"{place(server, 'conf/app.conf')} has changed; it gets a signal (watch_action)"]


def test_ignored_names_and_logs_do_not_count(site):
    server = site("watch=%(here)s/conf\nstdout_logfile=%(here)s/conf/web.log\nstdout_logfile_maxbytes=1KB\n"
                  "stdout_logfile_backups=3",
                  command="/bin/sh -c 'while :; do echo a line of some length that fills the log; sleep 0.01; done'")
    pid = info(server)["pid"]
    write(server, "conf/.app.conf.swp")
    write(server, "conf/app.conf~")
    os.makedirs(place(server, "conf/.git/objects"))
    write(server, "conf/.git/objects/1")
    wait_for(lambda: os.path.exists(place(server, "conf/web.log.3")), "the log to be rotated")
    assert info(server)["pid"] == pid
    assert not consequences(server)
    write(server, "conf/web.conf")
    wait_restarted(server, pid)
    assert consequences(server) == [f"{place(server, 'conf/web.conf')} has changed; it is restarted (watch_action)"]


def test_a_change_while_it_starts_is_followed_once_it_runs(site):
    server = site("watch=%(here)s/conf\nready=file:%(here)s/ready", name="web",
                  command="/bin/sh -c 'echo $$ >> %(here)s/pids; sleep 0.2; touch %(here)s/ready; exec sleep 1000'")
    pid = info(server)["pid"]
    os.unlink(place(server, "ready"))
    write(server, "conf/app.conf", "1")
    wait_for(lambda: len(server.read("pids").split()) == 2, "the second process")
    write(server, "conf/app.conf", "2")
    wait_for(lambda: len(server.read("pids").split()) == 3, "the third process")
    wait_restarted(server, pid)
    assert len(consequences(server)) == 2


def test_a_change_while_it_is_stopped_has_no_consequence(site):
    server = site()
    server.rpc.supervisor.stopProcess("web")
    write(server, "conf/app.conf", "new")
    server.rpc.supervisor.startProcess("web")
    pid = info(server)["pid"]
    write(server, "conf/mark")
    wait_restarted(server, pid)
    assert consequences(server) == [f"{place(server, 'conf/mark')} has changed; it is restarted (watch_action)"]


def test_fatal_and_backoff_are_tried_again(daemon):
    command = "/bin/sh -c 'test -e %(here)s/conf/good && exec sleep 1000; exit 1'"
    server = daemon(section("watch=%(here)s/conf\nstartretries=0", command=command, startsecs=1) +
                    section("watch=%(here)s/conf\nrestart_delay=1h", name="slow", command=command, startsecs=1))
    server.wait_state("web", "FATAL")
    server.wait_state("slow", "BACKOFF")
    os.mkdir(place(server, "conf"))
    server.wait_state("web", "FATAL")
    write(server, "conf/good")
    server.wait_state("web", "RUNNING")
    server.wait_state("slow", "RUNNING")
    assert consequences(server)[-1].endswith("; it is started")


def test_outside_of_its_window_it_is_not_restarted(daemon):
    """It runs by request, and a start that nobody asked for is not allowed."""
    hour = (time.localtime().tm_hour + 2) % 24
    server = daemon(section(f"watch=%(here)s/conf\nrun_window={hour}:00-{hour}:30"))
    server.rpc.supervisor.startProcess("web")
    pid = info(server)["pid"]
    write(server, "conf")
    wait_for(lambda: consequences(server), "the change")
    assert consequences(server)[0].endswith("has changed; it is not restarted outside of its run_window")
    assert info(server)["pid"] == pid and info(server)["statename"] == "RUNNING"


def test_copies_share_the_watches(daemon):
    server = daemon(section("watch=%(here)s\nnumprocs=20\nprocess_name=%(process_num)d\nwatch_ignore=*.log,*.sock*"))
    for number in range(20):
        server.wait_state(f"web:{number}", "RUNNING")
    os.mkdir(place(server, "new"))
    wait_for(lambda: len(re.findall(r"watch: web:\d+: .*/new has changed", server.log())) == 20, "all copies")
    assert watches(server, "") == 1


def test_update_adds_changes_and_removes_it(site):
    server = site("")
    pid = info(server)["pid"]
    assert watches(server) == 0
    server.configure(section("watch=%(here)s/conf"))
    assert server.ctl("update").returncode == 0
    assert (info(server)["pid"], watches(server)) == (pid, 1)
    server.configure(section("watch=%(here)s/other\nwatch_action=signal HUP\nwatch_delay=200ms"))
    assert server.ctl("update").returncode == 0
    assert info(server)["pid"] == pid
    wait_for(lambda: watches(server) == 0, "the watches to change")
    write(server, "conf/app.conf", "not watched any more")
    os.mkdir(place(server, "other"))
    wait_for(lambda: consequences(server), "the signal")
    assert consequences(server) == [f"{place(server, 'other')} has changed; it gets a signal (watch_action)"]
    server.configure(section(""))
    assert server.ctl("update").returncode == 0
    assert watches(server, "other") == 0
    server.wait_state("web", "RUNNING")  # the signal had ended it


def test_a_program_that_ended_gives_up_its_watches(site):
    server = site()
    server.rpc.supervisor.stopProcess("web")
    wait_for(lambda: watches(server) == 0, "the watches to end")
    server.rpc.supervisor.startProcess("web")
    pid = info(server)["pid"]
    write(server, "conf/app.conf", "new")
    wait_restarted(server, pid)


def test_an_upgrade_keeps_what_was_noticed(site, work_dir):
    server = site("watch=%(here)s/conf", executable=Installation(work_dir).path)
    server.configure(section("watch=%(here)s/conf").replace("100ms", "3s"))
    server.ctl("update")
    pid = info(server)["pid"]
    write(server, "conf/app.conf", "before")
    wait_for(lambda: "DEBG watch: web: " in server.log(), "the change to be noticed")
    assert server.rpc.supervisor.upgrade() is True
    assert info(server)["pid"] == pid
    pid = wait_restarted(server, pid)
    write(server, "conf/app.conf", "after")
    wait_restarted(server, pid)


def test_a_program_that_writes_what_it_watches(site):
    server = site("watch=%(here)s/conf", command="/bin/sh -c 'date >conf/own; exec sleep 1000'")
    own = place(server, "conf/own")
    warning = (f"WARN watch: web: it was restarted 5 times in a row because something changed within 10 seconds after that, last {own}. If it "
               "writes there itself, add a pattern for the name to watch_ignore, or watch other paths. Until a change comes "
               "later, there is a pause of up to 10 seconds before each\n")
    wait_for(lambda: warning in server.log(), "the warning", limit=120)
    # Its next step.
    server.configure(section("watch=%(here)s/conf\nwatch_ignore=own", command="/bin/sh -c 'date >conf/own; exec sleep 1000'"))
    server.ctl("update")
    pid = info(server)["pid"]
    replace(server, "conf/app.conf")
    wait_restarted(server, pid)
    assert server.log().count("WARN watch: ") == 1


@pytest.mark.parametrize("how", ["replaced", "switched", "written", "not changed"])
def test_what_was_replaced_while_nobody_watched(site, work_dir, how):
    installation = Installation(work_dir)
    server = site("watch=%(here)s/conf/app.conf,%(here)s/current", executable=installation.path)
    pid = info(server)["pid"]
    os.symlink("conf", place(server, "current"))
    pid = wait_restarted(server, pid)
    for name in ("app.new", "current.new"):
        if name == "app.new":
            write(server, name)
        else:
            os.symlink(".", place(server, name))
    change = {"replaced": "mv app.new conf/app.conf", "switched": "mv -T current.new current",
              "written": "echo more >>conf/app.conf", "not changed": "true"}
    installation.script(f'[ "$1" = --check-state ] && echo the state is understood && exit 0\n'
                        f'cd {server.directory}; {change[how]}; exec {program("supervisord")[0]} "$@"\n')
    assert server.rpc.supervisor.upgrade() is True
    if how == "not changed":
        assert info(server)["pid"] == pid
        write(server, "conf/app.conf")
    wait_restarted(server, pid)
    assert len(consequences(server)) == 2


def test_a_takeover_watches_again(work_dir, cleanup):
    os.mkdir(os.path.join(work_dir, "conf"))
    server = cleanup.enter_context(KeptDaemon(work_dir, section("watch=%(here)s/conf")))
    server.wait_state("web", "RUNNING")
    pid = info(server)["pid"]
    server.crash_and_take_over()
    assert info(server)["pid"] == pid
    assert wait_for(lambda: watches(server) == 1, "the watches")
    write(server, "conf/app.conf")
    wait_restarted(server, pid)


@pytest.mark.parametrize("changes", [True, False])
def test_a_file_that_is_written_while_nobody_watches(work_dir, cleanup, changes):
    path = os.path.join(work_dir, "app.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")
    server = cleanup.enter_context(KeptDaemon(work_dir, section("watch=%(here)s/app.conf")))
    server.wait_state("web", "RUNNING")
    pid = info(server)["pid"]
    with open(path, "a", encoding="utf-8") as file:
        file.write("y")
    pid = wait_restarted(server, pid)
    server.crash()
    if changes:
        with open(path, "a", encoding="utf-8") as file:
            file.write("z")
    server.take_over()
    server.wait_ready()

    def restarted():
        server.reap()
        return info(server)["pid"] not in (0, pid) and info(server)["statename"] == "RUNNING"

    if not changes:
        wait_for(lambda: watches(server, "app.conf") == 1, "the watches")
        assert info(server)["pid"] == pid
        with open(path, "a", encoding="utf-8") as file:
            file.write("z")
    wait_for(restarted, "web to be restarted")
    assert len(consequences(server)) == 2


def test_a_shutdown_while_a_change_waits(site):
    server = site("watch=%(here)s/conf")
    write(server, "conf/app.conf", "new")
    pid = info(server)["pid"]
    assert server.stop() == 0
    assert not is_running(pid)


def test_a_storm_of_changes(site):
    server = site()
    ends = threading.Event()

    def storm():
        number = 0
        while not ends.is_set():
            number += 1
            write(server, f"conf/{number % 100}")

    thread = threading.Thread(target=storm)
    thread.start()
    try:
        pid = info(server)["pid"]
        for _ in range(3):
            pid = wait_restarted(server, pid)
        assert server.rpc.supervisor.getState()["statename"] == "RUNNING"
    finally:
        ends.set()
        thread.join()
    assert "more have changed" in server.log()


def test_names_from_others_are_shown_safely(site):
    server = site()
    pid = info(server)["pid"]
    write(server, "conf/\x1b[31m\n")
    wait_restarted(server, pid)
    assert "/conf/\\x1b[31m\\n has changed; it is restarted" in server.log()


LIMIT = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo $0 > /proc/sys/user/$1 && shift && exec "$@"']


def limited(daemon, name, value, text):
    if subprocess.run([*LIMIT, str(value), name, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no user namespace with limits of its own")
    return daemon(text, prefix=[*LIMIT, str(value), name])


def test_no_watch_is_left(daemon, work_dir):
    os.makedirs(os.path.join(work_dir, "tree"))
    for number in range(100):
        os.mkdir(os.path.join(work_dir, "tree", f"{number:03}"))
    server = limited(daemon, "max_inotify_watches", 50, section(f"watch={work_dir}/tree"))
    server.wait_state("web", "RUNNING")
    text = (f"WARN watch: cannot watch all of {work_dir}/tree: no watch is left; raise fs.inotify.max_user_watches "
            "with sysctl(8)\n")
    wait_for(lambda: text in server.log(), "the warning")
    pid = info(server)["pid"]
    os.mkdir(os.path.join(work_dir, "tree", "new"))
    wait_restarted(server, pid)
    assert server.log().count("no watch is left") == 1


def test_no_inotify_descriptor_is_left(daemon, work_dir):
    server = limited(daemon, "max_inotify_instances", 0, section(f"watch={work_dir}"))
    server.wait_state("web", "RUNNING")
    assert f"WARN watch: web: cannot watch {work_dir}: Too many open files (the account has as many" in server.log()


@without_sanitizer("failing_malloc.so replaces malloc, and so does a sanitizer")
def test_no_change_is_lost_when_memory_runs_out(daemon, work_dir):
    tree = os.path.join(work_dir, "tree")
    os.makedirs(os.path.join(tree, "a"))
    plan = MemoryPlan(work_dir)
    server = daemon(section(f"watch={tree}"), env=plan.environment)
    pid = server.wait_state("web", "RUNNING")["pid"]
    for number, (first, length) in enumerate([(1, 1), (2, 3), (4, 8), (7, 1), (11, 2), (16, 30), (23, 1), (35, 1)]):
        with plan.fail(first, length):
            os.makedirs(os.path.join(tree, f"{number}", "b"))
            with open(os.path.join(tree, "a", "file"), "w", encoding="utf-8"):
                pass
            wait_for(lambda: plan.failed >= length or plan.seen > 200 or not is_running(pid), "the failures")
        pid = wait_restarted(server, pid)
        # A key of watch that changes ends the row of restarts, after which there are pauses.
        server.configure(section(f"watch={tree}").replace("100ms", f"{101 + number}ms"))
        server.ctl("update")
    with open(os.path.join(tree, "7", "b", "file"), "w", encoding="utf-8"):
        pass
    wait_restarted(server, pid)


def test_a_directory_that_cannot_be_watched_is_named(daemon, account, work_dir):
    closed = os.path.join(work_dir, "closed")
    os.makedirs(os.path.join(closed, "tree", "secret"))
    os.chmod(os.path.join(closed, "tree", "secret"), 0o700)
    os.chmod(closed, 0o711)
    os.chmod(work_dir, 0o755)
    server = daemon(section(f"watch={closed}/tree"), user=account().pw_name)
    server.wait_state("web", "RUNNING")
    wait_for(lambda: "Permission denied; what happens to the names in it is not noticed" in server.log(), "the message")
    pid = info(server)["pid"]
    os.mkdir(os.path.join(closed, "tree", "new"))
    wait_restarted(server, pid)


def test_sigterm_to_the_program_by_hand_is_still_its_own_end(site):
    server = site("watch=%(here)s/conf\nautorestart=false")
    os.kill(info(server)["pid"], signal.SIGTERM)
    server.wait_state("web", "EXITED")
    write(server, "conf/app.conf", "new")
    server.rpc.supervisor.startProcess("web")
    assert not consequences(server)
