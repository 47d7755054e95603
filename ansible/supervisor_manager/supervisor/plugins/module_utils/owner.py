# SPDX-License-Identifier: MIT
"""Work with the ids of the account that owns an instance, in a child that is bounded in time and in what it answers.

The files and the supervisord of an account are hostile to root: whatever looks at them runs here.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import grp
import json
import os
import pwd
import resource
import select
import signal
import time

# What a child may answer, and what it may use for that.
MOST_BYTES = 64 * 1024 * 1024
MOST_MEMORY = 2 * 1024 * 1024 * 1024

# How long a killed child can take to go before it is left behind: it may hang in a file system of its owner.
PATIENCE = 2


class OwnerFailed(Exception):
    """The work was not finished. `emitted` has the values that came before."""

    def __init__(self, reason, emitted=()):
        super(OwnerFailed, self).__init__(reason)
        self.emitted = list(emitted)


class Identity:
    """The ids of an account: uid, gid and all its groups."""

    def __init__(self, user, group=None):
        """Raises KeyError if there is no such account or group."""
        entry = pwd.getpwnam(user)
        self.user = user
        self.uid = entry.pw_uid
        self.gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
        self.groups = os.getgrouplist(user, self.gid)
        self.home = entry.pw_dir


def identity_of(user, group=None):
    """An Identity, or None if there is no such account or group."""
    try:
        return Identity(user, group)
    except KeyError:
        return None


def clean(text):
    """Text of an owner for a terminal: control characters are written out, and lines stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\\x%02x" % ord(c) for c in text)


def run_as(identity, work, seconds):
    """Calls work(emit) in a child with the ids of `identity`, and returns the values that it gave to emit().

    Values are what JSON has. Without root the ids must be the own ones. Raises OwnerFailed if the ids cannot be taken,
    the work raised an exception, answered too much, or took longer than `seconds`; the child is ended in any case.
    """
    if os.geteuid() not in (0, identity.uid):
        raise OwnerFailed("'%s' cannot act for the account '%s': connect as that account, or as root"
                          % (_own_name(), identity.user))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_child(identity, work, seconds, writer)
    os.close(writer)
    try:
        emitted, finish = _values(_read(reader, seconds))
    except OwnerFailed as failure:
        _end(pid)
        raise OwnerFailed(str(failure), _values(failure.emitted)[0])
    finally:
        os.close(reader)
    _end(pid)
    if finish is None:
        raise OwnerFailed("the helper of the account '%s' was ended before it had finished" % identity.user, emitted)
    if finish:
        raise OwnerFailed(finish, emitted)
    return emitted


def _own_name():
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "uid %d" % os.geteuid()


def _be_child(identity, work, seconds, writer):
    """Never returns, whatever happens: nothing of the parent may run twice."""
    try:
        finish = {"finish": ""}
        try:
            _become(identity, seconds, writer)
            work(lambda value: _write(writer, {"value": value}))
        except Exception as error:  # pylint: disable=broad-except
            finish = {"finish": str(error) or type(error).__name__}
        _write(writer, finish)
    finally:
        os._exit(0)


def _become(identity, seconds, writer):
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(int(seconds) + PATIENCE)  # if the parent is gone
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    # Neither the arguments of the module nor the connection of ssh may be held by what hangs.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, writer)
    os.closerange(writer + 1, min(limit, 65536) if limit > 0 else 65536)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower_limit(resource.RLIMIT_AS, MOST_MEMORY)
    if os.geteuid() == 0:
        os.setgroups(identity.groups)
        os.setresgid(identity.gid, identity.gid, identity.gid)
        os.setresuid(identity.uid, identity.uid, identity.uid)
    os.environ.clear()  # the parent's may be secret, and files of the owner can name variables
    os.environ.update(PATH="/usr/local/bin:/usr/bin:/bin", HOME=identity.home, USER=identity.user,
                      LOGNAME=identity.user)
    os.umask(0o022)
    os.chdir("/")


def _lower_limit(kind, value):
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY or hard > value:
        resource.setrlimit(kind, (value, value))


def _write(descriptor, value):
    data = json.dumps(value).encode("ascii") + b"\n"
    while data:
        data = data[os.write(descriptor, data):]


def _read(descriptor, seconds):
    """All bytes until the end. OwnerFailed.emitted has the complete lines so far."""
    deadline = time.monotonic() + seconds
    chunks, size = [], 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise OwnerFailed("no answer within %d seconds" % seconds, b"".join(chunks))
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise OwnerFailed("the answer has more than %d bytes" % MOST_BYTES, b"".join(chunks))


def _values(data):
    """(the values, how the work ended: "" well, a reason, or None: it did not)"""
    values, finish = [], None
    for line in bytes(data).split(b"\n")[:-1]:
        record = json.loads(line.decode("ascii"))
        if "finish" in record:
            finish = record["finish"]
        else:
            values.append(record["value"])
    return values, finish


def _end(pid):
    """Ends the child, and waits for it as long as that makes sense."""
    deadline = time.monotonic() + PATIENCE
    killed = False
    while True:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            if not killed:
                os.kill(pid, signal.SIGKILL)
                killed = True
        except (ChildProcessError, ProcessLookupError):
            return
        if time.monotonic() > deadline:
            return
        time.sleep(0.005)
