#!/usr/bin/python
# SPDX-License-Identifier: MIT
"""An instance of supervisor-manager."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: instance
short_description: Declare an instance of supervisor-manager
version_added: "0.1.0"
description:
  - Declares an instance, that is a supervisord of an account, in C(/etc/supervisor-manager/conf.d), and starts or
    stops it.
  - Entries that the manager refuses are put back, and the task fails with its reason.
  - An instance restarts only if its process depends on what changed.
author:
  - The supervisor-manager authors (@supervisor-manager)
requirements:
  - supervisor-manager on the host, with its manager running
  - root
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  state:
    description:
      - C(started) and C(stopped) also declare it.
      - C(restarted) restarts it, unless this task has started it.
      - C(present) declares it and changes nothing in what runs; a new instance stays stopped.
      - C(absent) stops it, and removes its entry, its files, its logs and its programs.
    type: str
    choices: [present, absent, started, stopped, restarted]
    default: started
  user:
    description: Owner of the instance. Required unless I(state=absent).
    type: str
  group:
    description: Group of the owner. Required unless I(state=absent).
    type: str
  enabled:
    description: Whether it starts when the host boots.
    type: bool
    default: true
  http_server:
    description: A web page and XML-RPC over TCP.
    type: dict
    suboptions:
      endpoint:
        description: Address and port, such as C(127.0.0.1:9001).
        type: str
      username:
        description: Name for the password. The default is the owner.
        type: str
      password:
        description: Password, or better its hash, such as C({SHA256}) and the digest in hexadecimal.
        type: str
      allowed_hosts:
        description: Names that an endpoint without a password accepts, separated by commas.
        type: str
  configuration:
    description: Complete configuration of its supervisord, in place of the generated one.
    type: str
  options:
    description:
      - Other keys of the entry, as in supervisor-manager.conf(5), such as C(memory_max), C(include_dir) or C(priority).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The instance of the account tsup
  supervisor_manager.supervisor.instance:
    name: tsupv
    user: tsup
    group: tsup

- name: With a web page and a limit of memory
  supervisor_manager.supervisor.instance:
    name: tsupv
    user: tsup
    group: tsup
    http_server:
      endpoint: 127.0.0.1:9001
      password: "{{ tsupv_password }}"
    options:
      memory_max: 1G

- name: Remove it
  supervisor_manager.supervisor.instance:
    name: tsupv
    state: absent
"""

RETURN = r"""
steps:
  description: What was looked at, in order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: What it was.
      type: str
    result:
      description: ok, changed or failed.
      type: str
    message:
      description: More about it, or null.
      type: str
  sample: [{"name": "Start supervisord_tsupv service", "result": "changed", "message": null}]
"""

import base64
import hashlib

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import entries, instance_steps, instances
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.silent import SilentModule
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.standalone import results_of, run_stages

STATES = {"present": "current", "started": "started", "stopped": "stopped", "restarted": "started", "absent": "stopped"}

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "started", "stopped", "restarted"], "default": "started"},
    "user": {"type": "str"},
    "group": {"type": "str"},
    "enabled": {"type": "bool", "default": True},
    "http_server": {"type": "dict", "options": {
        "endpoint": {"type": "str"}, "username": {"type": "str"}, "password": {"type": "str", "no_log": True},
        "allowed_hosts": {"type": "str"}}},
    "configuration": {"type": "str"},
    "options": {"type": "dict", "default": {}},
}


def item_of(module):
    """(the item of the plan, contents by hash)"""
    params = module.params
    unknown = sorted(set(params["options"]) - set(entries.INSTANCE_KEYS))
    if unknown:
        module.fail_json(msg="options: unknown key '%s'; keys are those of supervisor-manager.conf(5)" % unknown[0])
    item = dict(params["options"], name=params["name"], user=params["user"], group=params["group"],
                enabled=params["enabled"], state=STATES[params["state"]], http_server=params["http_server"])
    contents = {}
    if params["configuration"]:
        data = params["configuration"].encode("utf-8")
        item.update(conf_file_src="configuration", sha256=hashlib.sha256(data).hexdigest())
        contents[item["sha256"]] = {"base64": base64.b64encode(data).decode("ascii")}
    return item, contents


def main():
    module = SilentModule(argument_spec=ARGUMENTS, supports_check_mode=True, required_if=[
        ("state", state, ("user", "group")) for state in ("present", "started", "stopped", "restarted")])
    item, contents = item_of(module)
    items = {"supervisors": [item]}
    if module.params["state"] == "absent":
        run = run_stages(module, "remove", items, [("instances", instances.remove)])
        module.exit_json(**results_of(run))
    run = run_stages(module, "deploy", items, [("instances", instances.deploy)], contents, {"privileged": False})
    if module.params["state"] != "restarted" or instance_steps.will_start(run, item):
        module.exit_json(**results_of(run))
    again = run_stages(module, "restart", items, [("instances", instances.restart)])
    module.exit_json(**results_of(run, again))


if __name__ == "__main__":
    main()
