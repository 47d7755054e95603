# SPDX-License-Identifier: MIT
"""Temporary folders of runs that were killed on this host: the next run removes them.

A run holds a lock on those that it uses; only Ansible's folder with contents that were sent has none, and is left alone
for a while. Nothing that belongs to another account is touched.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import os
import re
import tempfile
import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths

PRIVATE = "supervisor-deploy-"
OF_MODULE = "ansible_supervisor_manager.supervisor.deploy_payload_"
OF_SENT = "ansible-tmp-"
SENT = re.compile(r"content-[0-9a-f]{64}\Z|.+\.deb\Z")
# Seconds after which a folder without a lock is not one that is about to be locked, or filled.
UNLOCKED, UNUSED = 60, 3600
MOST_NAMES = 20000

_held = []  # the lock on the module's own folder, until this process ends


def lock(path):
    """A descriptor that holds a folder of this process."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def hold_module():
    """Locks the folder in which Ansible has put the module, if there is one."""
    archive, found, unused = __file__.partition(".zip" + os.sep)
    if found and os.path.basename(os.path.dirname(archive)).startswith(OF_MODULE):
        _held.append(lock(os.path.dirname(archive)))


@contextlib.contextmanager
def private_folder():
    """The path of a new folder that only this account can enter; it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=PRIVATE) as path:
        descriptor = lock(path)
        try:
            yield path
        finally:
            os.close(descriptor)


def sweep(remote_tmp):
    """Removes what is left. `remote_tmp`: the folder in which Ansible makes folders for what it sends."""
    _sweep(tempfile.gettempdir(), (PRIVATE, OF_MODULE), _is_unlocked)
    _sweep(os.path.expanduser(os.path.expandvars(remote_tmp)), (OF_SENT,), _is_unused)


def _sweep(path, prefixes, is_left):
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for name in os.listdir(folder)[:MOST_NAMES]:
            if name.startswith(prefixes):
                _remove(folder, name, is_left)
    finally:
        os.close(folder)


def _remove(folder, name, is_left):
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return  # another account's
    try:
        if os.fstat(descriptor).st_uid == os.geteuid() and is_left(descriptor):
            paths.remove_tree(folder, name)
    except OSError:
        pass  # another run was quicker
    finally:
        os.close(descriptor)


def _is_unlocked(descriptor):
    if time.time() - os.fstat(descriptor).st_mtime < UNLOCKED:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _is_unused(descriptor):
    """Whether all in it was sent by supervisor-deploy, a while ago."""
    names = os.listdir(descriptor)
    times = [os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mtime for name in names]
    return (bool(names) and all(SENT.match(name) for name in names)
            and time.time() - max(times + [os.fstat(descriptor).st_mtime]) > UNUSED)
