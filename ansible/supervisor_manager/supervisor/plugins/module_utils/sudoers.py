# SPDX-License-Identifier: MIT
"""can_sudo_to: /etc/sudoers.d/LOGIN, which lets an account run commands as others without a password."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os
import re

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children, paths

FOLDER = "/etc/sudoers.d"
MARK = "# Written by supervisor-deploy: changes are overwritten.\n"
MODE = 0o440
ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*[$]?\Z")


def file_name(login):
    """sudo passes over files with a dot in their name. No login has a percent sign: each has a name of its own."""
    return login.replace(".", "%2E")


def deploy(run, item):
    login = item["login"]
    accounts = [name.strip() for name in (item.get("can_sudo_to") or "").split(",") if name.strip()]
    if not accounts:
        drop(run, item, only_ours=True)
        return
    name = f"Setup sudo of user '{login}'"
    for account in [login] + accounts:
        if not ACCOUNT.match(account):
            run.fail(name, f"'{account}' is not an account's name that sudo takes", item)
    text = MARK + f"{login} ALL=({','.join(accounts)}) NOPASSWD: ALL\n"
    require_root(run, name, item)
    try:
        folder = paths.open_folder(FOLDER)
    except FileNotFoundError:
        run.fail(name, f"{FOLDER} does not exist: install the package sudo", item)
    try:
        changed = not is_present(folder, file_name(login), text)
        if changed and not run.check:
            write(run, name, item, folder, text)
    finally:
        os.close(folder)
    run.step(name, changed, item)


def require_root(run, name, item):
    if os.geteuid() != 0:
        run.fail(name, f"{FOLDER} needs root: deploy as root, or let an administrator do this part", item)


def present_text(folder, name):
    """The text of one of our files in the folder, or None."""
    descriptor = paths.open_regular(folder, name)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(65536).decode("utf-8", "replace")


def is_present(folder, name, text):
    info = paths.look(folder, name)
    return (info is not None and (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (0, 0, MODE)
            and present_text(folder, name) == text)


def write(run, name, item, folder, text):
    run.sweep(folder)
    with paths.Temporary(folder, file_name(item["login"])) as temporary:  # its name begins with a dot: sudo ignores it
        temporary.file.write(text.encode())
        temporary.file.flush()
        os.fchmod(temporary.file.fileno(), MODE)
        visudo = children.find("visudo")
        if visudo is not None:
            outcome = children.run_command([visudo, "-c", "-f", os.path.join(FOLDER, temporary.name)])
            if outcome.status != 0:
                run.fail(name, f"visudo refuses it: {outcome.reason}", item)
        temporary.place(0, 0, MODE)


def remove(run, item):
    drop(run, item, only_ours=not item.get("can_sudo_to"))


def drop(run, item, only_ours):
    """Removes the file of an account: rights that the application file no longer gives do not stay."""
    try:
        folder = paths.open_folder(FOLDER)
    except OSError:
        return  # no sudo here, or none that we could have written to
    try:
        name = file_name(item["login"])
        try:
            exists = paths.look(folder, name) is not None
        except PermissionError:
            return  # without root
        if not exists or only_ours and not (present_text(folder, name) or "").startswith(MARK):
            return
        step = f"Remove sudo of user '{item['login']}'"
        require_root(run, step, item)
        if not run.check:
            os.unlink(name, dir_fd=folder)
        run.step(step, True, item)
    finally:
        os.close(folder)
