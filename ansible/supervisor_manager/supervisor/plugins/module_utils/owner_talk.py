# SPDX-License-Identifier: MIT
"""Calls to the supervisord of an instance, and the steps that are reported; with the ids of its owner."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.control import Fault
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.program_files import Journal


class Stopped(Exception):
    """This instance is done: what failed is reported."""


class Talk:
    """What all actions on the programs of one instance need. `task`: see programs.Task."""

    def __init__(self, task):
        self._task = task
        self._emit = None
        self._daemon = None
        self._before = {}  # {address: info} before anything is changed
        self._old_addresses = {}  # {name of a program: its addresses then}
        self._files = []
        # Programs and groups whose files were changed, until supervisord has taken them.
        self._journal = Journal(task.include_dir, ".supervisor-deploy")
        # Processes that ran and are to run as before (state: current), until they do.
        self._running_journal = Journal(task.include_dir, ".supervisor-deploy-running")
        self._were_running = set()
        self._leftovers = []  # (kind, name, path) of ours that the plan does not have
        self._replaced = set()  # groups that were taken out, and perhaps added again
        self._addresses = {}  # {name of a program of the plan: its addresses}

    def _step(self, name, changed, item=None, **more):
        self._emit(dict(more, name=name, changed=changed, at=(item or {}).get("at")))

    def _fail(self, name, reason, item=None):
        self._emit({"name": name, "failed": reason, "at": (item or {}).get("at")})

    def _verb_name(self, verb, item):
        return "%s supervisor_%s program %s" % (verb, self._task.supervisor, item["name"])

    def _running_name(self):
        return "Get current state for supervisor_%s programs" % self._task.supervisor

    def _items(self):
        return [("program", item) for item in self._task.programs] + [("group", item) for item in self._task.groups]

    @staticmethod
    def _reason(error):
        if isinstance(error, OSError) and error.filename:
            return "%s: %s" % (error.filename, error.strerror)
        return str(error)

    @staticmethod
    def _fault_text(error):
        return error.faultString if isinstance(error, Fault) else str(error)

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
            self._lose("cannot be asked", error)
            if self._task.action in ("stop", "remove"):
                return False
            raise Stopped()

    def _each(self, calls):
        try:
            return self._daemon.each(calls)
        except (Fault, control.Refused, control.NotRunning) as error:
            self._lose("does not answer any more", error)
            raise Stopped()

    def _processes(self):
        try:
            return self._daemon.processes()
        except (Fault, control.Refused, control.NotRunning) as error:
            self._lose("does not answer any more", error)
            raise Stopped()

    def _lose(self, what, error):
        """Reports that supervisord cannot be used. A stop or a removal does not fail then: the manager ends the rest."""
        text = "supervisord of '%s' %s: %s" % (self._task.supervisor, what, self._fault_text(error))
        if self._task.action in ("stop", "remove"):
            self._step(self._running_name(), False, self._task.item, message=text)
        else:
            self._fail(self._running_name(), text, self._task.item)

    def _replace_groups(self, out, into):
        """Groups of supervisord: stops and removes some, adds some. They stop at the same time."""
        if out:
            processes = [one for one, info in self._processes().items() if info["group"] in out]
            self._stop_processes(processes)
        calls = [("supervisor.removeProcessGroup", name) for name in out]
        calls += [("supervisor.addProcessGroup", name) for name in into]
        for call, result in zip(calls, self._each(calls)):
            if isinstance(result, Fault) and result.faultCode not in (control.BAD_NAME, control.ALREADY_ADDED):
                self._fail(self._running_name(), "%s of '%s': %s" % (call[0], call[1], result.faultString),
                           self._task.item)

    def _stop_processes(self, addresses):
        """Stops, and waits. What does not run is ignored."""
        self._each([("supervisor.stopProcess", control.call_name(one), False) for one in addresses])
        self._wait(addresses, lambda info: info["statename"] in control.STOPPED_STATES, self._task.stop_seconds)

    def _start_processes(self, addresses):
        """Starts; returns {address: reason} of what supervisord refuses immediately."""
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
        """{program: addresses} out of {address: info}: in its group of the plan, in the group of its name, or
        elsewhere."""
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
