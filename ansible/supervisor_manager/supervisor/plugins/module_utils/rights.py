# SPDX-License-Identifier: MIT
"""Owner, group and mode of files: what an item wants, and what is there."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import grp
import os
import pwd
import stat

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.accounts import group_will_exist, is_planned

UNKNOWN = -1  # of an account that this run makes


class Rights:
    """What an item wants: ids (UNKNOWN when comparing, for an account that this run makes), the mode, and the names."""

    def __init__(self, uid, gid, mode, owner, group):
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.owner = owner
        self.group = group

    def differences(self, info):
        """Texts (before, after) of what os.stat says and what is wanted; empty if they are the same."""
        before, after = [], []
        mode = stat.S_IMODE(info.st_mode)
        for what, present, wanted, same in (
                ("owner", user_name(info.st_uid), self.owner, self.uid == info.st_uid),
                ("group", group_name(info.st_gid), self.group, self.gid == info.st_gid),
                ("mode", f"{mode:04o}", f"{self.mode:04o}", self.mode == mode)):
            if not same:
                before.append(f"{what}: {present}\n")
                after.append(f"{what}: {wanted}\n")
        return "".join(before), "".join(after)


def user_name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def of_item(run, step, item, mode_key="mode"):
    """The rights that an item wants. Accounts that do not exist, and what only root may give, fail the step."""
    owner, group = item["owner"], item["group"]
    mode = mode_of(run, step, item, mode_key)
    return Rights(owner_id(run, step, item, owner), group_id(run, step, item, group), mode, owner, group)


def mode_of(run, step, item, key):
    try:
        mode = int(item[key], 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        run.fail(step, f"{key} '{item[key]}' is not an octal number such as 0755", item)
    return mode


def owner_id(run, step, item, owner):
    try:
        uid = int(owner) if owner.isdigit() else pwd.getpwnam(owner).pw_uid
    except KeyError:
        if not (run.check and is_planned(run, "users", "login", owner)):
            run.fail(step, f"there is no account '{owner}' on this host: add it to 'users'", item)
        uid = UNKNOWN
    if os.geteuid() not in (0, uid):
        run.fail(step, f"only root can make '{owner}' the owner, and this is '{user_name(os.geteuid())}'", item)
    return uid


def group_id(run, step, item, group):
    try:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError:
        if not (run.check and group_will_exist(run, group)):
            run.fail(step, f"there is no group '{group}' on this host: add it to 'groups'", item)
        gid = UNKNOWN
    if os.geteuid() != 0 and gid not in os.getgroups() + [os.getegid()]:
        run.fail(step, f"only root can give the group '{group}', which '{user_name(os.geteuid())}' is not in", item)
    return gid


def give(descriptor, rights, info):
    """Gives the group and the mode, on a descriptor of what the wanted owner has already; as root, the owner, too."""
    if (info.st_uid, info.st_gid) != (rights.uid, rights.gid):
        os.fchown(descriptor, rights.uid if os.geteuid() == 0 else -1, rights.gid)
    os.fchmod(descriptor, rights.mode)  # after fchown, which takes set-user-ID away
