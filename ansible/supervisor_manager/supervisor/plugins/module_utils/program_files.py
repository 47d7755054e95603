# SPDX-License-Identifier: MIT
"""Files of programs and groups in the include directory of an instance; for use with the ids of its owner."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json
import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, entries, whole_files


class ProgramFile:
    """NAME_prg.ini or NAME_grp.ini: what it is to be, and what it is."""

    def __init__(self, task, kind, item):
        self.kind = kind
        self.item = item
        name = entries.program_file(item) if kind == "program" else entries.group_file(item)
        self.path = os.path.join(task.include_dir, name)
        self.step = "Setup %s '%s' of supervisor '%s'" % (kind, item["name"], task.supervisor)
        self.before = None
        self.text = None  # None: its own text was not sent
        self.differs = False

    def look(self, contents):
        """Compares. Returns the hash of a text that is needed and was not sent. Raises BadValue and OSError."""
        self.before = control.read_file(self.path)
        if self.before is not None and self.before.startswith(entries.MANAGER_MARK.encode("ascii")):
            raise entries.BadValue("an entry of supervisor-manager on this host already declares it: remove it there")
        sha256 = entries.own_text_hash(self.item) if self.kind == "program" else None
        if not sha256:
            self.text = entries.program_text(self.item) if self.kind == "program" else entries.group_text(self.item)
            self.differs = self.text != self.before
            return None
        own = entries.own_part(self.before) if self.before is not None else None
        self.differs = own is None or hashlib.sha256(own).hexdigest() != sha256
        if contents.get(sha256) is not None:
            self.text = entries.program_text(self.item, contents[sha256])
        return sha256 if self.differs and self.text is None else None

    @property
    def changes_keys(self):
        """Whether supervisord sees another configuration, as far as the texts tell."""
        if not self.differs:
            return False
        if self.before is None or self.text is None:
            return True
        before, after = (entries.sections_of(data.decode("utf-8", "replace")) for data in (self.before, self.text))
        return before != after

    def diff(self):
        if not self.differs or self.text is None:
            return None
        before, after = ((data or b"").decode("utf-8", "replace") for data in (self.before, self.text))
        if self.item.get("is_secret"):
            before, after = "(not shown)\n", "(new content, not shown)\n"
        before, after = entries.without_secrets(before, after)
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}


class Journal:
    """A file in the include directory with names that count until they are dealt with: a run that is interrupted in
    between is completed by the next. Supervisord ignores it by its name."""

    def __init__(self, include_dir, name):
        self._path = os.path.join(include_dir, name)

    def read(self):
        """The names; none if there is no such file, or if it makes no sense."""
        try:
            names = json.loads((control.read_file(self._path) or b"[]").decode("utf-8"))
        except (OSError, ValueError):
            return []
        return [str(name) for name in names] if isinstance(names, list) else []

    def write(self, names):
        whole_files.replace(self._path, json.dumps(names).encode("ascii"), whole_files.OWN)

    def remove(self):
        if os.path.lexists(self._path):
            os.unlink(self._path)
