# SPDX-License-Identifier: MIT
"""The check of Python names itself: each planted violation is found, and what is allowed passes."""

import pytest

import check_names


@pytest.mark.parametrize("text, message", [
    ("def readAll(): pass", "function 'readAll' is not snake_case"),
    ("async def readAll(): pass", "function 'readAll' is not snake_case"),
    ("def f(someName): pass", "argument 'someName' is not snake_case"),
    ("def f(*someNames): pass", "argument 'someNames' is not snake_case"),
    ("def f(*, someName=1): pass", "argument 'someName' is not snake_case"),
    ("f = lambda someName: 1", "argument 'someName' is not snake_case"),
    ("class reader: pass", "class 'reader' is not CamelCase"),
    ("class My_Reader: pass", "class 'My_Reader' is not CamelCase"),
    ("class A:\n  def readAll(self): pass", "function 'readAll' is not snake_case"),
    ("class A:\n  def f(self):\n    self.someName = 1", "variable 'someName' is not snake_case"),
    ("def f():\n  someName = 1", "variable 'someName' is not snake_case"),
    ("def f():\n  SOME = 1", "variable 'SOME' is not snake_case"),
    ("def f():\n  for someName in (): pass", "variable 'someName' is not snake_case"),
    ("def f():\n  with x as someName: pass", "variable 'someName' is not snake_case"),
    ("def f():\n  if (someName := 1): pass", "variable 'someName' is not snake_case"),
    ("def f():\n  a, (b, someName) = 1, (2, 3)", "variable 'someName' is not snake_case"),
    ("x = [someName for someName in ()]", "variable 'someName' is not snake_case"),
    ("try: pass\nexcept OSError as someError: pass", "variable 'someError' is not snake_case"),
    ("someName: int = 1", "variable 'someName' is not snake_case"),
    ("kLimit = 1", "variable 'kLimit' is not snake_case"),
    ("import a.b as someName", "alias 'someName' is not snake_case"),
])
def test_a_violation_is_found(text, message):
    found = check_names.check_text(text)
    assert len(found) == 1 and found[0][1].startswith(message), found


@pytest.mark.parametrize("text", [
    "def _read_all(a, *, b_c=1, **_): pass",
    "class _Reader2:\n  LIMIT = 1\n  def __init__(self): self.some_name = 1",
    "_LIMIT = 3\nname = 2",
    "Entry = collections.namedtuple('Entry', 'a')",
    "class H(BaseHTTPRequestHandler):\n  def do_GET(self): pass",
    "rpc.supervisor.getAllProcessInfo(someName=1)",
    "other.someName = 1",
    "someName = 1  # foreign name: of a test",
    "for _ in (): pass",
    "from a import B as C",
])
def test_what_is_allowed_passes(text):
    assert check_names.check_text(text) == []


def test_the_programs_of_the_tree_are_found():
    paths = check_names.programs()
    assert "tests/check_names.py" in paths and "bench/run" in paths and "man/interface_page.py" in paths
