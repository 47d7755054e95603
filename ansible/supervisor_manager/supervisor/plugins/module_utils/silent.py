# SPDX-License-Identifier: MIT
"""Modules whose parameters can be secret."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule


class SilentModule(AnsibleModule):
    def _log_invocation(self):
        """The host's journal does not get the parameters: environments and texts can be secret. The argument no_log would
        not prevent that: Ansible replaces it by the task's."""
