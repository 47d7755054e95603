# SPDX-License-Identifier: MIT
"""Names of the steps of an instance, and calls of the manager that fail a step."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import entries
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.manager import ManagerFailed


def setup_name(item):
    return "Setup configuration file %s" % entries.path_of(item, "conf_file_dst")


def start_name(item):
    return "Start supervisord_%s service" % item["name"]


def stop_name(item):
    return "Stop supervisord_%s service" % item["name"]


def restart_name(item):
    return "Restart supervisord_%s service" % item["name"]


def is_managed(item):
    return item.get("managed", True)


def will_start(run, item):
    """Whether this call starts or restarts the instance, or would: then what its programs do now does not count."""
    names = (start_name(item), restart_name(item))
    return any(step["name"] in names and step["result"] == "changed" for step in run.steps)


def will_stop(run, item):
    return any(step["name"] == stop_name(item) and step["result"] == "changed" for step in run.steps)


def rows_of(run, manager, item, step):
    try:
        return manager.rows()
    except ManagerFailed as failed:
        run.fail(step, str(failed), item)


def control_instances(run, manager, verb, names, items, step_name, *words):
    """Manager.control(); a failure of the call as a whole ends the stage."""
    try:
        return manager.control(verb, names, *words)
    except ManagerFailed as failed:
        first = next(item for item in items if item["name"] in names)
        run.fail(step_name(first), str(failed), first)


def is_stopped(row):
    return row["state"] in ("inactive", "unmanaged", "failed") and not row.get("main_pid")
