# SPDX-License-Identifier: MIT
"""The output of supervisor-deploy: the steps of the hosts by name, as if each were a task of Ansible."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

DOCUMENTATION = """
name: deploy
type: stdout
short_description: The output of supervisor-deploy
version_added: 0.1.0
description:
  - Prints the steps that the module C(supervisor_manager.supervisor.deploy) reports, and other tasks as the default
    callback does.
  - C(DEPLOY_OUTPUT=json) in the environment prints one JSON document at the end, and nothing else.
  - C(DEPLOY_ACTION) is the action, also if no host answers.
  - C(DEPLOY_RESULT) names a file for the result of the run.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as stdout in configuration
"""

import atexit
import json
import os
import sys

from ansible import constants as C  # foreign name
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable, printable_lines
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.reports import (  # noqa: E501
    Reports, failure_of, located, table)

COLORS = {"ok": C.COLOR_OK, "changed": C.COLOR_CHANGED, "failed": C.COLOR_ERROR}
CLEAR = "\r\x1b[K"
PATIENCE = 5  # seconds for the last output of a run that was interrupted


def is_ours(task):
    return task.action.rpartition(".")[2] == "deploy" and "plan" in task.args


def end_output(lock):
    """Called at the end of the process. An interrupt leaves Ansible's thread of results where it is; if it printed
    while Python ends it, Ansible's lock on the output would never be free again, and the last flush would wait for it.
    """
    if not lock.acquire(timeout=PATIENCE):  # nobody reads the output
        os._exit(1)


class Quiet:
    """A display that shows nothing."""

    verbosity = 0
    columns = 80

    def __getattr__(self, name):
        return lambda *arguments, **options: None


class CallbackModule(DefaultCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "supervisor_manager.supervisor.deploy"

    def __init__(self):
        super(CallbackModule, self).__init__()
        self._reports = Reports(os.environ.get("DEPLOY_ACTION"))
        if hasattr(self._display, "_lock"):
            atexit.register(end_output, self._display._lock)
        self._printed = []
        self._running = None  # our task that runs now
        self._waiting = set()
        self._our_play = False
        self._json = os.environ.get("DEPLOY_OUTPUT") == "json"
        self._terminal = not self._json and sys.stdout.isatty()
        if self._json:
            self._display = Quiet()

    # Plays and tasks begin

    def v2_playbook_on_play_start(self, play):
        self._end_task()
        tasks = [task for block in play.get_tasks() for task in (block if isinstance(block, list) else [block])]
        self._our_play = any(is_ours(task) for task in tasks if hasattr(task, "args"))
        if self._our_play:
            self._reports.expect(play.hosts)
        else:
            self._print_all()  # of stages whose turn was before this play
            super(CallbackModule, self).v2_playbook_on_play_start(play)
        self._play = play

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._end_task()
        if is_ours(task):
            self._running = task
            self._waiting = set()
            stages = stages_of(task)
            self._reports.begin(stages)
            if not compares(task):
                self._print_before(stages[0])
        elif not self._our_play:
            super(CallbackModule, self).v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task):
        self._end_task()
        if not self._our_play:
            super(CallbackModule, self).v2_playbook_on_handler_task_start(task)

    def v2_runner_on_start(self, host, task):
        if is_ours(task):
            self._waiting.add(host.get_name())
            self._show_progress(task)
        elif not self._our_play:
            super(CallbackModule, self).v2_runner_on_start(host, task)

    # Results

    def v2_runner_on_ok(self, result):
        if not self._take(result):
            self._count(result, "ok")
            if result._result.get("changed"):
                self._count(result, "changed")
            if not self._our_play:
                super(CallbackModule, self).v2_runner_on_ok(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not self._take(result, failed=True):
            self._clear()
            self._count(result, "ok" if ignore_errors else "failed")
            if not ignore_errors:
                self._reports.of(result._host.get_name()).error = failure_of(result._result)
            super(CallbackModule, self).v2_runner_on_failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self._clear()
        host = result._host.get_name()
        self._waiting.discard(host)
        report = self._reports.of(host)
        report.unreachable = True
        report.error = " ".join(str(result._result.get("msg") or "no connection").split())
        self._say(f"unreachable: [{host}]: {report.error}", C.COLOR_UNREACHABLE)

    def v2_runner_on_skipped(self, result):
        if is_ours(result._task):
            self._waiting.discard(result._host.get_name())
        elif not self._our_play:
            super(CallbackModule, self).v2_runner_on_skipped(result)

    def v2_on_file_diff(self, result):
        if not is_ours(result._task):
            super(CallbackModule, self).v2_on_file_diff(result)

    def v2_playbook_on_no_hosts_remaining(self):
        if not self._our_play:  # our steps say what failed
            super(CallbackModule, self).v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_stats(self, stats):
        for host in stats.processed:
            self._reports.of(host)
        write_result(self._reports.summary())
        self._end_task()
        self._print_all()
        if self._json:
            sys.stdout.write(json.dumps(self._reports.document(), indent=2) + "\n")
            sys.stdout.flush()
        elif self._reports.action == "status":
            for line in table(self._reports):
                self._say(line)
        else:
            self._print_recap()

    # Ours

    def _take(self, result, failed=False):
        """Keeps the report of a host; false if the task is not one of ours."""
        if not is_ours(result._task):
            return False
        host = result._host.get_name()
        self._waiting.discard(host)
        predicts = compares(result._task) and not result._task.check_mode
        self._reports.take(host, result._result, stages_of(result._task), failed, name_of(result._task), predicts)
        self._show_progress(result._task)
        return True

    def _count(self, result, kind):
        if not self._our_play:
            self._reports.of(result._host.get_name()).others[kind] += 1

    def _end_task(self):
        """The steps of a stage are printed when its task is over."""
        self._clear()
        if self._running is not None and not compares(self._running):
            for stage in stages_of(self._running):
                self._print_before(stage)
                self._print_stage(stage)
        self._running = None

    def _print_before(self, stage):
        """Stages before one whose turn it is had nothing to do: what the comparison told of them is final."""
        for earlier in self._reports.order[:self._reports.order.index(stage)]:
            self._print_stage(earlier)

    def _print_all(self):
        for stage in self._reports.order:
            self._print_stage(stage)

    def _print_stage(self, stage):
        if stage in self._printed:
            return
        self._printed.append(stage)
        for (name, handler), steps in self._reports.by_name(stage).items():
            self._clear()
            self._display.banner(f"{'RUNNING HANDLER' if handler else 'TASK'} [{printable(name)}]")
            for host, step in steps:
                self._print_step(host, step)

    def _print_step(self, host, step):
        result = step["result"]
        diff = step.get("diff")
        if diff:
            parts = diff if isinstance(diff, list) else [diff]
            self._display.display(self._get_diff([clean_diff(part) for part in parts]))
        text = located(step) if result == "failed" else "\n" + (step.get("message") or "")
        first, *more = text.split("\n")
        self._say(f"{result}: [{host}]{': ' if first else ''}{first}", COLORS[result])
        for line in more:
            if line:  # indented: it cannot look like a line of ours
                self._say(f"    {line}", COLORS[result])

    def _print_recap(self):
        self._display.banner("PLAY RECAP")
        for host, report in self._reports.in_order():
            count = report.counts()
            bad = count["failed"] or count["unreachable"]
            self._say(f"{host:<26} : ok={count['ok']:<4} changed={count['changed']:<4} "
                      f"unreachable={count['unreachable']:<4} failed={count['failed']}",
                      C.COLOR_ERROR if bad else C.COLOR_CHANGED if count["changed"] else C.COLOR_OK)
        self._display.display("", screen_only=True)

    def _say(self, text, color=None):
        self._clear()
        self._display.display(printable(text), color=color)

    def _show_progress(self, task):
        """On a terminal: one line that is replaced and cleared."""
        if self._terminal:
            what = "comparing" if compares(task) else ", ".join(stages_of(task))
            waiting = sorted(self._waiting)
            shown = ", ".join(waiting[:3]) + (f" and {len(waiting) - 3} more" if len(waiting) > 3 else "")
            line = f"{what}: waiting for {printable(shown)}" if waiting else what
            sys.stdout.write(CLEAR + line[:max(self._display.columns, 20)])
            sys.stdout.flush()

    def _clear(self):
        if self._terminal:
            sys.stdout.write(CLEAR)
            sys.stdout.flush()


def stages_of(task):
    return list(task.args["stages"])


def compares(task):
    return bool(task.args.get("compare"))


def name_of(task):
    """What a task of ours does, in words."""
    return "Compare" if compares(task) else "Stage " + ", ".join(stages_of(task))


def clean_diff(part):
    return {key: printable_lines(value) if isinstance(value, str) else value for key, value in part.items()}


def write_result(summary):
    """The result for supervisor-deploy, complete or not at all."""
    path = os.environ.get("DEPLOY_RESULT")
    if path:
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.rename(temporary, path)
