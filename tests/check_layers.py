# SPDX-License-Identifier: MIT
"""Checks who includes whom: the walls between the project's folders, and the folder each library stays in.

Reads the #include lines of every source and header, and prints `file:line: reason` for each that crosses a wall.
The rules are the two tables below. They name folders exactly: a folder inherits nothing from the one above it, so a new
folder needs a row of its own. layers/test_check_layers.py plants violations and expects each to be found.
"""

import os
import re
import sys

# Which folders a folder may include from, besides itself. "lib/*" means every folder directly in lib.
MAY_INCLUDE = {
    "dbus": [],
    "lib/core": [],
    "lib/dialect": ["lib/core", "lib/lifecycle"],
    "lib/lifecycle": ["lib/core"],
    "lib/terminal": ["lib/core"],
    "lib/xmlrpc": ["lib/core"],
    "instance/config": ["lib/core", "lib/dialect"],
    "instance/state": ["lib/core", "lib/dialect", "lib/lifecycle", "instance/config"],
    "instance/output": ["lib/core", "instance/config", "instance/state"],
    "instance/probe": ["lib/core", "lib/dialect", "lib/lifecycle", "lib/xmlrpc"],
    "instance/process": [
        "lib/core", "lib/dialect", "lib/lifecycle", "instance/config", "instance/output", "instance/probe",
        "instance/state"],
    "instance/events": ["lib/core", "instance/config", "instance/output", "instance/process", "instance/state"],
    "instance/api": [
        "lib/core", "lib/dialect", "lib/xmlrpc", "instance/config", "instance/output", "instance/process",
        "instance/events", "instance/state"],
    "instance/http": ["lib/core", "instance/state"],
    "instance/endpoints": [
        "lib/core", "instance/http", "instance/output", "instance/process", "instance/api", "instance/state"],
    "instance/handover": ["lib/core", "instance/*"],
    "instance/web": [
        "lib/core", "lib/lifecycle", "lib/xmlrpc", "instance/http", "instance/output", "instance/process",
        "instance/api"],
    "instance": ["lib/core", "instance/*"],
    "daemon/entries": ["lib/core", "lib/dialect"],
    "daemon/layout": ["lib/core", "daemon/entries"],
    "daemon/instances": ["lib/core", "lib/lifecycle", "lib/xmlrpc", "daemon/entries", "daemon/layout"],
    "daemon/bus": ["dbus", "lib/core", "daemon/instances"],
    "daemon": ["lib/core", "daemon/instances", "daemon/bus"],
    "ctl/supervisorctl": ["lib/core", "lib/lifecycle", "lib/terminal", "lib/xmlrpc"],
    "ctl/supervisor-manager": ["dbus", "lib/core", "lib/lifecycle", "lib/terminal"],
    "ctl/deploy/yaml": ["lib/core"],
    "ctl/deploy/sources": ["lib/core", "ctl/deploy/yaml"],
    "ctl/deploy/language": ["lib/core", "lib/dialect", "daemon/entries", "ctl/deploy/yaml"],
    "ctl/deploy": ["lib/core", "ctl/deploy/*"],
    "ctl/pidproxy": ["lib/core"],
    "ctl/echo_supervisord_conf": ["lib/core"],
}

# Which folders may include the headers of a library. "tests" includes all folders below it.
FOREIGN = [
    (re.compile(r"ini\.h$|INIReader\.h$"), "inih", ["lib/core"]),
    (re.compile(r"systemd/sd-(daemon|event)\.h$"), "libsystemd's event loop, which core::EventLoop replaces,", []),
    (re.compile(r"systemd/sd-journal\.h$"), "libsystemd's journal", ["lib/core"]),
    (re.compile(r"expat"), "expat", ["lib/xmlrpc"]),
    (re.compile(r"sha[12]\.h$"), "libmd", ["instance/http"]),
    (re.compile(r"sdbus-c\+\+/"), "sdbus-c++", ["dbus", "tests"]),
    (re.compile(r"systemd/sd-bus(-protocol)?\.h$"), "sd-bus", ["daemon/bus", "ctl/supervisor-manager", "tests"]),
    (re.compile(r"yaml\.h$"), "libyaml", ["ctl/deploy/yaml"]),
    (re.compile(r"histedit\.h$|editline/"), "libedit", ["ctl/supervisorctl"]),
    (re.compile(r"(regex|iostream|filesystem|ranges)$"), "a header that costs too much build time", ["tests"]),
]

OURS = ("dbus", "lib", "instance", "daemon", "ctl", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_in_tests(folder):
    """Tests may include every header of the project."""
    return folder == "tests" or folder.startswith("tests/")


def may_include(folder, target):
    if target == folder or is_in_tests(folder):
        return True
    allowed = MAY_INCLUDE[folder]
    return target in allowed or os.path.dirname(target) + "/*" in allowed


def check_ours(folder, included):
    """Why a file in `folder` may not include our header `included`, or None."""
    target = os.path.dirname(included)
    if target not in MAY_INCLUDE and not is_in_tests(target):
        return f"the folder of {included} has no row in the table of layers (MAY_INCLUDE in tests/check_layers.py)"
    if may_include(folder, target):
        return None
    return f"{folder} must not include {target} (allowed: {', '.join(MAY_INCLUDE[folder]) or 'nothing of ours'})"


def check_foreign(folder, included):
    """Why a file in `folder` may not include the library header `included`, or None."""
    for pattern, name, folders in FOREIGN:
        if not pattern.match(included) or folder in folders:
            continue
        if not ("tests" in folders and is_in_tests(folder)):
            return f"<{included}>: {name} stays in {', '.join(folders)}"
    return None


def check_file(root, path):
    """Yields (line number, reason) for each wall that the file at `path` crosses."""
    folder = os.path.dirname(path)
    if folder not in MAY_INCLUDE and not is_in_tests(folder):
        yield 1, f"{folder} has no row in the table of layers (MAY_INCLUDE in tests/check_layers.py)"
        return
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(2)
            if ".." in included.split("/"):
                yield number, f"{included}: write the path from the source root"
                continue
            is_ours = included.split("/")[0] in OURS and match.group(1) == '"'
            reason = check_ours(folder, included) if is_ours else check_foreign(folder, included)
            if reason:
                yield number, reason


def sources(root):
    """Yields the paths, relative to `root`, of all our sources and headers."""
    for top in OURS:
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".cpp", ".hpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check(root):
    """All crossings under `root`, as `file:line: reason`."""
    return [f"{path}:{number}: {reason}" for path in sources(root) for number, reason in check_file(root, path)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    crossings = check(root)
    print("\n".join(crossings) if crossings else f"layers: {len(list(sources(root)))} files, no wall crossed")
    return 1 if crossings else 0


if __name__ == "__main__":
    sys.exit(main())
