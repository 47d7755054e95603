# SPDX-License-Identifier: MIT
"""Files that are replaced as a whole or not at all, with the ids of this process.

Only for folders that nobody with fewer rights than this process can write.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os

OWN = 0o640  # files of programs, as the manager makes them: an environment can be secret


def bytes_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def text_of(path):
    data = bytes_of(path)
    return None if data is None else data.decode("utf-8", "replace")


def hash_of(data):
    return None if data is None else hashlib.sha256(data).hexdigest()


def mode_of(path):
    info = os.stat(path)
    return info.st_uid, info.st_gid, info.st_mode & 0o7777


def replace(path, data, mode, gid=-1):
    """Writes a file, through a temporary one beside it; the manager and supervisord ignore that one by its name."""
    temporary = os.path.join(os.path.dirname(path), ".%s.new" % os.path.basename(path))
    if os.path.lexists(temporary):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchown(file.fileno(), -1, gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def restore(path, data, mode, gid=-1):
    if data is not None:
        replace(path, data, mode, gid)
    elif os.path.lexists(path):
        os.unlink(path)
