# SPDX-License-Identifier: MIT
"""What a build directory compiles, from its compile_commands.json.

    for path, command in compiled(build): ...    # absolute paths; the compiler's command line

With meson's `unity` the compiler gets files of the build directory that only include sources: here these sources appear
instead, each with the command of its file.
"""

import json
import os
import re

UNITY = re.compile(r".*-unity\d+\.cpp")
INCLUDED = re.compile(r"#include\s*[<\"](.+)[>\"]")


def compiled(build):
    """Yields the absolute path and the command of each source, in the order of the build."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as database:
        commands = json.load(database)
    for command in commands:
        path = os.path.normpath(os.path.join(command["directory"], command["file"]))
        if not UNITY.fullmatch(path):
            yield path, command["command"]
            continue
        with open(path, encoding="utf-8") as unity:
            for included in INCLUDED.findall(unity.read()):
                yield os.path.normpath(os.path.join(os.path.dirname(path), included)), command["command"]
