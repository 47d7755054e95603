# SPDX-License-Identifier: MIT
"""The archive of a module that Ansible sends to hosts, kept from one run to the next.

Ansible makes this archive in each run: it parses all sources of the module for what they import. Each host then compiles
them in each call. A kept archive has the compiled code, too. A host whose Python is of another version than ours passes
over it, and compiles the sources.

    payload = Payload(module_source, C.DEFAULT_LOCAL_TMP)
    given = payload.give()     # before the call: Ansible finds an archive as if it had made it earlier in this run
    if not given:
        payload.keep()         # after the call: what Ansible has made

An archive is given only if all its sources are byte for byte those on this machine. Without one, Ansible makes its own.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import base64
import contextlib
import fcntl
import hashlib
import importlib.util
import io
import json
import marshal
import os
import stat
import sys
import zipfile

import ansible
from ansible import constants as C  # foreign name
from ansible.plugins.loader import module_utils_loader

PARTS = ("ansible_collections", "supervisor_manager", "supervisor", "plugins", "modules")
PLUGINS = "/".join(PARTS[:-1]) + "/"
ANSIBLE = os.path.dirname(os.path.abspath(ansible.__file__))
# Ansible writes these by itself; of ours, files without text.
WRITTEN = ("ansible/__init__.py", "ansible/module_utils/__init__.py")
# Imported only for a download, or by other versions of Python: their code would make each call longer.
RARE = ("ansible/module_utils/urls.py", "ansible/module_utils/compat/_selectors2.py")
# Why an archive is not kept: the folder, or an Ansible whose archives are of another kind.
REASONS = (OSError, ValueError, SyntaxError, zipfile.BadZipFile)
# What reading a damaged one can raise.
DAMAGES = (OSError, TypeError, AttributeError, KeyError, ValueError, RecursionError)
MOST_BYTES = 8 << 20  # of a kept archive
UNCHECKED_HASH = 1  # the flags of a .pyc file (PEP 552): the archive as a whole is compared with the sources


class Payload:
    """The archive of one module. `source`: its path in our collection; `local_tmp`: Ansible's folder of this run."""

    def __init__(self, source, local_tmp):
        name = os.path.splitext(os.path.basename(source))[0]
        self._plugins = os.path.dirname(os.path.dirname(os.path.abspath(source)))
        self._name = f"{name}.payload"
        # As in ansible.executor.module_common. If a later Ansible has another name, it makes its archive as before.
        self._made = os.path.join(local_tmp, "ansiballz_cache", ".".join(PARTS + (name,)) + "-ZIP_DEFLATED")

    def give(self):
        """Puts a kept archive where Ansible looks for one. False: none fits, and this run has made none yet."""
        if os.path.exists(self._made):
            return True
        if is_replaced():
            return False
        with own_folder() as folder:
            archive = None if folder is None else self._kept(folder)
        if archive is None:
            return False
        try:
            os.makedirs(os.path.dirname(self._made), exist_ok=True)
            place(archive, self._made, f"{self._made}-{os.getpid()}")
        except OSError:
            return False
        return True

    def keep(self):
        """Keeps the archive that Ansible has made in this run, for the next one; does nothing if that is not possible."""
        if not os.path.exists(self._made) or is_replaced():
            return
        with own_folder(make=True) as folder, contextlib.suppress(*REASONS):
            if folder is None:
                return
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another process keeps one at this moment
            if self._kept(folder) is None:
                self._write(folder)

    def _kept(self, folder):
        """The kept archive in base64, or None if it does not fit."""
        try:
            descriptor = os.open(self._name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not is_own(descriptor):
                return None
            head, unused, archive = file.read(MOST_BYTES).partition(b"\n")
        try:
            told = json.loads(head)
            sources = {name: self._read(name) for name in told["names"]}
            fits = told == heading(sources, archive)
        except DAMAGES:
            return None
        return archive if fits else None

    def _write(self, folder):
        with open(self._made, "rb") as file:
            made = zipfile.ZipFile(io.BytesIO(base64.b64decode(file.read())))
        files = {name: made.read(name) for name in made.namelist()}
        sources = {name: text for name, text in files.items() if text and name not in WRITTEN}
        if any(self._read(name) != text for name, text in sources.items()):
            return  # changed during this run
        archive = base64.b64encode(compiled(files))
        place(json.dumps(heading(sources, archive)).encode() + b"\n" + archive, self._name, f"{self._name}.part", folder)

    def _read(self, name):
        """A source by its name in the archive."""
        if name.startswith(PLUGINS):
            path = os.path.join(self._plugins, name[len(PLUGINS):])
        else:
            path = os.path.join(os.path.dirname(ANSIBLE), name)
        with open(path, "rb") as file:
            return file.read()


def is_replaced():
    """Whether the user has folders with module_utils, which may replace Ansible's."""
    paths = module_utils_loader.print_paths().split(os.pathsep)
    return any(os.path.isdir(path) for path in paths if path != os.path.join(ANSIBLE, "module_utils"))


@contextlib.contextmanager
def own_folder(make=False):
    """A descriptor of the folder with what is kept, or None. Only this account can write into it: hosts run what it has."""
    path = os.path.join(C.ANSIBLE_HOME, "supervisor-deploy")
    try:
        if make:
            os.makedirs(path, 0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor if is_own(descriptor) else None
    finally:
        os.close(descriptor)


def place(data, path, part, folder=None):
    """Writes a file that only this account can read. It has its name once it is whole; a failure leaves nothing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(part, flags, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
        os.rename(part, path, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.remove(part, dir_fd=folder)
        raise


def is_own(descriptor):
    info = os.fstat(descriptor)
    return info.st_uid == os.geteuid() and not info.st_mode & 0o022


def heading(sources, archive):
    """What a kept archive was made from, and with."""
    digest = hashlib.sha256()
    for name, text in sources.items():
        digest.update(f"{name} {len(text)}\n".encode() + text)
    return {"ansible": ansible.__version__, "python": sys.version, "names": list(sources), "sources": digest.hexdigest(),
            "archive": hashlib.sha256(archive).hexdigest()}


def compiled(files):
    """An archive of these files and, beside the sources, of their code."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            if name not in RARE:
                archive.writestr(f"{name}c", code_file(name, text))
    return output.getvalue()


def code_file(name, text):
    """The content of a .pyc file."""
    code = compile(text, name, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(text)
    return head + marshal.dumps(code)
