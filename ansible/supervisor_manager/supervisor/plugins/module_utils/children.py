# SPDX-License-Identifier: MIT
"""Work in child processes, bounded in time and in what it may answer: commands, and functions with an account's ids."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import grp
import json
import os
import pwd
import resource
import select
import signal
import subprocess
import tempfile
import time

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
MAX_OUTPUT = 64 << 10
MAX_MESSAGE = 64 << 20  # of one message; of all messages of a child with an account's ids
MAX_MEMORY = 2 << 30  # of such a child
PATIENCE = 2  # seconds that a killed child can take: it may hang in a file system of its account


class ChildFailed(Exception):
    """A child could not do its work, or did not answer in time; the text has the reason."""


class Outcome:
    """How a command ended: its exit status, and the beginning of what it printed."""

    def __init__(self, status, output, errors):
        self.status = status
        self.output = output
        self.errors = errors

    @property
    def reason(self):
        """What the command said about its failure, in one line."""
        said = (self.errors.strip() or self.output.strip() or f"exit status {self.status}").splitlines()
        return "; ".join(line.strip() for line in said[:5] if line.strip())


def find(name):
    """The path of a system's program, or None."""
    for folder in ENVIRONMENT["PATH"].split(":"):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def run_command(argv, text="", limit=60, env=None, most=MAX_OUTPUT):
    """Runs a command without a shell, with `text` as its input; its process group is killed after `limit` seconds.

    Its output goes to files, so that a daemon that it leaves behind cannot hold this up; `most` bytes of each are kept.
    Raises ChildFailed if it cannot be started or does not end.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(text.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(argv, stdin=given, stdout=output, stderr=errors,
                                       env=ENVIRONMENT if env is None else env, cwd="/", start_new_session=True)
        except OSError as error:
            raise ChildFailed(f"{argv[0]} cannot be run: {error.strerror}")
        if not ends(process.pid, limit):
            os.killpg(process.pid, signal.SIGKILL)
            raise ChildFailed(f"{' '.join(argv[:3])} did not end within {limit} seconds")
        return Outcome(process.wait(), beginning(output, most), beginning(errors, most))


def beginning(file, most):
    file.seek(0)
    return file.read(most).decode("utf-8", "replace")


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


def in_child(function, identity=None, limit=60):
    """What function() returns (JSON) in a child process, with the ids of an account if there is an `identity`.

    Raises ChildFailed with the error's text if it raises, or if it does not answer within `limit` seconds.
    """
    answers = []
    listen(lambda tell: tell(function()), answers.append, identity, limit)
    return answers[0]


def listen(function, heard, identity=None, limit=60, total=None):
    """Runs function(tell) in a child process; heard(message) gets each message (JSON) that the child gives to tell().

    Raises ChildFailed with the error's text if it raises, if nothing is heard for `limit` seconds, or if it is not done
    after `total` seconds. Then the child is killed; one that hangs in the kernel (in a file system of an account that
    does not answer) is left behind. Without root, the ids must be the own ones.
    """
    if identity is not None and os.geteuid() not in (0, identity.uid):
        raise ChildFailed("'%s' cannot act for the account '%s': connect as that account, or as root"
                          % (own_name(), identity.user))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        serve(function, identity, writer, limit, total)
    os.close(writer)
    try:
        for message in read_messages(reader, limit, total, identity is not None):
            if "message" in message:
                heard(message["message"])
            elif message["end"] is None:
                return
            else:
                raise ChildFailed(message["end"])
        raise ChildFailed("its helper process was ended before it had finished")
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)  # it has ended, or it never will
        reap(pid)


def own_name():
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def reap(pid):
    if ends(pid, PATIENCE):
        os.waitpid(pid, 0)


def ends(pid, seconds):
    """Whether a child ends within this time. It is not reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):  # before Python 3.9 or Linux 5.3
        return polled_end(pid, seconds)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def polled_end(pid, seconds):
    deadline = time.monotonic() + seconds
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def serve(function, identity, writer, limit, total):
    """The child: never returns, whatever happens. It ends by itself if the parent is gone."""
    def tell(message):
        if total is None:
            signal.alarm(limit + PATIENCE)
        send(writer, {"message": message})

    end = None
    try:
        separate(writer)
        signal.alarm(int(total or limit) + PATIENCE)
        if identity is not None:
            become(identity)
        function(tell)
    except OSError as error:
        end = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    except BaseException as error:  # whatever it is, the parent gets it
        end = str(error) or type(error).__name__
    try:
        send(writer, {"end": end})
    finally:
        os._exit(0)


def separate(writer):
    """Nothing of the parent stays open but `writer`: neither the module's arguments nor the connection of ssh, on whose
    end others wait, may be held by what hangs."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, writer)
    os.closerange(writer + 1, min(limit, 65536) if limit > 0 else 65536)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir("/")


def become(identity):
    """This process takes the ids of an account, permanently, and keeps nothing of what the account must not have."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or hard > MAX_MEMORY:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    if os.geteuid() == 0:
        os.setgroups(identity.groups)
        os.setresgid(identity.gid, identity.gid, identity.gid)
        os.setresuid(identity.uid, identity.uid, identity.uid)
    os.environ.clear()  # the parent's may be secret, and files of the owner can name variables
    os.environ.update(PATH="/usr/local/bin:/usr/bin:/bin", HOME=identity.home, USER=identity.user,
                      LOGNAME=identity.user)
    os.umask(0o022)


def send(writer, message):
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(writer, data):]


def read_messages(reader, limit, total, is_foreign):
    """Yields the messages of a child until it closes its end. is_foreign: all together have a limit."""
    deadline = None if total is None else time.monotonic() + total
    data, received = bytearray(), 0
    while True:
        patience = limit if deadline is None else deadline - time.monotonic()
        if patience <= 0 or not select.select([reader], [], [], patience)[0]:
            raise ChildFailed(f"no answer within {limit if total is None else total} seconds")
        chunk = os.read(reader, 1 << 20)
        if not chunk:
            return
        data += chunk
        received += len(chunk)
        if (received if is_foreign else len(data)) > MAX_MESSAGE:
            raise ChildFailed(f"an answer of more than {MAX_MESSAGE} bytes")
        if b"\n" in chunk:
            *lines, data = data.split(b"\n")
            for line in lines:
                yield json.loads(line.decode())
