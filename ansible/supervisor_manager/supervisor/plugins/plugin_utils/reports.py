# SPDX-License-Identifier: MIT
"""What the hosts of a run reported: steps by stage and host, and what they add up to."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

STAGES = {"deploy": ["accounts", "files", "units", "instances", "programs"],
          "remove": ["programs", "instances", "units", "files", "accounts"]}


class HostReport:
    """What one host reported. `others`: counts of tasks that are not ours.

    `pending` are stages in which a comparison found changes, until their own task is over: what was predicted for them has
    not happened.
    """

    def __init__(self):
        self.stages = {}
        self.pending = set()
        self.status = []
        self.others = {"ok": 0, "changed": 0, "failed": 0}
        self.unreachable = False
        self.error = None

    def of_stage(self, stage):
        steps = self.stages.get(stage, [])
        return [step for step in steps if step["result"] == "failed"] if stage in self.pending else steps

    def steps(self, order):
        return [step for stage in order for step in self.of_stage(stage)]

    def counts(self):
        """ok (changed ones, too), changed, failed, unreachable: as Ansible counts tasks."""
        results = [step["result"] for step in self.steps(self.stages)]
        return {
            "ok": results.count("ok") + results.count("changed") + self.others["ok"],
            "changed": results.count("changed") + self.others["changed"],
            "unreachable": int(self.unreachable),
            "failed": results.count("failed") + self.others["failed"],
        }


class Reports:
    """Reports of all hosts; and the stages, in their order."""

    def __init__(self, action=None):
        self.hosts = {}
        self.order = []
        self.action = action
        self._expected = []

    def of(self, host):
        return self.hosts.setdefault(host, HostReport())

    def expect(self, hosts):
        """The hosts of a play of ours, in the order of the sources."""
        self._expected += [host for host in hosts if host not in self._expected]

    def in_order(self):
        """(host, report): in the order of the sources, then others as they were first heard of."""
        place = {host: number for number, host in enumerate(self._expected)}
        return sorted(self.hosts.items(), key=lambda pair: place.get(pair[0], len(place)))

    def begin(self, stages):
        """A task with these stages begins."""
        self.order += [stage for stage in stages if stage not in self.order]

    def take(self, host, result, stages, has_failed, name, predicts=False):
        """The result of one of our tasks. Steps of a stage replace those that the comparison told before.

        name: of the step that is reported if the task failed without one, such as for a mistake in a template
        predicts: the task is a comparison, and the changes are to follow
        """
        report = self.of(host)
        self.action = result.get("action") or self.action
        for stage in stages:
            steps = [step for step in result.get("steps", ()) if step.get("stage") == stage]
            report.stages[stage] = steps
            report.pending.discard(stage)
            if predicts and any(step["result"] == "changed" for step in steps):
                report.pending.add(stage)
        report.status += result.get("status") or []
        if has_failed and not any(step["result"] == "failed" for step in result.get("steps", ())):
            report.stages[stages[0]].append({
                "stage": stages[0], "name": name,
                "result": "failed", "handler": False, "at": None, "message": failure_of(result), "diff": None})
        if has_failed:
            failed = [step for step in report.steps(self.order) if step["result"] == "failed"]
            report.error = located(failed[-1]) if failed else failure_of(result)

    def by_name(self, stage):
        """{(name, whether it is a handler): [(host, step)]} of a stage over all hosts, by first appearance."""
        found = {}
        for host, report in self.in_order():
            for step in report.of_stage(stage):
                found.setdefault((step["name"], step["handler"]), []).append((host, step))
        return found

    def document(self):
        """All of it, for machines."""
        return {"action": self.action, "hosts": {
            host: dict(report.counts(), steps=report.steps(self.order), status=report.status, error=report.error)
            for host, report in self.in_order()}}

    def summary(self):
        """What supervisor-deploy makes its exit status of."""
        counts = [report.counts() for report in self.hosts.values()]
        return {
            "failed": any(count["failed"] for count in counts),
            "unreachable": any(count["unreachable"] for count in counts),
            "all_wanted_run": bool(counts) and not any(count["failed"] or count["unreachable"] for count in counts)
            and all(row.get("wanted", True) for report in self.hosts.values() for row in report.status),
        }


def located(step):
    message = step.get("message") or "failed"
    return f"{message} ({step['at']})" if step.get("at") else message


def failure_of(result):
    """Why a task failed that has no failed step: an error before the host, or a defect of the module."""
    message = str(result.get("msg") or "failed")
    details = str(result.get("module_stderr") or result.get("exception") or "").strip().splitlines()
    if details:
        message += f": {details[-1]}; --vvv shows all"
    return message


def table(reports):
    """The lines of the table of the action status."""
    rows = [("HOST", "SUPERVISOR", "STATE", "PROGRAM", "STATE", "DESCRIPTION")]
    for host, report in reports.in_order():
        for row in report.status:
            rows.append(tuple(str(value if value not in (None, "") else "-") for value in (
                host, row.get("supervisor"), row.get("instance_state"), row.get("program"), row.get("state"),
                row.get("description"))))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join([text.ljust(width) for text, width in zip(row, widths)] + [row[5]]).rstrip() for row in rows]
