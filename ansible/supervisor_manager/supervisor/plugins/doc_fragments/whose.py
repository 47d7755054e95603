# SPDX-License-Identifier: MIT
"""Options of the modules that say which instance is meant, and whose it is."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment:
    """Read by Ansible."""

    DOCUMENTATION = r"""
options:
  instance:
    description: Name of the instance.
    type: str
    required: true
  user:
    description: Owner of the instance. The default is what the manager knows, or else the account of the connection.
    type: str
  group:
    description: Group of the owner.
    type: str
  conf_file:
    description: Configuration file of the instance. The default is what the manager knows, or
      C(/etc/supervisord_NAME.conf).
    type: path
  include_dir:
    description: Its include directory. The default is what the manager knows, or C(/etc/supervisord_NAME.d).
    type: path
"""
