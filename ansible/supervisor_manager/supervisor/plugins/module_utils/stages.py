# SPDX-License-Identifier: MIT
"""Runs stages of an action on this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import ContentMissing, Run, StepFailed

SILENCE = 300  # seconds that one item of a bounded stage may take without a sign of life


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
    for stage in parameters["stages"]:
        if not any(run.section(section) for section in NEEDS.get(stage, ())):
            continue
        run.begin(stage)
        failure = perform_bounded(run, stage) if stage == "files" else perform_stage(run, stage)
        if failure is not None:
            return result(run, failure)
    return result(run, None)


def perform_stage(run, stage):
    """Runs one stage; the reason if it fails."""
    try:
        getattr(load(stage), run.action)(run)
    except StepFailed as error:
        return str(error)
    except ContentMissing:
        return f"stage {stage}: a file changed after the comparison with it: deploy again"
    except (OSError, ValueError) as error:
        return f"stage {stage}: {type(error).__name__}: {error}"
    return None


def perform_bounded(run, stage):
    """Runs one stage in a child: its files may be in a file system of an account that never answers."""
    news = {}

    def heard(message):
        news.update(message)
        run.steps += message["steps"]
        run.wanted += message["wanted"]
        run.changed_paths.update(message["changed_paths"])

    def child(tell):
        told = Told(run)
        run.begin_item = lambda step, item: tell(dict(told.news(), item=[step, item.get("at")]))
        run.alive = lambda: tell(told.news())
        failure = perform_stage(run, stage)
        tell(dict(told.news(), failure=failure))

    try:
        children.listen(child, heard, limit=SILENCE)
    except children.ChildFailed as error:
        step, at = news.get("item") or (f"Stage {stage}", None)
        try:
            run.fail(step, str(error), {"at": at})
        except StepFailed as failed:
            return str(failed)
    return news["failure"]


class Told:
    """What of a run the parent of a child has not heard yet."""

    def __init__(self, run):
        self._run = run
        self._steps = len(run.steps)
        self._wanted = len(run.wanted)
        self._paths = set(run.changed_paths)

    def news(self):
        run = self._run
        paths = run.changed_paths - self._paths
        found = {"steps": run.steps[self._steps:], "wanted": run.wanted[self._wanted:], "changed_paths": sorted(paths)}
        self._steps, self._wanted = len(run.steps), len(run.wanted)
        self._paths |= paths
        return found


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
