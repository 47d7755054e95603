# SPDX-License-Identifier: MIT
"""The stage `programs`: files of programs and groups in include directories, and what supervisord runs of them.

Everything of one instance is one child with the ids of its owner: files, configuration, calls (see owner.run_as).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import entries, instance_steps, owner
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.failures import Failures
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.owner_programs import OwnersPart
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import ContentMissing
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import printable_lines

# What a start and a stop may take, in addition to startsecs and stopwaitsecs; and the most of each.
START_MARGIN, STOP_MARGIN, MOST_SECONDS = 30, 20, 600


class Task:
    """What the plan has for one instance, in a form that the child needs nothing else."""

    def __init__(self, run, supervisor):
        name = supervisor["name"]
        root = run.options.get("root", "")
        self.supervisor = name
        self.managed = instance_steps.is_managed(supervisor)
        self.item = supervisor
        self.conf_file = root + entries.path_of(supervisor, "conf_file_dst")
        self.include_dir = root + entries.path_of(supervisor, "include_dir")
        self.programs = [item for item in run.section("supervisor_programs") if item["supervisor"] == name]
        self.groups = [item for item in run.section("supervisor_groups") if item["supervisor"] == name]
        self.check = run.check
        self.action = run.action
        self.prune = bool(run.options.get("prune"))
        # Files of earlier deployments that are not to be mentioned: all (None), or these.
        self.ignored = run.options.get("ignored_files", ())
        self.will_start = run.check and instance_steps.will_start(run, supervisor)
        self.will_stop = run.check and instance_steps.will_stop(run, supervisor)
        self.notifications = _notifications(run, name)
        self.contents = {}
        self.start_seconds = min(MOST_SECONDS, START_MARGIN + _most(self.programs, "startsecs", 1))
        self.stop_seconds = min(MOST_SECONDS, STOP_MARGIN + _most(self.programs, "stopwaitsecs", 10))

    @property
    def seconds(self):
        """Of everything: a hostile supervisord takes no longer than that."""
        return 60 + 2 * (self.start_seconds + self.stop_seconds)


def _most(items, key, default):
    return max([int(item.get(key, default)) for item in items] or [default])


def _notifications(run, supervisor):
    """[(path, whether this deployment changed it, kind, name of the program or group)] of files that notify it."""
    return [(item["dest"], item["dest"] in run.changed_paths, one["kind"], one.get(one["kind"]))
            for item in run.section("files") for one in item.get("notify") or () if one.get("supervisor") == supervisor]


def deploy(run):
    _each_instance(run, lambda task: True)


def remove(run):
    _each_instance(run, lambda task: task.programs or task.groups)


def start(run):
    _each_instance(run, lambda task: task.programs)


def stop(run):
    _each_instance(run, lambda task: task.programs)


def restart(run):
    """For the module `state`."""
    _each_instance(run, lambda task: task.programs)


def _each_instance(run, concerns):
    failures = Failures(run)
    for supervisor in run.section("supervisors"):
        task = Task(run, supervisor)
        if concerns(task):
            _run_task(run, task, failures)
    failures.end()


def _run_task(run, task, failures):
    item = task.item
    identity = owner.identity_of(item["user"], item.get("group"))
    ends = run.action in ("stop", "remove")
    if identity is None and ends:
        return  # an earlier run removed the account, and its programs before that
    if identity is None and not run.check:
        failures.add(_name_of(task), "there is no account '%s', or no group '%s'" % (item["user"], item.get("group")),
                     item)
        return
    for program in task.programs:
        sha256 = entries.own_text_hash(program)
        if sha256:
            task.contents[sha256] = _content(run, sha256)
    part = OwnersPart(task)
    emitted, reason = [], None
    if identity is None:  # it will be made by an earlier stage of this deployment
        part.run_without_account(emitted.append)
    else:
        try:
            emitted = owner.run_as(identity, part.run, task.seconds)
        except owner.OwnerFailed as failed:
            emitted, reason = failed.emitted, str(failed)
    _replay(run, emitted, failures)
    if reason and ends:  # what is left is ended with the instance, or with the account
        run.step(_name_of(task), False, item, message="%s: %s" % (_what_failed(task), printable_lines(reason)))
    elif reason:
        failures.add(_name_of(task), "%s: %s" % (_what_failed(task), printable_lines(reason)),
                     (task.programs or [item])[0])


def _name_of(task):
    return "Setup programs of supervisor '%s'" % task.supervisor


def _what_failed(task):
    return "the programs of '%s' could not be looked after as '%s'" % (task.supervisor, task.item["user"])


def _content(run, sha256):
    try:
        return run.content(sha256)
    except ContentMissing:
        return None  # it is only needed if the file differs


def _replay(run, emitted, failures):
    """The steps that the child reported."""
    for one in emitted:
        item = {"at": one.get("at")}
        if "want" in one:
            if not run.check:
                raise ContentMissing(one["want"])
            run.want(one["want"])
        elif "failed" in one:
            failures.add(one["name"], printable_lines(one["failed"]), item)
        else:
            message = one.get("message")
            run.step(one["name"], one["changed"], item, handler=one.get("handler", False),
                     message=printable_lines(message) if message else message, diff=one.get("diff"))
