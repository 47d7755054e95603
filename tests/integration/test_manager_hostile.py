# SPDX-License-Identifier: MIT
"""Owners who attack the manager: files and links that they plant must give them no rights that they do not have."""

import os
import subprocess

import pytest

from processes import is_running, of_user
from waiting import wait_for


RELOCATED = """conf_file_dst = /opt/tech2/supervisord.conf
logs_dir = /opt/tech2/logs
pid_dir = /opt/tech2/run
socks_dir = /opt/tech2/pid
include_dir = /opt/tech2/supervisord.d
supervisorctl = /opt/tech2/supervisorctl
"""


@pytest.fixture
def home(manager, owner):
    """The path of /opt/tech2, which belongs to the owner."""
    path = manager.path("opt/tech2")
    os.makedirs(path)
    os.chown(path, owner.pw_uid, owner.pw_gid)
    return path


@pytest.fixture
def secret(manager):
    """A file of root that must not change, in a directory of root."""
    path = manager.write("secret/file", "root's own\n")
    os.chmod(path, 0o600)

    def look():
        seen = [os.stat(p) for p in (path, os.path.dirname(path))]
        return [(s.st_mode, s.st_uid, s.st_gid, s.st_mtime_ns) for s in seen], sorted(os.listdir(os.path.dirname(path)))

    before = look()
    yield path
    assert look() == before
    with open(path, encoding="utf-8") as file:
        assert file.read() == "root's own\n"


def as_owner(owner, script, *arguments):
    subprocess.run(["/bin/sh", "-ec", script, "sh", *arguments], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[],
                   check=True)


def test_a_relocated_instance_is_the_owners_alone(manager, owner, home):
    manager.entry("tech2", owner, RELOCATED, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tech2", "a")
    for folder, folders, files in os.walk(home):
        for name in folders + files:
            assert os.lstat(os.path.join(folder, name)).st_uid == owner.pw_uid, name
    assert os.readlink(os.path.join(home, "supervisorctl")) == manager.path(
        "var/lib/supervisor-manager/links/supervisorctl_tech2")
    result = subprocess.run([os.path.join(home, "supervisorctl"), "status"], user=owner.pw_uid, group=owner.pw_gid,
                            extra_groups=[], capture_output=True, text=True, check=False)
    assert "RUNNING" in result.stdout, result.stderr
    assert manager.call("Reload") == [[]]


@pytest.mark.parametrize("kind", ["link to file", "link to directory", "fifo"])
def test_things_planted_in_a_relocated_directory(manager, owner, home, secret, kind):
    script = {"link to file": 'ln -s "$2" "$1"', "link to directory": 'ln -s "${2%/*}" "$1"', "fifo": 'mkfifo "$1"'}[kind]
    for name in ("supervisord.conf", "supervisorctl", "logs", "run", "pid", "supervisord.d"):
        as_owner(owner, script, os.path.join(home, name), secret)
    manager.entry("tech2", owner, RELOCATED)
    manager.entry("other", owner)
    manager.start()
    manager.wait_state("other", "running")  # other instances are not affected
    manager.wait_state("tech2", "failed")
    assert "/opt/tech2/logs" in manager.failure("tech2")


def test_a_hard_link_to_a_file_of_roots_is_not_written_through(manager, owner, home, secret):
    # The kernel may not allow an account to create such a link, so root does it here.
    os.link(secret, os.path.join(home, "supervisord.conf"))
    manager.entry("tech2", owner, RELOCATED)
    manager.start()
    manager.wait_state("tech2", "failed")
    assert "was not made by the manager" in manager.failure("tech2")


def test_things_planted_in_its_default_directories(manager, owner, secret):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.entry("other", owner)
    manager.start()
    manager.program_pid("tsupv", "a")
    manager.wait_state("other", "running")
    manager.call("StopInstance", "s", "tsupv")
    run, logs, conf = (manager.path(p) for p in ("run/supervisor_tsupv", "var/log/supervisor_tsupv", "etc/supervisord_tsupv.d"))
    as_owner(owner, 'rm -f "$1"/*; echo 1 > "$1/supervisord.pid"; ln -s "$2" "$1/supervisor.sock"', run, secret)
    as_owner(owner, 'rm -f "$1"/*; mkfifo "$1/program1.log"; ln -s "$2" "$1/extra"', logs, secret)
    as_owner(owner, 'rm -f "$1"/*; ln -s "$2" "$1/a_prg.ini"; mkfifo "$1/x_prg.tmp"', conf, secret)
    manager.try_call("StartInstance", "s", "tsupv")  # refused, because of the planted files
    manager.try_call("ForceRestartInstance", "s", "tsupv")
    wait_for(lambda: manager.get("tsupv", "State") in ("running", "failed", "restarting"), "an end of the start")
    assert manager.get("other", "State") == "running"
    assert is_running(1)
    # A purge removes the planted files and links, but not their targets.
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert not os.path.exists(logs) and not os.path.exists(run)


def test_a_pid_file_naming_somebody_else_harms_nobody(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    bystander = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        as_owner(owner, 'echo "$2" > "$1/supervisord.pid"', manager.path("run/supervisor_tsupv"), str(bystander.pid))
        manager.call("RestartInstance", "s", "tsupv")
        as_owner(owner, 'echo 1 > "$1/supervisord.pid"', manager.path("run/supervisor_tsupv"))
        manager.call("StopInstance", "s", "tsupv")
        assert bystander.poll() is None and is_running(1)
    finally:
        bystander.kill()
        bystander.wait()


def test_notices_of_others_are_not_believed(manager, owner, account):
    other = account("smother")
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    socket = manager.path("run/supervisor-manager/notify/tsupv/socket")
    send = ("import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); "
            "s.sendto(b'X_SUPERVISOR_PROGRAM=RUNNING 1 forged', sys.argv[1])")
    assert subprocess.run(["/usr/bin/python3", "-c", send, socket], user=other.pw_uid, group=other.pw_gid,
                          extra_groups=[], stderr=subprocess.DEVNULL, check=False).returncode != 0
    as_owner(owner, 'exec /usr/bin/python3 -c "$1" "$2"', send, socket)  # its account, not its main process
    as_owner(owner, 'kill "$1"', str(manager.program_pid("tsupv", "a")))
    manager.program_pid("tsupv", "a")  # a later message has been read, and so the forged one too
    assert [name for name, *_ in manager.call("ListPrograms", "s", "tsupv")[0]] == ["a"]


def test_directories_swapped_while_the_layout_is_applied(manager, owner, home, secret):
    manager.entry("tech2", owner, RELOCATED + "state = stopped\n")
    manager.start()
    swap = f"""
while :; do
  mv {home}/logs {home}/was 2>/dev/null; ln -s {os.path.dirname(secret)} {home}/logs 2>/dev/null
  rm -f {home}/logs 2>/dev/null; mv {home}/was {home}/logs 2>/dev/null
done
"""
    attacker = subprocess.Popen(["/bin/sh", "-c", swap], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[])
    try:
        for _ in range(100):
            manager.call("Reload")
    finally:
        attacker.kill()
        attacker.wait()


def test_a_template_is_not_read_where_the_owner_could_point_it_elsewhere(manager, owner, home, secret):
    as_owner(owner, 'ln -s "$2" "$1"', os.path.join(home, "template"), secret)
    manager.entry("tsupv", owner, "conf_file_src = tmpl:///opt/tech2/template")
    manager.start()
    manager.wait_state("tsupv", "failed")
    assert "can change" in manager.failure("tsupv")
    assert not os.path.exists(manager.path("etc/supervisord_tsupv.conf"))


def test_a_directory_of_somebody_else_is_not_taken_over(manager, owner):
    manager.write("srv/deep/file", "root's own\n")
    manager.entry("tsupv", owner, "logs_dir = /srv/deep")
    manager.start()
    manager.wait_state("tsupv", "failed")
    assert "not taken over" in manager.failure("tsupv")
    assert os.stat(manager.path("srv/deep")).st_uid == 0


def test_a_huge_include_file_is_its_instances_trouble_only(manager, owner):
    manager.entry("tsupv", owner)
    manager.entry("other", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.wait_state("other", "running")
    manager.call("StopInstance", "s", "tsupv")
    as_owner(owner, 'truncate -s 1G "$1/huge.ini"', manager.path("etc/supervisord_tsupv.d"))
    manager.try_call("StartInstance", "s", "tsupv")
    assert manager.get("other", "State") == "running"
    manager.call("StopInstance", "s", "tsupv")
    assert of_user(owner.pw_uid) == [manager.main_pid("other")]
