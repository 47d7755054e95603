# SPDX-License-Identifier: MIT
"""The manager of this host, through its command supervisor-manager: bounded calls, answers in JSON."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import shutil

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable_lines

PACKAGE = "supervisor-manager"
CONF_DIR = "/etc/supervisor-manager/conf.d"
TEMPLATE_DIR = "/etc/supervisor-manager/templates"

SHORT = 60
# An instance can take its stop_timeout (75 s by default) to stop, and others are in front of it.
LONG = 600
INSTALLATION = 1200
MOST_ANSWER = 64 << 20  # `list` of thousands of instances

NO_SUCH_NAME = 4
UNREACHABLE = 6


class ManagerFailed(Exception):
    """The text names the cause and the next step."""


def execute(argv, limit, env=None):
    """A children.Outcome. Raises ManagerFailed if the command cannot be run, or does not end in time."""
    try:
        return children.run_command(argv, limit=limit, env=os.environ if env is None else env, most=MOST_ANSWER)
    except children.ChildFailed as failed:
        raise ManagerFailed(str(failed))


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
        outcome = execute(["dpkg-query", "--show", "--showformat=${db:Status-Status}", PACKAGE], SHORT)
        return outcome.status == 0 and outcome.output.strip() not in ("installed", "not-installed", "config-files")

    def path(self, name):
        return self.root + name

    def entry_file(self, name):
        return "%s/%s.conf" % (self.path(CONF_DIR), name)

    def call(self, *words, **options):
        """The answer of a verb, from its JSON. Raises ManagerFailed if there is none."""
        outcome = execute(self.command + ["--json"] + list(words), options.get("seconds", SHORT))
        code, errors = outcome.status, outcome.errors
        try:
            answer = json.loads(outcome.output) if outcome.output.strip() else None
        except ValueError:
            answer = None
        if isinstance(answer, dict) and set(answer) == {"error"}:
            code, errors = answer["error"].get("code", code), answer["error"].get("message", errors)
            answer = None
        if code == UNREACHABLE:
            raise ManagerFailed(printable_lines(errors).strip() or "the manager does not answer; start it with: "
                                "systemctl enable --now supervisor-manager")
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
