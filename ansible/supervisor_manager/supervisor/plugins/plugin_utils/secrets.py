# SPDX-License-Identifier: MIT
"""Values of encrypted_vars, which templates and items may have: they are masked in what a run prints."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text

MASK = "********"
SHORTEST = 4  # a shorter one would mask parts of every text
SHORTEST_LINE = 8  # of a secret of several lines, such as a key


class Secrets:
    """`names`: of the encrypted variables, as in the plan."""

    def __init__(self, names, templar):
        values = set()
        for name in names:
            try:
                value = to_text(templar.template("{{ " + name + " }}", convert_data=False))
            except AnsibleError:
                continue  # nothing has used it, or that has failed
            values.update(part for part in (value, value.strip()) if len(part) >= SHORTEST)
            if "\n" in value.strip():
                values.update(line.strip() for line in value.split("\n") if len(line.strip()) >= SHORTEST_LINE)
        self._values = sorted(values, key=len, reverse=True)

    def masked(self, value):
        """The same with secrets replaced in all its texts."""
        if not self._values:
            return value
        if isinstance(value, dict):
            return {key: self.masked(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.masked(inner) for inner in value]
        if isinstance(value, str):
            for secret in self._values:
                value = value.replace(secret, MASK)
        return value
