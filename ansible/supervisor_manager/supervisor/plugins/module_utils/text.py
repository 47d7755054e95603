# SPDX-License-Identifier: MIT
"""Texts of hosts and accounts, made fit for a terminal."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def printable(text):
    """The text in one line; what a terminal would obey, or would not show, is written as \\xNN or \\uNNNN."""
    if text.isprintable():
        return text
    return "".join(character if shown(character) else escaped(character) for character in text)


def printable_lines(text):
    """As printable(), but line feeds and tabs stay."""
    return "\n".join("\t".join(printable(part) for part in line.split("\t")) for line in text.split("\n"))


def shown(character):
    return character == " " or unicodedata.category(character) not in HIDDEN


def escaped(character):
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
