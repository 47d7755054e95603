# SPDX-License-Identifier: MIT
"""The states that the programs of an instance are to reach, and what check mode predicts; with the ids of its owner."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, processes
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.control import Fault
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_talk import Talk


class States(Talk):
    """Starts, stops and restarts programs as the plan and changed files want it, and reports that."""

    def _reach_states(self):
        now = self._processes()
        self._addresses = self._find_addresses(now)
        starts, stops = [], []
        for item in self._task.programs:
            for one in self._addresses[item["name"]]:
                goal = self._goal(item, one)
                if goal is True and now[one]["statename"] not in control.RUNNING_STATES:
                    starts.append(one)
                elif goal is False and now[one]["statename"] in control.RUNNING_STATES:
                    stops.append(one)
        notified = self._notified(now)
        self._stop_processes(stops + notified)
        failed = self._start_processes(starts + notified)
        watched = [one for item in self._task.programs for one in self._addresses[item["name"]]
                   if self._goal(item, one) or one in notified]
        end = self._wait([one for one in watched if one not in failed],
                         lambda info: info["statename"] not in ("STARTING", "BACKOFF"), self._task.start_seconds)
        for item in self._task.programs:
            self._report_program(item, notified, failed, end)
        self._restart_unmanaged(now)

    def _goal(self, item, one):
        """Whether a process is to run: True, False, or None: as it is now."""
        state = item.get("state", "started")
        if state != "current":
            return state == "started"
        if one in self._were_running:
            return True
        before = self._old(item, one)
        return before["statename"] in control.RUNNING_STATES if before else None

    def _old(self, item, one):
        """What a process was when this began: under its address then, if its group is another one now. A process that
        is new counts as those that the program had: as one that ran, if there is one."""
        if one in self._before:
            return self._before[one]
        name = one.rpartition(":")[2]
        olds = [self._before[old] for old in self._old_addresses[item["name"]]]
        same = [old for old in olds if old["name"] == name]
        running = [old for old in olds if old["statename"] in control.RUNNING_STATES]
        return (same or running or olds or [None])[0]

    def _ran(self, item, one):
        return (self._old(item, one) or {}).get("statename") in control.RUNNING_STATES

    def _runs(self, one):
        return self._before[one]["statename"] in control.RUNNING_STATES

    def _was_replaced(self, item, one):
        return (self._old(item, one) or {}).get("group") in self._replaced

    def _report_program(self, item, notified, failed, end):
        addresses = self._addresses[item["name"]]
        ran = any(self._ran(item, one) for one in addresses)
        state = item.get("state", "started")
        if self._concerns(item):
            self._step("Get current state for supervisor_%s_%s programs" % (self._task.supervisor, item["name"]),
                       False, item)
        restarted = [one for one in addresses
                     if one in notified or (self._goal(item, one) and self._ran(item, one)
                                            and self._was_replaced(item, one))]
        if state == "stopped":
            self._step(self._verb_name("Stop", item), ran, item)
        else:
            bad = {one: reason for one, reason in ((one, self._trouble(item, one, failed, end)) for one in addresses
                                                   if self._goal(item, one) or one in notified) if reason}
            if state == "started" and not addresses:
                bad[item["name"]] = "supervisord does not have it: see `reread` and `update` of its supervisorctl"
            if bad:
                verb = "Restart" if restarted else "Start"
                self._fail(self._verb_name(verb, item), "; ".join(bad.values()), item)
                return
            if restarted:
                self._step(self._verb_name("Restart", item), True, item, handler=True)
            if state == "started":
                self._step(self._verb_name("Start", item), bool(set(addresses) - set(restarted)) and not all(
                    self._ran(item, one) for one in addresses), item)

    def _trouble(self, item, one, failed, end):
        """Why a process does not run although it should; None if it does."""
        info = end.get(one)
        if one in failed:
            reason = failed[one]
        elif info is None:
            reason = "it is gone"
        elif info["statename"] == "RUNNING":
            return None
        elif info["statename"] == "EXITED" and info.get("exitstatus") in (item.get("exitcodes") or [0]):
            return None  # it did what it had to do
        else:
            reason = "%s, %s" % (info["statename"], info.get("description") or info.get("spawnerr") or "")
        lines = self._daemon.last_lines(control.call_name(one), "Stderr").strip() or self._daemon.last_lines(
            control.call_name(one), "Stdout").strip()
        text = "%s of '%s' did not start: %s" % (one, self._task.supervisor, reason)
        if lines:
            text += "\nThe last lines of its output:\n  " + "\n  ".join(lines.split("\n")[-10:])
        return text + "\nCorrect the program and deploy again"

    def _concerns(self, item):
        return any(self._is_about(item, kind, name) for unused, unused_too, kind, name in self._task.notifications)

    def _is_about(self, item, kind, name):
        if kind == "program":
            return item["name"] == name
        return kind == "group" and any(group["name"] == name and item["name"] in group["programs"]
                                       for group in self._task.groups)

    def _notified(self, now):
        """Addresses of running programs that are older than a file of theirs."""
        out = []
        for item in self._task.programs:
            files = [(path, changed) for path, changed, kind, name in self._task.notifications
                     if self._is_about(item, kind, name)]
            for one in self._addresses[item["name"]] if files else ():
                info = now[one]
                # One that starts has the old files, too, unless it failed and waits for its next try.
                if info["statename"] not in ("STARTING", "RUNNING") or self._goal(item, one) is False:
                    continue
                start = processes.started_at(info["pid"], info["start"] + 1)
                if any((self._task.check and changed) or control.is_newer(path, changed, start)
                       for path, changed in files):
                    out.append(one)
        return out

    def _restart_unmanaged(self, now):
        """A file that notifies an instance which something else manages: its supervisord reads everything again."""
        files = [(path, changed) for path, changed, kind, unused in self._task.notifications if kind == "instance"]
        if self._task.managed or not files:
            return
        starts = [processes.started_at(info["pid"], info["start"] + 1) for info in now.values()
                  if info["statename"] == "RUNNING"]
        newer = any((self._task.check and changed) or control.is_newer(path, changed, start)
                    for start in starts for path, changed in files)
        if newer and not self._task.check:
            self._each([("supervisor.restart",)])
            deadline = time.monotonic() + self._task.stop_seconds
            while not self._answers() and time.monotonic() < deadline:
                time.sleep(0.1)
        if newer:
            self._step("Restart supervisord_%s service" % self._task.supervisor, True, self._task.item, handler=True)

    def _answers(self):
        try:
            return self._daemon.call("supervisor.getState")["statename"] == "RUNNING"
        except (Fault, control.Refused, control.NotRunning, TypeError, KeyError):
            return False

    def _predict(self):
        """What _reach_states() will do and report."""
        changed = self._changed_groups()
        now = self._model()
        self._addresses = self._find_addresses(now)
        notified = [] if self._task.will_start else self._notified(now)
        for item in self._task.programs:
            addresses, state = self._addresses[item["name"]], item.get("state", "started")
            running = [one for one in addresses if now[one]["statename"] in control.RUNNING_STATES]
            ran = bool(addresses) and running == addresses
            replaced = any(now[one]["group"] in changed for one in running)
            if self._concerns(item):
                self._step("Get current state for supervisor_%s_%s programs" % (self._task.supervisor, item["name"]),
                           False, item)
            if state == "stopped":
                self._step(self._verb_name("Stop", item), bool(running), item)
                continue
            if replaced or any(one in notified for one in running):
                self._step(self._verb_name("Restart", item), True, item, handler=True)
            if state == "started":
                self._step(self._verb_name("Start", item), not ran, item)
        self._restart_unmanaged(now)

    def _changed_groups(self):
        """Groups that supervisord will replace."""
        names = set()
        membership = self._membership()
        for file in self._files:
            if file.changes_keys:
                name = file.item["name"]
                names.update([name, membership.get(name, name)])
                names.update(file.item["programs"] if file.kind == "group" else ())
        return names

    def _model(self):
        """What the programs will do when this stage begins: an instance that starts also starts its programs."""
        if not self._task.will_start:
            return self._before
        out = {}
        for file in self._files:
            if file.kind != "program" or file.before is None:
                continue
            item = file.item
            runs = item.get("autostart", item.get("state", "started") == "started")
            for name in self._process_names(item):
                info = {"group": item["name"], "name": name, "statename": "RUNNING" if runs else "STOPPED", "pid": 0,
                        "start": time.time()}
                out[control.address(info)] = info
        return out
