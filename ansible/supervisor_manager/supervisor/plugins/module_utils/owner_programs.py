# SPDX-License-Identifier: MIT
"""The part of the stage `programs` that runs with the ids of the owner of an instance. It reports steps with emit()."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, entries
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.control import Fault
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_deploy import Deployment
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_talk import Stopped
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.program_files import ProgramFile


class OwnersPart(Deployment):
    """One instance. run() is called in the child."""

    def run(self, emit):
        self._emit = emit
        try:
            {"deploy": self._deploy, "remove": self._remove, "start": self._start, "stop": self._stop,
             "restart": self._restart}[self._task.action]()
        except Stopped:
            pass

    def run_without_account(self, emit):
        """In check mode, before the account exists: all is new."""
        self._emit = emit
        if self._task.action != "deploy":
            return
        for kind, item in self._items():
            self._step("Setup %s '%s' of supervisor '%s'" % (kind, item["name"], self._task.supervisor), True, item)
            sha256 = entries.own_text_hash(item) if kind == "program" else None
            if sha256 and self._task.contents.get(sha256) is None:
                emit({"want": sha256})
        if self._task.will_start:
            for item in self._task.programs:
                self._report_new(item)

    def _report_new(self, item):
        state = item.get("state", "started")
        if self._concerns(item):
            self._step("Get current state for supervisor_%s_%s programs" % (self._task.supervisor, item["name"]), False,
                       item)
        if state == "stopped":
            self._step(self._verb_name("Stop", item), False, item)
        elif state == "started":
            self._step(self._verb_name("Start", item), True, item)

    def _remove(self):
        kept = [item for unused, item in self._items() if item.get("no_remove")]
        self._task.programs = [item for item in self._task.programs if not item.get("no_remove")]
        self._task.groups = [item for item in self._task.groups if not item.get("no_remove")]
        files = []
        for kind, item in self._items():
            file = ProgramFile(self._task, kind, item)
            try:
                file.before = control.read_file(file.path)
            except OSError as error:
                self._fail("Remove %s '%s' of supervisor '%s'" % (kind, item["name"], self._task.supervisor),
                           self._reason(error), item)
                raise Stopped()
            files.append(file)
        connected = self._connect()
        self._addresses = self._find_addresses(self._before)
        if not self._task.check:
            if connected:
                connected = self._stop_or_lose([one for found in self._addresses.values() for one in found])
            for file in files:
                if file.before is not None and entries.own_part(file.before) is not None:
                    os.unlink(file.path)
            if connected:
                self._forget(kept)
            self._journal.remove()
            self._running_journal.remove()
        for item in self._task.programs:
            ran = any(self._ran(item, one) for one in self._addresses[item["name"]])
            self._step(self._verb_name("Stop", item), ran, item)
        for file in reversed(files):
            self._report_removed(file)

    def _stop_or_lose(self, addresses):
        """Whether supervisord still answers after these were stopped."""
        try:
            self._stop_processes(addresses)
            return True
        except Stopped:
            return False

    def _forget(self, kept):
        """Lets supervisord take the groups out. What cannot be read any more does not matter here."""
        try:
            added, changed, removed = self._daemon.call("supervisor.reloadConfig")[0]
        except (Fault, control.Refused, control.NotRunning):
            return
        ours = set(item["name"] for unused, item in self._items())
        again = ours | set(item["name"] for item in kept)
        new = [name for name in changed if name in ours]
        self._replace_groups([name for name in removed if name in ours] + new,
                             new + [name for name in added if name in again])

    def _report_removed(self, file):
        name = "Remove %s '%s' of supervisor '%s'" % (file.kind, file.item["name"], self._task.supervisor)
        foreign = file.before is not None and entries.own_part(file.before) is None
        self._step(name, file.before is not None and not foreign, file.item,
                   message="%s was not made by a deployment, and stays" % file.path if foreign else None)

    def _start(self):
        if not self._connect():
            if self._task.will_start:
                self._look_at_files()
                self._predict()
                return
            self._fail(self._running_name(), "supervisord of '%s' does not run: start the instance first"
                       % self._task.supervisor, self._task.item)
            return
        self._task.notifications = []
        if self._task.check:
            self._predict()
            return
        missing = [item for item in self._task.programs if not self._find_addresses(self._before)[item["name"]]]
        if missing:
            self._take_missing()
        self._reach_states()

    def _take_missing(self):
        """Programs whose files are there, but which supervisord has not read."""
        try:
            added = self._daemon.call("supervisor.reloadConfig")[0][0]
        except Fault as error:
            self._fail(self._running_name(), "supervisord refuses the configuration: %s" % error.faultString,
                       self._task.item)
            raise Stopped()
        ours = self._own_groups()
        self._replace_groups([], [name for name in added if name in ours])

    def _stop(self):
        if not self._connect():
            for item in self._task.programs:
                self._step(self._verb_name("Stop", item), False, item, message="the instance does not run")
            return
        self._addresses = self._find_addresses(self._before)
        addresses = [one for found in self._addresses.values() for one in found]
        end = self._before
        if not self._task.check:
            self._stop_processes([one for one in addresses if self._runs(one)])
            end = self._processes()
        for item in self._task.programs:
            found = self._addresses[item["name"]]
            left = [one for one in found if end.get(one, {}).get("statename") not in control.STOPPED_STATES + (None,)]
            self._step(self._verb_name("Stop", item), any(self._runs(one) for one in found), item,
                       message="%s did not stop" % ", ".join(left) if left and not self._task.check else None)

    def _restart(self):
        if not self._connect():
            self._start()
            return
        self._addresses = self._find_addresses(self._before)
        addresses = [one for found in self._addresses.values() for one in found]
        failed, end = {}, self._before
        if not self._task.check:
            self._stop_processes([one for one in addresses if self._runs(one)])
            failed = self._start_processes(addresses)
            end = self._wait([one for one in addresses if one not in failed],
                             lambda info: info["statename"] not in ("STARTING", "BACKOFF"), self._task.start_seconds)
        for item in self._task.programs:
            found = self._addresses[item["name"]]
            bad = [] if self._task.check else [self._trouble(item, one, failed, end) for one in found]
            bad = [one for one in bad if one] or ([] if found else ["supervisord does not have '%s'" % item["name"]])
            if bad:
                self._fail(self._verb_name("Restart", item), "; ".join(bad), item)
            else:
                self._step(self._verb_name("Restart", item), True, item)
