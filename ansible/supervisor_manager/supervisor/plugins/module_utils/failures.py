# SPDX-License-Identifier: MIT
"""Failures of single items, which do not stop the others of a stage."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import StepFailed


class Failures:
    """Records failed steps; end() raises for the first, once the other items are done."""

    def __init__(self, run):
        self._run = run
        self._first = None
        self.items = []

    def add(self, name, message, item):
        self.items.append(item)
        try:
            self._run.fail(name, message, item)
        except StepFailed as failed:
            self._first = self._first or failed

    def end(self):
        if self._first:
            raise self._first
