# SPDX-License-Identifier: MIT
"""Runs clang-tidy, with the checks of .clang-tidy, over the programs' sources and their headers.

  check_tidy.py BUILD            every source of lib, instance, daemon and ctl
  check_tidy.py BUILD FILE...    these sources only

BUILD is a configured build directory whose generated headers exist. Most of clang-tidy's time goes into the headers of the
libraries, which each source includes again. So the sources of a folder are checked together, as one translation unit that
includes them: that takes a fifth of the time. Sources that define the same name for themselves go to different units.

Exit status: 0 nothing was found, 1 something was, 2 clang-tidy could not run.
"""

import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

import compile_commands

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("lib", "instance", "daemon", "ctl")
CLANG_TIDY = os.environ.get("CLANG_TIDY", "clang-tidy")

# Only these flags: the others are the compiler's own affair, and clang need not know those of g++.
KEPT_FLAGS = re.compile(r"-(I|D|U|std=|isystem)")
# A definition at the left margin of an unnamed namespace: its name is in one of the groups.
DEFINITION = re.compile(
    r"using (\w+) =|(?:struct|class|enum class|enum) (\w+)|(?!using )[A-Za-z].*?(\w+)\s*(?:[(={;]|\[(?!\[))")
FINDING = re.compile(r"(.+?):(\d+):(\d+): (?:warning|error): ")
COMPILE_ERROR = "[clang-diagnostic-error]"


def read_sources(build):
    """{path, seen from the source root: flags} of what `build` compiles from our folders, in the order of the build."""
    sources = {}
    for absolute, command in compile_commands.compiled(build):
        path = os.path.relpath(os.path.realpath(absolute), SOURCE)
        if path.split(os.sep)[0] in FOLDERS:
            flags = tuple(flag for flag in shlex.split(command) if KEPT_FLAGS.match(flag))
            sources.setdefault(path, flags)
    return sources


def own_names(text):
    """The names that a source defines for itself, in unnamed namespaces."""
    names = set()
    is_inside = False
    for line in text.splitlines():
        if line.startswith("namespace {"):
            is_inside = True
        elif line.startswith("}  // namespace") and line.strip() == "}  // namespace":
            is_inside = False
        elif is_inside and (match := DEFINITION.match(line)):
            names.add(match.group(match.lastindex))
    return names


def make_units(sources):
    """Lists of paths, each to be checked as one translation unit: of one folder, the same flags, no name twice."""
    units = []  # (folder, flags, names, paths)
    for path, flags in sources.items():
        with open(os.path.join(SOURCE, path), encoding="utf-8") as source:
            names = own_names(source.read())
        folder = os.path.dirname(path)
        for unit in units:
            if unit[:2] == (folder, flags) and not unit[2] & names:
                break
        else:
            unit = (folder, flags, set(), [])
            units.append(unit)
        unit[2].update(names)
        unit[3].append(path)
    return [paths for _, _, _, paths in units]


def tidy(build, paths, flags):
    """What clang-tidy prints about `paths` as one translation unit."""
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", prefix="tidy-", encoding="utf-8") as unit:
        unit.writelines(f'#include "{os.path.join(SOURCE, path)}"\n' for path in paths)
        unit.flush()
        command = [CLANG_TIDY, "--quiet", f"--config-file={SOURCE}/.clang-tidy", unit.name, "--", "-w", *flags]
        done = subprocess.run(command, cwd=build, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not FINDING.search(done.stdout):
        raise OSError(f"{CLANG_TIDY} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def tidy_unit(build, paths, flags):
    """As tidy(); sources that do not compile together, whatever the reason, are checked one by one."""
    output = tidy(build, paths, flags)
    if COMPILE_ERROR not in output or len(paths) == 1:
        return output
    print(f"tidy: these do not compile together and are checked one by one: {' '.join(paths)}", flush=True)
    return "".join(tidy(build, [path], flags) for path in paths)


def findings(build, output):
    """The findings in clang-tidy's output, each with its notes, paths seen from the source root; not those in `build`."""
    found = []
    is_wanted = False
    for line in output.splitlines():
        if match := FINDING.match(line):
            path = os.path.realpath(os.path.join(build, match.group(1)))
            is_wanted = not path.startswith(build + os.sep)
            if is_wanted:
                found.append([os.path.relpath(path, SOURCE) + line[match.end(1):]])
        elif is_wanted:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def check(build, wanted=()):
    """All findings, without doubles, and the number of sources."""
    build = os.path.realpath(build)
    sources = read_sources(build)
    if wanted:
        sources = {path: flags for path, flags in sources.items() if path in wanted}
    units = sorted(make_units(sources), key=len, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = pool.map(lambda paths: tidy_unit(build, paths, sources[paths[0]]), units)
        found = {}  # a header's findings come once from each unit; their notes can differ
        for output in outputs:
            for finding in findings(build, output):
                found.setdefault(finding.split("\n", 1)[0], finding)
    return list(found.values()), len(sources)


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    wanted = {os.path.relpath(os.path.abspath(path), SOURCE) for path in sys.argv[2:]}
    try:
        found, count = check(sys.argv[1], wanted)
    except OSError as error:
        print(f"tidy: {error}", file=sys.stderr)
        return 2
    print("\n".join(found) if found else f"tidy: {count} files, nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
