# SPDX-License-Identifier: MIT
"""Files that the manager did not create are not replaced, not given to another owner and not removed."""

import os
import shutil
import stat
import subprocess

import pytest


HAND_WRITTEN = "; by hand\n[supervisord]\nnodaemon = true\n"


def look(path):
    """Everything of a file or directory that must not change."""
    info = os.lstat(path)
    if stat.S_ISDIR(info.st_mode):
        content = sorted(os.listdir(path))
    elif stat.S_ISLNK(info.st_mode):
        content = os.readlink(path)
    else:
        with open(path, "rb") as file:
            content = file.read()
    return info.st_mode, info.st_uid, info.st_gid, info.st_ino, content


def properties(**values):
    words = [str(len(values))]
    for key, value in values.items():
        words += [key, "s", value]
    return words


def reason_of(manager, name):
    """Waits until the instance has failed, and returns the reason."""
    manager.wait_state(name, "failed")
    return manager.failure(name)


def is_refused(manager, name, path):
    """Checks that the reason names the path, its owner and the next step."""
    reason = reason_of(manager, name)
    assert manager.path(path) in reason and "belongs to" in reason and "adopt_files" in reason, reason


@pytest.mark.parametrize("key, path, text", [
    ("conf_file_dst", "etc/hand.conf", HAND_WRITTEN),
    ("conf_file_dst", "etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
    ("conf_file_dst", "etc/supervisord_tsupv.conf", HAND_WRITTEN),
    ("supervisorctl", "usr/bin/passwd", "\x7fELF"),
    ("supervisorctl", "usr/bin/supervisorctl_tsupv", "#!/bin/sh\n"),
])
def test_a_file_that_is_there_stays(manager, owner, key, path, text):
    manager.write(path, text)
    before = look(manager.path(path))
    manager.entry("tsupv", owner, f"{key} = /{path}")
    manager.start()
    is_refused(manager, "tsupv", path)
    assert not os.path.exists(manager.path("var/log/supervisor_tsupv"))  # nothing else was created either
    manager.call("Reload")
    assert manager.try_call("StartInstance", "s", "tsupv").returncode != 0  # nor at a second attempt
    assert look(manager.path(path)) == before
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert look(manager.path(path)) == before


def test_a_link_that_is_there_stays(manager, owner):
    os.makedirs(manager.path("usr/bin"))
    link = manager.path("usr/bin/supervisorctl_tsupv")
    os.symlink("/usr/bin/env", link)
    manager.entry("tsupv", owner)
    manager.start()
    is_refused(manager, "tsupv", "usr/bin/supervisorctl_tsupv")
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert os.readlink(link) == "/usr/bin/env"


@pytest.mark.parametrize("key", ["logs_dir", "pid_dir", "socks_dir", "include_dir"])
@pytest.mark.parametrize("content", [[], ["file"]])
def test_a_directory_that_is_there_is_not_given_away(manager, owner, key, content):
    path = manager.path("run/systemd/system")
    os.makedirs(path)
    for name in content:
        manager.write(f"run/systemd/system/{name}", "root's own\n")
    before = look(path)
    manager.entry("tsupv", owner, f"{key} = /run/systemd/system")
    manager.start()
    assert path in reason_of(manager, "tsupv")
    assert look(path) == before
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert look(path) == before


def test_a_directory_of_the_owners_is_used_as_it_is_and_kept(manager, owner):
    path = manager.path("srv/mine")
    manager.write("srv/mine/letter", "dear\n", owner=owner)
    os.chown(path, owner.pw_uid, 0)
    os.chmod(path, 0o711)
    before = os.stat(path)
    manager.entry("tsupv", owner, "logs_dir = /srv/mine\npid_dir = /srv/new")
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    after = os.stat(path)
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.path.exists(manager.path("srv/mine/letter"))
    assert not os.path.exists(manager.path("srv/new"))  # the manager created this one


def test_a_purge_stops_at_a_mount(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    logs, source = manager.path("var/log/supervisor_tsupv"), manager.path("srv/source")
    for path in (os.path.join(logs, "mounted"), source):
        os.makedirs(path)
        os.chown(path, owner.pw_uid, owner.pw_gid)
    manager.write("srv/source/kept", "x", owner=owner)
    subprocess.run(["mount", "--bind", source, os.path.join(logs, "mounted")], check=True)
    try:
        manager.try_call("RemoveInstance", "sb", "tsupv", "true")
        assert os.path.exists(os.path.join(source, "kept"))
    finally:
        subprocess.run(["umount", os.path.join(logs, "mounted")], check=True)


@pytest.mark.parametrize("mode, text", [(0o600, "for root"), (0o640, "for root and another group")])
def test_a_template_that_the_owner_may_not_read_is_not_copied_for_it(manager, owner, mode, text):
    manager.write("etc/shadow", text + "\n")
    os.chmod(manager.path("etc/shadow"), mode)
    manager.entry("tsupv", owner, "conf_file_src = file:///etc/shadow")
    manager.start()
    reason = reason_of(manager, "tsupv")
    assert manager.path("etc/shadow") in reason and "may not read" in reason, reason
    assert not os.path.exists(manager.path("etc/supervisord_tsupv.conf"))


def test_a_template_in_a_directory_that_is_closed_to_the_owner(manager, owner):
    manager.write("root/secret.conf", "secret\n")
    os.chmod(manager.path("root"), 0o700)
    manager.entry("tsupv", owner, "conf_file_src = file:///root/secret.conf")
    manager.start()
    assert "may not read" in reason_of(manager, "tsupv")


def test_a_template_for_the_owners_group_is_read(manager, owner):
    path = manager.write("etc/supervisor-manager/templates/own.tmpl", "; {{{name}}}\n[supervisord]\nlogfile={{{logs_dir}}}/x\n"
                         "[unix_http_server]\nfile={{{socks_dir}}}/supervisor.sock\n")
    os.chown(path, 0, owner.pw_gid)
    os.chmod(path, 0o640)
    manager.entry("tsupv", owner, "conf_file_src = own.tmpl")
    manager.start()
    manager.wait_state("tsupv", "running")


def test_what_is_equal_is_taken_as_ours(manager, owner):
    manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    manager.program_pid("tsupv", "a")
    manager.stop()
    shutil.rmtree(manager.path("var/lib/supervisor-manager"))  # without the manager's records
    shutil.rmtree(manager.path("run"))
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert not os.path.lexists(manager.path("etc/supervisord_tsupv.conf"))


def test_an_edited_file_of_ours_is_put_right_and_a_replaced_one_stays(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    conf = manager.path("etc/supervisord_tsupv.conf")
    with open(conf, "a", encoding="utf-8") as file:
        file.write("; edited\n")  # the file's first line warns that changes are overwritten
    manager.call("RestartInstance", "s", "tsupv")
    with open(conf, encoding="utf-8") as file:
        assert "edited" not in file.read()
    manager.write("etc/supervisord_tsupv.conf", HAND_WRITTEN)
    before = look(conf)
    assert "adopt_files" in manager.try_call("RestartInstance", "s", "tsupv").stderr
    assert look(conf) == before
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert look(conf) == before


def test_a_program_file_of_the_owners_stays(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    text = "[program:worker]\ncommand = /bin/sleep 1000\n"
    manager.write("etc/supervisord_tsupv.d/worker_prg.ini", text, owner=owner)
    manager.entry("tsupv", owner, programs=[("worker", "/bin/sleep 2000")])
    details = manager.call("Reload")[0][0][2]
    assert any("worker_prg.ini" in detail and detail.startswith("refused: ") for detail in details), details
    with open(manager.path("etc/supervisord_tsupv.d/worker_prg.ini"), encoding="utf-8") as file:
        assert file.read() == text
    assert manager.get("tsupv", "State") == "running"
    manager.entry("tsupv", owner, "adopt_files = yes", programs=[("worker", "/bin/sleep 2000")])
    manager.call("Reload")
    with open(manager.path("etc/supervisord_tsupv.d/worker_prg.ini"), encoding="utf-8") as file:
        assert "sleep 2000" in file.read()


def test_adopt_files_takes_over_a_migration(manager, owner):
    manager.write("etc/supervisord_tsupv.conf", HAND_WRITTEN)
    manager.write("usr/bin/supervisorctl_tsupv", "#!/bin/sh\nexec supervisorctl \"$@\"\n")
    manager.entry("tsupv", owner)
    manager.start()
    is_refused(manager, "tsupv", "etc/supervisord_tsupv.conf")
    manager.entry("tsupv", owner, "adopt_files = yes")
    manager.call("Reload")
    manager.wait_state("tsupv", "running")
    assert os.path.islink(manager.path("usr/bin/supervisorctl_tsupv"))
    main = manager.main_pid("tsupv")
    manager.entry("tsupv", owner)
    manager.call("Reload")
    assert manager.main_pid("tsupv") == main  # the migration needs no restart
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    assert not os.path.exists(manager.path("etc/supervisord_tsupv.conf"))


@pytest.mark.parametrize("key, path, text", [
    ("conf_file_dst", "etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
    ("supervisorctl", "usr/bin/passwd", "\x7fELF"),
])
def test_adopt_files_takes_over_nothing_else(manager, owner, key, path, text):
    manager.write(path, text)
    before = look(manager.path(path))
    manager.entry("tsupv", owner, f"{key} = /{path}\nadopt_files = yes")
    manager.start()
    assert manager.path(path) in reason_of(manager, "tsupv")
    assert look(manager.path(path)) == before


def test_a_refusal_stops_nothing(manager, owner):
    manager.write("etc/hand.conf", HAND_WRITTEN)
    entry = manager.entry("tsupv", owner, programs=[("a", "/bin/sleep 1000")])
    manager.start()
    pid = manager.program_pid("tsupv", "a")
    with open(entry, encoding="utf-8") as file:
        before = file.read()
    result = manager.try_call("SetInstanceProperties", "sa{sv}", "tsupv", *properties(conf_file_dst="/etc/hand.conf"))
    assert result.returncode != 0 and "adopt_files" in result.stderr
    with open(entry, encoding="utf-8") as file:
        assert file.read() == before
    assert manager.program_pid("tsupv", "a") == pid
    manager.entry("tsupv", owner, "conf_file_dst = /etc/hand.conf", programs=[("a", "/bin/sleep 1000")])
    details = manager.call("Reload")[0][0][2]
    assert any(detail.startswith("refused: ") for detail in details), details
    assert manager.program_pid("tsupv", "a") == pid
    assert os.path.exists(manager.path("etc/supervisord_tsupv.conf"))


def test_what_cannot_be_created_for_a_file_in_the_way_leaves_nothing(manager, owner):
    manager.write("etc/supervisord_made.conf", HAND_WRITTEN)
    manager.start()
    result = manager.try_call("CreateInstance", "sa{sv}", "made", *properties(user=owner.pw_name, group=owner.pw_name))
    assert result.returncode != 0 and "adopt_files" in result.stderr
    assert os.listdir(manager.conf) == [] and manager.call("ListInstances") == [[]]


def test_a_state_file_of_an_earlier_version_still_says_what_is_ours(manager, owner):
    manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    manager.stop()
    state = manager.path("var/lib/supervisor-manager/state/tsupv")
    with open(state, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith(("generated=", "directory="))]
    for kind, path in [("file", "etc/supervisord_tsupv.conf"), ("file", "etc/old.conf"),
                       ("link", "usr/bin/supervisorctl_tsupv"),
                       ("link", "var/lib/supervisor-manager/links/supervisorctl_tsupv")]:
        lines.append(f"generated={kind} {manager.path(path)}\n")
    for path in ("etc/supervisord_tsupv.d", "var/log/supervisor_tsupv", "run/supervisor_tsupv"):
        lines.append(f"directory={manager.path(path)}\n")
    with open(state, "w", encoding="utf-8") as file:
        file.writelines(lines)
    manager.write("etc/old.conf", "; what an earlier version made\n")
    manager.write("etc/supervisord_tsupv.conf", "; as an earlier version had it\n")
    manager.entry("tsupv", owner, "nice = 1")
    manager.start()
    manager.wait_state("tsupv", "running")
    assert not os.path.exists(manager.path("etc/old.conf"))
    manager.call("RemoveInstance", "sb", "tsupv", "true")
    for path in ("etc/supervisord_tsupv.conf", "etc/supervisord_tsupv.d", "var/log/supervisor_tsupv",
                 "run/supervisor_tsupv", "usr/bin/supervisorctl_tsupv"):
        assert not os.path.lexists(manager.path(path)), path


def test_an_instance_whose_file_cannot_be_parsed_is_not_said_to_be_removed(manager, owner):
    path = manager.entry("tsupv", owner)
    manager.start()
    manager.wait_state("tsupv", "running")
    with open(path, "a", encoding="utf-8") as file:
        file.write("no key here\n")
    result = manager.try_call("RemoveInstance", "sb", "tsupv", "false")
    assert result.returncode != 0 and path in result.stderr
    assert manager.get("tsupv", "State") == "running"
