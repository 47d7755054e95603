# SPDX-License-Identifier: MIT
"""The deployer's side of the module `deploy`: what of the plan concerns a host, and the contents that it lacks."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import json
import os

from ansible import constants as C  # foreign name
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils import items as host_items
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.answers import checked
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.contents import INLINE, BadItem, Contents
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.payload import Payload
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.secrets import Secrets

MODULE = "supervisor_manager.supervisor.deploy"
SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "modules", "deploy.py")
VERSION = 1


class ActionModule(ActionBase):
    # Ansible would make and remove a temporary folder in each task; few need one (see _remote).
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        compare = self._task.check_mode or bool(self._task.args.get("compare"))
        try:
            arguments, contents, packages = self._prepare(task_vars or {}, compare)
            result.update(checked(self._call(arguments, contents, packages, task_vars)))
        except AnsibleConnectionFailure:
            self._connection._shell.tmpdir = None  # its removal would fail again, and as a failed task
            raise
        except BadItem as error:
            result.update(failed=True, msg=str(error), steps=[], pending=[])
        finally:
            if self._connection._shell.tmpdir:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        return self._masked(result)

    def _masked(self, result):
        """The result without the values of encrypted variables. What the next tasks need of it has none."""
        names = read_plan(self._task.args["plan"]).get("secrets", ())
        shown = {key: result[key] for key in ("steps", "msg", "status", "module_stderr", "module_stdout", "exception")
                 if key in result}
        return dict(result, **Secrets(names, self._templar).masked(shown)) if names else result

    def _prepare(self, task_vars, compare):
        """The module's arguments; the contents; and the packages that the host lacks."""
        plan = read_plan(self._task.args["plan"])
        host = task_vars["inventory_hostname"]
        stages = self._task.args["stages"]
        before = self._task.args.get("before") or {}
        items = host_items.of_host(plan, host, self._templar)
        contents = Contents(self._templar, self._loader, task_vars, os.path.dirname(self._task.args["plan"]))
        host_items.describe_files(items, stages, contents, only_names=plan["action"] != "deploy")
        options = {
            "purge": plan.get("purge", False), "prune": plan.get("prune", False),
            "diff": bool(plan.get("diff") or self._task.diff), "packages": plan.get("packages", []),
            "privileged": plan.get("hosts", {}).get(host, {}).get("privileged", True),
        }
        arguments = {
            "action": plan["action"], "stages": stages, "compare": compare, "items": items, "options": options,
            "before": {key: before[key] for key in ("changed_paths",) if key in before}, "contents": {},
        }
        if compare:
            arguments["contents"] = contents.for_diff() if options["diff"] else {}
            return arguments, (contents, []), []
        wants_packages = before.get("wants_packages") and "instances" in stages
        return arguments, (contents, before.get("wanted", [])), options["packages"] if wants_packages else []

    def _call(self, arguments, wanted, packages, task_vars):
        """Sends what the host lacks, and calls the module."""
        contents, hashes = wanted
        for sha256 in hashes:
            size = contents.size(sha256)
            if size is None:
                continue  # of another stage, or changed since the comparison: the module reports it
            if size <= INLINE:
                arguments["contents"][sha256] = contents.inline(sha256)
            else:
                arguments["contents"][sha256] = {"path": self._send(contents, sha256)}
        arguments["options"]["packages"] = [self._send_file(path) for path in packages]
        payload = Payload(SOURCE, C.DEFAULT_LOCAL_TMP)
        is_given = payload.give()
        try:
            result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            # Whether Ansible tells this, or the reason that ssh gives, depends on which of the two is quicker.
            if str(error).startswith("Data could not be sent"):
                self._low_level_execute_command("true", sudoable=False)  # raises it with the reason
            raise
        if not is_given:
            payload.keep()
        return result

    def _remote(self, name):
        """A path in the host's temporary folder, which is made on first use."""
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        return self._connection._shell.join_path(self._connection._shell.tmpdir, name)

    def _send(self, contents, sha256):
        remote = self._remote(f"content-{sha256}")
        path = contents.path(sha256)
        if path is not None:
            self._transfer_file(path, remote)
        else:
            self._transfer_data(remote, contents.data(sha256))
        self._fixup_perms2((self._connection._shell.tmpdir, remote))
        return remote

    def _send_file(self, path):
        remote = self._remote(os.path.basename(path))
        self._transfer_file(path, remote)
        self._fixup_perms2((self._connection._shell.tmpdir, remote))
        return remote


def read_plan(path):
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    if plan.get("version") != VERSION:
        raise BadItem(f"{path} is not a plan of version {VERSION}: supervisor-deploy and its collection do not fit")
    return plan
