# SPDX-License-Identifier: MIT
"""supervisord in the foreground, Debian's or ours, in a directory of its own, driven through its Unix socket."""

import http.client
import os
import signal
import socket
import subprocess
import xmlrpc.client

from processes import end_session
from programs import program
from waiting import wait_for

BASE = """[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
nodaemon=true
{supervisord}

[unix_http_server]
file=%(here)s/s.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/s.sock

{config}
"""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket, for xmlrpc.client.ServerProxy; the connection is kept between calls."""

    def __init__(self, path, headers=()):
        super().__init__(headers=headers)
        self._path = path

    def make_connection(self, host):
        if not self._connection or self._connection[0] != host:
            self._connection = host, UnixConnection(self._path)
        return self._connection[1]


def connect(path):
    """An XML-RPC proxy on the Unix socket at `path`: connect(path).supervisor.getState()"""
    return xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(path))


class Daemon:
    """supervisord -n with a configuration text.

    kind         "ours" or "debian"
    directory    holds the configuration, the socket and all logs; `%(here)s` in the text is this directory
    config       sections after the usual ones of BASE; with raw=True the whole file
    supervisord  more lines for [supervisord], such as "loglevel=debug"
    args, env, user   of the process; `user` is a name or uid
    stdout       where its standard output goes: a descriptor; None is the file "stdout" in the directory
    prefix       words of a command that starts it, such as ["unshare", "--mount"]
    executable   path of the program, instead of the one of that kind
    wait         whether entering waits until it answers on its socket (else: wait_ready())
    """

    def __init__(self, kind, directory, config="", supervisord="", raw=False, args=(), env=None, user=None, wait=True,
                 stdout=None, prefix=(), executable=None):
        self.kind = kind
        self.directory = directory
        self.socket = os.path.join(directory, "s.sock")
        self.log_path = os.path.join(directory, "supervisord.log")
        self.config_path = os.path.join(directory, "supervisord.conf")
        self._base = None if raw else supervisord
        self._args, self._env, self._user, self._wait = list(args), env, user, wait
        self._stdout, self._prefix = stdout, list(prefix)
        self._program = program("supervisord", kind) if executable is None else [executable]
        self.configure(config)
        if user is not None and os.getuid() == 0:
            subprocess.run(["chown", "-R", str(user), directory], check=True)
        self.process = None

    def configure(self, config):
        """Overwrites the configuration file (for reread, reload and SIGHUP)."""
        text = config if self._base is None else BASE.format(supervisord=self._base, config=config)
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        with open(os.path.join(self.directory, "stdout"), "ab") as output:
            self.process = subprocess.Popen(
                [*self._prefix, *self._program, "-n", "-c", self.config_path, *self._args],
                cwd=self.directory, env=self._env, user=self._user, start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=output if self._stdout is None else self._stdout, stderr=output)
        return self

    def __enter__(self):
        self.start()
        try:
            if self._wait:
                self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        end_session(self.process.pid)

    @property
    def pid(self):
        return self.process.pid

    @property
    def rpc(self):
        """A fresh XML-RPC proxy: rpc.supervisor.getState(), rpc.system.listMethods()"""
        return connect(self.socket)

    def is_answering(self):
        if self.process.poll() is not None:
            raise AssertionError(f"supervisord ended with {self.process.returncode}:\n{self.output()}{self.log()}")
        try:
            return self.rpc.supervisor.getState()
        except (OSError, http.client.HTTPException):
            return None

    def wait_ready(self):
        wait_for(self.is_answering, "supervisord to answer")

    def wait_state(self, name, state):
        """Waits until the process `name` ("group:name") is in `state` (such as "RUNNING"); returns its info."""

        def reached():
            info = self.rpc.supervisor.getProcessInfo(name)
            return info if info["statename"] == state else None

        return wait_for(reached, f"{name} to be {state}")

    def kill(self, number):
        """Sends a signal."""
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, limit=30):
        """Sends SIGTERM, waits for the end and returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(limit)

    def ctl(self, *arguments, kind=None, **options):
        """Runs supervisorctl, by default of the same kind; returns the finished process, output as text."""
        return subprocess.run([*program("supervisorctl", kind or self.kind), "-c", self.config_path, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)

    def read(self, name):
        """The text of a file in the directory, "" if there is none yet."""
        try:
            with open(os.path.join(self.directory, name), encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log(self):
        return self.read("supervisord.log")

    def output(self):
        return self.read("stdout")
