# SPDX-License-Identifier: MIT
"""Checks who includes whom: the walls between the project's folders, and the folder each library stays in.

Reads the #include lines of every source and header, and prints `file:line: reason` for each that crosses a wall.
The rules are the two tables below; a folder that no rule names is an error too, so that a new one gets its place.
"""

import os
import re
import sys

# Which folders a folder may include from, besides itself. lib/core knows nothing of ours.
MAY_INCLUDE = {
    "lib/core": [],
    "lib/lifecycle": ["lib/core"],
    "lib/terminal": ["lib/core"],
    "lib/xmlrpc": ["lib/core"],
    "instance/config": ["lib"],
    "instance/output": ["lib", "instance/config"],
    "instance/process": ["lib/core", "lib/lifecycle", "instance/config", "instance/output"],
    "instance/events": ["lib", "instance/config", "instance/output", "instance/process"],
    "instance/api": ["lib", "instance/config", "instance/output", "instance/process", "instance/events"],
    "instance/http": ["lib"],
    "instance/web": ["lib", "instance"],
    "instance": ["lib", "instance"],
    "daemon/entries": ["lib"],
    "daemon/layout": ["lib", "daemon/entries"],
    "daemon/instances": ["lib", "daemon/entries", "daemon/layout"],
    "daemon/bus": ["lib", "daemon/entries", "daemon/layout", "daemon/instances"],
    "daemon": ["lib", "daemon"],
    "ctl/supervisorctl": ["lib"],
    "ctl/supervisor-manager": ["lib"],
    "ctl/pidproxy": ["lib"],
    "ctl/echo_supervisord_conf": ["lib"],
    "tests": ["lib", "instance", "daemon", "ctl", "tests"],
}

# Which folders may see the headers of a library. The tests of a folder may see what the folder sees.
FOREIGN = [
    (re.compile(r"ini\.h$|INIReader\.h$"), "inih", ["lib/core"]),
    (re.compile(r"spdlog/"), "spdlog", ["lib/core"]),
    (re.compile(r"systemd/sd-event\.h$"), "sd-event", ["lib/core"]),
    (re.compile(r"expat"), "expat", ["lib/xmlrpc"]),
    (re.compile(r"Poco/"), "Poco", ["instance/http"]),
    (re.compile(r"sdbus-c\+\+/|systemd/sd-bus\.h$"), "sdbus-c++", ["daemon/bus", "ctl/supervisor-manager", "tests"]),
    (re.compile(r"histedit\.h$|editline/"), "libedit", ["ctl/supervisorctl"]),
    (re.compile(r"(regex|iostream|filesystem|ranges)$"), "a header that costs too much build time", ["tests"]),
]

OURS = ("lib", "instance", "daemon", "ctl", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folderOf(path):
    """The most specific folder of MAY_INCLUDE that holds `path`, or None."""
    folder = os.path.dirname(path)
    while folder and folder not in MAY_INCLUDE:
        folder = os.path.dirname(folder)
    return folder or None


def isIn(path, folders):
    return any(path.startswith(folder + "/") for folder in folders)


def checkOurs(folder, included):
    """Why a file in `folder` may not include our header `included`, or None."""
    target = folderOf(included)
    if target is None:
        return f"{included} lies in a folder that the table of layers does not name"
    if target == folder or isIn(included, MAY_INCLUDE[folder]):
        return None
    if folder == "ctl" or target.split("/")[0] != folder.split("/")[0]:
        return f"{folder} must not know {target}"
    return f"{folder} must not know {target} (allowed: {', '.join(MAY_INCLUDE[folder]) or 'nothing of ours'})"


def checkForeign(path, included):
    for pattern, name, folders in FOREIGN:
        if pattern.match(included) and not isIn(path, folders):
            return f"<{included}>: {name} stays in {', '.join(folders)}"
    return None


def checkFile(root, path):
    """Yields (line number, reason) for each wall that the file at `path` crosses."""
    folder = folderOf(path)
    if folder is None:
        yield 1, "this folder has no place in the table of layers"
        return
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(2)
            if ".." in included.split("/"):
                yield number, f"{included}: includes start at the source root"
                continue
            isOurs = included.split("/")[0] in OURS and match.group(1) == '"'
            reason = checkOurs(folder, included) if isOurs else checkForeign(path, included)
            if reason:
                yield number, reason


def sources(root):
    for top in OURS:
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".cpp", ".hpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check(root):
    """All crossings under `root`, as `file:line: reason`."""
    return [f"{path}:{number}: {reason}" for path in sources(root) for number, reason in checkFile(root, path)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    crossings = check(root)
    print("\n".join(crossings) if crossings else f"layers: {len(list(sources(root)))} files, no wall crossed")
    return 1 if crossings else 0


if __name__ == "__main__":
    sys.exit(main())
