# SPDX-License-Identifier: MIT
"""Managed instances are deployed: entries written, loaded by the manager, started or stopped."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import (
    control, entries, owner, processes, whole_files)
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.failures import Failures
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.instance_steps import (
    control_instances, is_stopped, restart_name, rows_of, setup_name, start_name, stop_name)
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.manager import (
    CONF_DIR, INSTALLATION, PACKAGE, TEMPLATE_DIR, Manager, ManagerFailed, execute)
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable_lines


class WantedInstance:
    """An item, and what is there of it."""

    def __init__(self, item, manager):
        self.item = item
        self.name = item["name"]
        self.file = manager.entry_file(self.name)
        self.template_file = "%s/%s.conf" % (manager.path(TEMPLATE_DIR), self.name)
        self.template_hash = entries.own_text_hash(item)
        # The manager adds its own root.
        self.keys = entries.instance_keys(
            item, "%s/%s.conf" % (TEMPLATE_DIR, self.name) if self.template_hash else None)
        self.text = entries.instance_text(self.name, self.keys)
        self.before = whole_files.text_of(self.file)
        self.template_before = whole_files.bytes_of(self.template_file)
        self.others = []  # other sections of the file
        self.old_keys = None
        if self.before is not None:
            sections = entries.sections_of(self.before) or {"[unreadable]": {}}
            self.old_keys = sections.pop("supervisor:" + self.name, None)
            self.others = list(sections)
        sha256 = whole_files.hash_of(self.template_before)
        identity = owner.identity_of(item["user"], item.get("group"))
        # It can have passwords. The manager takes it only if the owner may read it, too.
        self.template_rights = 0o640, identity.gid if identity else 0
        self.template_differs = bool(self.template_hash) and (
            self.template_hash != sha256 or whole_files.mode_of(self.template_file) != (0, *self.template_rights[::-1]))
        changed = set(self.keys.items()) ^ set((self.old_keys or {}).items())
        self.changed_keys = {key for key, unused in changed}
        self.mode_differs = self.before is not None and whole_files.mode_of(self.file) != (0, 0, 0o600)

    @property
    def differs(self):
        return self.old_keys is None or bool(self.changed_keys)

    @property
    def changes_process(self):
        """Whether the manager restarts a running instance for it."""
        return bool(self.changed_keys - set(entries.OUTSIDE_KEYS))


class InstanceDeployment:
    """All managed instances of this host together: one plan, one reload."""

    def __init__(self, run, items):
        self._run = run
        self._items = items
        self._manager = Manager(run.options)
        self._failures = Failures(run)
        self._wanted = []
        self._before = {}  # rows of the manager
        self._after = {}
        self._pending = {}  # {name: change} that the manager would make
        self._boot = {}  # {name: whether enabled differed}
        self._failed = {}  # {name: (step, reason)}

    def deploy(self):
        missing = not self._manager.is_installed() or self._manager.is_half_installed()
        if missing:
            self._install()
        self._run.step("Install package %s" % PACKAGE, missing, self._items[0])
        fresh = missing and self._run.check
        if not fresh:
            self._before = rows_of(self._run, self._manager, self._items[0], setup_name(self._items[0]))
        self._compare()
        if self._run.check:
            if not fresh:
                self._plan()
            self._after = self._before
        else:
            self._apply()
        for wanted in self._wanted:
            self._report(wanted)
        self._failures.end()

    def _install(self):
        """apt-get, without questions. In check mode the packages are asked for."""
        run = self._run
        step = "Install package %s" % PACKAGE
        if not run.options.get("privileged", True):
            run.fail(step, "supervisor-manager is not installed, and the host has privileged: no: have an "
                     "administrator install it", self._items[0])
        if not shutil.which("apt-get"):
            run.fail(step, "supervisor-manager is not installed, and this host has no apt-get: install it from its "
                     "sources (README, Installing it)", self._items[0])
        if run.check:
            run.wants_packages = True
            return
        files = list(run.options.get("packages") or ())
        command = ["apt-get", "install", "--yes", "-o", "DPkg::Lock::Timeout=120",
                   "-o", "Dpkg::Options::=--force-confold", "--"] + (files or [PACKAGE])
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
        try:
            if shutil.which("dpkg"):  # apt-get refuses to work after an installation that broke off
                execute(["dpkg", "--configure", "--pending"], INSTALLATION, env)
            outcome = execute(command, INSTALLATION, env)
        except ManagerFailed as failed:
            run.fail(step, str(failed), self._items[0])
        if outcome.status != 0:
            last = "\n".join((outcome.errors.strip() or outcome.output.strip()).splitlines()[-5:])
            run.fail(step, "apt-get cannot install %s: %s\n%s" % (
                ", ".join(files) or PACKAGE, printable_lines(last), "" if files else
                "Give supervisor-deploy the .deb files, or the host a repository that has the package"), self._items[0])

    def _compare(self):
        for item in self._items:
            try:
                wanted = WantedInstance(item, self._manager)
            except (entries.BadValue, OSError) as error:
                self._failures.add(setup_name(item), str(error), item)
                continue
            if wanted.others:
                self._failures.add(setup_name(item), "%s has other sections, too: [%s]. Move them to another file of %s"
                                   % (wanted.file, "], [".join(wanted.others), CONF_DIR), item)
                continue
            if wanted.template_differs and self._run.check:
                self._run.want(wanted.template_hash)
            self._wanted.append(wanted)

    def _plan(self):
        """What the manager would do for entries that are there already: of a run that was interrupted, for instance."""
        plan = self._ask(self._manager.plan)
        self._pending = {one["instance"]: one for one in plan["changes"]}
        return plan

    def _ask(self, call, *arguments):
        try:
            return call(*arguments)
        except ManagerFailed as failed:
            self._run.fail(setup_name(self._items[0]), str(failed), self._items[0])

    def _apply(self):
        for wanted in self._wanted:
            self._write(wanted)
        self._refuse(self._plan())
        if any(wanted.name in self._pending for wanted in self._good()):
            self._reload()
        self._after = self._ask(self._manager.rows)
        self._enable()
        self._switch()

    def _good(self):
        return [wanted for wanted in self._wanted if wanted.name not in self._failed]

    def _write(self, wanted):
        try:
            if wanted.template_differs:
                content = self._run.content(wanted.template_hash)
                os.makedirs(os.path.dirname(wanted.template_file), 0o755, exist_ok=True)
                whole_files.replace(wanted.template_file, content, *wanted.template_rights)
            if wanted.differs:
                whole_files.replace(wanted.file, wanted.text.encode("utf-8"), 0o600)
            elif wanted.mode_differs:
                os.chown(wanted.file, 0, 0)
                os.chmod(wanted.file, 0o600)
        except OSError as error:
            self._failed[wanted.name] = "%s: %s" % (error.filename or wanted.file, error.strerror)

    def _refuse(self, plan):
        """Entries that the manager refuses: what was there before is put back."""
        reasons = {}
        for one in plan["refused"]:
            if one["section"].startswith("supervisor:") or one["section"] == "":
                reasons.setdefault(one["file"], []).append("%s%s" % (
                    one["key"] + ": " if one["key"] else "", one["reason"]))
        for wanted in self._good():
            pending = self._pending.get(wanted.name, {}).get("details", ())
            refused = [one for one in pending if one.startswith("refused: ")] + reasons.get(wanted.file, [])
            if not refused:
                continue
            self._put_back(wanted)
            self._failed[wanted.name] = "the manager refuses the entry: %s. %s" % (
                printable_lines("; ".join(refused)), "The previous one is in force" if wanted.before is not None else
                "Correct it and deploy again")

    def _put_back(self, wanted):
        if wanted.differs:
            before = wanted.before
            whole_files.restore(wanted.file, None if before is None else before.encode("utf-8"), 0o600)
        if wanted.template_differs:
            whole_files.restore(wanted.template_file, wanted.template_before, *wanted.template_rights)

    def _reload(self):
        answer = self._ask(self._manager.reload)
        for one in answer["changes"]:
            bad = [detail for detail in one["details"] if detail.startswith(("refused: ", "failed: "))]
            if bad:
                self._failed[one["instance"]] = printable_lines("; ".join(bad)) + ". Correct the cause and deploy again"

    def _enable(self):
        for value, verb in ((True, "enable"), (False, "disable")):
            names = [w.name for w in self._good() if w.item.get("enabled", True) is value and w.name in self._after
                     and self._after[w.name]["enabled"] is not value]
            self._boot.update((name, True) for name in names)
            failed = control_instances(self._run, self._manager, verb, names, self._items, setup_name)
            self._failed.update(failed)

    def _switch(self):
        """`state`, at every deployment; and a restart that a file asks for."""
        rows = self._after
        good = [w for w in self._good() if w.name in rows]
        starts = [w.name for w in good if self._state(w) == "started" and rows[w.name]["state"] != "running"]
        stops = [w.name for w in good if self._state(w) == "stopped" and not is_stopped(rows[w.name])]
        restarts = [w.name for w in good if w.name not in starts + stops and self._is_notified(w)]
        for verb, names in (("start", starts), ("stop", stops), ("restart", restarts)):
            self._failed.update(control_instances(self._run, self._manager, verb, names, self._items, start_name))
        if starts or stops or restarts:
            self._after = self._ask(self._manager.rows)
        for wanted in good:
            if wanted.name not in self._after and wanted.name not in self._failed:
                self._failed[wanted.name] = "the manager does not have it; see: supervisor-manager plan"

    @staticmethod
    def _state(wanted):
        return wanted.item.get("state", "started")

    def _is_notified(self, wanted):
        """Whether its template, or a file that notifies the instance, is newer than its process."""
        row = self._after.get(wanted.name, {})
        if row.get("state") != "running" or not row.get("main_pid"):
            return False
        paths = [(item["dest"], item["dest"] in self._run.changed_paths) for item in self._run.section("files")
                 if any(one["kind"] == "instance" and one["supervisor"] == wanted.name
                        for one in item.get("notify") or ())]
        if self._run.check and (wanted.template_differs or any(changed for path, changed in paths)):
            return True
        if wanted.template_hash:  # the manager puts another text of it in place, and restarts nothing for it
            paths.append((wanted.template_file, False))
        if not paths:
            return False
        identity = owner.identity_of(wanted.item["user"], wanted.item.get("group"))

        def look(emit):
            start = processes.started_at(row["main_pid"])
            emit(any(control.is_newer(path, changed, start) for path, changed in paths))

        try:
            return bool(identity) and owner.run_as(identity, look, 20)[0]
        except owner.OwnerFailed:
            return False

    def _report(self, wanted):
        item, name = wanted.item, wanted.name
        if name in self._failed:
            reason = self._failed[name]
            for key in (entries.PASSWORD, "environment"):  # a refusal can quote them
                if wanted.keys.get(key):
                    reason = reason.replace(wanted.keys[key], "(hidden)")
            self._failures.add(setup_name(item), reason, item)
            return
        new = wanted.old_keys is None
        inside = wanted.changed_keys - set(entries.OUTSIDE_KEYS) - {"supervisorctl"}
        details = self._pending.get(name, {}).get("details", []) if not wanted.differs else []
        link = entries.path_of(item, "supervisorctl")
        link_put_right = any(detail.endswith(self._manager.path(link)) for detail in details)
        other_put_right = bool(self._pending.get(name)) and not wanted.differs and not link_put_right
        configuration = new or bool(inside) or wanted.template_differs or wanted.mode_differs or other_put_right
        before, after = wanted.before or "", wanted.text if wanted.differs else wanted.before
        diff = None
        if wanted.differs:
            before, after = entries.without_secrets(before, after)
            diff = {"before_header": wanted.file, "after_header": wanted.file, "before": before, "after": after}
        self._run.step(setup_name(item), configuration, item, diff=diff)
        boot = self._boot_differs(wanted)
        self._run.step("Setup supervisord_%s.service" % name,
                       new or boot or bool(wanted.changed_keys & set(entries.OUTSIDE_KEYS)), item,
                       message="starts at boot" if item.get("enabled", True) else "does not start at boot")
        self._run.step("Setup %s" % link, new or "supervisorctl" in wanted.changed_keys or link_put_right, item)
        self._report_state(wanted)

    def _boot_differs(self, wanted):
        if not self._run.check:
            return self._boot.get(wanted.name, False)
        row = self._before.get(wanted.name)
        return bool(row) and row["enabled"] is not wanted.item.get("enabled", True)

    def _report_state(self, wanted):
        item, state = wanted.item, self._state(wanted)
        before = self._before.get(wanted.name, {})
        ran = not is_stopped(before) if before else False
        if self._run.check:
            runs = ran if state == "current" else state == "started"
            pending = self._pending.get(wanted.name, {}).get("action") == "restart"
            restarted = ran and runs and (wanted.changes_process or pending or self._is_notified(wanted))
        else:
            after = self._after[wanted.name]
            runs = not is_stopped(after)
            restarted = ran and runs and before.get("main_pid") != after.get("main_pid")
        if state == "started" or (runs and not ran):
            self._run.step(start_name(item), runs and not ran, item)
        elif state == "stopped" or (ran and not runs):
            self._run.step(stop_name(item), ran and not runs, item)
        if restarted:
            self._run.step(restart_name(item), True, item, handler=True)
