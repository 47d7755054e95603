# SPDX-License-Identifier: MIT
"""What the public modules share: they are stages of a deployment with items from a task's arguments."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import pwd

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import status
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.manager import Manager, ManagerFailed
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import Run, StepFailed

# Arguments that say which instance, and whose it is.
INSTANCE_ARGUMENTS = {
    "user": {"type": "str"},
    "group": {"type": "str"},
    "conf_file": {"type": "path"},
    "include_dir": {"type": "path"},
}


def run_stages(module, action, items, stages, contents=None, options=None):
    """Runs stage functions and ends the module if one fails. Returns the Run."""
    options = dict(options or {}, diff=module._diff)
    run = Run(action, items, check=module.check_mode, contents=contents, options=options)
    try:
        for name, stage in stages:
            run.begin(name)
            stage(run)
    except StepFailed as failed:
        module.fail_json(msg=str(failed), **results_of(run))
    return run


def results_of(*runs):
    """The result of a task."""
    steps = [step for run in runs for step in run.steps]
    out = {"changed": any(step["result"] == "changed" for step in steps),
           "steps": [{key: step[key] for key in ("name", "result", "message")} for step in steps]}
    diffs = [part for step in steps for part in step["diff"] or ()]
    if diffs:
        out["diff"] = diffs
    return out


def supervisor_of(module, name, managed=False):
    """The item of an existing instance: from the arguments, or else from the manager of this host, or else the default
    paths and the account of the connection."""
    known = {}
    manager = Manager({})
    if manager.is_installed() and not (module.params["user"] and module.params["conf_file"]
                                       and module.params["include_dir"]):
        try:
            known = next(iter(manager.call("status", name)), {})
        except ManagerFailed:
            known = {}  # without a manager, or without the right to ask it
    user = module.params["user"] or known.get("user") or pwd.getpwuid(os.geteuid()).pw_name
    item = {"name": name, "user": user, "managed": managed, "group": module.params["group"] or known.get("group"),
            "conf_file_dst": module.params["conf_file"] or known.get("configuration_file"),
            "include_dir": module.params["include_dir"] or known.get("include_directory")}
    return {key: value for key, value in item.items() if value is not None}


def table_of(supervisor, programs):
    """The rows of `status` for one instance."""
    run = Run("status", {"supervisors": [supervisor], "supervisor_programs": programs})
    status.status(run)
    return run.status
