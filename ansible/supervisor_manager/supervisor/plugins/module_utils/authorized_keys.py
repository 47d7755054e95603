# SPDX-License-Identifier: MIT
"""Keys in ~/.ssh/authorized_keys: ours are added, others stay. The account's own ids do it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os
import stat

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children, whole_files

MAX_SIZE = 4 << 20


def deploy(run, item, entry, make_home):
    login = item["login"]
    name = f"Setup authorized keys of user '{login}'"
    wanted = wanted_keys(run, name, item)
    if entry is None:  # this run makes the account
        run.step(name, True, item)
        return
    if os.geteuid() not in (0, entry.pw_uid):
        run.fail(name, f"keys of '{login}' need root, or '{login}' itself", item)
    if make_home(run, name, item, entry) and run.check:
        run.step(name, True, item)
        return
    added = in_home(run, name, item, entry, lambda: add_keys(entry.pw_dir, wanted, run.check))
    run.step(name, added > 0, item, message=f"{added} added" if added else None)


def remove(run, item, entry):
    name = f"Remove authorized keys of user '{item['login']}'"
    wanted = wanted_keys(run, name, item)
    if os.geteuid() not in (0, entry.pw_uid):
        run.fail(name, f"keys of '{item['login']}' need root, or '{item['login']}' itself", item)
    removed = in_home(run, name, item, entry, lambda: drop_keys(entry.pw_dir, wanted, run.check))
    run.step(name, removed > 0, item)


def in_home(run, name, item, entry, function):
    try:
        return children.in_child(function, children.Identity(entry.pw_name), limit=30)
    except children.ChildFailed as error:
        run.fail(name, str(error), item)


def wanted_keys(run, name, item):
    """The lines of the keys of an item; a text that is not a public key fails the step."""
    found = []
    for text in item["keys"]:
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if key_of(line) is None:
                run.fail(name, "a file of authorized_keys has no public key such as 'ssh-ed25519 AAAA...'", item)
            found.append(line)
    return found


def key_of(line):
    """The key in a line, without options and comment: two lines with the same key mean the same. None: no key."""
    words = line.split()
    for kind, blob in zip(words, words[1:]):
        if blob.startswith("AAAA") and kind.startswith(("ssh-", "ecdsa-", "sk-")):
            return kind, blob
    return None


def add_keys(home, wanted, check):
    """Runs with the account's ids. Returns how many keys were missing."""
    folder = os.path.join(home, ".ssh")
    path = os.path.realpath(os.path.join(folder, "authorized_keys"))
    text = read(path)
    present = {key_of(line) for line in text.splitlines()}
    missing = []
    for line in wanted:
        if key_of(line) not in present:
            present.add(key_of(line))
            missing.append(line)
    if missing and not check:
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
        gap = "\n" if text and not text.endswith("\n") else ""
        replace(path, text + gap + "".join(line + "\n" for line in missing))
    return len(missing)


def drop_keys(home, unwanted, check):
    path = os.path.realpath(os.path.join(home, ".ssh", "authorized_keys"))
    text = read(path)
    keys = {key_of(line) for line in unwanted}
    kept = [line for line in text.splitlines(True) if line.startswith("#") or key_of(line) not in keys]
    removed = len(text.splitlines(True)) - len(kept)
    if removed and not check:
        replace(path, "".join(kept))
    return removed


def read(path):
    """The text of a file; empty if there is none. Raises OSError if it is another kind of file, or too long."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_SIZE:
            raise OSError(f"{path} is not a regular file of less than {MAX_SIZE} bytes")
        return file.read(MAX_SIZE).decode("utf-8", "surrogateescape")


def replace(path, text):
    """Replaces a file by a complete new one; a new file has mode 0600, an old one's mode stays."""
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o600
    whole_files.replace(path, text.encode("utf-8", "surrogateescape"), mode)
