# SPDX-License-Identifier: MIT
"""A configuration file as Debian's Supervisor reads it, in the form in which config_dump prints ours."""

import socket
import sys

from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.events import EventTypes
from supervisor.options import (EventListenerPoolConfig, FastCGIGroupConfig, ServerOptions)

_LOG_KEYS = ("logfile", "logfile_maxbytes", "logfile_backups", "capture_maxbytes", "events_enabled", "syslog")
_PLAIN_KEYS = ("name", "command", "directory", "serverurl", "exitcodes", "uid", "umask", "priority", "startsecs", "startretries",
               "stopwaitsecs", "stopsignal")
_FLAGS = ("autostart", "stopasgroup", "killasgroup", "redirect_stderr")
_DAEMON_KEYS = ("minfds", "minprocs", "umask", "logfile", "logfile_maxbytes", "logfile_backups", "loglevel", "pidfile",
                "identifier", "directory", "childlogdir", "uid")
_EVENT_NAMES = {getattr(EventTypes, name): name for name in vars(EventTypes) if name.isupper()}


class Refused(Exception):
    pass


class _Options(ServerOptions):
    def usage(self, msg):
        raise Refused(str(msg))

    class warnings:  # foreign name: Supervisor's code calls warnings.warn
        @staticmethod
        def warn(*_):
            pass


def _process(config):
    out = {key: getattr(config, key) for key in _PLAIN_KEYS}
    out["stopsignal"] = int(config.stopsignal)
    out.update({key: bool(getattr(config, key)) for key in _FLAGS})
    out["environment"] = dict(config.environment)
    out["autorestart"] = {RestartUnconditionally: True, RestartWhenExitUnexpected: "unexpected", False: False}[config.autorestart]
    for channel in ("stdout", "stderr"):
        for key in _LOG_KEYS:
            value = getattr(config, f"{channel}_{key}")
            out[f"{channel}_{key}"] = "AUTO" if value is Automatic else value
        if out[f"{channel}_logfile"] == "":
            out[f"{channel}_logfile"] = None
    return out


def _group(config):
    out = {"kind": "programs", "name": config.name, "priority": config.priority,
           "processes": [_process(process) for process in config.process_configs]}
    if isinstance(config, EventListenerPoolConfig):
        out.update(kind="eventlistener", buffer_size=config.buffer_size,
                   events=sorted(_EVENT_NAMES[event] for event in config.pool_events))
    if isinstance(config, FastCGIGroupConfig):
        shared = config.socket_config
        owner = getattr(shared, "owner", None)
        out.update(kind="fcgi", socket=shared.url, backlog=shared.backlog, owner=list(owner) if owner else None,
                   mode=getattr(shared, "mode", None))
    return out


def _server(config):
    out = {key: config[key] for key in ("section", "username", "password")}
    if config["family"] == socket.AF_UNIX:
        out.update(file=config["file"], chmod=config["chmod"], chown=list(config["chown"]))
    else:
        out.update(host=config["host"], port=config["port"])
    return out


def debians(arguments):
    """The resolved configuration for these command line arguments, or {"error": text}."""
    options = _Options()
    options.stdout = options.stderr = sys.stderr
    try:
        options.realize(arguments, doc="", progname="supervisord")
    except Refused as why:
        return {"error": str(why)}
    finally:
        options.poller.close()
    daemon = {key: getattr(options, key) for key in _DAEMON_KEYS}
    daemon["umask"] = options.umask if isinstance(options.umask, int) else int(options.umask, 8)
    daemon.update({key: bool(getattr(options, key)) for key in ("nodaemon", "silent", "nocleanup", "strip_ansi")})
    return {"daemon": daemon,
            "groups": [_group(group) for group in options.process_group_configs],
            "servers": [_server(server) for server in options.server_configs],
            "serverurl": options.serverurl or "",
            "interfaces": [name for name, _, _ in options.rpcinterface_factories],
            "messages": options.parse_criticals + options.parse_warnings + options.parse_infos}
