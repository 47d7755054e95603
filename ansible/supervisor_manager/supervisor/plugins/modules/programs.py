#!/usr/bin/python
# SPDX-License-Identifier: MIT
"""Programs and groups of an instance."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: programs
short_description: Declare programs and groups of a supervisord
version_added: "0.1.0"
description:
  - Writes one file for each program and each group into the include directory of an instance, lets its supervisord
    take those that changed, and brings the programs to their states.
  - All programs of an instance are one task. Other programs of the instance are not affected.
  - Works for instances of supervisor-manager, and for any supervisord of Supervisor 4 with a Unix socket and an include
    directory of C(*.ini) files. Root works with the rights of the owner; the owner itself needs no root.
author:
  - The supervisor-manager authors (@supervisor-manager)
extends_documentation_fragment: supervisor_manager.supervisor.whose
options:
  programs:
    description: The programs.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the program.
        type: str
        required: true
      command:
        description: The command line. Required unless I(state=absent) or the program has its own I(text).
        type: str
      text:
        description: The whole section, in place of the keys.
        type: str
      state:
        description:
          - C(current) leaves it running or stopped, C(absent) stops it and removes its file.
        type: str
        choices: [started, stopped, current, absent]
        default: started
      options:
        description: Other keys of C([program:x]), as in supervisord.conf(5). C(environment) can be a map.
        type: dict
        default: {}
  groups:
    description: Groups of these programs.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group.
        type: str
        required: true
      programs:
        description: Names of its programs.
        type: list
        elements: str
        default: []
      priority:
        description: Groups with a lower number start first.
        type: int
      state:
        description: C(absent) removes its file.
        type: str
        choices: [present, absent]
        default: present
  prune:
    description: Also removes programs and groups that an earlier task or deployment declared, and this one does not.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Programs of the account tsup
  supervisor_manager.supervisor.programs:
    instance: tsupv
    programs:
      - name: program1
        command: /bin/bash /opt/tsup/program1.sh
      - name: worker
        command: /opt/tsup/worker --queue high
        options:
          autorestart: true
          environment: {LANG: C.UTF-8}
    groups:
      - name: all
        programs: [program1, worker]
"""

RETURN = r"""
steps:
  description: What was looked at, in order, as the module instance returns it.
  returned: always
  type: list
  elements: dict
"""

import base64
import hashlib

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import entries, programs
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.silent import SilentModule
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.standalone import (
    INSTANCE_ARGUMENTS, results_of, run_stages, supervisor_of)

PROGRAM_ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "command": {"type": "str"},
    "text": {"type": "str"},
    "state": {"type": "str", "choices": ["started", "stopped", "current", "absent"], "default": "started"},
    "options": {"type": "dict", "default": {}},
}
GROUP_ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "programs": {"type": "list", "elements": "str", "default": []},
    "priority": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
ARGUMENTS = dict(
    INSTANCE_ARGUMENTS,
    instance={"type": "str", "required": True},
    programs={"type": "list", "elements": "dict", "default": [], "options": PROGRAM_ARGUMENTS},
    groups={"type": "list", "elements": "dict", "default": [], "options": GROUP_ARGUMENTS},
    prune={"type": "bool", "default": False},
)


def program_of(module, one, contents):
    """The item of a program."""
    name = one["name"]
    unknown = sorted(set(one["options"]) - set(entries.PROGRAM_KEYS) - {"command"})
    if unknown:
        module.fail_json(msg="program %s: options: unknown key '%s'; keys are those of supervisord.conf(5)"
                         % (name, unknown[0]))
    if one["state"] != "absent" and not (one["command"] or one["text"]):
        module.fail_json(msg="program %s: command or text is required" % name)
    item = dict(one["options"], name=name, supervisor=module.params["instance"], state=one["state"])
    if one["command"]:
        item["command"] = one["command"]
    if one["text"]:
        data = one["text"].encode("utf-8")
        item.update(conf_file_src="text", sha256=hashlib.sha256(data).hexdigest())
        contents[item["sha256"]] = {"base64": base64.b64encode(data).decode("ascii")}
    return item


def main():
    module = SilentModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    name = module.params["instance"]
    contents = {}
    all_programs = [program_of(module, one, contents) for one in module.params["programs"]]
    all_groups = [dict({key: value for key, value in one.items() if value is not None}, supervisor=name)
                  for one in module.params["groups"]]
    supervisor = supervisor_of(module, name)
    # Without prune, what else is in the directory is the business of other tasks.
    gone = [entries.program_file(one) for one in all_programs if one["state"] == "absent"]
    gone += [entries.group_file(one) for one in all_groups if one["state"] == "absent"]
    options = {"prune": module.params["prune"], "ignored_files": gone if module.params["prune"] else None}
    runs = []
    for action, chosen in (("remove", True), ("deploy", False)):
        items = {"supervisors": [supervisor],
                 "supervisor_programs": [one for one in all_programs if (one["state"] == "absent") is chosen],
                 "supervisor_groups": [one for one in all_groups if (one["state"] == "absent") is chosen]}
        stage = programs.remove if chosen else programs.deploy
        runs.append(run_stages(module, action, items, [("programs", stage)], contents, options))
    module.exit_json(**results_of(*runs))


if __name__ == "__main__":
    main()
