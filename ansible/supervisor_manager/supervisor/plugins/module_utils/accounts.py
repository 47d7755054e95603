# SPDX-License-Identifier: MIT
"""The stage `accounts`: groups, users, their keys and their rights with sudo."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import grp
import os
import pwd
import re

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import (
    authorized_keys, children, paths, sudoers)
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.processes import end_processes

NO_HOMES = ("/", "/nonexistent")
HASH = re.compile(r"(\$[0-9a-z]+\$[./0-9A-Za-z$=,+-]+|[./0-9A-Za-z]{13}|[!*][./0-9A-Za-z$=,+-]*)\Z")


def deploy(run):
    for item in run.section("groups"):
        deploy_group(run, item)
    for item in run.section("users"):
        deploy_user(run, item)
    for item in run.section("users"):
        name = item["login"]
        if item.get("keys"):
            authorized_keys.deploy(run, item, find_user(name), make_home)
        sudoers.deploy(run, item)


def find_user(login):
    """The entry of an account, or None."""
    try:
        return pwd.getpwnam(login)
    except KeyError:
        return None


def find_group(name):
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def is_planned(run, section, key, name):
    """Whether this run makes the account or group, if it does not exist."""
    return any(item[key] == name and item.get("managed", True) for item in run.section(section))


def group_will_exist(run, name):
    return find_group(name) is not None or is_planned(run, "groups", "name", name) or any(
        item["login"] == name and not item.get("group") and item.get("managed", True) for item in run.section("users"))


def change(run, name, item, argv, text=""):
    """Runs a command of the system that changes an account; nothing when comparing."""
    if os.geteuid() != 0:
        run.fail(name, f"{argv[0]} needs root: deploy as root, or let an administrator do this part", item)
    if run.check:
        return
    try:
        outcome = children.run_command(argv, text, limit=120)
    except children.ChildFailed as error:
        run.fail(name, str(error), item)
    if outcome.status != 0:
        run.fail(name, f"{argv[0]}: {outcome.reason}", item)


def deploy_group(run, item):
    group = item["name"]
    exists = find_group(group) is not None
    if not item.get("managed", True):
        name = f"Check group '{group}'"
        if not exists:
            run.fail(name, f"the group '{group}' does not exist on this host, and managed: no does not make it", item)
        run.step(name, False, item)
        return
    name = f"Setup group '{group}'"
    if not exists:
        change(run, name, item, ["groupadd"] + (["--system"] if item.get("system") else []) + ["--", group])
    run.step(name, not exists, item)


def deploy_user(run, item):
    login = item["login"]
    entry = find_user(login)
    if not item.get("managed", True):
        name = f"Check user '{login}'"
        if entry is None:
            run.fail(name, f"the account '{login}' does not exist on this host, and managed: no does not make it", item)
        run.step(name, False, item)
        return
    name = f"Setup user '{login}'"
    for group in [item.get("group")] + wanted_groups(item):
        if group and not group_will_exist(run, group):
            run.fail(name, f"there is no group '{group}' on this host: add it to 'groups'", item)
    changes = create_user(run, name, item) if entry is None else modify_user(run, name, item, entry)
    if item.get("password") and (os.geteuid() == 0 or entry is None) and password_of(login) != item["password"]:
        change(run, name, item, ["chpasswd", "--encrypted"], f"{login}:{checked_hash(run, name, item)}\n")
        changes.append("password")
    run.step(name, bool(changes), item, message=", ".join(changes) if entry is not None and changes else None)


def wanted_groups(item):
    return [group.strip() for group in (item.get("groups") or "").split(",") if group.strip()]


def create_user(run, name, item):
    login = item["login"]
    argv = ["useradd", "--create-home" if item.get("create_home", True) else "--no-create-home"]
    if item.get("system"):
        argv.append("--system")
    if item.get("comment"):
        argv += ["--comment", item["comment"]]
    if item.get("group"):
        argv += ["--gid", item["group"]]
    elif find_group(login) is not None or is_planned(run, "groups", "name", login):
        argv += ["--gid", login]
    else:
        argv.append("--user-group")
    if wanted_groups(item):
        argv += ["--groups", ",".join(wanted_groups(item))]
    change(run, name, item, argv + ["--", login])
    return ["created"]


def modify_user(run, name, item, entry):
    """Brings an account that exists to what the item says; what it does not mention stays. Returns what changed."""
    login, changes, argv = item["login"], [], []
    if "comment" in item and entry.pw_gecos != item["comment"]:
        argv += ["--comment", item["comment"]]
        changes.append("comment")
    if item.get("group"):
        group = find_group(item["group"])
        if group is None or group.gr_gid != entry.pw_gid:
            argv += ["--gid", item["group"]]
            changes.append("group")
    if "groups" in item:
        present = {group.gr_name for group in grp.getgrall() if login in group.gr_mem}
        if present != set(wanted_groups(item)):
            argv += ["--groups", ",".join(wanted_groups(item))]
            changes.append("groups")
    if argv:
        change(run, name, item, ["usermod"] + argv + ["--", login])
    if item.get("create_home", True) and make_home(run, name, item, entry):
        changes.append("home")
    return changes


def make_home(run, name, item, entry):
    """The home of an account that has none yet, with what new accounts get; true if it was missing."""
    if entry.pw_dir in NO_HOMES:
        return False
    try:  # an account can mount a file system there that never answers
        if children.in_child(lambda: os.path.lexists(entry.pw_dir), limit=30):
            return False
    except children.ChildFailed as error:
        run.fail(name, f"{entry.pw_dir}: {error}", item)
    helper = children.find("mkhomedir_helper")
    if helper is None:
        run.fail(name, f"the home folder {entry.pw_dir} does not exist: add it to 'folders'", item)
    change(run, name, item, [helper, entry.pw_name])
    return True


def checked_hash(run, name, item):
    """A crypt(3) hash: a clear text would lock the account, and a line after it would be another account's."""
    password = item["password"]
    if not HASH.match(password):
        run.fail(name, "the password is not a hash of crypt(3): mkpasswd or 'openssl passwd -6' make one", item)
    return password


def password_of(login):
    """The hash of a password as the system keeps it; None if there is none, or without root."""
    try:
        with open("/etc/shadow", encoding="utf-8", errors="replace") as file:
            for line in file:
                fields = line.split(":")
                if fields[0] == login:
                    return fields[1]
    except OSError:
        pass
    return None


def remove(run):
    existing = {item["name"] for item in run.section("groups") if find_group(item["name"]) is not None}
    for item in reversed(run.section("users")):
        remove_user(run, item)
    for item in reversed(run.section("groups")):
        if item.get("managed", True):
            remove_group(run, item, existing)


def remove_user(run, item):
    login = item["login"]
    entry = find_user(login)
    if item.get("no_remove"):
        run.step(f"Remove user '{login}'", False, item, message="stays: no_remove")
        return
    sudoers.remove(run, item)
    if not item.get("managed", True):
        if item.get("keys") and entry is not None:
            authorized_keys.remove(run, item, entry)
        return
    name = f"Remove user '{login}'"
    if entry is not None:
        if entry.pw_uid in protected_ids():
            run.fail(name, f"'{login}' is root or the account that deploys: it is not removed", item)
        keep_home = not item.get("create_home", True) or entry.pw_dir in NO_HOMES
        mounted = [] if keep_home else paths.mounts_below(entry.pw_dir)
        if mounted:  # userdel would remove the files in it
            run.fail(name, f"a file system is mounted at {mounted[0]}: unmount it, and remove again", item)
        if os.geteuid() == 0 and not run.check and not end_processes(entry):
            run.fail(name, f"processes of '{login}' do not end: look at 'ps -u {login}'", item)
        change(run, name, item, ["userdel"] + ([] if keep_home else ["--remove"]) + ["--", login])
    run.step(name, entry is not None, item)


def protected_ids():
    """Ids of root, and of the account that a deployment logged in with."""
    found = {0, os.getuid()}
    for text in (os.environ.get("SUDO_UID", ""), read_login_id()):
        if text.isdigit():
            found.add(int(text))
    return found


def read_login_id():
    try:
        with open("/proc/self/loginuid", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def remove_group(run, item, existing):
    """`existing`: groups at the beginning; the end of an account takes its own group along."""
    group = item["name"]
    name = f"Remove group '{group}'"
    if item.get("no_remove"):
        run.step(name, False, item, message="stays: no_remove")
        return
    if find_group(group) is not None:
        change(run, name, item, ["groupdel", "--", group])
    run.step(name, group in existing, item)
