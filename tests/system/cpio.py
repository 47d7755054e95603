# SPDX-License-Identifier: MIT
"""A directory tree as a cpio archive (format "newc"), which a kernel unpacks as its first root."""

import os
import stat


def _member(out, number, name, info, content):
    device = info.st_rdev or 0  # None in the end mark, which is not a file
    encoded = name.encode() + b"\0"
    fields = (number, info.st_mode, info.st_uid, info.st_gid, 1, int(info.st_mtime), len(content), 0, 0,
              os.major(device), os.minor(device), len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    out.write(header + b"\0" * (-len(header) % 4))
    out.write(content + b"\0" * (-len(content) % 4))


def _content(path, info):
    if stat.S_ISLNK(info.st_mode):
        return os.readlink(path).encode()
    if not stat.S_ISREG(info.st_mode):
        return b""
    with open(path, "rb") as file:
        return file.read()


def pack(root, archive, without=()):
    """Writes everything in `root` except the folders `without` (paths below it). Hard links become separate files."""
    with open(archive, "wb") as out:
        number = 1
        for folder, folders, files in os.walk(root):
            below = os.path.relpath(folder, root)
            folders[:] = [name for name in folders if os.path.normpath(os.path.join(below, name)) not in without]
            for name in folders + files:
                path = os.path.join(folder, name)
                info = os.lstat(path)
                number += 1
                _member(out, number, os.path.normpath(os.path.join(below, name)), info, _content(path, info))
        _member(out, 0, "TRAILER!!!", os.stat_result((0,) * 10), b"")
