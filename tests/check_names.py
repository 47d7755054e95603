# SPDX-License-Identifier: MIT
"""Checks the names that Python code defines: functions, variables and arguments snake_case, classes CamelCase, constants
UPPER_CASE.

  check_names.py [FILE...]

Without files: all Python programs of the source tree. Prints `file:line: kind 'name' is not ...` for each wrong name.
Others choose some names: methods that a base class of the library calls (FOREIGN_METHODS: http.server, ast), and names in a
line with the comment `# foreign name`.

style/test_check_names.py plants violations and expects each to be found.
"""

import ast
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SNAKE = re.compile(r"_*[a-z][a-z0-9_]*$|_+$")
CAMEL = re.compile(r"_?[A-Z][A-Za-z0-9]*$")
UPPER = re.compile(r"_*[A-Z][A-Z0-9_]*$")
SPECIAL = re.compile(r"__[a-z_]+__$")
FOREIGN_METHODS = re.compile(r"do_[A-Z]+$|visit_[A-Z]\w+$")
FOREIGN_LINE = re.compile(r"# foreign name\b")


def is_class(value):
    """An alias of a class, such as `Entry = collections.namedtuple(...)`, is named as one."""
    return isinstance(value, (ast.Call, ast.Name, ast.Attribute, ast.Subscript))


class Names(ast.NodeVisitor):
    """Collects (line, kind, name, rule) of each name that breaks its rule."""

    def __init__(self):
        self.wrong = []
        self._scopes = ["module"]

    def _require(self, node, kind, name, *rules):
        patterns = {"snake_case": SNAKE, "CamelCase": CAMEL, "UPPER_CASE": UPPER}
        if not SPECIAL.match(name) and not any(patterns[rule].match(name) for rule in rules):
            self.wrong.append((node.lineno, kind, name, " or ".join(rules)))

    def _inside(self, scope, node):
        self._scopes.append(scope)
        self.generic_visit(node)
        self._scopes.pop()

    def visit_ClassDef(self, node):
        self._require(node, "class", node.name, "CamelCase")
        self._inside("class", node)

    def visit_FunctionDef(self, node):
        if not (self._scopes[-1] == "class" and FOREIGN_METHODS.match(node.name)):
            self._require(node, "function", node.name, "snake_case")
        self._inside("function", node)

    visit_AsyncFunctionDef = visit_FunctionDef  # foreign name

    def visit_arg(self, node):
        self._require(node, "argument", node.arg, "snake_case")
        self.generic_visit(node)

    def visit_Assign(self, node):
        for target in node.targets:
            self._visit_target(target, node.value)
        self.visit(node.value)

    def _visit_target(self, target, value):
        """A constant of a module or a class is UPPER_CASE, an alias of a class CamelCase; the rest are variables."""
        if isinstance(target, ast.Name) and self._scopes[-1] != "function" and is_class(value) and CAMEL.match(target.id):
            return
        self.visit(target)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self._require_variable(node, node.id)

    def visit_Attribute(self, node):
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            self._require_variable(node, node.attr)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node):
        if node.name:
            self._require_variable(node, node.name)
        self.generic_visit(node)

    def visit_alias(self, node):
        if node.asname:
            self._require(node, "alias", node.asname, "snake_case", "CamelCase", "UPPER_CASE")

    def _require_variable(self, node, name):
        rules = ["snake_case"] if self._scopes[-1] == "function" else ["snake_case", "UPPER_CASE"]
        self._require(node, "variable", name, *rules)


def check_text(text):
    """(line, message) of each wrong name in a program's text, in the order of its lines."""
    names = Names()
    names.visit(ast.parse(text))
    lines = text.splitlines()
    return [(line, f"{kind} '{name}' is not {rule}") for line, kind, name, rule in sorted(names.wrong)
            if not FOREIGN_LINE.search(lines[line - 1])]


def is_program(path):
    """Whether a file is Python: by its name, or by its first line."""
    if path.endswith(".py"):
        return True
    if "." in os.path.basename(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return re.match(rb"#!.*python", file.readline(200)) is not None


def programs():
    """All Python programs of the source tree, with or without git."""
    listing = subprocess.run([os.path.join(ROOT, "scripts/style"), "--list"], stdout=subprocess.PIPE, text=True, check=True)
    return [path for path in listing.stdout.splitlines() if is_program(os.path.join(ROOT, path))]


def main():
    paths = sys.argv[1:] or programs()
    found = 0
    for path in paths:
        with open(os.path.join(ROOT, path) if not sys.argv[1:] else path, encoding="utf-8") as file:
            for line, message in check_text(file.read()):
                print(f"{path}:{line}: {message}")
                found += 1
    if not paths:
        print("names: no Python program found")
    elif not found:
        print(f"names: {len(paths)} Python programs, nothing found")
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
