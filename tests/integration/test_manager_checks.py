# SPDX-License-Identifier: MIT
"""A running instance is not stopped for a start that cannot succeed: the manager's verbs check first. A plan shows what
a reload does."""

import json
import os
import random
import signal
import subprocess

import pytest

from processes import is_running, of_user
from programs import program
from waiting import wait_for

BAD = "[program:bad]\ncommand = /bin/true\nstartsecs = soon\n"
REASON = "invalid literal for int() with base 10: 'soon' for key 'startsecs' in section 'program:bad' (file: '{path}', line 3)"


@pytest.fixture
def cli(manager):
    def run(*arguments, **options):
        return subprocess.run([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)

    return run


@pytest.fixture
def running(manager, owner):
    """The pid of the running program a of tsupv."""
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    return manager.program_pid("tsupv", "a")


def spoil(manager, owner, text=BAD):
    return manager.write("etc/supervisord_tsupv.d/own.ini", text, owner)


@pytest.mark.parametrize("verb", ["reload", "restart"])
def test_a_verb_refuses_a_configuration_that_is_wrong(manager, owner, running, cli, verb):
    main = manager.main_pid("tsupv")
    path = spoil(manager, owner)
    done = cli(verb, "tsupv")
    assert done.returncode == 1 and done.stdout == ""
    assert REASON.format(path=path) in done.stderr
    assert is_running(running) and manager.main_pid("tsupv") == main
    os.unlink(path)
    assert cli(verb, "tsupv").returncode == 0


def test_force_restarts_all_the_same(manager, owner, running, cli):
    spoil(manager, owner)
    assert cli("restart", "--force", "tsupv").returncode == 1
    assert not is_running(running)


def test_a_start_of_a_stopped_one_is_refused(manager, owner, running, cli):
    assert cli("stop", "tsupv").returncode == 0
    path = spoil(manager, owner)
    done = cli("start", "tsupv")
    assert done.returncode == 1 and REASON.format(path=path) in done.stderr
    assert manager.get("tsupv", "State") == "inactive" and of_user(owner.pw_uid) == []


def test_what_the_manager_puts_right_is_no_reason_to_refuse(manager, owner, running, cli):
    os.unlink(manager.path("etc/supervisord_tsupv.d/a_prg.ini"))
    os.rename(manager.path("var/log/supervisor_tsupv"), manager.path("var/log/elsewhere"))
    os.unlink(manager.path("etc/supervisord_tsupv.conf"))
    assert cli("restart", "tsupv").returncode == 0
    manager.program_pid("tsupv", "a")


def test_an_include_that_the_owner_cannot_read_refuses_a_restart(manager, owner, running, cli):
    path = manager.write("etc/supervisord_tsupv.d/own.ini", "[program:b]\ncommand = /bin/true\n")
    os.chmod(path, 0o600)  # root's
    done = cli("restart", "tsupv")
    assert done.returncode == 1 and f"cannot read {path}" in done.stderr
    assert is_running(running)


def test_warnings_are_told(manager, owner, running, cli):
    path = spoil(manager, owner, "[program:b]\ncommand = /bin/sleep 1000\nautorestrat = no\n")
    for verb in "restart", "reload":
        done = cli(verb, "tsupv")
        assert done.returncode == 0
        assert "tsupv: warning: Unknown key 'autorestrat' (did you mean 'autorestart'?)" in done.stderr
        assert path in done.stderr
        manager.wait_state("tsupv", "running")
        manager.program_pid("tsupv", "b")
    manager.write("etc/supervisor-manager/conf.d/other.conf", f"[supervisor:o]\nuser={owner.pw_name}\n"
                  f"group={owner.pw_name}\nlog_dir=/x\n")
    for verb in "plan", "reload":
        assert "other.conf:4: [supervisor:o] log_dir: unknown key" in cli(verb).stderr
    manager.write("etc/supervisor-manager/conf.d/third.conf", "[supervisr:x]\n")
    assert json.loads(cli("plan", "--json").stdout)["warnings"][0]["section"] == "supervisr:x"


def test_what_an_owner_writes_is_cleaned_for_the_terminal(manager, owner, running, cli):
    spoil(manager, owner, "[program:bad]\ncommand = /bin/true\nstartsecs = \x1b]0;owned\x07\n")
    done = cli("restart", "tsupv")
    assert done.returncode == 1 and "\\x1b]0;owned\\x07" in done.stderr
    assert "\x1b" not in done.stderr and "\x1b" not in manager.log()


def replace_supervisord(manager, path, script):
    """From now on the manager runs a shell script at `path` as supervisord."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    settings = manager.path("etc/supervisor-manager/supervisor-manager.conf")
    with open(settings, encoding="utf-8") as file:
        text = file.read()
    with open(settings, "w", encoding="utf-8") as file:
        file.write(text.replace(program("supervisord")[0], path))
    manager.call("Reload")


def test_a_check_that_is_stopped_by_its_owner_refuses_a_restart(manager, owner, running, work_dir, cli):
    """The check fails after a time limit, the restart is refused, and meanwhile the manager answers others."""
    fifo = manager.path("etc/supervisord_tsupv.d/own.ini")
    os.mkfifo(fifo)
    done = cli("restart", "tsupv")
    assert done.returncode == 1 and "not a regular file" in done.stderr
    os.unlink(fifo)
    # A supervisord that stops itself, as the owner could stop it with SIGSTOP.
    replace_supervisord(manager, os.path.join(work_dir, "supervisord"), "kill -STOP $$")
    asked = subprocess.Popen([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", "restart", "tsupv"],
                             stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert cli("list").returncode == 0
    errors = asked.communicate()[1]
    assert asked.returncode == 1 and "supervisord did not answer within 15 seconds" in errors
    assert is_running(running)


def test_a_stop_goes_before_what_waits_for_a_check(manager, owner, running, work_dir):
    """The last call is carried out, in whatever order the checks end."""
    calls = [subprocess.Popen([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", verb, "tsupv"],
                              stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for verb in ("restart", "restart")]
    manager.call("StopInstance", "s", "tsupv")
    for call in calls:
        call.wait()
    manager.call("StopInstance", "s", "tsupv")
    assert manager.get("tsupv", "State") == "inactive" and of_user(owner.pw_uid) == []


@pytest.mark.parametrize("how", ["reload", "edit"])
def test_a_changed_entry_is_not_brought_about_for_a_start_that_must_fail(manager, owner, running, cli, how):
    path = spoil(manager, owner)
    if how == "reload":
        manager.entry("tsupv", owner, "umask = 027", programs=[("a", "/bin/sleep 1000")])
        planned = cli("plan")
        done = cli("reload")
        assert REASON.format(path=path) in planned.stdout and "tsupv: restart" in planned.stdout
        assert REASON.format(path=path) in done.stdout
    else:
        before = open(os.path.join(manager.conf, "tsupv.conf"), encoding="utf-8").read()
        done = cli("edit", "tsupv", "umask=027")
        assert done.returncode == 1 and REASON.format(path=path) in done.stderr
        assert open(os.path.join(manager.conf, "tsupv.conf"), encoding="utf-8").read() == before
    assert is_running(running)
    os.unlink(path)
    assert (cli("reload") if how == "reload" else cli("edit", "tsupv", "umask=027")).returncode == 0
    wait_for(lambda: not is_running(running), "the restart")
    manager.program_pid("tsupv", "a")
    assert cli("plan").stdout == "Nothing to do\n"


def test_new_directories_are_no_reason_to_refuse(manager, owner, running, cli):
    manager.entry("tsupv", owner, "logs_dir = /srv/logs", programs=[
        ("a", f"/bin/sleep 1000\nstdout_logfile = {manager.path('srv/logs/a.log')}")])
    assert "refused" not in cli("reload").stdout
    manager.program_pid("tsupv", "a")
    assert os.path.exists(manager.path("srv/logs/a.log"))


def test_a_changed_entry_is_checked_when_the_manager_starts(manager, owner, running):
    spoil(manager, owner)
    manager.kill()
    manager.entry("tsupv", owner, "umask = 027", programs=[("a", "/bin/sleep 1000")])
    manager.start()
    wait_for(lambda: "keeps running as before; its changed entry is refused" in manager.log(), "the refusal")
    assert is_running(running)


def test_a_changed_program_is_checked_when_the_manager_starts(manager, owner, running):
    """As a reload does it: what its owner's check refuses changes no file of what runs."""
    manager.kill()
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000"),
                                            ("b", "/bin/true\nstdout_logfile = /no/such/b.log")])
    manager.start()
    wait_for(lambda: "keeps running as before; its changed entry is refused" in manager.log(), "the refusal")
    assert is_running(running) and os.listdir(manager.path("etc/supervisord_tsupv.d")) == ["a_prg.ini"]
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000"), ("b", "/bin/sleep 1001")])
    assert manager.call("Reload")[0][0][1] == "change"
    manager.program_pid("tsupv", "b")
    assert is_running(running)


def test_a_bad_declaration_is_refused_alone_and_what_ran_goes_on(manager, owner, running, cli):
    main = manager.main_pid("tsupv")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000\nstartsecs = abc"), ("b", "/bin/sleep 1001")])
    file = os.path.join(manager.conf, "tsupv.conf")
    words = f"{file}:8: [supervisor_program:a] startsecs: invalid literal for int() with base 10: 'abc'"
    verified = subprocess.run([*program("supervisor-managerd"), "--verify", "--root", manager.root],
                              capture_output=True, text=True, check=False)
    assert verified.returncode == 1 and words in verified.stderr
    for verb in "plan", "reload":
        done = cli(verb)
        assert done.returncode == 1 and words in done.stderr
    b = manager.program_pid("tsupv", "b")
    assert is_running(running) and manager.main_pid("tsupv") == main
    assert cli("plan").stdout == "Nothing to do\n"
    manager.kill()  # the next manager keeps it too, and so does a start
    manager.start()
    assert words in manager.log()
    assert is_running(running) and is_running(b)
    assert cli("restart", "tsupv").returncode == 0
    manager.program_pid("tsupv", "a")
    manager.program_pid("tsupv", "b")


@pytest.mark.parametrize("more, words", [
    ("[supervisor_program:b]\nsupervisor = tsupv\ncommand = /bin/true\nstdout_logfile = /no/such/b.log",
     "The directory named as part of the path /no/such/b.log does not exist"),
    ("[supervisor_group:g]\nsupervisor = tsupv\nprograms = a, nosuch", "[group:g] names unknown program or fcgi-program nosuch"),
])
def test_a_declaration_that_only_the_owners_check_finds_wrong_is_not_written(manager, owner, running, cli, more, words):
    file = manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    with open(file, "a", encoding="utf-8") as entry:
        entry.write(more + "\n")
    assert f"refused: {words}" in cli("plan").stdout
    for _ in range(2):
        assert f"refused: {words}" in cli("reload").stdout
    assert is_running(running) and os.listdir(manager.path("etc/supervisord_tsupv.d")) == ["a_prg.ini"]
    assert cli("restart", "tsupv").returncode == 0  # with the deployed files
    manager.program_pid("tsupv", "a")


def actions(report):
    return {one["instance"]: one["action"] for one in report["changes"]}


@pytest.mark.parametrize("before, after, action, state", [
    ("", "state = stopped", "stop", "inactive"),
    ("state = stopped", "", "start", "running"),
])
def test_a_state_and_a_program_in_one_edit(manager, owner, cli, before, after, action, state):
    manager.entry("tsupv", owner, before)
    manager.start()
    manager.wait_state("tsupv", "inactive" if before else "running")
    manager.entry("tsupv", owner, after, programs=[("a", "/bin/sleep 1000")])
    assert actions(json.loads(cli("plan", "--json").stdout)) == {"tsupv": action}
    assert {name: what for name, what, _ in manager.call("Reload")[0]} == {"tsupv": action}
    manager.wait_state("tsupv", state)
    assert cli("plan").stdout == "Nothing to do\n"


def test_what_is_no_longer_managed_is_left_alone(manager, owner, running, cli):
    main = manager.main_pid("tsupv")
    manager.entry("tsupv", owner, "managed = no\numask = 027", programs=[("a", "/bin/sleep 1000")])
    assert actions(json.loads(cli("plan", "--json").stdout)) == {"tsupv": "change"}
    assert {name: what for name, what, _ in manager.call("Reload")[0]} == {"tsupv": "change"}
    assert manager.get("tsupv", "State") == "unmanaged" and is_running(running)
    assert cli("plan").stdout == "Nothing to do\n"
    os.kill(main, signal.SIGKILL)  # it is not started again
    wait_for(lambda: manager.main_pid("tsupv") == 0, "the end of the instance")
    wait_for(lambda: of_user(owner.pw_uid) == [], "the end of what it left")
    assert manager.get("tsupv", "MainPID") == 0 and manager.get("tsupv", "State") == "unmanaged"


def told(done):
    return {(one["instance"], one["action"]): sorted(one["details"]) for one in json.loads(done.stdout)["changes"]}


def test_a_plan_names_each_line_of_the_reload(manager, owner, running, cli):
    """Also for a removed entry, and for a refused one, of which nothing is applied."""
    path = spoil(manager, owner)
    manager.entry("tsupv", owner, "umask = 027", programs=[("a", "/bin/sleep 1001"), ("b", "/bin/sleep 1000")])
    planned, done = cli("plan", "--json"), cli("reload", "--json")
    assert told(planned) == told(done) == {("tsupv", "restart"): sorted([
        "umask: (default) -> 027", "refused: " + REASON.format(path=path)])}
    manager.entry("new", owner, programs=[("n", "/bin/sleep 1000")])
    os.unlink(os.path.join(manager.conf, "tsupv.conf"))
    planned, done = cli("plan", "--json"), cli("reload", "--json")
    assert told(planned) == told(done)
    assert f"create file {manager.path('etc/supervisord_new.d/n_prg.ini')}" in told(done)["new", "add"]
    details = told(done)["tsupv", "remove"]
    assert f"remove file {manager.path('etc/supervisord_tsupv.conf')}" in details
    assert f"remove directory {manager.path('run/supervisor_tsupv')}" in details


def test_after_a_reload_a_plan_has_nothing_to_do(manager, owner, cli):
    """Random edits: what the plan says is what the reload says, and then nothing is left. An edit while no manager runs
    leaves nothing, either, and has the same effect."""
    chosen = random.Random(9)

    def write():
        more = "\n".join(filter(None, [chosen.choice(["", "umask = 022", "umask = 027"]),
                                       chosen.choice(["", "state = stopped", "state = current"]),
                                       chosen.choice(["", "priority = 5"]), chosen.choice(["", "", "managed = no"])]))
        programs = [(name, "/bin/sleep 1000") for name in chosen.sample(["a", "b"], chosen.randrange(3))]
        manager.entry("tsupv", owner, more, programs=programs)
        return more, programs

    write()
    manager.start()
    for _ in range(12):
        edit = write()
        planned = actions(json.loads(cli("plan", "--json").stdout))
        done = {name: what for name, what, _ in manager.call("Reload")[0]}
        assert (planned, cli("plan").stdout) == (done, "Nothing to do\n"), edit
    for _ in range(6):
        runs = manager.get("tsupv", "MainPID") > 0
        manager.kill()
        edit = write()
        manager.start()
        managed, stopped, current = "managed = no" not in edit[0], "= stopped" in edit[0], "= current" in edit[0]
        if managed and not current:
            manager.wait_state("tsupv", "inactive" if stopped else "running")
        wait_for(lambda: cli("plan").stdout == "Nothing to do\n", f"the end of {edit}, which ran before: {runs}")


@pytest.fixture
def held(manager, running, work_dir, cleanup):
    """Runs a verb of supervisor-manager up to a check of tsupv's configuration, which its owner delays. Returns a
    function that ends the delay, waits for the end of the verb and returns its output."""
    directory = os.path.join(work_dir, "held")
    os.mkdir(directory)
    os.chmod(directory, 0o777)
    fake, began, end = (os.path.join(directory, name) for name in ("supervisord", "began", "end"))
    replace_supervisord(manager, fake, f'if [ "$1" = --check ] && mkdir {began} 2>/dev/null\n'
                       f'then while [ ! -e {end} ]; do sleep 0.02; done\nfi\nexec {program("supervisord")[0]} "$@"')

    def begin(*verb):
        asked = subprocess.Popen([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", *verb],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cleanup.callback(asked.wait)
        cleanup.callback(asked.kill)
        wait_for(lambda: os.path.exists(began), "the check")

        def release():
            with open(end, "w", encoding="utf-8"):
                return asked.communicate()[0]

        return release

    return begin


def umask_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith("Umask:"))


def test_a_later_reload_holds_whichever_check_ends_last(manager, owner, held, cli):
    manager.entry("tsupv", owner, "umask = 027", programs=[("a", "/bin/sleep 1000")])
    release = held("reload")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.call("Reload")
    assert "later change" in release()
    manager.wait_state("tsupv", "running")
    assert umask_of(manager.main_pid("tsupv")) == "0022"
    assert cli("plan").stdout == "Nothing to do\n"


def test_an_owner_that_holds_a_check_does_not_get_a_removed_instance_back(manager, owner, account, held, cli):
    heir = account("smheir")
    manager.entry("tsupv", owner, "umask = 027", programs=[("a", "/bin/sleep 1000")])
    release = held("reload")
    assert cli("remove", "--purge", "tsupv").returncode == 0
    manager.entry("tsupv", heir, programs=[("a", "/bin/sleep 1000")])
    manager.call("Reload")
    release()
    manager.wait_state("tsupv", "running")
    assert manager.get("tsupv", "User") == heir.pw_name and of_user(owner.pw_uid) == []
    assert cli("plan").stdout == "Nothing to do\n"


@pytest.mark.parametrize("gone", [False, True])
def test_an_edit_does_not_overwrite_what_was_written_during_its_check(manager, owner, held, cli, gone):
    release = held("edit", "tsupv", "umask=027")
    file = manager.entry("tsupv", owner, "umask = 077", programs=[("a", "/bin/sleep 1000")])
    if gone:
        os.unlink(file)
    manager.call("Reload")
    assert f"{file} was changed meanwhile" in release()
    assert os.path.exists(file) != gone
    assert cli("plan").stdout == "Nothing to do\n"


def test_a_start_does_not_apply_what_its_check_has_just_found_in_place(manager, owner):
    """Each look at the files costs a helper with the owner's ids."""
    manager.write("etc/supervisor-manager/supervisor-manager.conf",
                  f"[supervisor-manager]\nsupervisord = {program('supervisord')[0]}\nlog_level = debug\n")
    manager.entry("tsupv", owner, "state = stopped")
    manager.start()
    wait_for(lambda: os.path.exists(manager.path("etc/supervisord_tsupv.conf")), "the files")

    def looks():
        return [line.rsplit(": ", 1)[1] for line in manager.log().splitlines() if line.endswith(" its files")]

    before = len(looks())
    manager.call("StartInstance", "s", "tsupv")
    assert looks()[before:] == ["comparing its files"]
    manager.call("StopInstance", "s", "tsupv")
    os.unlink(manager.path("etc/supervisord_tsupv.conf"))
    before = len(looks())
    manager.call("StartInstance", "s", "tsupv")
    assert looks()[before:] == ["comparing its files", "applying its files"]
