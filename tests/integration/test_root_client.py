# SPDX-License-Identifier: MIT
"""supervisorctl run by root with a file, a link or a socket that another account controls."""

import os
import pwd
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import UnixStreamServer

import pexpect
import pytest

from manager_root import Managerd
from processes import of_user
from programs import program
from terminals import end
from waiting import wait_for

SECRET = "root-s-secret"
FAILED, WRONG = 1, 2

PROGRAMS = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[program:talker]\ncommand=/bin/sh -c 'echo hello; exec sleep 1000'\nstartsecs=0\n"


@pytest.fixture
def theirs(daemon, owner):
    """The owner's supervisord with its configuration, in the owner's directory."""
    server = daemon(PROGRAMS, user=owner.pw_uid)
    server.wait_state("talker", "RUNNING")
    return server


@pytest.fixture
def roots(daemon):
    """A supervisord of root."""
    server = daemon(PROGRAMS)
    os.chmod(server.directory, 0o755)
    server.wait_state("cat", "RUNNING")
    return server


def client(*words, **options):
    """Root's client, with a secret in its environment."""
    return subprocess.run([*program("supervisorctl"), *words], capture_output=True, text=True, check=False,
                          **{"stdin": subprocess.DEVNULL, "env": {**os.environ, "SM_SECRET": SECRET}, **options})


def write(path, text, owner=None):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return path


def config_for(server, more=""):
    return f"[supervisorctl]\nserverurl=unix://{server.socket}\n{more}"


@pytest.fixture
def listener(work_dir, owner, cleanup):
    """A server of the owner on a Unix socket that records the heads of requests in listener.heads."""
    heads = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # the name is http.server's
            heads.append(str(self.headers))
            self.close_connection = True

        def address_string(self):
            return "client"

        def log_message(self, *_):
            pass

    folder = os.path.join(work_dir, "listener")
    os.mkdir(folder)
    server = UnixStreamServer(os.path.join(folder, "s"), Handler)
    server.heads = heads
    for path in (server.server_address, folder):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cleanup.callback(server.shutdown)
    return server


def test_what_root_types_works(theirs, owner):
    result = client("-c", theirs.config_path, "status")
    assert (result.returncode, result.stderr) == (0, "") and "cat                              RUNNING   pid" in result.stdout
    assert client("-c", theirs.config_path, "stop", "cat").stdout == "cat: stopped\n"
    assert client("-c", theirs.config_path, "status").returncode == 3
    assert client("-c", os.path.relpath(theirs.config_path, theirs.directory), "pid", cwd=theirs.directory).returncode == 0
    assert client("status", cwd=theirs.directory).returncode == 3  # ./supervisord.conf


def test_the_password_holds_nothing_of_roots_environment(listener, work_dir, owner):
    config = write(os.path.join(work_dir, "evil.conf"),
                   f"[supervisorctl]\nserverurl=unix://{listener.server_address}\nusername=x\npassword=%(ENV_SM_SECRET)s\n", owner)
    result = client("-c", config, "status")
    assert result.returncode == WRONG and "ENV_SM_SECRET" in result.stderr
    assert listener.heads == []
    client("-c", config, "--trust", "status")
    assert "Authorization: Basic" in listener.heads[0], "--trust must use the owner's configuration"


def test_the_history_is_no_file_of_roots(theirs, work_dir, owner, cleanup):
    private = os.path.join(work_dir, "private")
    os.mkdir(private, 0o700)
    history = write(os.path.join(private, "history"), "keep\n")
    config = write(os.path.join(theirs.directory, "evil.conf"), config_for(theirs, f"history_file={history}\nprompt=evil\n"), owner)
    shell = pexpect.spawn(program("supervisorctl")[0], ["-c", config], encoding="utf-8", timeout=30, env={**os.environ, "TERM": "xterm"})
    cleanup.callback(end, shell)
    shell.expect_exact("evil> ")
    shell.sendline("pid nope")
    shell.expect_exact("No such process nope")
    shell.expect_exact("evil> ")
    shell.sendline("quit")
    shell.expect(pexpect.EOF)
    with open(history, encoding="utf-8") as file:
        assert file.read() == "keep\n"


def test_a_socket_of_the_owners_leads_nowhere_else(theirs, roots, work_dir):
    """Root's configuration names a socket in the owner's directory, where the owner puts a link to root's."""
    config = write(os.path.join(work_dir, "roots.conf"), config_for(theirs))
    assert "RUNNING" in client("-c", config, "status").stdout
    os.rename(theirs.socket, theirs.socket + ".away")
    os.symlink(roots.socket, theirs.socket)
    for words in (["-c", config], ["-s", "unix://" + theirs.socket]):
        result = client(*words, "stop", "all")
        assert result.returncode != 0 and "Permission denied" in result.stdout
        assert "--trust" in result.stdout, "the message must name the next step"
    assert roots.rpc.supervisor.getProcessInfo("cat")["statename"] == "RUNNING"
    os.unlink(theirs.socket)
    os.rename(theirs.socket + ".away", theirs.socket)


def test_a_link_of_the_owners_chooses_no_file_of_roots(theirs, roots, work_dir):
    link = os.path.join(theirs.directory, "link.conf")
    os.symlink(write(os.path.join(work_dir, "roots.conf"), config_for(roots)), link)
    result = client("-c", link, "stop", "all")
    assert result.returncode != 0
    assert roots.rpc.supervisor.getProcessInfo("cat")["statename"] == "RUNNING"


def test_a_terminal_of_its_own(theirs, owner, cleanup):
    shell = pexpect.spawn(program("supervisorctl")[0], ["-c", theirs.config_path, "tail", "-f", "talker"], encoding="utf-8", timeout=30,
                          env={**os.environ, "TERM": "xterm", "SM_SECRET": SECRET})
    cleanup.callback(end, shell)
    shell.expect_exact("hello")
    guest = next(pid for pid in of_user(owner.pw_uid) if b"tail" in open(f"/proc/{pid}/cmdline", "rb").read())
    ours = os.readlink(f"/proc/{shell.pid}/fd/0")
    assert ours.startswith("/dev/pts/")
    assert ours not in {os.readlink(f"/proc/{guest}/fd/{fd}") for fd in os.listdir(f"/proc/{guest}/fd")}
    assert os.getsid(guest) == guest and SECRET.encode() not in open(f"/proc/{guest}/environ", "rb").read()
    shell.send("\x03")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 0


def test_shared_files_are_refused(theirs, roots, owner, account, work_dir):
    config = write(os.path.join(work_dir, "shared.conf"), config_for(roots))
    assert client("-c", config, "status").returncode == 0
    os.chmod(config, 0o666)
    result = client("-c", config, "status")
    assert result.returncode == WRONG and "(everybody)" in result.stderr and "--trust" in result.stderr
    assert client("-c", config, "--trust", "status").returncode == 0
    os.chmod(config, 0o664)
    os.chown(config, 0, owner.pw_gid)
    assert f"(group {owner.pw_name})" in client("-c", config, "status").stderr
    os.chown(config, 0, 0)
    assert client("-c", config, "status").returncode == 0
    unknown = next(uid for uid in range(60000, 65000) if not known(uid))
    os.chown(config, unknown, 0)
    os.chmod(config, 0o644)
    assert f"user id {unknown}, which does not have an account" in client("-c", config, "status").stderr
    other = account("smother")
    write(os.path.join(theirs.directory, "other.conf"), config_for(roots), other)
    assert "several accounts" in client("-c", os.path.join(theirs.directory, "other.conf"), "status").stderr


def known(uid):
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def test_others_than_root_are_not_concerned(theirs, roots, owner):
    os.chmod(roots.config_path, 0o666)
    assert client("-c", roots.config_path, "version", user=owner.pw_uid).returncode != WRONG
    assert client("-c", theirs.config_path, "status", user=owner.pw_uid).returncode == 0


def test_the_link_of_an_instance_acts_as_its_owner(owner, work_dir, cleanup):
    entry = f"""[supervisor:tsupv]
user = {owner.pw_name}
group = {owner.pw_name}
[supervisor_program:talker]
supervisor = tsupv
command = /bin/sh -c 'echo hello; exec sleep 1000'
startsecs = 0
"""
    managerd = cleanup.enter_context(Managerd(work_dir))
    managerd.declare("tsupv", entry)
    managerd.start().wait_state("tsupv", "running")
    link = os.path.join(managerd.root, "usr/bin/supervisorctl_tsupv")
    wait_for(lambda: "RUNNING" in subprocess.run([link, "status"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                                check=False).stdout)
    follow = subprocess.Popen([link, "tail", "-f", "talker"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    cleanup.callback(follow.wait)
    cleanup.callback(follow.terminate)
    wait_for(lambda: follow.stdout.readline() == "hello\n")
    followers = [pid for pid in of_user(owner.pw_uid) if b"tail" in open(f"/proc/{pid}/cmdline", "rb").read()]
    assert len(followers) == 1


def test_relative_paths_mean_what_they_meant(theirs, owner):
    config = write(os.path.join(theirs.directory, "relative.conf"), "[supervisorctl]\nserverurl=unix://s.sock\n", owner)
    for words in (["-c", "relative.conf"], ["-s", "unix://s.sock"], ["-c", os.path.basename(config), "-r", "history"]):
        assert "RUNNING" in client(*words, "status", cwd=theirs.directory).stdout


def test_roots_history_is_not_written_through_a_link_of_anothers(roots, work_dir, owner, cleanup):
    home = os.path.join(work_dir, "home")
    os.mkdir(home)
    victim = write(os.path.join(work_dir, "victim"), "keep\n")
    os.symlink(victim, os.path.join(home, "history"))
    os.chown(home, owner.pw_uid, owner.pw_gid)
    config = write(os.path.join(work_dir, "roots.conf"), config_for(roots, f"history_file={home}/history\n"))
    shell = pexpect.spawn(program("supervisorctl")[0], ["-c", config], encoding="utf-8", timeout=30, env={**os.environ, "TERM": "xterm"})
    cleanup.callback(end, shell)
    for word in ("pid nope", "version"):
        shell.expect_exact("supervisor> ")
        shell.sendline(word)
    shell.expect_exact("supervisor> ")
    shell.sendline("quit")
    shell.expect(pexpect.EOF)
    with open(victim, encoding="utf-8") as file:
        assert file.read() == "keep\n"


def test_open_leads_root_nowhere_else(theirs, roots):
    os.unlink(theirs.socket)
    os.symlink(roots.socket, theirs.socket)
    result = client("-c", roots.config_path, input=f"open unix://{theirs.socket}\nstop cat\n", stdin=None)
    assert "another account controls" in result.stdout
    again = client("-s", "unix:///nowhere", input=f"open unix://{theirs.socket}\nstop cat\n", stdin=None, cwd="/")
    assert "cat: stopped" not in again.stdout


@pytest.fixture
def shared(work_dir):
    """A directory in which everybody may create files, like /tmp."""
    folder = os.path.join(work_dir, "shared")
    os.mkdir(folder)
    os.chmod(folder, 0o1777)
    return folder


@pytest.fixture
def flicker(owner, cleanup):
    """flicker(path): the owner removes the file and puts it back, as fast as possible."""

    def start(path):
        code = "import os, sys\nprint(flush=True)\nwhile True:\n os.rename(sys.argv[1], sys.argv[2]); os.rename(sys.argv[2], sys.argv[1])"
        process = subprocess.Popen(["/usr/bin/python3", "-c", code, path, path + ".away"], user=owner.pw_uid, group=owner.pw_gid,
                                   extra_groups=[], stdout=subprocess.PIPE)
        cleanup.callback(process.wait)
        cleanup.callback(process.kill)
        process.stdout.readline()

    return start


TRIES = 200


@pytest.mark.parametrize("words", [(), ("-c", "supervisord.conf")], ids=["found", "given"])
def test_a_file_that_comes_and_goes_is_never_read_as_root(listener, shared, flicker, owner, words):
    config = write(os.path.join(shared, "supervisord.conf"),
                   f"[supervisorctl]\nserverurl=unix://{listener.server_address}\nusername=x\npassword=%(ENV_SM_SECRET)s\n", owner)
    flicker(config)
    seen = {client(*words, "status", cwd=shared).returncode for _ in range(TRIES)}
    assert listener.heads == []
    assert WRONG in seen, "it was there at times"


def test_a_socket_that_comes_and_goes_is_never_spoken_to_as_root(listener, shared, flicker, work_dir):
    socket_path = os.path.join(shared, "s.sock")
    os.rename(listener.server_address, socket_path)
    config = write(os.path.join(work_dir, "roots.conf"),
                   f"[supervisorctl]\nserverurl=unix://{socket_path}\nusername=x\npassword=%(ENV_SM_SECRET)s\n")
    os.chmod(config, 0o600)
    flicker(socket_path)
    outputs = {client("-c", config, "status").stdout for _ in range(TRIES)}
    assert listener.heads == []
    assert any(text.startswith(f"unix://{socket_path} no such file: ") for text in outputs)


def test_a_socket_that_is_not_there_is_supervisors_answer(shared):
    result = client("-s", f"unix://{shared}/s.sock", "status")
    assert result.returncode == 4 and result.stdout.startswith(f"unix://{shared}/s.sock no such file: ")
    assert "could not find config file" in client("-c", f"{shared}/absent.conf", "status").stderr


def test_tab_does_not_wait_for_a_client_that_its_account_stopped(theirs, owner, cleanup):
    """The account stops each new process of its own, as it may."""
    stopper = subprocess.Popen(["/usr/bin/python3", "-c", """
import os, signal
keep = {int(p) for p in os.listdir("/proc") if p.isdigit()}
print("ready", flush=True)
while True:
    for p in os.listdir("/proc"):
        if p.isdigit() and int(p) not in keep:
            try:
                if b"__complete" in open(f"/proc/{p}/cmdline", "rb").read():
                    os.kill(int(p), signal.SIGSTOP)
            except OSError:
                pass  # it ended
"""], user=owner.pw_uid, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    cleanup.callback(stopper.wait)
    cleanup.callback(stopper.kill)
    assert stopper.stdout.readline() == b"ready\n"
    with socket.socket(socket.AF_UNIX) as silent:  # never accepts, so the client runs long enough
        silent.bind(theirs.socket + ".silent")
        silent.listen()
        os.chmod(theirs.socket + ".silent", 0o777)
        url = "unix://" + theirs.socket + ".silent"
        assert client("-s", url, "__complete", "status", "=", timeout=60).returncode == 137


@pytest.mark.parametrize("kind", ["xterm", "xterm-256color", "screen", "tmux-256color", "linux", "vt100", "rxvt", "dumb"])
def test_the_line_editor_works_behind_the_filter(theirs, cleanup, kind):
    """The terminal executes all sequences that libedit or our tables send; none appears as text."""
    shell = pexpect.spawn(program("supervisorctl")[0], ["-c", theirs.config_path], encoding="utf-8", timeout=30, dimensions=(30, 60),
                          env={**os.environ, "TERM": kind, "LC_ALL": "C.UTF-8"})
    cleanup.callback(end, shell)
    shell.expect_exact("supervisor> ")
    seen = shell.before
    left, right, up, kill = "\x02", "\x06", "\x10", "\x15"
    for keys in ("status", left * 3 + "xy" + "\x08\x08" + right, "\x01\x0b", "pid " + "nö" * 40, left * 60 + "insert" + "\x04" * 3, "\x0c",
                 kill, "status \t\t", kill, up, kill, "pid no" + left + "e\x05\r"):
        shell.send(keys)
    shell.expect_exact("No such process n")
    seen += shell.before
    shell.expect_exact("supervisor> ")
    seen += shell.before
    shell.sendline("status --watch 1")
    shell.expect_exact("RUNNING")
    shell.send("\x03")
    shell.expect_exact("supervisor> ")
    seen += shell.before
    shell.send("\x04")
    shell.expect(pexpect.EOF)
    assert "\\x" not in seen + shell.before
