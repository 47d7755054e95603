#!/usr/bin/python
# SPDX-License-Identifier: MIT
"""The state of an instance or of some of its programs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: state
short_description: Start, stop and show an instance or its programs
version_added: "0.1.0"
description:
  - Without I(programs), an instance of supervisor-manager is started, stopped or restarted, together with its programs.
  - With I(programs), these programs of any supervisord with a Unix socket.
  - Returns the table of all programs of the instance.
author:
  - The supervisor-manager authors (@supervisor-manager)
extends_documentation_fragment: supervisor_manager.supervisor.whose
options:
  programs:
    description: Names of programs.
    type: list
    elements: str
    default: []
  state:
    description: C(status) only returns the table.
    type: str
    choices: [started, stopped, restarted, status]
    default: status
"""

EXAMPLES = r"""
- name: Restart one program
  supervisor_manager.supervisor.state:
    instance: tsupv
    programs: [program1]
    state: restarted

- name: What runs
  supervisor_manager.supervisor.state:
    instance: tsupv
  register: tsupv
"""

RETURN = r"""
status:
  description: One row for each program; one row without a program, if the instance does not run or has none.
  returned: success
  type: list
  elements: dict
  contains:
    supervisor:
      description: Name of the instance.
      type: str
    instance_state:
      description: running, stopped, failed, absent, refused, or another state of the manager.
      type: str
    program:
      description: Address of the program.
      type: str
    state:
      description: State of the program, as supervisorctl prints it.
      type: str
    description:
      description: What supervisorctl prints after it.
      type: str
    wanted:
      description: Whether the program is in the state that was asked for.
      type: bool
steps:
  description: What was looked at, in order.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import instances, programs
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.standalone import (
    INSTANCE_ARGUMENTS, results_of, run_stages, supervisor_of, table_of)

ARGUMENTS = dict(
    INSTANCE_ARGUMENTS,
    instance={"type": "str", "required": True},
    programs={"type": "list", "elements": "str", "default": []},
    state={"type": "str", "choices": ["started", "stopped", "restarted", "status"], "default": "status"},
)

ACTIONS = {"started": "start", "stopped": "stop", "restarted": "restart"}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    name, state = module.params["instance"], module.params["state"]
    names = module.params["programs"]
    supervisor = supervisor_of(module, name, managed=not names and not module.params["conf_file"])
    goal = {"stopped": "stopped", "status": "current"}.get(state, "started")
    items = {"supervisors": [dict(supervisor, state=goal)],
             "supervisor_programs": [{"name": one, "supervisor": name, "state": goal} for one in names]}
    runs = []
    if state != "status":
        if not names and not supervisor["managed"]:
            module.fail_json(msg="conf_file describes an instance that something else manages: give programs as well")
        part = programs if names else instances
        stage = {"start": part.start, "stop": part.stop, "restart": part.restart}[ACTIONS[state]]
        runs.append(run_stages(module, ACTIONS[state], items, [("programs" if names else "instances", stage)]))
    module.exit_json(status=table_of(items["supervisors"][0], items["supervisor_programs"]), **results_of(*runs))


if __name__ == "__main__":
    main()
