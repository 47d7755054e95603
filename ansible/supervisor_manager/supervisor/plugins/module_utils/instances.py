# SPDX-License-Identifier: MIT
"""The stage `instances`: managed supervisors, each an entry of supervisor-manager."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import entries, whole_files
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.failures import Failures
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.instance_deploy import InstanceDeployment
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.instance_steps import (
    control_instances, is_managed, is_stopped, restart_name, rows_of, setup_name, start_name, stop_name)
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.manager import (
    TEMPLATE_DIR, Manager, ManagerFailed)


def deploy(run):
    items = [item for item in run.section("supervisors") if is_managed(item)]
    if items:
        _require_root(run, items[0])
        InstanceDeployment(run, items).deploy()


def remove(run):
    items = [item for item in run.section("supervisors") if is_managed(item) and not item.get("no_remove")]
    if not items:
        return
    manager = Manager(run.options)
    if manager.is_installed():
        _require_root(run, items[0])
        _remove(run, manager, items)
        return
    for item in items:
        run.step("Remove supervisord_%s.service" % item["name"], False, item,
                 message="supervisor-manager is not installed")


def start(run):
    _switch(run, "start", "running", start_name,
            [item for item in run.section("supervisors") if is_managed(item) and item.get("state") != "stopped"])


def stop(run):
    _switch(run, "stop", "stopped", stop_name, [item for item in run.section("supervisors") if is_managed(item)])


def restart(run):
    """For the module `state`."""
    items = [item for item in run.section("supervisors") if is_managed(item)]
    manager = Manager(run.options)
    rows_of(run, manager, items[0], restart_name(items[0]))
    names = [item["name"] for item in items]
    failed = {} if run.check else control_instances(run, manager, "restart", names, items, restart_name)
    _report_switch(run, items, names, failed, restart_name)


def _switch(run, verb, state, step_name, items):
    """Starts or stops instances, all at once, and waits."""
    if not items:
        return
    manager = Manager(run.options)
    rows = rows_of(run, manager, items[0], step_name(items[0]))
    if verb == "start":
        todo = [item["name"] for item in items if rows.get(item["name"], {}).get("state") != state]
    else:
        todo = [item["name"] for item in items if item["name"] in rows and not is_stopped(rows[item["name"]])]
    failed = {}
    if run.check and verb == "start":
        failed = {name: "there is no such instance: deploy it first" for name in todo if name not in rows}
    elif not run.check:
        failed = control_instances(run, manager, verb, todo, items, step_name)
    _report_switch(run, items, todo, failed, step_name)


def _report_switch(run, items, todo, failed, step_name):
    failures = Failures(run)
    for item in items:
        if item["name"] in failed:
            failures.add(step_name(item), failed[item["name"]], item)
        else:
            run.step(step_name(item), item["name"] in todo, item)
    failures.end()


def _require_root(run, item):
    if os.geteuid() != 0 and "root" not in run.options:
        run.fail(setup_name(item), "the instance '%s' needs root on the host: connect as root or use become, or, if "
                 "another application file sets it up, describe it with managed: no" % item["name"], item)


def _remove(run, manager, items):
    rows = rows_of(run, manager, items[0], "Remove supervisord_%s.service" % items[0]["name"])
    there = [item["name"] for item in items if item["name"] in rows]
    files = {item["name"]: whole_files.text_of(manager.entry_file(item["name"])) for item in items}
    failed = {}
    if not run.check:
        failed = control_instances(run, manager, "remove", there, items, stop_name, "--purge")
        for item in items:
            if item["name"] not in failed:
                _remove_files(manager, item["name"])
        if any(text is not None and name not in there for name, text in files.items()):
            _reload(run, manager, items[0])  # an entry that was refused is out of the list of refusals
    failures = Failures(run)
    for item in items:
        name = item["name"]
        if name in failed:
            failures.add("Remove supervisord_%s.service" % name, failed[name], item)
            continue
        run.step(stop_name(item), name in rows and not is_stopped(rows[name]), item)
        changed = name in rows or files[name] is not None
        run.step("Remove configuration file %s" % entries.path_of(item, "conf_file_dst"), name in rows, item)
        run.step("Remove supervisord_%s.service" % name, changed, item)
        run.step("Remove %s" % entries.path_of(item, "supervisorctl"), name in rows, item)
    failures.end()


def _reload(run, manager, item):
    try:
        manager.reload()
    except ManagerFailed as failed:
        run.fail("Remove supervisord_%s.service" % item["name"], str(failed), item)


def _remove_files(manager, name):
    """Our entry, if the manager left it, and its template."""
    text = whole_files.text_of(manager.entry_file(name))
    if text is not None and text.startswith(entries.MARK):
        os.unlink(manager.entry_file(name))
    template = "%s/%s.conf" % (manager.path(TEMPLATE_DIR), name)
    if os.path.exists(template):
        os.unlink(template)
