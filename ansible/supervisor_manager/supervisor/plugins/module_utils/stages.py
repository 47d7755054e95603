# SPDX-License-Identifier: MIT
"""Runs stages of an action on this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import ContentMissing, Run, StepFailed


def load(stage):
    """The functions of a stage, named as actions. Only what a call needs is loaded."""
    if stage == "accounts":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import accounts as found
    elif stage == "files":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import files as found
    elif stage == "units":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import units as found
    elif stage == "instances":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import instances as found
    elif stage == "programs":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import programs as found
    elif stage == "status":
        from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import status as found
    else:
        raise ValueError(f"there is no stage '{stage}'")
    return found


# Without items of these sections a stage has nothing to do, and its code is not loaded.
NEEDS = {
    "accounts": ("groups", "users"),
    "files": ("folders", "files", "trees"),
    "units": ("systemd_units",),
    "instances": ("supervisors",),
    "programs": ("supervisors", "supervisor_programs", "supervisor_groups"),
    "status": ("supervisors",),
}


def perform(parameters, check):
    """Runs the stages of a call in their order; a failed step ends it. Returns the module's result."""
    run = Run(parameters["action"], parameters["items"], check, parameters["before"], parameters["contents"],
              parameters["options"])
    failure = None
    for stage in parameters["stages"]:
        if not any(run.section(section) for section in NEEDS.get(stage, ())):
            continue
        run.begin(stage)
        try:
            getattr(load(stage), run.action)(run)
        except StepFailed as error:
            failure = str(error)
            break
        except ContentMissing:
            failure = f"stage {stage}: a file changed after the comparison with it: deploy again"
            break
        except (OSError, ValueError) as error:
            failure = f"stage {stage}: {type(error).__name__}: {error}"
            break
    return result(run, failure)


def result(run, failure):
    pending = []
    for step in run.steps:
        if step["result"] == "changed" and step["stage"] not in pending:
            pending.append(step["stage"])
    answer = {
        "changed": bool(pending), "failed": failure is not None, "steps": run.steps, "pending": pending,
        "wanted": run.wanted, "wants_packages": run.wants_packages, "changed_paths": sorted(run.changed_paths),
        "status": run.status, "action": run.action,
    }
    if failure is not None:
        failed = [step for step in run.steps if step["result"] == "failed"]
        at = failed[-1]["at"] if failed else None
        answer["msg"] = f"{failed[-1]['name']}: {failure}" if failed else failure
        if at:
            answer["msg"] += f" ({at})"
    return answer
