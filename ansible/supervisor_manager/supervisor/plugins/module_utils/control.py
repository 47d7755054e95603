# SPDX-License-Identifier: MIT
"""A supervisord, ours or Supervisor's, over XML-RPC on its Unix socket; for use with the ids of its owner."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import configparser
import http.client
import os
import socket
import stat
import time
import xmlrpc.client

MOST_BYTES = 16 * 1024 * 1024
MOST_FILE_BYTES = 1024 * 1024

# Names of Supervisor.
RUNNING_STATES = ("STARTING", "RUNNING", "BACKOFF")
STOPPED_STATES = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")

BAD_NAME = 10
ALREADY_STARTED = 60
NOT_RUNNING = 70
ALREADY_ADDED = 90
CANT_REREAD = 92

Fault = xmlrpc.client.Fault


class NotRunning(Exception):
    """Nothing answers at the socket: the instance is stopped."""


class Refused(Exception):
    """The answer makes no sense, is too large, or is a refusal."""


def parser(text):
    """The sections of a configuration file, as Supervisor reads it. Raises configparser.Error."""
    out = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";", "#"))
    out.read_string(text)
    return out


def read_file(path):
    """The bytes of a regular file, or None if there is none. Raises OSError; a FIFO or a device is one, too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("%s is not a regular file: remove it" % path)
        data = file.read(MOST_FILE_BYTES + 1)
    if len(data) > MOST_FILE_BYTES:
        raise OSError("%s has more than %d bytes" % (path, MOST_FILE_BYTES))
    return data


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, seconds):
        super(_Connection, self).__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Supervisord:
    """The daemon that a configuration file describes."""

    def __init__(self, conf_file, seconds=30):
        """Raises NotRunning if there is no such file, OSError or Refused if it cannot be used."""
        data = read_file(conf_file)
        if data is None:
            raise NotRunning("there is no %s" % conf_file)
        try:
            settings = parser(data.decode("utf-8", "replace"))
        except configparser.Error as error:
            raise Refused("%s cannot be read: %s" % (conf_file, error))
        self._seconds = seconds
        self._socket, section = self._address(settings, conf_file)
        self._headers = {"Content-Type": "text/xml", "User-Agent": "supervisor-deploy"}
        user, password = (settings.get(section, key, fallback=None) for key in ("username", "password"))
        if user or password:
            import base64

            word = base64.b64encode(("%s:%s" % (user or "", password or "")).encode("utf-8"))
            self._headers["Authorization"] = "Basic " + word.decode("ascii")

    @staticmethod
    def _address(settings, conf_file):
        """(path of the socket, the section that has its user and password)"""
        values = {"here": os.path.dirname(os.path.abspath(conf_file))}
        values.update(("ENV_" + name, value) for name, value in os.environ.items())
        url = settings.get("supervisorctl", "serverurl", fallback="")
        path, section = (url[len("unix://"):], "supervisorctl") if url.startswith("unix://") else (
            settings.get("unix_http_server", "file", fallback=""), "unix_http_server")
        try:
            path = path % values
        except (KeyError, ValueError, TypeError):
            path = ""
        if not path:
            raise Refused("%s names no Unix socket: give it [unix_http_server] and [supervisorctl] serverurl=unix://..."
                          % conf_file)
        return path, section

    def call(self, method, *arguments):
        """The result of a call. Raises Fault for its error, NotRunning, and Refused."""
        body = xmlrpc.client.dumps(arguments, method).encode("utf-8")
        connection = _Connection(self._socket, self._seconds)
        try:
            connection.request("POST", "/RPC2", body, self._headers)
            response = connection.getresponse()
            data = response.read(MOST_BYTES + 1)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning("nothing answers at %s" % self._socket)
        except socket.timeout:
            raise Refused("no answer at %s within %d seconds" % (self._socket, self._seconds))
        except (OSError, http.client.HTTPException) as error:
            raise Refused("%s: %s" % (self._socket, error or type(error).__name__))
        finally:
            connection.close()
        if len(data) > MOST_BYTES:
            raise Refused("the answer at %s has more than %d bytes" % (self._socket, MOST_BYTES))
        if response.status == 401:
            raise Refused("%s does not accept the user and the password of [supervisorctl]" % self._socket)
        if response.status != 200:
            raise Refused("%s answers with status %d" % (self._socket, response.status))
        try:
            return xmlrpc.client.loads(data)[0][0]
        except Fault:
            raise
        except Exception as error:  # pylint: disable=broad-except
            raise Refused("the answer at %s makes no sense: %s" % (self._socket, error))

    def each(self, calls):
        """The results of many calls, (method, arguments...) each, in one request; a Fault where one failed."""
        if not calls:
            return []
        words = [{"methodName": call[0], "params": list(call[1:])} for call in calls]
        results = self.call("system.multicall", words)
        return [Fault(one["faultCode"], one["faultString"]) if isinstance(one, dict) and "faultCode" in one else one
                for one in results]

    def processes(self):
        """{address: what getProcessInfo tells}; the address of a program in a group of its own name is just that
        name."""
        infos = [_checked_info(one, self._socket) for one in self.call("supervisor.getAllProcessInfo")]
        return {address(one): one for one in infos}

    def last_lines(self, name, which):
        """The end of what a process printed: `which` is "Stdout" or "Stderr"; "" if there is none."""
        try:
            return str(self.call("supervisor.readProcess%sLog" % which, name, -2000, 0))
        except (Fault, Refused):
            return ""


def _checked_info(info, where):
    """What counts of a process, in its types: a supervisord can be any program of its owner."""
    try:
        out = {key: str(info[key])[:1000] for key in ("name", "group", "statename")}
        out.update((key, str(info.get(key, ""))[:1000]) for key in ("description", "spawnerr"))
        out.update((key, int(info.get(key) or 0)) for key in ("pid", "start", "exitstatus"))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Refused("the answer at %s is not that of a supervisord" % where)
    return out


def address(info):
    """How a process is called: NAME, or GROUP:NAME."""
    group, name = info["group"], info["name"]
    return name if group == name else "%s:%s" % (group, name)


def call_name(one):
    """The address as XML-RPC wants it."""
    return one if ":" in one else "%s:%s" % (one, one)


def is_newer(path, changed, start):
    """Whether a file is newer than what started at `start`. `changed`: this deployment changed it, so that its owner
    and mode count, too."""
    try:
        info = os.stat(path)
    except OSError:
        return False
    when = max(info.st_mtime, info.st_ctime) if changed else info.st_mtime
    return start < when <= time.time()  # a time in the future would restart it for ever
