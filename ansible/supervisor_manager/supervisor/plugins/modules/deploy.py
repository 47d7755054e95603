#!/usr/bin/python
# SPDX-License-Identifier: MIT

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

DOCUMENTATION = r"""
---
module: deploy
short_description: Runs stages of supervisor-deploy on a host (internal)
version_added: 0.1.0
description:
  - The part of C(supervisor-deploy) that works on a host. It is internal; its parameters may change with each version.
  - Playbooks use the modules M(supervisor_manager.supervisor.instance), M(supervisor_manager.supervisor.programs) and
    M(supervisor_manager.supervisor.state) instead.
  - It takes all items of a stage in one call, compares them with what is there, and changes what differs.
options:
  plan:
    description: The plan document on the deployer, which C(supervisor-deploy) wrote. The action plugin reads it.
    type: path
  action:
    description: What to do. The action plugin takes it from the plan.
    type: str
    choices: [deploy, remove, start, stop, status]
  stages:
    description: The stages to run, in order.
    type: list
    elements: str
    choices: [accounts, files, units, instances, programs, status]
    required: true
  compare:
    description: Changes nothing, as in check mode, and returns the stages that have something to do.
    type: bool
    default: false
  before:
    description: The result of the call that compared.
    type: dict
    default: {}
  items:
    description: The items of this host by section, as in the plan.
    type: dict
    default: {}
  contents:
    description: Contents of files by their SHA-256.
    type: dict
    default: {}
  options:
    description: Options of the run.
    type: dict
    default: {}
author:
  - The supervisor-manager authors
"""

EXAMPLES = r"""
# Written by supervisor-deploy
- name: compare
  supervisor_manager.supervisor.deploy:
    plan: /run/user/1000/hadeploy/plan.json
    stages: [accounts, files, units, instances, programs]
    compare: true
  register: compared
"""

RETURN = r"""
steps:
  description: Everything that was looked at, in order; each with stage, name, result, handler, at, message and diff.
  returned: always
  type: list
  elements: dict
pending:
  description: The stages that changed something, or would.
  returned: always
  type: list
  elements: str
status:
  description: The programs of this host and their states.
  returned: for the action status
  type: list
  elements: dict
"""

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import leftovers, stages
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.silent import SilentModule


def main():
    module = SilentModule(
        argument_spec=dict(
            plan=dict(type="path"),
            action=dict(type="str", choices=["deploy", "remove", "start", "stop", "status"]),
            stages=dict(type="list", elements="str", required=True,
                        choices=["accounts", "files", "units", "instances", "programs", "status"]),
            compare=dict(type="bool", default=False),
            before=dict(type="dict", default={}),
            items=dict(type="dict", default={}),
            contents=dict(type="dict", default={}),
            options=dict(type="dict", default={}),
        ),
        supports_check_mode=True,
    )
    leftovers.hold_module()
    if not module.check_mode:
        leftovers.sweep(module._remote_tmp)
    result = stages.perform(module.params, module.check_mode or module.params["compare"])
    result["invocation"] = {}
    if result["failed"]:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
