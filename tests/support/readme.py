# SPDX-License-Identifier: MIT
"""README.md's own commands, section by section, so that the test runs what the README shows."""

import os
import re

from programs import SOURCE


class Block:
    """A fenced block. Language "sh": commands to run as they are; no language: a session, commands after "# " or "$ " and
    their output; "ini": a configuration."""

    def __init__(self, language, text):
        self.language = language
        self.text = text

    @property
    def account(self):
        """The account that its first line names; None: root."""
        said = re.match(r"# as (\w+):", self.text)
        return said and said.group(1)

    def session(self):
        """[(command, its output)]."""
        parts = re.split(r"^[#$] (.*)\n", self.text, flags=re.MULTILINE)[1:]
        return list(zip(parts[::2], parts[1::2]))


def blocks(heading):
    """The blocks of the section with this heading, in order, without those of its subsections."""
    found, section, fence = [], None, None
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("```"):
                if fence is not None and section == heading:
                    found.append(fence)
                fence = Block(line[3:].strip(), "") if fence is None else None
            elif fence is not None:
                fence.text += line
            elif line.startswith("#"):
                section = line.strip("# \n")
    assert found, f"README.md has no commands under the heading '{heading}'"
    return found
