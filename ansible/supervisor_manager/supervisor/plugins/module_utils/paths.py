# SPDX-License-Identifier: MIT
"""Files and folders at places that an account of the host may rearrange at any moment.

A path is walked folder by folder with descriptors. A symbolic link is followed only where nobody but root (or the
account that deploys) can have made it: an account cannot lead root elsewhere. A file is never written in place; a
complete new one replaces it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import errno
import os
import random
import re
import stat
import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import processes

WALK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER_MODE = 0o755
MAX_LINKS = 40
MAX_DEPTH = 400
CHUNK = 1 << 20
MARK = ".deploy-"
TEMPORARY = re.compile(r"\..*\.deploy-([0-9]+)-[0-9a-f]{12}\Z", re.DOTALL)


class UnsafePath(OSError):
    """A path leads through a link that an account could have made."""


def check_path(path):
    """Raises ValueError unless the path is absolute and has no `..` in it."""
    if not path.startswith("/"):
        raise ValueError(f"'{path}' is not an absolute path")
    if ".." in path.split("/") or "\0" in path:
        raise ValueError(f"'{path}' has '..' or a NUL in it")


def split(path):
    """The folder and the name of a file's path."""
    check_path(path)
    folder, _, name = path.rstrip("/").rpartition("/")
    if not name or name == ".":
        raise ValueError(f"'{path}' names no file")
    return folder or "/", name


def only_trusted_write(info):
    """Whether only root can change what is in a folder; without root, the account itself is trusted, too."""
    return info.st_uid in (0, os.geteuid()) and not info.st_mode & 0o022


def may_follow(folder, link):
    """Whether a symbolic link may be followed. Without root, so may links of the account itself, and of root."""
    return only_trusted_write(folder) or (os.geteuid() != 0 and link.st_uid in (0, os.geteuid()))


def open_folder(path, make=False):
    """A descriptor (O_PATH) of a folder; the caller closes it. make: missing folders are made, with mode 0755.

    Raises UnsafePath for a link that may not be followed, and other OSErrors as open() does.
    """
    check_path(path)
    pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    chain = [os.open("/", WALK)]
    links = 0
    try:
        while pending:
            name = pending.pop()
            if name == "..":
                if len(chain) > 1:
                    os.close(chain.pop())
                continue
            chain.append(open_part(chain[-1], name, make))
            info = os.fstat(chain[-1])
            if stat.S_ISLNK(info.st_mode):
                links += 1
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                target = os.readlink("", dir_fd=chain[-1])
                os.close(chain.pop())
                if not may_follow(os.fstat(chain[-1]), info):
                    raise UnsafePath(errno.ELOOP, f"'{name}' is a symbolic link that not only root can have made", path)
                if target.startswith("/"):
                    while len(chain) > 1:
                        os.close(chain.pop())
                pending.extend(part for part in reversed(target.split("/")) if part not in ("", "."))
            elif not stat.S_ISDIR(info.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, f"'{name}' is not a folder", path)
        return chain.pop()
    finally:
        for descriptor in chain:
            os.close(descriptor)


def open_part(folder, name, make):
    try:
        return os.open(name, WALK, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    mask = os.umask(0)  # a chmod afterwards could hit what an account puts there instead
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=folder)
    except FileExistsError:
        pass  # made by another at the same time
    finally:
        os.umask(mask)
    return os.open(name, WALK, dir_fd=folder)


def look(folder, name):
    """os.stat of a name in a folder, links not followed; None if there is nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def open_regular(folder, name):
    """A descriptor to read a regular file; None if it is something else, or may not be read. The caller closes it."""
    try:
        descriptor = os.open(name, READ, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.EACCES, errno.ENXIO):
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def reopen(folder):
    """A descriptor of the same folder to list it, or to change its rights. The caller closes it."""
    return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)


def names(folder):
    """The names in a folder, sorted."""
    descriptor = reopen(folder)
    try:
        return sorted(os.listdir(descriptor))
    finally:
        os.close(descriptor)


class Temporary:
    """A new file beside its later place, of mode 0600. It is removed at exit, unless place() moved it.

    A run that was killed may leave one behind: see sweep().
    """

    def __init__(self, folder, name):
        self._folder = folder
        self._wanted = name
        self.name = None  # of the temporary file
        self.file = None

    def __enter__(self):
        while self.file is None:
            self.name = f".{self._wanted[:200]}{MARK}{os.getpid()}-{random.getrandbits(48):012x}"
            try:
                self.file = os.fdopen(os.open(self.name, CREATE, 0o600, dir_fd=self._folder), "w+b")
            except FileExistsError:
                pass
        return self

    def __exit__(self, *_):
        try:
            self.file.close()
        finally:
            self._unlink(self.name)

    def place(self, uid, gid, mode):
        """The file gets its rights and replaces what has its name."""
        self.file.flush()
        descriptor = self.file.fileno()
        if os.geteuid() == 0 or os.fstat(descriptor).st_gid != gid:
            os.fchown(descriptor, uid if os.geteuid() == 0 else -1, gid)
        os.fchmod(descriptor, mode)
        self.file.close()  # a file system may tell only now that it is full
        os.rename(self.name, self._wanted, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self.name = None

    def _unlink(self, name):
        if name is not None:
            try:
                os.unlink(name, dir_fd=self._folder)
            except OSError:
                pass  # the owner of the folder was quicker, or made a folder of it


def sweep(folder):
    """Removes the temporary files that killed runs have left in a folder."""
    try:
        present = names(folder)
    except PermissionError:
        return  # a folder that may be written but not read
    for name in present:
        found = TEMPORARY.match(name)
        if found and is_left(folder, name, int(found.group(1))):
            try:
                os.unlink(name, dir_fd=folder)
            except OSError:
                pass  # the owner of the folder was quicker, or made a folder of it


def is_left(folder, name, pid):
    """Whether no process with this number can have made the file: there is none of this account, or it is younger.

    The owner of the folder chooses names. A process of another account is not looked at more closely: it could block.
    """
    info = look(folder, name)
    if info is None or processes.uid_of(pid) != os.geteuid():
        return info is not None
    return info.st_mtime < processes.started_at(pid, time.time() + 1)


def mount_of(descriptor):
    """The number of the mount that an open file is in."""
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as file:
        return [line for line in file if line.startswith("mnt_id:")]


def mounts_below(path):
    """Where file systems are mounted at a path or below it; the path itself is not touched: it may never answer."""
    parent, _, name = path.rstrip("/").rpartition("/")
    real = os.path.join(os.path.realpath(parent or "/"), name)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code.group(1), 8)), line.split(" ")[4]) for line in file]
    return [point for point in points if point == real or point.startswith(real + "/")]


def remove_tree(folder, name, depth=0):
    """Removes a file, or a folder with all that is in it; links are removed, not followed. Missing: nothing to do.

    What is mounted inside stays, and ends it with OSError.
    """
    if depth > MAX_DEPTH:
        raise OSError(errno.ELOOP, f"folders are nested more than {MAX_DEPTH} deep", name)
    try:
        os.unlink(name, dir_fd=folder)
        return
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EPERM):
            raise
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if mount_of(descriptor) != mount_of(folder):
            raise OSError(errno.EBUSY, f"a file system is mounted at '{name}' in it: unmount it", name)
        for inner in os.listdir(descriptor):
            remove_tree(descriptor, inner, depth + 1)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=folder)
