# SPDX-License-Identifier: MIT
"""The keys about a program's environment, groups, secrets, limits and rights, with real programs."""

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess

import pytest

from store_keeper import KeptDaemon
from waiting import wait_for

SHOW = "startsecs=0\nautorestart=false\nredirect_stderr=true\n"


def shown(server, name):
    """The output of a program that has ended."""
    server.wait_state(name, "EXITED")
    return server.rpc.supervisor.readProcessStdoutLog(name, 0, 0)


def variables(server, name):
    return dict(line.split("=", 1) for line in shown(server, name).splitlines())


def refused(server, name):
    """Why a program could not be started."""
    return server.wait_state(name, "FATAL")["spawnerr"]


def write(directory, name, text, mode=0o644):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def test_environment_files_are_read_at_each_start(daemon, work_dir):
    first = write(work_dir, "first.env", "export A=1\nB='of the first' # why\nC=old\n")
    write(work_dir, "second.env", "C=new\n")
    server = daemon(f"[program:env]\ncommand=/usr/bin/env\n{SHOW}environment=A=\"key\",D=\"key\"\n"
                    f"environment_file={first}\n  -%(here)s/missing.env\n  -{work_dir}/second.env\n")
    seen = variables(server, "env")
    assert [seen[name] for name in "ABCD"] == ["1", "of the first", "new", "key"]
    write(work_dir, "first.env", "A=2\n")
    server.rpc.supervisor.clearProcessLogs("env")
    server.rpc.supervisor.startProcess("env")
    seen = variables(server, "env")
    assert seen["A"] == "2" and "B" not in seen


def test_a_missing_or_bad_environment_file_is_the_reason_why_a_program_does_not_start(daemon, work_dir):
    bad = write(work_dir, "bad.env", "A=1\nthis is none\n")
    server = daemon(f"[program:bad]\ncommand=/bin/cat\nstartretries=0\nenvironment_file={bad}\n"
                    f"[program:missing]\ncommand=/bin/cat\nstartretries=0\nenvironment_file={work_dir}/none.env\n"
                    f"[program:folder]\ncommand=/bin/cat\nstartretries=0\nenvironment_file=-{work_dir}\n")
    assert refused(server, "bad") == f"error in environment_file {bad}: line 2: not NAME=value"
    assert refused(server, "missing").startswith("couldn't read environment_file: ")
    assert f"{work_dir}/none.env" in refused(server, "missing")
    assert refused(server, "folder").startswith("couldn't read environment_file: ")


def test_a_clean_environment_has_only_what_the_configuration_says(daemon):
    server = daemon(f"[program:env]\ncommand=/usr/bin/env\n{SHOW}environment=A=\"1\"\nenvironment_clean=true\n",
                    env={**os.environ, "OF_THE_DAEMON": "1"})
    seen = variables(server, "env")
    assert set(seen) == {"A", "PATH", "SUPERVISOR_ENABLED", "SUPERVISOR_GROUP_NAME", "SUPERVISOR_PROCESS_NAME",
                         "SUPERVISOR_SERVER_URL"}
    assert seen["PATH"] == os.environ["PATH"]


def test_the_variables_of_a_login_are_those_of_the_account(daemon, account):
    user = account()
    server = daemon(f"[program:env]\ncommand=/usr/bin/env\n{SHOW}user={user.pw_name}\nlogin_environment=true\n"
                    f"[program:own]\ncommand=/usr/bin/env\n{SHOW}user={user.pw_name}\nlogin_environment=true\n"
                    "environment=HOME=\"/elsewhere\"\n")
    seen = variables(server, "env")
    assert (seen["HOME"], seen["USER"], seen["LOGNAME"]) == (user.pw_dir, user.pw_name, user.pw_name)
    seen = variables(server, "own")
    assert (seen["HOME"], seen["USER"]) == ("/elsewhere", user.pw_name)


def test_each_process_may_learn_its_number(daemon):
    server = daemon(f"[program:env]\ncommand=/usr/bin/env\n{SHOW}numprocs=2\nnumprocs_start=3\n"
                    "process_name=%(process_num)s\nenvironment_process_number=true\n"
                    f"[program:without]\ncommand=/usr/bin/env\n{SHOW}")
    for number in ("3", "4"):
        assert variables(server, f"env:{number}")["SUPERVISOR_PROCESS_NUMBER"] == number
    assert "SUPERVISOR_PROCESS_NUMBER" not in variables(server, "without")


def test_a_program_has_the_groups_that_it_was_given(daemon, account):
    user = account()
    command = f"command=/usr/bin/id\n{SHOW}"
    server = daemon(f"[program:both]\n{command}user={user.pw_name}\ngroup=daemon\nsupplementary_groups=tty, games\n"
                    f"[program:root]\n{command}group=daemon\n")
    both, root = shown(server, "both"), shown(server, "root")
    assert f"uid={user.pw_uid}(" in both
    assert f"gid={grp.getgrnam('daemon').gr_gid}(daemon)" in both
    assert "(tty)" in both and "(games)" in both
    assert root.startswith(f"uid=0(root) gid={grp.getgrnam('daemon').gr_gid}(daemon)")


def test_groups_that_only_root_can_give_are_refused(daemon, account):
    user = account()
    own = grp.getgrgid(os.getegid()).gr_name  # the daemon of the test changes only its user
    server = daemon(f"[program:other]\ncommand=/bin/cat\nstartretries=0\ngroup=daemon\n"
                    f"[program:more]\ncommand=/bin/cat\nstartretries=0\nsupplementary_groups=tty\n"
                    f"[program:same]\ncommand=/usr/bin/id -gn\n{SHOW}group={own}\n", user=user.pw_name)
    why = f"supervisord runs as uid {user.pw_uid}, and only root can give other groups"
    assert refused(server, "other") == f"couldn't set group: {why}"
    assert refused(server, "more") == f"couldn't set supplementary_groups: {why}"
    assert shown(server, "same") == f"{own}\n"


@pytest.fixture
def credentials_of(cleanup):
    """The directory with the secrets of a program that runs. A test kills its supervisord, so it is removed here."""

    def find(server, name):
        pid = server.wait_state(name, "RUNNING")["pid"]
        with open(f"/proc/{pid}/environ", encoding="utf-8") as file:
            seen = dict(entry.split("=", 1) for entry in file.read().split("\0") if entry)["CREDENTIALS_DIRECTORY"]
        cleanup.callback(shutil.rmtree, seen, ignore_errors=True)
        return seen

    return find


SECRETIVE = "command=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/key; exec sleep 1000'\nstartsecs=0\nredirect_stderr=true\n"


@pytest.mark.parametrize("as_root", (True, False))
def test_a_secret_is_a_file_that_only_the_program_can_read_and_goes_with_it(daemon, account, work_dir, as_root,
                                                                                credentials_of):
    user = account()
    key = write(work_dir, "key", "a secret\n", 0o600)
    if not as_root:
        os.chown(key, user.pw_uid, user.pw_gid)
    server = daemon(f"[program:p]\n{SECRETIVE}credential=key:{key}\n" + (f"user={user.pw_name}\n" if as_root else ""),
                    user=None if as_root else user.pw_name)
    directory = credentials_of(server, "p")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog("p", 0, 0) == "a secret\n", "the secret")
    file = os.stat(os.path.join(directory, "key"))
    assert (stat.S_IMODE(file.st_mode), file.st_uid) == (0o400, user.pw_uid)
    assert stat.S_IMODE(os.stat(directory).st_mode) == (0o550 if as_root else 0o500)
    assert subprocess.run(["df", "--output=fstype", directory], capture_output=True, text=True,
                          check=True).stdout.split() == ["Type", "tmpfs"]
    server.rpc.supervisor.stopProcess("p")
    assert not os.path.exists(directory)
    server.rpc.supervisor.startProcess("p")
    assert credentials_of(server, "p") != directory


def secrets_of(user):
    """The directories with secrets that belong to an account."""
    return [entry.path for entry in os.scandir("/dev/shm") if entry.stat().st_uid == user.pw_uid]


def test_a_secret_that_cannot_be_read_is_the_reason_why_a_program_does_not_start(daemon, account):
    user = account()
    server = daemon("[program:p]\ncommand=/bin/cat\nstartretries=0\ncredential=key:%(here)s/none\n",
                    user=user.pw_name)
    assert refused(server, "p").startswith("couldn't read credential key: ")
    assert secrets_of(user) == []


def test_limits_and_priorities_reach_the_program(daemon):
    script = "nice; ulimit -Sn; ulimit -Hn; ulimit -c; ionice; grep -E 'Cpus_allowed_list|NoNewPrivs' /proc/self/status"
    server = daemon(f"[program:p]\ncommand=/bin/bash -c \"{script}\"\n{SHOW}limit_nofile=50:60\nlimit_core=0\nnice=7\n"
                    "ionice=best-effort:6\ncpu_affinity=0\nno_new_privileges=true\n")
    assert shown(server, "p").split("\n") == ["7", "50", "60", "0", "best-effort: prio 6", "NoNewPrivs:\t1",
                                              "Cpus_allowed_list:\t0", ""]


def test_a_limit_that_only_root_can_give_is_refused(daemon, account):
    server = daemon("[program:nice]\ncommand=/bin/cat\nstartretries=0\nnice=-5\nredirect_stderr=true\n"
                    "[program:limit]\ncommand=/bin/cat\nstartretries=0\nlimit_nofile=unlimited\n"
                    "[program:mighty]\ncommand=/bin/cat\nstartretries=0\ncapabilities=sys_admin\n",
                    user=account().pw_name)
    reason = "couldn't set nice: EACCES (a value below that of supervisord needs root)"
    assert refused(server, "nice") == reason
    assert server.rpc.supervisor.readProcessStdoutLog("nice", 0, 0) == \
        f"supervisor: {reason}\nsupervisor: child process was not spawned\n"
    assert re.fullmatch(r"couldn't set limit_nofile: EPERM \(the hard limit unlimited is above that of supervisord, \d+, "
                        r"which needs root, in a container also CAP_SYS_RESOURCE\)", refused(server, "limit"))
    assert refused(server, "mighty") == "couldn't set capabilities: EPERM (supervisord does not have all of them)"


def test_a_program_has_only_the_capabilities_that_it_was_given(daemon, account):
    command = f"command=/bin/grep -E 'Cap(Prm|Eff|Bnd|Amb)' /proc/self/status\n{SHOW}"
    server = daemon(f"[program:one]\n{command}user={account().pw_name}\ncapabilities=net_bind_service\n"
                    f"[program:none]\n{command}capabilities=none\n")
    sets = [line.split()[1] for line in shown(server, "one").splitlines()]
    assert sets == [f"{1 << 10:016x}"] * 4
    assert [line.split()[1] for line in shown(server, "none").splitlines()] == ["0" * 16] * 4


@pytest.mark.parametrize("as_root", (True, False))
def test_a_program_can_only_read_what_it_must_not_change(daemon, account, work_dir, as_root):
    user = account()
    os.chmod(work_dir, 0o755)
    places = {}
    for name in ("free", "kept"):
        places[name] = os.path.join(work_dir, name)
        os.mkdir(places[name])
        os.chown(places[name], user.pw_uid, user.pw_gid)
    script = write(work_dir, "try", "#!/bin/sh\npwd\nfor place in free kept here; do\n"
                   f"if [ $place = here ]; then cd {places['kept']} && touch x; else touch {work_dir}/$place/new; fi "
                   "2>/dev/null && echo $place can be written\ndone\nid -u\n", 0o755)
    server = daemon(f"[program:p]\ncommand={script}\n{SHOW}directory={places['kept']}\n"
                    f"read_only_paths={places['kept']}\n -{work_dir}/missing\n"
                    + (f"user={user.pw_name}\n" if as_root else ""), user=None if as_root else user.pw_name)
    assert shown(server, "p").splitlines() == [places["kept"], "free can be written", str(user.pw_uid)]
    assert os.listdir(places["free"]) == ["new"] and os.listdir(places["kept"]) == []


def test_the_directory_of_supervisord_can_be_one_that_a_program_can_only_read(daemon):
    server = daemon(f"[program:p]\ncommand=/bin/sh -c 'touch here || pwd'\n{SHOW}read_only_paths=/\n"
                    f"[program:own]\ncommand=/bin/sh -c 'touch here || touch /tmp/here && echo made'\n{SHOW}"
                    "read_only_paths=/\nprivate_tmp=true\ndirectory=/\n"
                    "[program:hidden]\ncommand=/bin/cat\nstartretries=0\nprivate_tmp=true\ndirectory=%(here)s\n")
    assert shown(server, "p").splitlines()[-1] == server.directory
    assert shown(server, "own").splitlines()[-1] == "made" and not os.path.exists("/here")
    if server.directory.startswith("/tmp/"):
        assert refused(server, "hidden") == (f"couldn't chdir to {server.directory}: ENOENT "
                                              "(private_tmp: nothing is in its /tmp and /var/tmp)")
    assert not os.path.exists(os.path.join(server.directory, "here"))


@pytest.mark.parametrize("as_root", (True, False))
def test_a_program_may_have_a_tmp_of_its_own(daemon, account, as_root):
    user = account()
    script = "ls -A /tmp /var/tmp; touch /tmp/mine /var/tmp/mine && ls -A /tmp; stat -c '%%a %%U' /tmp/mine"
    server = daemon(f"[program:p]\ncommand=/bin/sh -c \"{script}\"\n{SHOW}private_tmp=true\ndirectory=/\n"
                    + (f"user={user.pw_name}\n" if as_root else ""), user=None if as_root else user.pw_name)
    for _ in range(2):
        assert shown(server, "p").splitlines() == ["/tmp:", "", "/var/tmp:", "mine", f"644 {user.pw_name}"]
        server.rpc.supervisor.clearProcessLogs("p")
        server.rpc.supervisor.startProcess("p")
    assert not os.path.exists("/tmp/mine")


def test_a_view_that_cannot_be_had_is_the_reason_why_a_program_does_not_start(daemon, account):
    server = daemon("[program:missing]\ncommand=/bin/cat\nstartretries=0\nread_only_paths=/etc\n /nonexistent\n"
                    "[program:mighty]\ncommand=/bin/cat\nstartretries=0\nprivate_tmp=true\ncapabilities=chown\n",
                    user=account().pw_name)
    assert refused(server, "missing") == "couldn't set read_only_paths /nonexistent: ENOENT"
    assert refused(server, "mighty") == \
        "capabilities with private_tmp or read_only_paths need a supervisord that runs as root"


def test_a_view_under_a_root_that_has_become_another_user(daemon, account):
    user = account()
    server = daemon("[program:p]\ncommand=/bin/cat\nstartretries=0\nprivate_tmp=true\ndirectory=/\n"
                    "stdout_logfile=NONE\nstderr_logfile=NONE\n", supervisord=f"user={user.pw_name}\n", wait=False)
    server.__exit__()
    shutil.chown(server.directory, user.pw_name)
    for name in os.listdir(server.directory):
        shutil.chown(os.path.join(server.directory, name), user.pw_name)
    server.start()
    server.wait_ready()
    assert refused(server, "p") == \
        "couldn't set private_tmp or read_only_paths: EACCES (a supervisord that root started with another user " \
        "cannot do this: start it as that user)"


def test_a_socket_that_private_tmp_would_hide(daemon, account, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("TMPDIR", raising=False)
    server = daemon("[program:p]\ncommand=/bin/cat\nstartretries=0\nprivate_tmp=true\ndirectory=/\nready=notify\n",
                    user=account().pw_name)
    assert re.fullmatch(r"private_tmp would hide its notification socket in /tmp/supervisord-\w+/\d+: give supervisord "
                        r"XDG_RUNTIME_DIR or TMPDIR elsewhere", refused(server, "p"))


def test_secrets_stay_over_an_upgrade_and_go_with_their_program(daemon, work_dir, credentials_of):
    key = write(work_dir, "key", "a secret\n")
    server = daemon(f"[program:p]\n{SECRETIVE}credential=key:{key}\nlimit_nofile=100\n")
    directory = credentials_of(server, "p")
    pid = server.rpc.supervisor.getProcessInfo("p")["pid"]
    assert server.rpc.supervisor.upgrade() is True
    assert server.wait_state("p", "RUNNING")["pid"] == pid
    assert os.path.exists(os.path.join(directory, "key"))
    server.rpc.supervisor.stopProcess("p")
    assert not os.path.exists(directory)
    server.rpc.supervisor.startProcess("p")
    assert os.path.exists(os.path.join(credentials_of(server, "p"), "key"))


def test_the_secrets_of_a_stopped_supervisord_are_gone(daemon, work_dir, credentials_of):
    key = write(work_dir, "key", "a secret\n")
    server = daemon(f"[program:p]\n{SECRETIVE}credential=key:{key}\n")
    directory = credentials_of(server, "p")
    assert pwd.getpwuid(os.stat(directory).st_uid).pw_name == "root"
    server.rpc.supervisor.shutdown()
    server.process.wait()
    assert not os.path.exists(directory)


def test_secrets_stay_over_a_crash_and_go_with_their_program(work_dir, cleanup, credentials_of):
    key = write(work_dir, "key", "a secret\n")
    server = cleanup.enter_context(KeptDaemon(work_dir, f"[program:p]\n{SECRETIVE}credential=key:{key}\n"))
    directory = credentials_of(server, "p")
    pid = server.rpc.supervisor.getProcessInfo("p")["pid"]
    server.crash_and_take_over()
    assert server.wait_state("p", "RUNNING")["pid"] == pid
    assert os.path.exists(os.path.join(directory, "key"))
    server.rpc.supervisor.stopProcess("p")
    assert not os.path.exists(directory)


def test_listeners_and_fastcgi_programs_have_these_keys_too(daemon, work_dir):
    file = write(work_dir, "a.env", "A=1\n")
    keys = f"environment_file={file}\nnice=3\nstartsecs=0\n"
    script = "/bin/sh -c 'echo $A; nice; exec sleep 1000'"
    server = daemon(f"[eventlistener:e]\ncommand=/bin/sh -c '(echo $A; nice) >&2; exec sleep 1000'\n"
                    f"events=TICK_3600\n{keys}"
                    f"[fcgi-program:f]\ncommand={script}\nsocket=unix://%(here)s/f.sock\n{keys}")
    wait_for(lambda: server.rpc.supervisor.readProcessStderrLog("e", 0, 0) == "1\n3\n", "the listener")
    wait_for(lambda: server.rpc.supervisor.readProcessStdoutLog("f", 0, 0) == "1\n3\n", "the FastCGI program")
