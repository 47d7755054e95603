# SPDX-License-Identifier: MIT
"""What the stages of a deployment share: the items of this host, check mode, and the steps that are reported."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import io
import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths


class StepFailed(Exception):
    """An item cannot be deployed; the failed step is recorded already."""


class ContentMissing(Exception):
    """The content of a file was not sent: the run that compares did not ask for it."""


class Run:
    """One call of the module: some stages of an action on this host.

    items         {section: [item]}: what the application file says for this host, as in the plan document
    check         compare only: change nothing, and report what would change
    steps         what was done, in order: dictionaries with stage, name, result (ok, changed, failed), handler, at,
                  message, diff
    changed_paths files and folders that this call changed, or would change; from an earlier call: `before`
    wanted        hashes of contents that a run that compares found missing on this host
    wants_packages  whether a run that compares found that our packages are to be installed
    """

    def __init__(self, action, items, check=False, before=None, contents=None, options=None):
        self.action = action
        self.items = items
        self.check = check
        self.options = options or {}
        self.steps = []
        self.wanted = []
        self.wants_packages = False
        self.swept = set()  # folders without temporary files of killed runs
        self.planned_folders = None  # of the stage files
        self.changed_paths = set((before or {}).get("changed_paths", ()))
        self.status = []
        self._contents = contents or {}
        self._stage = None

    def section(self, name):
        """The items of a section, in the order of the sources."""
        return self.items.get(name, [])

    def begin(self, stage):
        self._stage = stage

    def begin_item(self, step, item):
        """A step begins: if it never ends, this is the one that is reported."""

    def sweep(self, folder):
        """Removes what killed runs have left in a folder (open), once in a run."""
        info = os.fstat(folder)
        if (info.st_dev, info.st_ino) not in self.swept:
            self.swept.add((info.st_dev, info.st_ino))
            paths.sweep(folder)

    def alive(self):
        """A long step makes progress."""

    def step(self, name, changed, item=None, handler=False, message=None, diff=None):
        """Records a step. A step that changed nothing is recorded, too. `diff`, one part of Ansible's form or a list of
        them, is kept only if the run was asked for differences."""
        parts = [diff] if isinstance(diff, dict) else diff
        self.steps.append({
            "stage": self._stage, "name": name, "result": "changed" if changed else "ok", "handler": handler,
            "at": (item or {}).get("at"), "message": message,
            "diff": parts if self.options.get("diff") else None,
        })

    def fail(self, name, message, item=None):
        """Records a failed step and ends the stage."""
        self.steps.append({
            "stage": self._stage, "name": name, "result": "failed", "handler": False,
            "at": (item or {}).get("at"), "message": message, "diff": None,
        })
        raise StepFailed(message)

    def want(self, sha256):
        if sha256 not in self.wanted:
            self.wanted.append(sha256)

    def has_content(self, sha256):
        return sha256 in self._contents

    def open_content(self, sha256):
        """A content that was sent along, inline or as a file on this host, to read. The caller closes it."""
        sent = self._contents.get(sha256)
        if sent is None:
            raise ContentMissing(sha256)
        if "path" in sent:
            return open(sent["path"], "rb")
        return io.BytesIO(base64.b64decode(sent["base64"]))

    def content(self, sha256):
        """The bytes of a content that was sent along."""
        with self.open_content(sha256) as file:
            return file.read()
