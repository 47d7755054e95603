# SPDX-License-Identifier: MIT
"""The stage `accounts` of a deployment: groups, users, keys and sudo, with throwaway accounts."""

import grp
import os
import pwd
import re
import shutil
import signal
import subprocess

import pytest

from deploy_host import Host, accounts, as_account, authorized_keys, changed, messages, outline, sudoers
from processes import children, of_user
from waiting import wait_for

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
HASH = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def login(cleanup):
    """The name of an account that does not exist yet; what a test makes of it is removed.

    useradd takes the number after the highest one. A high one is taken first: processes of the account are ended by its
    number, which those in the test hosts, whose accounts have the usual numbers, must not share.
    """
    name = f"smdeploy{os.getpid()}"
    before = f"smbefore{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--uid", str(50000 + os.getpid() % 9000), before], check=True)
    cleanup.callback(subprocess.run, ["userdel", before], check=True)
    for argv in (["groupdel", name + "g"], ["groupdel", name], ["userdel", "--remove", name]):
        cleanup.callback(subprocess.run, argv, check=False, stderr=subprocess.DEVNULL)
    return name


@pytest.fixture
def sudo_folder(work_dir, monkeypatch):
    path = os.path.join(work_dir, "sudoers.d")
    os.mkdir(path)
    monkeypatch.setattr(sudoers, "FOLDER", path)
    return path


def user(login, **more):
    return dict({"at": "app.yml:5:3", "login": login, "managed": True, "system": False, "create_home": True}, **more)


def group(name, **more):
    return dict({"at": "app.yml:6:3", "name": name, "managed": True, "system": False}, **more)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_an_account_is_made_once(host, login):
    items = {"groups": [group(login + "g")],
             "users": [user(login, comment="A test", groups=login + "g", password=HASH, keys=[KEY + " a@b\n"])]}
    assert changed(host.run("accounts", items)) == [
        f"Setup group '{login}g'", f"Setup user '{login}'", f"Setup authorized keys of user '{login}'"]
    entry = pwd.getpwnam(login)
    assert entry.pw_uid > 50000 and entry.pw_gecos == "A test" and grp.getgrgid(entry.pw_gid).gr_name == login
    assert grp.getgrnam(login + "g").gr_mem == [login] and accounts.password_of(login) == HASH
    keys = f"{entry.pw_dir}/.ssh/authorized_keys"
    assert read(keys) == KEY + " a@b\n"
    assert [(os.stat(path).st_uid, os.stat(path).st_mode & 0o777) for path in (keys, os.path.dirname(keys))] == [
        (entry.pw_uid, 0o600), (entry.pw_uid, 0o700)]
    assert changed(host.run("accounts", items)) == []


def test_an_account_changes_only_where_it_differs(host, login):
    host.run("accounts", {"groups": [group(login + "g")], "users": [user(login)]})
    result = host.run("accounts", {"users": [user(login, comment="Other", groups=login + "g", password=HASH)]})
    assert messages(result) == {f"Setup user '{login}'": "comment, groups, password"}
    result = host.run("accounts", {"users": [user(login, groups="")]})
    assert messages(result) == {f"Setup user '{login}'": "groups"} and grp.getgrnam(login + "g").gr_mem == []
    assert pwd.getpwnam(login).pw_gecos == "Other"


def test_a_group_of_the_same_name_is_used(host, login):
    host.run("accounts", {"groups": [group(login)], "users": [user(login, create_home=False)]})
    assert grp.getgrgid(pwd.getpwnam(login).pw_gid).gr_name == login
    assert not os.path.exists(pwd.getpwnam(login).pw_dir)


def test_a_home_that_is_missing_is_made(host, login):
    host.run("accounts", {"users": [user(login, create_home=False)]})
    assert messages(host.run("accounts", {"users": [user(login)]})) == {f"Setup user '{login}'": "home"}
    assert os.stat(pwd.getpwnam(login).pw_dir).st_uid == pwd.getpwnam(login).pw_uid


def test_what_is_not_managed_is_only_checked(host, owner):
    items = {"groups": [group(owner.pw_name, managed=False)], "users": [user(owner.pw_name, managed=False)]}
    assert outline(host.run("accounts", items)) == [(f"Check group '{owner.pw_name}'", "ok"),
                                                    (f"Check user '{owner.pw_name}'", "ok")]
    assert host.fails("accounts", {"users": [user("nobody-here", managed=False)]}) == (
        "Check user 'nobody-here': the account 'nobody-here' does not exist on this host, and managed: no does not "
        "make it (app.yml:5:3)")
    assert "the group 'none-here' does not exist" in host.fails(
        "accounts", {"groups": [group("none-here", managed=False)]})


def test_a_group_that_is_missing_is_named(host, login):
    assert "there is no group 'none-here' on this host: add it to 'groups'" in host.fails(
        "accounts", {"users": [user(login, groups="none-here")]})


@pytest.mark.parametrize("password", [HASH + "\nroot:" + HASH, "clear text", "$6$salt:x"])
def test_a_password_is_one_hash(host, login, password):
    """A line feed would give another account a password; clear text would be one that nobody can log in with."""
    message = host.fails("accounts", {"users": [user(login, password=password)]})
    assert "not a hash of crypt(3)" in message and password not in message


@pytest.fixture
def home(host, login):
    host.run("accounts", {"users": [user(login)]})
    os.mkdir(f"{pwd.getpwnam(login).pw_dir}/.ssh")
    os.chown(f"{pwd.getpwnam(login).pw_dir}/.ssh", pwd.getpwnam(login).pw_uid, -1)
    return pwd.getpwnam(login).pw_dir


def test_keys_are_added_to_those_that_are_there(host, login, home):
    path = f"{home}/.ssh/authorized_keys"
    with open(path, "w", encoding="utf-8") as file:
        file.write("# mine\nssh-rsa AAAAB3other me@home")
    with open(f"{home}/.ssh/.authorized_keys.new", "w", encoding="utf-8") as file:
        file.write("of a run that was killed")
    os.chown(path, pwd.getpwnam(login).pw_uid, -1)
    items = {"users": [user(login, keys=["# a comment\n\n" + KEY + " one\n", f'command="x y" {KEY} two\n'])]}
    result = host.run("accounts", items)
    assert messages(result)[f"Setup authorized keys of user '{login}'"] == "1 added"
    assert read(path) == f"# mine\nssh-rsa AAAAB3other me@home\n{KEY} one\n"
    assert os.listdir(f"{home}/.ssh") == ["authorized_keys"]
    assert changed(host.run("accounts", items)) == []


def test_a_private_key_is_refused(host, login, home):
    message = host.fails("accounts", {"users": [user(login, keys=["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n"])]})
    assert "has no public key such as 'ssh-ed25519 AAAA...'" in message and "b3Bl" not in message


def test_keys_are_written_with_the_ids_of_the_account(host, login, home, work_dir):
    """A link of the account leads to what the account itself may write, and no further."""
    os.mkdir(f"{work_dir}/root-only", 0o700)
    os.rmdir(f"{home}/.ssh")
    os.symlink(f"{work_dir}/root-only", f"{home}/.ssh")
    items = {"users": [user(login, keys=[KEY])]}
    result = host.call("accounts", items)
    assert "Permission denied" in result["msg"] and os.listdir(f"{work_dir}/root-only") == []


def test_a_pipe_instead_of_keys_holds_nothing_up(host, login, home):
    os.mkfifo(f"{home}/.ssh/authorized_keys", 0o666)
    os.chown(f"{home}/.ssh/authorized_keys", pwd.getpwnam(login).pw_uid, -1)
    assert "is not a regular file" in host.fails("accounts", {"users": [user(login, keys=[KEY])]})


def test_without_root_only_own_keys_are_written(host, login, home):
    entry = pwd.getpwnam(login)
    items = {"users": [user(login, managed=False, keys=[KEY])]}
    assert changed(as_account(entry, lambda: host.run("accounts", items))) == [
        f"Setup authorized keys of user '{login}'"]
    assert changed(as_account(entry, lambda: host.run("accounts", items))) == []
    other = {"users": [user("root", managed=False, keys=[KEY])]}
    assert "keys of 'root' need root" in as_account(entry, lambda: host.fails("accounts", other))
    new = {"groups": [group(login + "g")]}
    assert "groupadd needs root" in as_account(entry, lambda: host.fails("accounts", new))
    same = {"groups": [group(login)], "users": [user(login)]}
    assert changed(as_account(entry, lambda: host.run("accounts", same))) == []


def test_sudo_is_given_and_taken(host, owner, sudo_folder):
    name = owner.pw_name
    items = {"users": [user(name, managed=False, can_sudo_to="root, postgres")]}
    assert changed(host.run("accounts", items)) == [f"Setup sudo of user '{name}'"]
    path = f"{sudo_folder}/{name}"
    assert read(path).splitlines()[1:] == [f"{name} ALL=(root,postgres) NOPASSWD: ALL"]
    assert os.stat(path).st_mode & 0o7777 == 0o440 and os.listdir(sudo_folder) == [name]
    assert changed(host.run("accounts", items)) == []
    assert changed(host.run("accounts", {"users": [user(name, managed=False)]})) == [f"Remove sudo of user '{name}'"]
    assert os.listdir(sudo_folder) == []


def test_sudo_files_of_others_stay(host, owner, sudo_folder):
    with open(f"{sudo_folder}/{owner.pw_name}", "w", encoding="utf-8") as file:
        file.write("# of an administrator\n")
    assert changed(host.run("accounts", {"users": [user(owner.pw_name, managed=False)]})) == []
    assert os.listdir(sudo_folder) == [owner.pw_name]


def test_each_account_has_a_sudo_file_that_sudo_reads():
    names = [sudoers.file_name(login) for login in ("a.b", "a_b", "a-b", "ab")]
    assert len(set(names)) == 4 and not any("." in name or name.endswith("~") for name in names)


@pytest.mark.parametrize("text", ["ALL) NOPASSWD: ALL\nevil ALL=(ALL", "root evil", "#0"])
def test_sudo_takes_only_names(host, owner, sudo_folder, text):
    message = host.fails("accounts", {"users": [user(owner.pw_name, managed=False, can_sudo_to=text)]})
    assert "is not an account's name that sudo takes" in message


def test_what_visudo_refuses_is_not_installed(host, owner, sudo_folder, work_dir, monkeypatch):
    checker = f"{work_dir}/visudo"
    with open(checker, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho \"bad $1 $2\" >&2\nexit 1\n")
    os.chmod(checker, 0o755)
    monkeypatch.setattr(sudoers.children, "find", lambda name: checker)
    result = host.call("accounts", {"users": [user(owner.pw_name, managed=False, can_sudo_to="ALL")]})
    assert "visudo refuses it: bad -c -f" in result["msg"] and os.listdir(sudo_folder) == []


def test_remove_ends_processes_and_removes_the_account(host, login, sudo_folder, cleanup):
    items = {"groups": [group(login + "g")],
             "users": [user(login, groups=login + "g", can_sudo_to="root", keys=[KEY])]}
    host.run("accounts", items)
    entry = pwd.getpwnam(login)
    stubborn = subprocess.Popen(["/bin/sh", "-c", "trap '' TERM; echo on; while :; do sleep 1000; done"], cwd="/",
                                user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], stdout=subprocess.PIPE)
    cleanup.callback(stubborn.wait)
    cleanup.callback(stubborn.kill)
    stubborn.stdout.readline()
    assert changed(host.run("accounts", items, "remove")) == [
        f"Remove sudo of user '{login}'", f"Remove user '{login}'", f"Remove group '{login}g'"]
    wait_for(lambda: not of_user(entry.pw_uid), "the end of the account's processes")
    assert accounts.find_user(login) is None and accounts.find_group(login + "g") is None
    assert not os.path.exists(entry.pw_dir) and os.listdir(sudo_folder) == []
    assert changed(host.run("accounts", items, "remove")) == []


def small_root(path):
    """A root directory with nothing but /bin/sleep and its libraries."""
    listed = subprocess.run(["ldd", "/bin/sleep"], check=True, capture_output=True, text=True).stdout
    for file in ["/bin/sleep", *re.findall(r"(/\S+) \(", listed)]:
        os.makedirs(path + os.path.dirname(file), exist_ok=True)
        shutil.copy(file, path + file)
    return path


def test_processes_in_a_container_are_not_the_account_s(host, login, work_dir, sudo_folder, cleanup):
    """A container without a user namespace has its own accounts, some with the numbers of the host's."""
    items = {"users": [user(login)]}
    host.run("accounts", items)
    entry = pwd.getpwnam(login)
    container = subprocess.Popen(["unshare", "--fork", "--pid", f"--setgid={entry.pw_gid}", f"--setuid={entry.pw_uid}",
                                  f"--root={small_root(work_dir + '/root')}", "--wd=/", "/bin/sleep", "1000"])
    cleanup.callback(container.wait)
    inside = wait_for(lambda: children(container.pid), "the container's process")[0]
    cleanup.callback(os.kill, inside, signal.SIGKILL)
    wait_for(lambda: inside in of_user(entry.pw_uid), "it to take the ids")
    ours = subprocess.Popen(["sleep", "1000"], cwd="/", user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
    cleanup.callback(ours.kill)
    assert changed(host.run("accounts", items, "remove")) == [f"Remove user '{login}'"]
    assert ours.wait() == -signal.SIGTERM and inside in of_user(entry.pw_uid)


def test_what_is_mounted_in_a_home_is_not_removed_with_it(host, login, work_dir, sudo_folder, cleanup):
    """userdel --remove would delete the files of another place."""
    host.run("accounts", {"users": [user(login)]})
    inside = f"{pwd.getpwnam(login).pw_dir}/a b"
    os.mkdir(inside)
    precious = os.path.join(work_dir, "precious")
    with open(precious, "w", encoding="utf-8") as file:
        file.write("x")
    subprocess.run(["mount", "--bind", work_dir, inside], check=True)
    cleanup.callback(subprocess.run, ["umount", inside], check=False, stderr=subprocess.DEVNULL)
    message = f"a file system is mounted at {inside}: unmount it, and remove again"
    assert message in host.fails("accounts", {"users": [user(login)]}, "remove")
    assert message in host.call("accounts", {"users": [user(login)]}, "remove")["msg"]
    assert os.path.exists(precious) and accounts.find_user(login)
    subprocess.run(["umount", inside], check=True)
    assert changed(host.run("accounts", {"users": [user(login)]}, "remove")) == [f"Remove user '{login}'"]
    assert os.path.exists(precious)


def test_remove_of_a_group_that_goes_with_its_account(host, login):
    """userdel takes the group along: it is reported as predicted."""
    items = {"groups": [group(login)], "users": [user(login, create_home=False)]}
    host.run("accounts", items)
    assert changed(host.run("accounts", items, "remove")) == [f"Remove user '{login}'", f"Remove group '{login}'"]


def test_remove_keeps_what_it_must(host, owner, login, home, sudo_folder):
    items = {"groups": [group(owner.pw_name, no_remove=True)],
             "users": [user(owner.pw_name, no_remove=True), user(login, managed=False, keys=[KEY])]}
    host.run("accounts", items)
    assert changed(host.run("accounts", items, "remove")) == [f"Remove authorized keys of user '{login}'"]
    assert accounts.find_user(owner.pw_name) and read(f"{home}/.ssh/authorized_keys") == ""
    assert "is root or the account that deploys" in host.fails("accounts", {"users": [user("root")]}, "remove")


def test_what_acts_as_an_account_has_nothing_of_root(owner, work_dir, monkeypatch):
    """No descriptors, groups, variables or streams; and the ids cannot be taken back."""
    monkeypatch.setenv("SECRET", "for-roots-eyes")
    with open(f"{work_dir}/secret", "w+", encoding="utf-8") as file:
        os.dup2(file.fileno(), 700)

        def look():
            open_files = {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
                          if os.path.lexists(f"/proc/self/fd/{name}")}
            return [sorted(open_files), os.getresuid(), os.getresgid(), os.getgroups(), sorted(os.environ), os.getcwd()]

        found, uids, gids, groups, variables, folder = as_account(owner, look)
        os.close(700)
    assert [name for name in found if name != "/dev/null" and not name.startswith(("pipe:", "/proc/"))] == []
    assert (uids, gids) == ([owner.pw_uid] * 3, [owner.pw_gid] * 3) and groups == [owner.pw_gid]
    assert variables == ["HOME", "LOGNAME", "PATH", "USER"] and folder == "/"


def test_keys_are_compared_without_options_and_comments():
    assert authorized_keys.key_of(f'from="*.x",command="a b" {KEY} me') == tuple(KEY.split())
    assert authorized_keys.key_of("# ssh-rsa is a kind") is None
