# SPDX-License-Identifier: MIT
"""Whether the programs under test are built with a sanitizer (meson's b_sanitize), which some tests cannot bear:

    pytestmark = without_sanitizer("it replaces malloc, and so does a sanitizer")
"""

import functools
import json
import os

import pytest

from programs import build_dir


def environment():
    """The sanitizers' options, which scripts/test sets: for a program that gets an environment of its own."""
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


@functools.lru_cache(maxsize=None)
def sanitizer():
    """The sanitizers of the build, as meson names them ("address,undefined"), or None."""
    path = os.path.join(build_dir(), "meson-info/intro-buildoptions.json")
    if not os.path.exists(path):  # an installation
        return None
    with open(path, encoding="utf-8") as file:
        value = next(option["value"] for option in json.load(file) if option["name"] == "b_sanitize")
    return None if value == "none" else value


def without_sanitizer(reason):
    """A mark for a test, a class or a module: skipped with a sanitizer, and why."""
    return pytest.mark.skipif(sanitizer() is not None, reason=f"a build with sanitizers ({sanitizer()}): {reason}")
