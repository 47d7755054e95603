# SPDX-License-Identifier: MIT
"""The programs of one instance are deployed, with the ids of its owner: files, and what supervisord takes of them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, entries, whole_files
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.control import Fault
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_states import States
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_talk import Stopped
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.program_files import ProgramFile

MOST_LEFTOVERS = 10000


class Deployment(States):
    """The action deploy."""

    def _deploy(self):
        self._look_at_files()
        connected = self._connect()
        interrupted = self._journal.read()
        self._were_running = set(self._running_journal.read())
        is_unfinished = bool(interrupted or self._were_running and connected)
        if not self._task.check:
            if connected:
                self._remember_running()
            self._write_files(interrupted)
            if connected:
                self._reread(interrupted)
            self._journal.remove()
        if is_unfinished:
            self._step("Finish the interrupted deployment of supervisor '%s'" % self._task.supervisor, True,
                       self._task.item)
        for file in self._files:
            self._step(file.step, file.differs, file.item, diff=file.diff())
        self._report_leftovers()
        if not connected and not self._task.will_start:
            if self._task.programs:
                self._step(self._running_name(), False, self._task.item,
                           message="the instance does not run: its programs start with it")
            return
        if self._task.check:
            self._predict()
        else:
            self._reach_states()
            self._running_journal.remove()

    def _remember_running(self):
        found = self._find_addresses(self._before)
        self._were_running.update(one for item in self._task.programs if item.get("state") == "current"
                                  for one in found[item["name"]] if self._runs(one))
        if self._were_running:
            self._running_journal.write(sorted(self._were_running))

    def _look_at_files(self):
        failed = False
        for kind, item in self._items():
            file = ProgramFile(self._task, kind, item)
            try:
                sha256 = file.look(self._task.contents)
            except (entries.BadValue, OSError) as error:
                self._fail(file.step, self._reason(error), item)
                failed = True
                continue
            if sha256:
                self._emit({"want": sha256})
                failed = failed or not self._task.check
            self._files.append(file)
        if failed:
            raise Stopped()
        if not self._task.check and self._files and not os.path.isdir(self._task.include_dir):
            self._fail(self._files[0].step, "there is no directory %s: deploy the instance '%s' first" % (
                self._task.include_dir, self._task.supervisor), self._files[0].item)
            raise Stopped()
        self._find_leftovers()

    def _find_leftovers(self):
        if self._task.ignored is None:
            return
        kept = set(os.path.basename(file.path) for file in self._files).union(self._task.ignored)
        try:
            names = sorted(os.listdir(self._task.include_dir))[:MOST_LEFTOVERS]
        except OSError:
            return
        for name in names:
            kind = {"_prg.ini": "program", "_grp.ini": "group"}.get(name[-8:])
            if not kind or name in kept:
                continue
            path = os.path.join(self._task.include_dir, name)
            try:
                data = control.read_file(path)
            except OSError:
                continue
            if data is not None and entries.own_part(data) is not None:
                self._leftovers.append((kind, name[:-8], path, data))

    def _report_leftovers(self):
        for kind, name, path, unused in self._leftovers:
            self._step("Remove %s '%s' of supervisor '%s'" % (kind, name, self._task.supervisor), self._task.prune,
                       self._task.item, message=None if self._task.prune else "%s is of an earlier deployment, and no "
                       "longer in the application file; --prune removes it" % path)

    def _write_files(self, interrupted):
        written = []
        names = [file.item["name"] for file in self._files if file.differs]
        names += [name for unused, name, unused_path, unused_data in self._leftovers if self._task.prune]
        try:
            if names:
                self._journal.write(sorted(set(names + interrupted)))
            for file in self._files:
                if file.differs:
                    whole_files.replace(file.path, file.text, whole_files.OWN)
                    written.append(file)
            if self._task.prune:
                for unused, unused_too, path, unused_data in self._leftovers:
                    os.unlink(path)
        except OSError as error:
            self._put_back(written)
            name = self._files[0].step if self._files else self._running_name()
            self._fail(name, "%s: %s" % (error.filename or self._task.include_dir, error.strerror),
                       (self._task.programs or [self._task.item])[0])
            raise Stopped()

    def _put_back(self, files):
        for file in files:
            whole_files.restore(file.path, file.before, whole_files.OWN)
        if self._task.prune:
            for unused, unused_too, path, data in self._leftovers:
                if not os.path.lexists(path):
                    whole_files.replace(path, data, whole_files.OWN)

    def _reread(self, interrupted):
        """Lets supervisord read all files, and take the groups of this deployment: others stay as they are."""
        try:
            added, changed, removed = self._daemon.call("supervisor.reloadConfig")[0]
        except (Fault, control.Refused, control.NotRunning) as error:
            changed_files = [file for file in self._files if file.differs]
            self._put_back(changed_files)
            self._journal.remove()
            first = (changed_files or self._files or [None])[0]
            name, item = (first.step, first.item) if first else (self._running_name(), self._task.item)
            self._fail(name, "supervisord refuses the configuration: %s. The previous files are in force; correct the "
                       "program and deploy again" % self._fault_text(error), item)
            raise Stopped()
        ours = self._own_groups().union(interrupted)
        gone = [name for name in removed if name in ours]
        new = [name for name in changed if name in ours]
        self._replaced.update(gone + new)
        self._replace_groups(gone + new, new + [name for name in added if name in ours])

    def _own_groups(self):
        """The groups that this deployment may change."""
        names = set(item["name"] for unused, item in self._items())
        if self._task.prune or self._task.action == "remove":
            names.update(name for unused, name, unused_path, unused_data in self._leftovers)
        # A group that the owner made of programs of the plan.
        infos = self._daemon.call("supervisor.getAllConfigInfo")
        for item in self._task.programs:
            if item["name"] not in [info["group"] for info in infos]:
                wanted = self._process_names(item)
                names.update(info["group"] for info in infos if info["name"] in wanted)
        return names
