# SPDX-License-Identifier: MIT
"""supervisord --check, and the effect of a configuration that became invalid on a running daemon."""

import fcntl
import os
import subprocess

import pytest

from programs import program

GOOD = "[supervisord]\nlogfile=%(here)s/s.log\npidfile=%(here)s/s.pid\n[program:cat]\ncommand=/bin/cat\n"


def check(directory, text, **options):
    path = os.path.join(directory, "s.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return subprocess.run([*program("supervisord"), "--check", "-c", path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, **options)


def test_a_good_configuration(work_dir):
    done = check(work_dir, GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{work_dir}/s.conf: the configuration is good\n"
    assert os.listdir(work_dir) == ["s.conf"]  # it creates no other file


def test_warnings_and_errors(work_dir):
    done = check(work_dir, GOOD + "autorestrat=true\n")
    assert done.returncode == 0
    assert done.stderr == ("Warning: Unknown key 'autorestrat' (did you mean 'autorestart'?) in section 'program:cat' "
                           f"(file: '{work_dir}/s.conf', line 6)\n")
    done = check(work_dir, GOOD + "startsecs=soon\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("Error: invalid literal for int() with base 10: 'soon' for key 'startsecs' in section "
                           f"'program:cat' (file: '{work_dir}/s.conf', line 6)\n")


@pytest.mark.parametrize("server, reason", [
    ("[unix_http_server]\nfile=%(here)s/none/s.sock\n", "its directory does not exist"),
    ("[unix_http_server]\nfile=%(here)s/" + "x" * 100 + ".sock\n", "AF_UNIX path too long"),
    ("[unix_http_server]\nfile=%(here)s/s.conf\n", "exists and is not a socket"),
    ("[inet_http_server]\nport=192.0.2.1:9001\n", "no interface of this machine has this address"),
])
def test_a_server_that_cannot_listen(work_dir, server, reason):
    done = check(work_dir, GOOD + server)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: Cannot open an HTTP server: ") and reason in done.stderr
    assert f"(file: '{work_dir}/s.conf', line " in done.stderr
    assert os.listdir(work_dir) == ["s.conf"]


def test_a_server_in_a_directory_of_another_account(work_dir, account):
    os.mkdir(f"{work_dir}/roots")
    done = check(work_dir, GOOD + "[unix_http_server]\nfile=%(here)s/roots/s.sock\n", user=account().pw_uid)
    assert done.returncode == 2 and "this account cannot create files in its directory" in done.stderr


def test_a_server_that_listens_is_no_objection(work_dir, daemon):
    running = daemon()  # on a Unix socket
    done = subprocess.run([*program("supervisord"), "--check", "-c", running.config_path], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_account_of_the_file_needs_not_be_ours(work_dir, account):
    someone = account()
    done = check(work_dir, GOOD.replace("[program", "user=root\n[program"), user=someone.pw_uid)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["--chec"], ["--overlay"], ["--check-stat", "0"]])
def test_its_names_are_whole_words_and_for_a_check_alone(work_dir, words):
    done = subprocess.run([*program("supervisord"), *words, "-c", f"{work_dir}/s.conf"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and words[0] in done.stderr


@pytest.fixture
def check_state():
    """A function that checks a state. It takes the text, and whether nobody can change it any more."""
    def check_text(text, sealed=True):
        file = os.memfd_create("state", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.write(file, text.encode())
            if sealed:
                fcntl.fcntl(file, fcntl.F_ADD_SEALS,
                            fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
            return subprocess.run([*program("supervisord"), "--check-state", str(file)], stdin=subprocess.DEVNULL,
                                  pass_fds=[file], capture_output=True, text=True, check=False)
        finally:
            os.close(file)
    return check_text


def test_a_state_that_is_understood(check_state):
    done = check_state("supervisord-state 1\ndaemon\n future=1\nconfiguration\nend 2\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the state is understood\n", "")


@pytest.mark.parametrize("text, reason", [
    ("", "this is not the state of a supervisord: the first line is not 'supervisord-state 1'"),
    ("supervisord-state 2\nend 0\n", "the state has format '2', and this supervisord understands format 1"),
    ("supervisord-state 1\ndaemon\n !hue=\x1b[31m\nconfiguration\nend 2\n",
     "the state was written by a newer supervisord: it has '!hue' (line 3), which this one does not know"),
    ("supervisord-state 1\ndaemon\n pid=\x1b[31m\nconfiguration\nend 2\n",
     "line 3 of the state: field 'pid' has '\\x1b[31m' instead of a number from -2147483648 to 2147483647"),
])
def test_a_state_that_is_not_understood(check_state, text, reason):
    done = check_state(text)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"Error: {reason}\n")


def test_a_state_that_can_change_and_other_descriptors_are_refused(check_state):
    done = check_state("supervisord-state 1\ndaemon\nconfiguration\nend 2\n", sealed=False)
    assert done.returncode == 2 and "that is not sealed" in done.stderr
    for number, reason in (("0", "is not a memory file with a state"), ("999", "Bad file descriptor"),
                           ("x", "it is not a descriptor")):
        done = subprocess.run([*program("supervisord"), "--check-state", number], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stderr.startswith("Error: ") and reason in done.stderr


@pytest.fixture
def with_include(work_dir, account, daemon):
    """A daemon of an account, and the included file with the program `kept`."""
    someone = account()
    os.mkdir(f"{work_dir}/more")
    path = f"{work_dir}/more/a.ini"
    with open(path, "w", encoding="utf-8") as file:
        file.write("[program:kept]\ncommand=/bin/sleep 1000\n")
    os.chown(path, someone.pw_uid, someone.pw_gid)
    running = daemon(f"[include]\nfiles={work_dir}/more/*.ini\n", user=someone.pw_uid)
    return running, path


@pytest.mark.parametrize("verb", ["reread", "update", "reload"])
def test_an_include_that_cannot_be_read_changes_nothing(with_include, verb):
    running, path = with_include
    pid = running.wait_state("kept", "RUNNING")["pid"]
    os.chmod(path, 0)
    done = running.ctl(verb)
    assert done.returncode != 0
    assert f"cannot read {path}" in done.stdout + done.stderr
    assert running.wait_state("kept", "RUNNING")["pid"] == pid


def test_at_a_start_an_include_that_cannot_be_read_is_passed_over(with_include, daemon, account):
    running, path = with_include
    os.chmod(path, 0)
    running.stop()
    running.start().wait_ready()
    assert running.rpc.supervisor.getAllProcessInfo() == []
    assert f"Included file skipped: cannot read {path}" in running.log()


def test_a_second_section_of_one_name_is_named(with_include):
    running, path = with_include
    second = os.path.join(os.path.dirname(path), "b.ini")
    with open(second, "w", encoding="utf-8") as file:
        file.write("\n[program:kept]\ncommand=/bin/sleep 2000\n")
    running.ctl("reread")
    assert (f"[program:kept] is defined a second time ({second}, line 2): its keys replace those of the first "
            f"definition ({path}, line 1)") in running.log()
