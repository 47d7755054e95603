# SPDX-License-Identifier: MIT
"""Puts one file or folder in its place, or finds out what that would change."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import hashlib
import os
import shlex
import shutil
import stat

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children, leftovers, paths, rights

MAX_DIFF = 64 << 10
VALIDATE_LIMIT = 60
SHOWN = 5


class Change:
    """What was changed, or would be: false if nothing was."""

    def __init__(self, message=None, diff=None, changed=False):
        self.changed = changed
        self.message = message
        self.diff = list(diff or ())
        self.paths = []

    def __bool__(self):
        return self.changed

    def add(self, path, other):
        """Adds the change of one of several paths."""
        if not other:
            return
        self.changed = True
        self.paths.append(path)
        self.diff += other.diff
        self.message = ", ".join(self.paths[:SHOWN])
        if len(self.paths) > SHOWN:
            self.message += f" and {len(self.paths) - SHOWN} more"


class Sent:
    """A content that the deployer has: its hash and size are known, its bytes come when this host lacks them."""

    def __init__(self, run, described):
        self._run = run
        self._sha256 = described["sha256"]
        self._size = described["size"]
        self._is_secret = described.get("is_secret", False)

    def is_same(self, descriptor, info):
        """Whether an open file has this content; None: there is none."""
        if descriptor is None or info.st_size != self._size:
            return False
        return hash_of(descriptor, info.st_size) == self._sha256

    def need(self):
        """Called when comparing finds that the content is needed."""
        self._run.want(self._sha256)

    def copy_to(self, file):
        with self._run.open_content(self._sha256) as source:
            for chunk in iter(lambda: source.read(paths.CHUNK), b""):
                file.write(chunk)
                self._run.alive()

    def text(self):
        """For a diff: None if it is secret, was not sent, or is long, or binary."""
        if self._is_secret or not self._run.has_content(self._sha256) or self._size > MAX_DIFF:
            return None
        return as_text(self._run.content(self._sha256))


def as_text(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def hash_of(descriptor, size):
    """The SHA-256 of an open file, which is read no further than its size says; one that grows is another one."""
    digest = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    left = size + 1
    while left:
        chunk = os.read(descriptor, min(left, paths.CHUNK))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def open_if_there(path):
    try:
        return paths.open_folder(path)
    except FileNotFoundError:
        return None


def put_folder(run, path, wanted):
    """A folder with its rights; missing parents are made with mode 0755, and stay root's."""
    present = open_if_there(path)
    if present is None and run.check:
        return Change(None, header_diff(run, path, "", "a folder\n"), True)
    descriptor = paths.open_folder(path, make=True) if present is None else present
    try:
        info = os.fstat(descriptor)
        before, after = wanted.differences(info)
        if after and not run.check:
            readable = paths.reopen(descriptor)
            try:
                rights.give(readable, wanted, info)
            finally:
                os.close(readable)
    finally:
        os.close(descriptor)
    if present is None:
        return Change(None, header_diff(run, path, "", "a folder\n"), True)
    return Change(told(after), header_diff(run, path, before, after), bool(after))


def told(after):
    return ", ".join(after.split("\n")[:-1]) or None


def header_diff(run, path, before, after):
    if not run.options.get("diff") or before == after:
        return []
    return [{"before": before, "after": after, "before_header": path, "after_header": path}]


def put_file(run, folder, path, item, content, wanted):
    """A file with its content and rights. `folder`: the open folder of its path; None when comparing: it will be made.

    A file whose owner changes, or that has other names, is replaced even if its content is the same: whoever has it
    open, or made the other name, would change ours.
    """
    name = os.path.basename(path)
    info = paths.look(folder, name) if folder is not None else None
    if info is not None and stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(21, "is a folder: remove it, or deploy to another name", path)
    descriptor = paths.open_regular(folder, name) if info is not None else None
    try:
        if descriptor is not None:
            info = os.fstat(descriptor)
        before, after = wanted.differences(info) if descriptor is not None else ("", "")
        replaced = descriptor is None or info.st_nlink > 1 or info.st_uid != wanted.uid
        same = content.is_same(descriptor, info)
        diff = header_diff(run, path, before, after)
        if same and not replaced:
            if after and not run.check:
                if item.get("notify"):  # the time tells a later run of the restart, if this one breaks before it
                    os.utime(descriptor)
                rights.give(descriptor, wanted, info)
            return Change(told(after), diff, bool(after))
        if not same:
            diff = content_diff(run, path, descriptor, info, content) + diff
        if run.check:
            content.need()
        else:
            run.sweep(folder)
            replace(folder, name, item, content, wanted)
        return Change(told(after), diff, True)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def content_diff(run, path, descriptor, info, content):
    """Before and after of short texts. A file with other names is another one's: its text is not shown."""
    if not run.options.get("diff"):
        return []
    after = content.text()
    before = ""
    if descriptor is not None:
        before = None
        if info.st_size <= MAX_DIFF and info.st_nlink == 1:
            os.lseek(descriptor, 0, os.SEEK_SET)
            before = as_text(os.read(descriptor, MAX_DIFF))
    if before is None or after is None:
        before, after = "(not shown)\n", "(new content, not shown)\n"
    return header_diff(run, path, before, after)


def replace(folder, name, item, content, wanted):
    with paths.Temporary(folder, name) as temporary:
        content.copy_to(temporary.file)
        temporary.file.flush()
        if item.get("validate"):
            validate(item["validate"], temporary.file, name)
        temporary.place(wanted.uid, wanted.gid, wanted.mode)


def validate(command, new, name):
    """Tries a new file (open) with a command, in a copy that no account can reach. Raises OSError if it fails."""
    with leftovers.private_folder() as private:
        copy = os.path.join(private, name)
        new.seek(0)
        with open(copy, "wb") as file:
            shutil.copyfileobj(new, file, paths.CHUNK)
        words = shlex.split(command)
        if not any("%s" in word for word in words):
            raise ValueError("validate needs %s where the file's name belongs")
        try:
            outcome = children.run_command([word.replace("%s", copy) for word in words], limit=VALIDATE_LIMIT)
        except children.ChildFailed as error:
            raise OSError(f"validate: {error}")
        if outcome.status != 0:
            raise OSError(f"validate: {words[0]} refuses the new file: {outcome.reason.replace(copy, name)}")
