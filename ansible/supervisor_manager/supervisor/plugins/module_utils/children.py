# SPDX-License-Identifier: MIT
"""Work in child processes, bounded in time and in what it may answer: commands, and functions with an account's ids."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import json
import os
import select
import signal
import subprocess
import tempfile
import time

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
MAX_OUTPUT = 64 << 10
MAX_MESSAGE = 64 << 20


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


def run_command(argv, text="", limit=60):
    """Runs a command without a shell, with `text` as its input; its process group is killed after `limit` seconds.

    Raises ChildFailed if it cannot be started or does not end.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(text.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(argv, stdin=given, stdout=output, stderr=errors, env=ENVIRONMENT,
                                       cwd="/", start_new_session=True)
        except OSError as error:
            raise ChildFailed(f"{argv[0]} cannot be run: {error.strerror}")
        try:
            process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise ChildFailed(f"{argv[0]} did not end within {limit} seconds")
        return Outcome(process.returncode, beginning(output), beginning(errors))


def beginning(file):
    file.seek(0)
    return file.read(MAX_OUTPUT).decode("utf-8", "replace")


def become(entry):
    """This process takes the ids of an account, permanently. Without root it must have them already."""
    if os.geteuid() == 0:
        os.setgroups(os.getgrouplist(entry.pw_name, entry.pw_gid))
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    elif os.geteuid() != entry.pw_uid:
        raise PermissionError(f"root is needed to act as '{entry.pw_name}'")


def in_child(function, entry=None, limit=60):
    """What function() returns (JSON) in a child process, with the ids of an account if `entry` (of pwd) is given.

    Raises ChildFailed with the error's text if it raises, or if it does not answer within `limit` seconds.
    """
    answers = []
    listen(lambda tell: tell(function()), answers.append, entry, limit)
    return answers[0]


def listen(function, heard, entry=None, limit=60):
    """Runs function(tell) in a child process; heard(message) gets each message (JSON) that the child gives to tell().

    Raises ChildFailed with the error's text if it raises, or if nothing is heard for `limit` seconds. Then the child is
    killed; one that hangs in the kernel (in a file system of an account that does not answer) is left behind.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        serve(function, entry, writer)
    os.close(writer)
    try:
        for message in read_messages(reader, limit):
            if "message" in message:
                heard(message["message"])
            elif message["end"] is None:
                return
            else:
                raise ChildFailed(message["end"])
        raise ChildFailed("the child process died")
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)  # it has ended, or it never will
        reap(pid)


def reap(pid):
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.01)


def serve(function, entry, writer):
    """The child: never returns. It keeps none of the streams on which others wait for their end."""
    def tell(message):
        send(writer, {"message": message})

    end = None
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        if entry is not None:
            become(entry)
        function(tell)
    except OSError as error:
        end = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    except BaseException as error:  # whatever it is, the parent gets it
        end = str(error) or type(error).__name__
    try:
        send(writer, {"end": end})
    finally:
        os._exit(0)


def send(writer, message):
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(writer, data):]


def read_messages(reader, limit):
    """Yields the messages of a child until it closes its end."""
    data = b""
    while True:
        if not select.select([reader], [], [], limit)[0]:
            raise ChildFailed(f"no answer within {limit} seconds")
        chunk = os.read(reader, 1 << 20)
        if not chunk:
            return
        data += chunk
        if len(data) > MAX_MESSAGE:
            raise ChildFailed(f"an answer of more than {MAX_MESSAGE} bytes")
        if b"\n" in chunk:
            *lines, data = data.split(b"\n")
            for line in lines:
                yield json.loads(line.decode())
