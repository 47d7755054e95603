# SPDX-License-Identifier: MIT
"""The texts of a deployment: entries of the manager, and files of programs and groups for an include directory."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import configparser
import re
import shlex

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control

MARK = "; Deployed by supervisor-deploy"
MANAGER_MARK = "; written by supervisor-manager from "

# Of supervisor-manager.conf(5), without scope and when: those are evaluated by the deployer.
INSTANCE_KEYS = (
    "user", "group", "enabled", "state", "no_remove", "priority", "adopt_files", "conf_file_dst", "include_dir",
    "logs_dir", "pid_dir", "socks_dir", "supervisorctl", "loglevel", "environment", "directory", "umask", "nice",
    "oom_score_adj", "supplementary_groups", "no_new_privileges", "limit_as", "limit_core", "limit_cpu", "limit_data",
    "limit_fsize", "limit_locks", "limit_memlock", "limit_msgqueue", "limit_nice", "limit_nofile", "limit_nproc",
    "limit_rtprio", "limit_sigpending", "limit_stack", "memory_max", "memory_high", "tasks_max", "cpu_weight",
    "io_weight", "cpu_max",
)
HTTP_KEYS = ("endpoint", "username", "password", "allowed_hosts")
PASSWORD = "http_server.password"

# A key whose value is for nobody to see, and that value, with its further lines.
SECRET = re.compile(r"(?im)^[ \t]*((http_server\.password|password|environment)[ \t]*[=:][ \t]*)"
                    r"(.*(?:\n[ \t]+.*)*)$")

# Keys of an entry without effect on the process of the instance.
OUTSIDE_KEYS = ("adopt_files", "enabled", "managed", "no_remove", "priority", "scope", "state", "when")

DEFAULT_PATHS = {
    "conf_file_dst": "/etc/supervisord_%s.conf", "include_dir": "/etc/supervisord_%s.d",
    "logs_dir": "/var/log/supervisor_%s", "pid_dir": "/run/supervisor_%s", "socks_dir": "/run/supervisor_%s",
    "supervisorctl": "/usr/bin/supervisorctl_%s",
}
DEFAULT_VALUES = {"enabled": "yes", "state": "started", "no_remove": "no", "adopt_files": "no"}

# Of Supervisor's [program:x].
PROGRAM_KEYS = (
    "command", "process_name", "numprocs", "numprocs_start", "priority", "autostart", "autorestart", "startsecs",
    "startretries", "exitcodes", "stopsignal", "stopwaitsecs", "stopasgroup", "killasgroup", "user", "redirect_stderr",
    "stdout_logfile", "stdout_logfile_maxbytes", "stdout_logfile_backups", "stdout_capture_maxbytes",
    "stdout_events_enabled", "stdout_syslog", "stderr_logfile", "stderr_logfile_maxbytes", "stderr_logfile_backups",
    "stderr_capture_maxbytes", "stderr_events_enabled", "stderr_syslog", "environment", "directory", "umask",
    "serverurl",
)

EXPANSION = re.compile(r"%(?:%|\([^()%]+\)[#0\- +]*\d*(?:\.\d+)?[diouxXeEfFgGcrs])")


class BadValue(Exception):
    """A value cannot be written into a configuration file; the text names the attribute and the reason."""


def path_of(item, key):
    """A path attribute of a supervisor, with its default."""
    path = item.get(key) or DEFAULT_PATHS[key] % item["name"]
    return path[len("/var"):] if path.startswith("/var/run/") else path  # the same place, without the link


def program_file(item):
    return "%s_prg.ini" % item["name"]


def group_file(item):
    return "%s_grp.ini" % item["name"]


# Entries of the manager.


def instance_keys(item, template=None):
    """{key: text} of the entry of an instance, without what has its default. `template`: path of its own
    configuration."""
    out = {}
    for key in INSTANCE_KEYS:
        if key in DEFAULT_PATHS:
            path = path_of(item, key)
            text = path if path != DEFAULT_PATHS[key] % item["name"] else None
        else:
            text = _plain_text(item.get(key))
            text = text if text != DEFAULT_VALUES.get(key) else None
        if text not in (None, ""):
            out[key] = text
    if template:
        out["conf_file_src"] = "file://" + template
    server = item.get("http_server")
    if isinstance(server, dict):
        server_keys = {"http_server." + key: _plain_text(server[key]) for key in HTTP_KEYS
                       if server.get(key) is not None}
        out.update(server_keys or {"http_server": "yes"})
    elif server:
        out["http_server"] = "yes"
    for key, text in out.items():
        _require_one_line(key, text)
    return out


def instance_text(name, keys):
    """The drop-in of conf.d."""
    lines = ["%s for the instance %s: the next deployment overwrites changes." % (MARK, name), "[supervisor:%s]" % name]
    return "\n".join(lines + ["%s = %s" % one for one in keys.items()]) + "\n"


def sections_of(text):
    """{section: {key: value}} of a file, or None if it cannot be read."""
    try:
        read = control.parser(text)
    except configparser.Error:
        return None
    return {section: dict(read.items(section)) for section in read.sections()}


def without_secrets(before, after):
    """Two texts of a configuration for people, without what can be secret; a changed value is called another."""
    known = [match.group(2, 3) for match in SECRET.finditer(before)]
    keys = [key for key, unused in known]
    return SECRET.sub(r"\1(hidden)", before), SECRET.sub(lambda match: match.group(1) + (
        "(hidden)" if match.group(2, 3) in known or match.group(2) not in keys else "(hidden, another)"), after)


def _plain_text(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ",".join(str(one) for one in value)
    return None if value is None else str(value).strip()


def _require_one_line(key, text):
    """As the manager's own writer: a value is one line, and no part of it is a comment."""
    if any(ord(c) < 0x20 or ord(c) == 0x7f for c in text):
        raise BadValue("%s has a line break or another control character" % key)
    if re.search(r"(^|\s)[;#]", text):
        raise BadValue("%s has a ';' or '#' after a blank, which starts a comment" % key)


# Files of an include directory.


def program_text(item, own=None):
    """NAME_prg.ini. `own`: the bytes of the program's own text (conf_file_src), which only gets our first line."""
    if own is not None:
        return ("%s\n" % _file_mark("program", item)).encode("utf-8") + own
    keys = []
    for key in PROGRAM_KEYS:
        value = item.get(key)
        if key == "autostart" and value is None:
            value = item.get("state", "started") == "started"
        if value is None or value == [] or value == {}:
            continue
        if key == "environment":
            value = _environment(value)
        elif isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (list, tuple)):
            value = ",".join(str(one) for one in value)
        keys.append((key, str(value).strip()))
    return _ini("program", item, keys)


def group_text(item):
    """NAME_grp.ini."""
    keys = [("programs", ",".join(item["programs"]))]
    if item.get("priority") is not None:
        keys.append(("priority", str(item["priority"])))
    return _ini("group", item, keys)


def own_part(data):
    """What follows our first line, or None if the file is not one of ours."""
    first, _unused, rest = data.partition(b"\n")
    return rest if first.startswith(MARK.encode("ascii")) else None


def _file_mark(kind, item):
    return "%s for the %s %s: the next deployment overwrites changes." % (MARK, kind, item["name"])


def _ini(kind, item, keys):
    section = "%s:%s" % (kind, item["name"])
    lines = [_file_mark(kind, item), "[%s]" % section]
    for key, value in keys:
        _require_percents(key, value)
        lines.append("%s=%s" % (key, "\n  ".join(value.split("\n"))))
    text = "\n".join(lines) + "\n"
    read = sections_of(text)
    if read is None or list(read) != [section]:
        raise BadValue("the name or a value would be read as another section")
    for key, value in keys:
        expected = "\n".join(line.strip() for line in value.split("\n"))
        if read[section].get(key) != expected:
            raise BadValue("%s would be read as another value: a ';' or '#' after a blank starts a comment" % key)
    if len(read[section]) != len(keys):
        raise BadValue("a value would be read as another key")
    return text.encode("utf-8")


def _require_percents(key, value):
    if "%" in EXPANSION.sub("", value):
        raise BadValue("%s has a single '%%': write '%%%%' for the character, or %%(program_name)s and the like" % key)


def _environment(value):
    if isinstance(value, dict):
        value = [_quoted_variable(name, text) for name, text in value.items()]
    elif not isinstance(value, (list, tuple)):
        value = [str(value)]
    for one in value:
        _require_variables(one)
    return ",".join(value)


def _quoted_variable(name, text):
    text = str(text)
    quote = "'" if '"' in text else '"'
    if quote in text:
        raise BadValue("environment: the value of %s has both kinds of quotes, which Supervisor cannot read" % name)
    return "%s=%s%s%s" % (name, quote, text.replace("%", "%%"), quote)


def _require_variables(text):
    """As Supervisor reads KEY=value,KEY2="value"."""
    try:
        lexer = shlex.shlex(text)
        lexer.wordchars += "/.+-():" + "%"
        tokens = list(lexer)
    except ValueError as error:
        raise BadValue("environment: '%s': %s; write KEY=\"value\"" % (_without_value(text), error))
    good = len(tokens) % 4 == 3 and all(tokens[i] == "=" for i in range(1, len(tokens), 4)) and all(
        tokens[i] == "," for i in range(3, len(tokens), 4))
    if not good:
        raise BadValue("environment: '%s' is not KEY=\"value\"; a value with blanks or commas needs quotes"
                       % _without_value(text))


def _without_value(text):
    name, equals, unused = text.partition("=")
    return name + equals + "..." if equals else "..."


def own_text_hash(item):
    """The hash of the text that a program or an instance has of its own (conf_file_src); None if it has none."""
    return item.get("sha256") if item.get("conf_file_src") or item.get("conf_file_source") else None
