# SPDX-License-Identifier: MIT
"""The stage `status`: what every instance and program of the plan does now."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import control, instance_steps, owner
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.manager import Manager, ManagerFailed
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_programs import OwnersPart
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.programs import Task
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable_lines

MOST_SECONDS = 60
MOST_TEXT = 300


def status(run):
    """Fills run.status. Nothing here fails: what cannot be asked is a row with the reason."""
    supervisors = run.section("supervisors")
    rows = {}
    manager = Manager(run.options)
    unknown = None
    if any(instance_steps.is_managed(item) for item in supervisors):
        if not manager.is_installed():
            unknown = "supervisor-manager is not installed"
        else:
            try:
                rows = manager.rows()
            except ManagerFailed as failed:
                unknown = str(failed)
    for item in supervisors:
        run.status += _rows_of(run, item, rows, unknown)


def _rows_of(run, item, rows, unknown):
    name = item["name"]
    state, reason = "running", ""
    if instance_steps.is_managed(item):
        row = rows.get(name)
        if unknown:
            state, reason = "unknown", unknown
        else:
            state, reason = ("absent", "it is not deployed on this host") if not row else (
                "stopped" if row["state"] == "inactive" else row["state"], row.get("reason") or "")
        if state != "running":
            return [_instance_row(item, state, reason, item.get("state", "started") != "started")]
    return _program_rows(run, item, state)


def _instance_row(item, state, reason, wanted):
    return {"supervisor": item["name"], "instance_state": state, "program": None, "state": None,
            "description": printable_lines(reason)[:MOST_TEXT], "wanted": wanted}


def _program_rows(run, item, state):
    """As the owner, its supervisord is asked."""
    identity = owner.identity_of(item["user"], item.get("group"))
    if identity is None:
        return [_instance_row(item, "absent", "there is no account '%s'" % item["user"], False)]
    task = Task(run, item)

    def ask(emit):
        try:
            daemon = control.Supervisord(task.conf_file)
            emit({"processes": daemon.processes()})
        except control.NotRunning as error:
            emit({"state": "stopped", "reason": str(error)})
        except (control.Refused, control.Fault, OSError) as error:
            emit({"state": "refused", "reason": str(error)})

    try:
        answer = owner.run_as(identity, ask, MOST_SECONDS)[0]
    except owner.OwnerFailed as failed:
        answer = {"state": "refused", "reason": str(failed)}
    if "processes" not in answer:
        return [_instance_row(item, answer["state"], answer["reason"], item.get("state", "started") != "started")]
    return _table(item, task, state, answer["processes"]) or [_instance_row(item, state, "", True)]


def _table(item, task, state, processes):
    goals = {}
    out = []
    for program in task.programs:
        goal = program.get("state", "started")
        addresses = OwnersPart(task).addresses_of(program, processes)
        goals.update((one, goal) for one in addresses)
        if not addresses:
            out.append(_row(item, state, program["name"], "absent", "supervisord does not have it", goal == "stopped"))
    for one, info in processes.items():
        goal, now = goals.get(one, "current"), str(info["statename"])
        runs = now in ("RUNNING", "STARTING")
        wanted = goal == "current" or runs == (goal == "started")
        out.append(_row(item, state, one, now, str(info.get("description") or ""), wanted))
    return sorted(out, key=lambda row: row["program"])


def _row(item, instance_state, program, state, description, wanted):
    return {"supervisor": item["name"], "instance_state": instance_state,
            "program": printable_lines(program)[:MOST_TEXT],
            "state": printable_lines(state)[:MOST_TEXT],
            "description": printable_lines(description).replace("\n", " ")[:MOST_TEXT], "wanted": wanted}
