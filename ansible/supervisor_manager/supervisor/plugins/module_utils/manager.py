# SPDX-License-Identifier: MIT
"""The manager of this host, through its command supervisor-manager: bounded calls, answers in JSON."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import shutil
import signal
import subprocess
import tempfile

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable_lines

PACKAGE = "supervisor-manager"
CONF_DIR = "/etc/supervisor-manager/conf.d"
TEMPLATE_DIR = "/etc/supervisor-manager/templates"

SHORT = 60
# An instance can take its stop_timeout (75 s by default) to stop, and others are in front of it.
LONG = 600
INSTALLATION = 1200

NO_SUCH_NAME = 4
UNREACHABLE = 6


class ManagerFailed(Exception):
    """The text names the cause and the next step."""


def run_bounded(command, seconds, env=None):
    """(exit status, output, errors) of a command without standard input; its whole session is killed after `seconds`.

    Output goes to files: a daemon that the command leaves behind cannot hold it up.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=env,
                                       close_fds=True, start_new_session=True)
        except OSError as error:
            raise ManagerFailed("%s cannot be executed: %s" % (command[0], error.strerror))
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise ManagerFailed("%s was not done within %d seconds" % (" ".join(command), seconds))
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        return code, texts[0], texts[1]


class Manager:
    """Calls supervisor-manager. Tests have another `command`, and a `root`: the folder that is / there."""

    def __init__(self, options):
        self.command = options.get("manager") or ["supervisor-manager"]
        self.root = options.get("root", "")

    def is_installed(self):
        return shutil.which(self.command[0]) is not None

    def is_half_installed(self):
        """Whether the installation of its Debian package broke off."""
        if shutil.which("dpkg-query") is None:
            return False
        code, out, unused = run_bounded(["dpkg-query", "--show", "--showformat=${db:Status-Status}", PACKAGE], SHORT)
        return code == 0 and out.strip() not in ("installed", "not-installed", "config-files")

    def path(self, name):
        return self.root + name

    def entry_file(self, name):
        return "%s/%s.conf" % (self.path(CONF_DIR), name)

    def call(self, *words, **options):
        """The answer of a verb, from its JSON. Raises ManagerFailed if there is none."""
        code, out, errors = run_bounded(self.command + ["--json"] + list(words), options.get("seconds", SHORT))
        try:
            answer = json.loads(out) if out.strip() else None
        except ValueError:
            answer = None
        if isinstance(answer, dict) and set(answer) == {"error"}:
            code, errors = answer["error"].get("code", code), answer["error"].get("message", errors)
            answer = None
        if code == UNREACHABLE:
            raise ManagerFailed(printable_lines(errors).strip() or "the manager does not answer; start it with: systemctl enable "
                                "--now supervisor-manager")
        if answer is None and code != NO_SUCH_NAME:
            reason = printable_lines(errors).strip() or "status %d" % code
            raise ManagerFailed("supervisor-manager %s: %s" % (" ".join(words), reason))
        return answer if answer is not None else []

    def rows(self):
        """{name: row of list}: state, main_pid, enabled, reason"""
        return {row["name"]: row for row in self.call("list")}

    def plan(self):
        return self.call("plan")

    def reload(self):
        return self.call("reload", seconds=LONG)

    def control(self, verb, names, *words):
        """Runs a verb for instances, all in one call. Returns {name: reason} of those that it failed for."""
        if not names:
            return {}
        done = self.call(verb, *(list(words) + list(names)), seconds=LONG)
        failed = {name: "there is no such instance: deploy it first" for name in names}
        for one in done:
            error = one.get("error")
            failed[one["instance"]] = printable_lines(
                error.get("message") or error.get("name") or "failed") if error else None
        return {name: reason for name, reason in failed.items() if reason}
