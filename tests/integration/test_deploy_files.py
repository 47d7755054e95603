# SPDX-License-Identifier: MIT
"""The stage `files` of a deployment: folders, files and trees on a host, whose accounts may be hostile."""

import contextlib
import os
import signal
import stat
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy_host import Host, as_account, changed, messages, outline, processes, stages
from hanging_files import HangingFiles
from waiting import wait_for


@pytest.fixture
def host():
    return Host()


def folder(path, owner="root", mode="0755", **more):
    return dict({"at": "app.yml:1:3", "path": path, "owner": owner, "group": owner, "mode": mode}, **more)


def file(dest, content, owner="root", mode="0644", **more):
    return dict({"at": "app.yml:2:3", "scheme": "file", "source": f"/src/{os.path.basename(dest)}", "dest": dest,
                 "owner": owner, "group": owner, "mode": mode}, **content, **more)


def tree(host, dest, files, folders=(), **more):
    entries = [dict({"path": path}, **host.content(text)) for path, text in files.items()]
    return dict({"at": "app.yml:3:3", "scheme": "file", "source": "/src/tree", "dest_folder": dest, "owner": "root",
                 "group": "root", "file_mode": "0640", "folder_mode": "0750", "entries": entries,
                 "folders": list(folders)}, **more)


def rights(path):
    info = os.lstat(path)
    return info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)


def read(path):
    with open(path, encoding="utf-8") as opened:
        return opened.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as opened:
        opened.write(text)


@pytest.fixture
def home(owner, work_dir):
    """A folder of a hostile account."""
    path = os.path.join(work_dir, "home")
    os.mkdir(path)
    os.chown(path, owner.pw_uid, owner.pw_gid)
    return path


@pytest.fixture
def secrets(work_dir):
    """A folder of root, with a file that only root reads."""
    path = os.path.join(work_dir, "secrets")
    os.mkdir(path, 0o700)
    write(f"{path}/key", "secret\n")
    os.chmod(f"{path}/key", 0o600)
    return path


def is_untouched(secrets):
    return (os.listdir(secrets) == ["key"] and read(f"{secrets}/key") == "secret\n"
            and rights(f"{secrets}/key") == (0, 0, 0o600) and rights(secrets) == (0, 0, 0o700))


def test_a_second_run_changes_nothing(host, owner, work_dir):
    name = owner.pw_name
    items = {"folders": [folder(f"{work_dir}/a/b", name, "0750")],
             "files": [file(f"{work_dir}/a/b/run.sh", host.content("#!/bin/sh\n"), name, "0755")],
             "trees": [tree(host, f"{work_dir}/tree", {"x": "1", "in/y": "2"}, ["in"])]}
    assert changed(host.run("files", items)) == [
        f"Setup folder '{work_dir}/a/b'", f"Copy file 'run.sh' to '{work_dir}/a/b'", f"Setup tree '{work_dir}/tree'"]
    assert rights(f"{work_dir}/a") == (0, 0, 0o755)
    assert rights(f"{work_dir}/a/b") == (owner.pw_uid, owner.pw_gid, 0o750)
    assert rights(f"{work_dir}/a/b/run.sh") == (owner.pw_uid, owner.pw_gid, 0o755)
    assert rights(f"{work_dir}/tree/in") == (0, 0, 0o750)
    assert rights(f"{work_dir}/tree/in/y") == (0, 0, 0o640) and read(f"{work_dir}/tree/in/y") == "2"
    again = host.run("files", items)
    assert changed(again) == [] and again["wanted"] == [] and len(again["steps"]) == 3


def test_the_mask_of_the_login_does_not_count(host, work_dir, cleanup):
    cleanup.callback(os.umask, os.umask(0o077))
    host.run("files", {"folders": [folder(f"{work_dir}/a/b", mode="0775")]})
    assert rights(f"{work_dir}/a") == (0, 0, 0o755) and rights(f"{work_dir}/a/b") == (0, 0, 0o775)


def test_comparing_changes_nothing(host, work_dir):
    items = {"folders": [folder(f"{work_dir}/a")], "files": [file(f"{work_dir}/a/f", host.content("1"))]}
    result = host.call("files", items, check=True)
    assert len(changed(result)) == 2 and result["wanted"] == [items["files"][0]["sha256"]]
    assert os.listdir(work_dir) == [] and result["changed_paths"] == [f"{work_dir}/a", f"{work_dir}/a/f"]


def test_only_the_mode_changes_in_place(host, work_dir):
    item = file(f"{work_dir}/f", host.content("1"))
    host.run("files", {"files": [item]})
    inode = os.stat(f"{work_dir}/f").st_ino
    result = host.run("files", {"files": [dict(item, mode="0600")]})
    assert result["wanted"] == [] and os.stat(f"{work_dir}/f").st_ino == inode
    assert rights(f"{work_dir}/f") == (0, 0, 0o600) and list(messages(result).values()) == ["mode: 0600"]


def test_a_changed_content_is_shown(host, work_dir):
    host.run("files", {"files": [file(f"{work_dir}/f", host.content("old\n"))]})
    items = {"files": [file(f"{work_dir}/f", host.content("new\n"), mode="0600")]}
    diff = host.run("files", items, diff=True)["steps"][0]["diff"]
    assert [(part["before"], part["after"]) for part in diff] == [("old\n", "new\n"), ("mode: 0644\n", "mode: 0600\n")]
    assert read(f"{work_dir}/f") == "new\n"


def test_a_secret_content_is_not_shown(host, work_dir):
    write(f"{work_dir}/f", "old secret\n")
    item = file(f"{work_dir}/f", host.content("new secret\n"), is_secret=True)
    ((part,),) = [step["diff"] for step in host.run("files", {"files": [item]}, diff=True)["steps"]]
    assert "secret" not in str(part) and read(f"{work_dir}/f") == "new secret\n"


def test_a_file_that_changes_hands_is_a_new_one(host, owner, home):
    """Who has it open for writing would write into root's file."""
    write(f"{home}/f", "same")
    os.chown(f"{home}/f", owner.pw_uid, owner.pw_gid)
    with open(f"{home}/f", "r+", encoding="utf-8") as held:
        assert len(changed(host.run("files", {"files": [file(f"{home}/f", host.content("same"))]}))) == 1
        held.write("evil")
    assert read(f"{home}/f") == "same" and rights(f"{home}/f") == (0, 0, 0o644)


def test_another_name_of_a_file_keeps_its_rights(host, owner, home, secrets):
    os.link(f"{secrets}/key", f"{home}/f")
    item = file(f"{home}/f", host.content("secret\n"), owner.pw_name)
    result = host.run("files", {"files": [item]}, diff=True)
    assert len(changed(result)) == 1 and is_untouched(secrets)
    os.unlink(f"{home}/f")
    os.link(f"{secrets}/key", f"{home}/f")
    result = host.run("files", {"files": [file(f"{home}/f", host.content("mine\n"), owner.pw_name)]}, diff=True)
    assert "secret" not in str(result["steps"]) and is_untouched(secrets) and read(f"{home}/f") == "mine\n"


def test_a_link_at_the_destination_is_replaced(host, owner, home, secrets):
    os.symlink(f"{secrets}/key", f"{home}/f")
    host.run("files", {"files": [file(f"{home}/f", host.content("mine"), owner.pw_name)]})
    assert is_untouched(secrets) and read(f"{home}/f") == "mine" and not os.path.islink(f"{home}/f")


def test_a_link_of_an_account_is_not_followed(host, owner, home, secrets):
    as_account(owner, lambda: os.symlink(secrets, f"{home}/lib"))
    for items in ({"files": [file(f"{home}/lib/f", host.content("1"), owner.pw_name)]},
                  {"folders": [folder(f"{home}/lib", owner.pw_name, "0777")]},
                  {"folders": [folder(f"{home}/lib/x/y", owner.pw_name)]},
                  {"trees": [tree(host, f"{home}/lib", {"x": "1"})]}):
        assert "'lib' is a symbolic link that not only root can have made (app.yml:" in host.fails("files", items)
    for action in ({"files": [file(f"{home}/lib/key", host.content("1"))]}, {"folders": [folder(f"{home}/lib/.")]},
                   {"trees": [tree(host, f"{home}/lib", {"key": ""})]}):
        assert host.call("files", action, "remove", purge=True)["failed"]
    assert is_untouched(secrets)


def test_a_link_of_root_is_followed(host, work_dir):
    os.mkdir(f"{work_dir}/real")
    os.symlink("real", f"{work_dir}/link")
    host.run("files", {"files": [file(f"{work_dir}/link/f", host.content("1"))]})
    assert read(f"{work_dir}/real/f") == "1" and os.path.islink(f"{work_dir}/link")


def test_a_pipe_at_the_destination_is_replaced(host, home):
    os.mkfifo(f"{home}/f")
    host.run("files", {"files": [file(f"{home}/f", host.content("1"))]})
    assert read(f"{home}/f") == "1"


def test_a_folder_at_the_destination_stays(host, home):
    os.mkdir(f"{home}/f")
    message = host.fails("files", {"files": [file(f"{home}/f", host.content("1"))]})
    assert message == (f"Copy file 'f' to '{home}': {home}/f: is a folder: remove it, or deploy to another name "
                       "(app.yml:2:3)")


def test_what_a_killed_run_left_is_removed(host, home, secrets):
    """The names of temporary files can be guessed: one that is there already is not opened."""
    os.symlink(f"{secrets}/key", f"{home}/.f.deploy-99999999-000000000000")
    os.mkdir(f"{home}/.f.deploy-99999999-000000000001")
    host.run("files", {"files": [file(f"{home}/f", host.content("1"))]})
    assert sorted(os.listdir(home)) == [".f.deploy-99999999-000000000001", "f"] and is_untouched(secrets)


def test_a_number_of_a_process_that_is_used_again_keeps_nothing(host, work_dir):
    """After a boot, another process has the number of the run that was killed."""
    old, new = (f"{work_dir}/.f.deploy-{os.getpid()}-{index:012x}" for index in range(2))
    write(old, "")
    os.utime(old, (1, 1))
    write(new, "")
    host.run("files", {"files": [file(f"{work_dir}/f", host.content("1"))]})
    assert sorted(os.listdir(work_dir)) == [os.path.basename(new), "f"]


def test_a_process_of_an_account_is_not_waited_for(host, home, owner, monkeypatch):
    """The owner of a folder chooses the names in it, and can make a look at its own process last for ever."""
    with subprocess.Popen(["sleep", "1000"], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[]) as process:
        try:
            write(f"{home}/.f.deploy-{process.pid}-000000000000", "")
            monkeypatch.setattr(processes, "started_at", lambda *unused: 1 / 0)
            host.run("files", {"files": [file(f"{home}/f", host.content("1"))]})
        finally:
            process.kill()
    assert os.listdir(home) == ["f"]


def test_a_changed_mode_of_a_file_that_notifies_changes_its_time(host, work_dir):
    """The restart is not lost if this run breaks before it: the next one compares the time with that of the process."""
    path = f"{work_dir}/f"
    for notify, is_told in (([], False), ([{"kind": "unit", "unit": "x"}], True)):
        host.run("files", {"files": [file(path, host.content("1"))]})
        os.utime(path, (1, 1))
        assert changed(host.run("files", {"files": [file(path, host.content("1"), mode="0600", notify=notify)]}))
        assert rights(path)[2] == 0o600 and (os.stat(path).st_mtime > 1) is is_told


def test_a_run_that_was_killed_is_completed_by_the_next(host, home, work_dir, monkeypatch):
    """It is killed while a new file is complete, but not yet in its place."""
    monkeypatch.setattr(tempfile, "tempdir", work_dir)
    write(f"{work_dir}/hold", f"#!/bin/sh\nmkdir {work_dir}/held.$PPID.$$\nexec sleep 1000\n")
    os.chmod(f"{work_dir}/hold", 0o755)
    items = {"files": [file(f"{home}/a", host.content("1")),
                       file(f"{home}/b", host.content("2"), validate=f"{work_dir}/hold %s")]}
    before = host.call("files", items, check=True)
    with ThreadPoolExecutor(1) as pool:
        broken = pool.submit(host.call, "files", items, before=before)
        held = wait_for(lambda: [name for name in os.listdir(work_dir) if name.startswith("held.")], "the validation")
        for pid in held[0].split(".")[1:]:
            os.kill(int(pid), signal.SIGKILL)
        result = broken.result()
    reason = "its helper process was ended before it had finished"
    assert result["msg"] == f"Copy file 'b' to '{home}': {reason} (app.yml:2:3)"
    assert read(f"{home}/a") == "1" and not os.path.exists(f"{home}/b")
    assert [name[:10] for name in os.listdir(home) if name != "a"] == [".b.deploy-"]
    del items["files"][1]["validate"]
    assert changed(host.run("files", items)) == [f"Copy file 'b' to '{home}'"]
    assert sorted(os.listdir(home)) == ["a", "b"]


@contextlib.contextmanager
def swapping(owner, home, target):
    """A process of the account that makes home/lib a folder and a link to `target` in turn, as fast as it can."""
    script = (f"cd {home} && mkdir -p real && ln -sfn {target} link && echo on && "
              "while :; do mv -T real lib; mv -T lib real; mv -T link lib; mv -T lib link; done")
    with subprocess.Popen(["/bin/sh", "-c", script], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            process.stdout.readline()
            yield
        finally:
            process.kill()


def test_an_account_that_swaps_folders_wins_nothing(host, owner, home, secrets):
    items = {"folders": [folder(f"{home}/lib", owner.pw_name, "0777")],
             "files": [file(f"{home}/lib/f", host.content("1"), owner.pw_name)],
             "trees": [tree(host, f"{home}/lib/t", {"x/y": "1"}, ["x"])]}
    before = {"wanted": [items["files"][0]["sha256"]]}
    outcomes = set()
    with swapping(owner, home, secrets):
        for _ in range(60):
            for section in items:
                outcomes.add(host.call("files", {section: items[section]}, before=before)["failed"])
            host.call("files", items, "remove", purge=True)
    assert True in outcomes and is_untouched(secrets)


def test_a_full_disk_leaves_the_old_file(host, work_dir, cleanup):
    disk = f"{work_dir}/disk"
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    cleanup.callback(subprocess.run, ["umount", disk], check=True)
    host.run("files", {"files": [file(f"{disk}/f", host.content("old"))]})
    items = {"files": [file(f"{disk}/f", host.content("x" * (1 << 20)))]}
    result = host.call("files", items, before=host.call("files", items, check=True))
    assert "No space left on device" in result["msg"] and "app.yml:2:3" in result["msg"]
    assert os.listdir(disk) == ["f"] and read(f"{disk}/f") == "old"


def test_a_new_file_is_validated_before_it_replaces(host, work_dir):
    def item(text, command):
        return {"files": [file(f"{work_dir}/f", host.content(text), validate=command)]}

    host.run("files", item("good\n", "grep -q good %s"))
    bad = item("bad\n", "grep -c good %s")
    result = host.call("files", bad, before=host.call("files", bad, check=True))
    assert "validate: grep refuses the new file: 0" in result["msg"] and read(f"{work_dir}/f") == "good\n"
    wrong = item("good; touch here\n", "grep -q good")
    result = host.call("files", wrong, before=host.call("files", wrong, check=True))
    assert "validate needs %s" in result["msg"] and os.listdir(work_dir) == ["f"]


def test_what_is_missing_is_named(host, work_dir):
    assert host.fails("files", {"files": [file(f"{work_dir}/none/f", host.content("1"))]}) == (
        f"Copy file 'f' to '{work_dir}/none': {work_dir}/none: the folder does not exist: add it to 'folders' "
        "(app.yml:2:3)")
    assert "there is no account 'nobody-here' on this host: add it to 'users' (app.yml:1:3)" in host.fails(
        "files", {"folders": [folder(f"{work_dir}/a", "nobody-here")]})
    assert "mode '0999' is not an octal number" in host.fails(
        "files", {"folders": [folder(f"{work_dir}/a", mode="0999")]})
    assert "'a/b' is not an absolute path" in host.fails("files", {"folders": [folder("a/b")]})
    assert "has '..'" in host.fails("files", {"folders": [folder(f"{work_dir}/../etc")]})


def test_accounts_of_the_same_run_count_when_comparing(host, work_dir):
    items = {"users": [{"at": "app.yml:9:3", "login": "soon-there", "managed": True}],
             "folders": [folder(f"{work_dir}/a", "soon-there")],
             "files": [file(f"{work_dir}/a/f", host.content("1"), "soon-there")]}
    assert len(changed(host.call("files", items, check=True))) == 2


def test_a_content_that_was_not_sent_fails(host, work_dir):
    result = host.call("files", {"files": [file(f"{work_dir}/f", host.content("1"))]})
    assert "deploy again" in result["msg"] and os.listdir(work_dir) == []


def test_without_root_own_files_are_deployed(host, owner, home):
    items = {"folders": [folder(f"{home}/a", owner.pw_name, "0700")],
             "files": [file(f"{home}/a/f", host.content("1"), owner.pw_name)]}
    assert len(changed(as_account(owner, lambda: host.run("files", items)))) == 2
    assert changed(as_account(owner, lambda: host.run("files", items))) == []
    assert rights(f"{home}/a/f") == (owner.pw_uid, owner.pw_gid, 0o644)
    message = as_account(owner, lambda: host.fails("files", {"files": [file(f"{home}/f", host.content("1"))]}))
    assert f"only root can make 'root' the owner, and this is '{owner.pw_name}' (app.yml:2:3)" in message


def test_remove_takes_what_was_deployed_in_reverse(host, work_dir):
    items = {"folders": [folder(f"{work_dir}/a"), folder(f"{work_dir}/a/b")],
             "files": [file(f"{work_dir}/a/b/f", host.content("1"))],
             "trees": [tree(host, f"{work_dir}/a/t", {"x": "1", "in/y": "2"}, ["in"])]}
    host.run("files", items)
    result = host.run("files", items, "remove")
    assert changed(result) == [f"Remove tree '{work_dir}/a/t'", f"Remove file '{work_dir}/a/b/f'",
                               f"Remove folder '{work_dir}/a/b'", f"Remove folder '{work_dir}/a'"]
    assert os.listdir(work_dir) == [] and changed(host.run("files", items, "remove")) == []


def test_remove_takes_the_folders_that_were_made_on_the_way(host, work_dir):
    """Those between a folder of the plan and what is in it; and a folder in another one first, as it may be written."""
    items = {"folders": [folder(f"{work_dir}/a"), folder(f"{work_dir}/a/b/c/d")],
             "trees": [tree(host, f"{work_dir}/a/e/t", {"x": "1"})]}
    host.run("files", items)
    items["folders"].reverse()
    host.run("files", items, "remove")
    assert os.listdir(work_dir) == []
    assert changed(host.run("files", items, "remove")) == []


def test_remove_leaves_what_others_put_into_such_folders(host, work_dir):
    items = {"folders": [folder(f"{work_dir}/a"), folder(f"{work_dir}/a/b/c")]}
    host.run("files", items)
    write(f"{work_dir}/a/b/log", "mine")
    assert messages(host.run("files", items, "remove"))[f"Remove folder '{work_dir}/a'"] == (
        "stays, since it has 'b': --purge removes it")
    assert os.listdir(f"{work_dir}/a/b") == ["log"]


def test_remove_leaves_strange_content_unless_it_purges(host, work_dir):
    items = {"folders": [folder(f"{work_dir}/a")], "trees": [tree(host, f"{work_dir}/a/t", {"x": "1"})]}
    host.run("files", items)
    write(f"{work_dir}/a/t/log", "mine")
    result = host.run("files", items, "remove")
    assert os.listdir(f"{work_dir}/a/t") == ["log"]
    assert messages(result) == {f"Remove tree '{work_dir}/a/t'": "stays, since it has 'log': --purge removes it",
                                f"Remove folder '{work_dir}/a'": "stays, since it has 't': --purge removes it"}
    os.symlink("/etc/passwd", f"{work_dir}/a/t/link")
    assert len(changed(host.run("files", items, "remove", purge=True))) == 2
    assert os.listdir(work_dir) == [] and os.path.exists("/etc/passwd")


def test_a_file_system_that_never_answers_is_given_up(host, owner, work_dir, home, monkeypatch):
    """Its owner can mount one; what is done before it is reported, and the item is named."""
    monkeypatch.setattr(stages, "SILENCE", 1)
    items = {"folders": [folder(f"{work_dir}/a")], "files": [file(f"{home}/hang/f", host.content("1"), owner.pw_name)]}
    with HangingFiles(f"{home}/hang", "lookup"):
        result = host.call("files", items, check=True)
    assert outline(result) == [
        (f"Setup folder '{work_dir}/a'", "changed"), (f"Copy file 'f' to '{home}/hang'", "failed")]
    assert result["msg"] == f"Copy file 'f' to '{home}/hang': no answer within 1 seconds (app.yml:2:3)"
    assert result["changed_paths"] == [f"{work_dir}/a"]


def test_a_purge_stops_at_a_mount(host, work_dir, cleanup):
    """A mount of the same file system, as of data that others keep."""
    for path in ("data", "a/mounted"):
        os.makedirs(f"{work_dir}/{path}")
    write(f"{work_dir}/data/kept", "")
    subprocess.run(["mount", "--bind", f"{work_dir}/data", f"{work_dir}/a/mounted"], check=True)
    cleanup.callback(subprocess.run, ["umount", f"{work_dir}/a/mounted"], check=True)
    result = host.call("files", {"folders": [folder(f"{work_dir}/a")]}, "remove", purge=True)
    assert "a file system is mounted at 'mounted' in it: unmount it" in result["msg"]
    assert os.path.exists(f"{work_dir}/data/kept")


def test_remove_keeps_what_it_must(host, work_dir):
    items = {"folders": [folder(f"{work_dir}/a", no_remove=True), folder("/tmp")],
             "files": [file(f"{work_dir}/a/f", host.content("1"), no_remove=True)]}
    host.run("files", {"folders": items["folders"][:1], "files": items["files"]})
    result = host.run("files", items, "remove", purge=True)
    assert changed(result) == [] and os.path.exists(f"{work_dir}/a/f")
    assert messages(result)["Remove folder '/tmp'"] == "stays: a folder of the root folder is not removed"


def test_what_an_instance_takes_along_is_not_strange(host, work_dir):
    os.makedirs(f"{work_dir}/opt/logs")
    items = {"folders": [folder(f"{work_dir}/opt")],
             "supervisors": [{"name": "s", "managed": True, "logs_dir": f"{work_dir}/opt/logs"}]}
    assert len(changed(host.call("files", items, "remove", check=True))) == 1
    items["supervisors"][0]["managed"] = False
    assert changed(host.call("files", items, "remove", check=True)) == []
