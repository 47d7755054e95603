# SPDX-License-Identifier: MIT
"""The part of the stage `programs` that runs with the ids of the owner of an instance. It reports steps with emit()."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import hashlib
import os
import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, entries
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.control import Fault

MOST_LEFTOVERS = 10000


class _File:
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
            raise entries.BadValue("an entry of supervisor-manager on this host already declares it: remove it from there, or "
                                   "here")
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
        return {"before_header": self.path, "after_header": self.path,
                "before": (self.before or b"").decode("utf-8", "replace"), "after": self.text.decode("utf-8", "replace")}


def _write(path, data):
    """Puts a file in place as a whole, or not at all."""
    temporary = os.path.join(os.path.dirname(path), ".%s.new" % os.path.basename(path))
    if os.path.lexists(temporary):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


class _Stop(Exception):
    """This instance is done: what failed is reported."""


class OwnersPart:
    """One instance. run() is called in the child."""

    def __init__(self, task):
        self._task = task
        self._emit = None
        self._daemon = None
        self._before = {}  # {address: info} before anything is changed
        self._old_addresses = {}  # {name of a program: its addresses then}
        self._files = []
        self._leftovers = []  # (kind, name, path) of ours that the plan does not have
        self._replaced = set()  # groups that were taken out, and perhaps added again
        self._addresses = {}  # {name of a program of the plan: its addresses}

    def run(self, emit):
        self._emit = emit
        try:
            {"deploy": self._deploy, "remove": self._remove, "start": self._start, "stop": self._stop,
             "restart": self._restart}[self._task.action]()
        except _Stop:
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
                if item.get("state", "started") == "started":
                    self._step(self._verb_name("Start", item), True, item)

    # What is reported.

    def _step(self, name, changed, item=None, **more):
        self._emit(dict(more, name=name, changed=changed, at=(item or {}).get("at")))

    def _fail(self, name, reason, item=None):
        self._emit({"name": name, "failed": reason, "at": (item or {}).get("at")})

    def _verb_name(self, verb, item):
        return "%s supervisor_%s program %s" % (verb, self._task.supervisor, item["name"])

    def _items(self):
        return [("program", item) for item in self._task.programs] + [("group", item) for item in self._task.groups]

    # deploy

    def _deploy(self):
        self._look_at_files()
        connected = self._connect()
        if not self._task.check:
            self._write_files()
            if connected:
                self._reread()
        for file in self._files:
            self._step(file.step, file.differs, file.item, diff=file.diff())
        self._report_leftovers()
        if not connected and not self._task.will_start:
            if self._task.programs:
                self._step(self._running_name(), False, self._task.item, message="the instance does not run: its programs "
                           "start with it")
            return
        if self._task.check:
            self._predict()
        else:
            self._reach_states()

    def _running_name(self):
        return "Get current state for supervisor_%s programs" % self._task.supervisor

    def _look_at_files(self):
        failed = False
        for kind, item in self._items():
            file = _File(self._task, kind, item)
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
            raise _Stop()
        if not self._task.check and self._files and not os.path.isdir(self._task.include_dir):
            self._fail(self._files[0].step, "there is no directory %s: deploy the instance '%s' first" % (
                self._task.include_dir, self._task.supervisor), self._files[0].item)
            raise _Stop()
        self._find_leftovers()

    @staticmethod
    def _reason(error):
        if isinstance(error, OSError) and error.filename:
            return "%s: %s" % (error.filename, error.strerror)
        return str(error)

    def _find_leftovers(self):
        kept = set(os.path.basename(file.path) for file in self._files)
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

    def _connect(self):
        """Whether the instance runs; then also what its programs do now."""
        try:
            self._daemon = control.Supervisord(self._task.conf_file)
            self._before = self._daemon.processes()
            self._old_addresses = self._find_addresses(self._before)
            return not self._task.will_stop
        except control.NotRunning:
            self._daemon = None
            return False
        except (control.Refused, Fault, OSError) as error:
            self._fail(self._running_name(), "supervisord of '%s' cannot be asked: %s" % (
                self._task.supervisor, self._fault_text(error)), self._task.item)
            raise _Stop()

    @staticmethod
    def _fault_text(error):
        return error.faultString if isinstance(error, Fault) else str(error)

    def _write_files(self):
        written = []
        try:
            for file in self._files:
                if file.differs:
                    _write(file.path, file.text)
                    written.append(file)
            if self._task.prune:
                for unused, unused_too, path, unused_data in self._leftovers:
                    os.unlink(path)
        except OSError as error:
            self._put_back(written)
            self._fail(file.step, "%s: %s" % (error.filename or file.path, error.strerror), file.item)
            raise _Stop()

    def _put_back(self, files):
        for file in files:
            if file.before is not None:
                _write(file.path, file.before)
            elif os.path.lexists(file.path):
                os.unlink(file.path)
        if self._task.prune:
            for unused, unused_too, path, data in self._leftovers:
                if not os.path.lexists(path):
                    _write(path, data)

    def _reread(self):
        """Lets supervisord read all files, and take the groups of this deployment: others stay as they are."""
        try:
            added, changed, removed = self._daemon.call("supervisor.reloadConfig")[0]
        except (Fault, control.Refused, control.NotRunning) as error:
            changed_files = [file for file in self._files if file.differs]
            self._put_back(changed_files)
            first = (changed_files or self._files or [None])[0]
            name, item = (first.step, first.item) if first else (self._running_name(), self._task.item)
            self._fail(name, "supervisord refuses the configuration: %s. The previous files are in force; correct the program "
                       "and deploy again" % self._fault_text(error), item)
            raise _Stop()
        ours = self._own_groups()
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

    def _replace_groups(self, out, into):
        """Groups of supervisord: stops and removes some, adds some. All stops go on at once."""
        if out:
            processes = [one for one, info in self._daemon.processes().items() if info["group"] in out]
            self._stop_processes(processes)
        calls = [("supervisor.removeProcessGroup", name) for name in out]
        calls += [("supervisor.addProcessGroup", name) for name in into]
        for call, result in zip(calls, self._each(calls)):
            if isinstance(result, Fault) and result.faultCode not in (control.BAD_NAME, control.ALREADY_ADDED):
                self._fail(self._running_name(), "%s of '%s': %s" % (call[0], call[1], result.faultString), self._task.item)

    def _each(self, calls):
        try:
            return self._daemon.each(calls)
        except (Fault, control.Refused, control.NotRunning) as error:
            self._fail(self._running_name(), "supervisord of '%s' does not answer any more: %s" % (
                self._task.supervisor, self._fault_text(error)), self._task.item)
            raise _Stop()

    def _processes(self):
        try:
            return self._daemon.processes()
        except (Fault, control.Refused, control.NotRunning) as error:
            self._fail(self._running_name(), "supervisord of '%s' does not answer any more: %s" % (
                self._task.supervisor, self._fault_text(error)), self._task.item)
            raise _Stop()

    def _stop_processes(self, addresses):
        """Stops, and waits. What does not run is no error."""
        self._each([("supervisor.stopProcess", control.call_name(one), False) for one in addresses])
        self._wait(addresses, lambda info: info["statename"] in control.STOPPED_STATES, self._task.stop_seconds)

    def _start_processes(self, addresses):
        """Starts; returns {address: reason} of what supervisord refuses at once."""
        results = self._each([("supervisor.startProcess", control.call_name(one), False) for one in addresses])
        return {one: result.faultString for one, result in zip(addresses, results)
                if isinstance(result, Fault) and result.faultCode != control.ALREADY_STARTED}

    def _wait(self, addresses, reached, seconds):
        """Until all are `reached` or the time is over; returns what they are then."""
        deadline, pause = time.monotonic() + seconds, 0.02
        while True:
            now = self._processes()
            if all(one not in now or reached(now[one]) for one in addresses) or time.monotonic() > deadline:
                return now
            time.sleep(pause)
            pause = min(0.5, pause * 1.5)

    # What programs of the plan are called.

    @staticmethod
    def _process_names(item):
        """Names that the processes of a program can have."""
        template = item.get("process_name", "%(program_name)s")
        first = int(item.get("numprocs_start", 0))
        out = set()
        for number in range(first, first + min(int(item.get("numprocs", 1)), 10000)):
            try:
                out.add(template % {"program_name": item["name"], "process_num": number, "group_name": item["name"]})
            except (KeyError, ValueError, TypeError):
                out.add(item["name"])
        return out

    def _find_addresses(self, infos):
        """{program: addresses} out of {address: info}: in its group of the plan, in the group of its name, or elsewhere."""
        groups = self._membership()
        others = set(item["name"] for item in self._task.programs)
        by_group, by_name = {}, {}
        for one, info in infos.items():
            by_group.setdefault(info["group"], []).append(one)
            by_name.setdefault(info["name"], []).append(one)
        out = {}
        for item in self._task.programs:
            name, names = item["name"], self._process_names(item)
            group = groups.get(name, name)
            found = [one for one in by_group.get(group, ()) if group == name or infos[one]["name"] in names]
            out[name] = found or [one for known in sorted(names) for one in by_name.get(known, ())
                                  if infos[one]["group"] == name or infos[one]["group"] not in others]
        return out

    def _membership(self):
        """{program: its group in the plan}"""
        return {name: group["name"] for group in self._task.groups for name in group["programs"]}

    def addresses_of(self, item, infos):
        """The addresses of one program of the plan."""
        return self._find_addresses(infos)[item["name"]]

    # The state that is wanted.

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
            self._report_program(item, starts, stops, notified, failed, end)
        self._restart_unmanaged(now)

    def _goal(self, item, one):
        """Whether a process is to run: True, False, or None: as it is now."""
        state = item.get("state", "started")
        if state != "current":
            return state == "started"
        before = self._old(item, one)
        return before["statename"] in control.RUNNING_STATES if before else None

    def _old(self, item, one):
        """What a process was when this began; if its group is another one now, under its address then."""
        if one in self._before:
            return self._before[one]
        name = one.rpartition(":")[2]
        found = [old for old in self._old_addresses[item["name"]] if self._before[old]["name"] == name]
        return self._before[found[0]] if found else None

    def _report_program(self, item, starts, stops, notified, failed, end):
        addresses = self._addresses[item["name"]]
        ran = any(self._ran(item, one) for one in addresses)
        state = item.get("state", "started")
        if self._concerns(item):
            self._step("Get current state for supervisor_%s_%s programs" % (self._task.supervisor, item["name"]), False, item)
        restarted = [one for one in addresses
                     if one in notified or (self._goal(item, one) and self._ran(item, one) and self._was_replaced(item, one))]
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

    def _ran(self, item, one):
        return (self._old(item, one) or {}).get("statename") in control.RUNNING_STATES

    def _runs(self, one):
        return self._before[one]["statename"] in control.RUNNING_STATES

    def _was_replaced(self, item, one):
        return (self._old(item, one) or {}).get("group") in self._replaced

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

    # Files that notify.

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
                if info["statename"] != "RUNNING" or self._goal(item, one) is False:
                    continue
                start = control.started_at(info["pid"], info["start"] + 1)
                if any((self._task.check and changed) or control.is_newer(path, changed, start) for path, changed in files):
                    out.append(one)
        return out

    def _restart_unmanaged(self, now):
        """A file that notifies an instance which something else manages: its supervisord reads everything again."""
        files = [(path, changed) for path, changed, kind, unused in self._task.notifications if kind == "instance"]
        if self._task.managed or not files:
            return
        starts = [control.started_at(info["pid"], info["start"] + 1) for info in now.values() if info["statename"] == "RUNNING"]
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

    # Check mode.

    def _predict(self):
        """What _reach_states() will do and report."""
        changed = self._changed_groups()
        now = self._model()
        self._addresses = self._find_addresses(now)
        notified = [] if self._task.will_start else self._notified(now)
        for item in self._task.programs:
            addresses, state = self._addresses[item["name"]], item.get("state", "started")
            ran = bool(addresses) and all(now[one]["statename"] in control.RUNNING_STATES for one in addresses)
            replaced = any(now[one]["group"] in changed for one in addresses)
            if self._concerns(item):
                self._step("Get current state for supervisor_%s_%s programs" % (self._task.supervisor, item["name"]), False,
                           item)
            if state == "stopped":
                self._step(self._verb_name("Stop", item), any(now[one]["statename"] in control.RUNNING_STATES
                                                              for one in addresses), item)
                continue
            if ran and (replaced or any(one in notified for one in addresses)):
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

    def _report_leftovers(self):
        for kind, name, path, unused in self._leftovers:
            self._step("Remove %s '%s' of supervisor '%s'" % (kind, name, self._task.supervisor), self._task.prune,
                       self._task.item, message=None if self._task.prune else "%s is of an earlier deployment, and no longer "
                       "in the application file; --prune removes it" % path)

    # remove

    def _remove(self):
        kept = [item for unused, item in self._items() if item.get("no_remove")]
        self._task.programs = [item for item in self._task.programs if not item.get("no_remove")]
        self._task.groups = [item for item in self._task.groups if not item.get("no_remove")]
        files = []
        for kind, item in self._items():
            file = _File(self._task, kind, item)
            try:
                file.before = control.read_file(file.path)
            except OSError as error:
                self._fail("Remove %s '%s' of supervisor '%s'" % (kind, item["name"], self._task.supervisor),
                           self._reason(error), item)
                raise _Stop()
            files.append(file)
        connected = self._connect()
        self._addresses = self._find_addresses(self._before)
        if not self._task.check:
            if connected:
                self._stop_processes([one for found in self._addresses.values() for one in found])
            for file in files:
                if file.before is not None and entries.own_part(file.before) is not None:
                    os.unlink(file.path)
            if connected:
                self._forget(kept)
        for item in self._task.programs:
            self._step(self._verb_name("Stop", item), any(self._ran(item, one) for one in self._addresses[item["name"]]), item)
        for file in reversed(files):
            self._report_removed(file)

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

    # start, stop and restart

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
        """Programs whose files are there, but which supervisord was not told about."""
        try:
            added = self._daemon.call("supervisor.reloadConfig")[0][0]
        except Fault as error:
            self._fail(self._running_name(), "supervisord refuses the configuration: %s" % error.faultString,
                       self._task.item)
            raise _Stop()
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
