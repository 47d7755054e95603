# SPDX-License-Identifier: MIT
"""Checks the hardening: how the installed programs were compiled and linked, and the exposure that systemd computes for
the units, which must be as doc/hardening.md records it.

  check_hardening.py BUILD-DIRECTORY     every program and unit that the build installs
  check_hardening.py --programs FILE...  these programs only
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import compile_commands

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECORD = os.path.join(ROOT, "doc", "hardening.md")

# With FORTIFY every call of these goes to a checking variant (__printf_chk): the plain name means that a source was
# compiled without it. A static libstdc++ brings plain names too, so they count only if no checking variant is used.
FORTIFIED = {"printf", "fprintf", "vprintf", "vfprintf", "dprintf", "vdprintf", "sprintf", "vsprintf", "syslog",
             "vsyslog", "longjmp"}


def readelf(path, *options):
    return subprocess.run(["readelf", "--wide", *options, path], env={**os.environ, "LC_ALL": "C"}, check=True,
                          capture_output=True, text=True).stdout


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def weaknesses(path):
    """The hardening that a program lacks, each as the end of a sentence that begins with the program's path."""
    header, segments = readelf(path, "--file-header"), readelf(path, "--program-headers")
    dynamic, symbols = readelf(path, "--dynamic"), readelf(path, "--dyn-syms")
    wanted = {match[1] for match in re.finditer(r" UND (\w+)", symbols)}
    flags = {match[1]: match[2] for match in re.finditer(r"^\s*(\w+)\s+0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ (.{3}) ", segments, re.M)}
    loads = re.findall(r"^\s*LOAD\s.* ([R ][W ][E ]) 0x", segments, re.M)
    plain = [] if any(re.fullmatch(r"__\w+_chk", name) for name in wanted) else sorted(wanted & FORTIFIED)
    return [reason for holds, reason in [
        (re.search(r"Type:\s+DYN", header) and re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic),
         "is not a position-independent executable (PIE)"),
        ("GNU_RELRO" in flags, "has no read-only relocations (RELRO)"),
        (re.search(r"BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic), "binds lazily: RELRO is not full"),
        ("E" not in flags.get("GNU_STACK", "E"), "has an executable stack"),
        (not any("W" in load and "E" in load for load in loads), "has a segment to write and execute"),
        ("__stack_chk_fail" in wanted, "has no stack protector"),
        (not plain, f"calls {', '.join(plain)} without FORTIFY"),
        (not re.search(r"\((RPATH|RUNPATH)\)", dynamic), "looks for libraries in directories of its own (RUNPATH)"),
        (not re.search(r"\(TEXTREL\)|\(FLAGS\).*TEXTREL", dynamic), "relocates its code (TEXTREL)"),
    ] if not holds]


def unfortified(build):
    """Yields the sources of our programs that are compiled without FORTIFY."""
    for source, command in compile_commands.compiled(build):
        top = os.path.relpath(source, ROOT).split(os.sep)[0]
        levels = re.findall(r"-[DU]_FORTIFY_SOURCE(?:=(\d))?", command)
        if top in ("lib", "instance", "daemon", "ctl") and (not levels or levels[-1] in ("", "0", "1")):
            yield source


def recorded():
    """{unit: exposure in tenths}, as doc/hardening.md records it."""
    with open(RECORD, encoding="utf-8") as file:
        rows = re.findall(r"^\| `([\w@-]+\.service)` \| (\d+)\.(\d) \|", file.read(), re.M)
    return {unit: int(whole) * 10 + int(tenth) for unit, whole, tenth in rows}


def exposure(unit):
    """The exposure that `systemd-analyze security` computes for a unit file, in tenths of its scale from 0 to 10."""
    with tempfile.TemporaryDirectory() as root:
        units = os.path.join(root, "usr/lib/systemd/system")
        os.makedirs(units)
        shutil.copy(unit, units)
        out = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--root={root}", "--no-pager",
                              os.path.basename(unit)], check=True, capture_output=True, text=True,
                             env={**os.environ, "LC_ALL": "C"}).stdout
    whole, tenth = re.search(r"Overall exposure level for .*: (\d+)\.(\d)", out).groups()
    return int(whole) * 10 + int(tenth)


def unit_weaknesses(unit, record):
    name = os.path.basename(unit)
    if name not in record:
        return [f"has no recorded exposure: add it to {os.path.relpath(RECORD)}"]
    now = exposure(unit)
    if now > record[name]:
        return [f"is more exposed than recorded: {now / 10}, not {record[name] / 10}"]
    if now < record[name]:
        return [f"is less exposed than recorded ({now / 10}, not {record[name] / 10}): record the new value"]
    return []


def installed(build):
    """Every file that the build installs."""
    plan = subprocess.run(["meson", "introspect", "--installed", build], check=True, capture_output=True, text=True)
    return [path for path in json.loads(plan.stdout) if os.path.isfile(path)]


def report(found):
    for path, reason in found:
        print(f"hardening: {path} {reason}")
    return 1 if found else 0


def check_programs(programs):
    return [(path, reason) for path in programs for reason in weaknesses(path)]


def main(arguments):
    if arguments[:1] == ["--programs"]:
        return report(check_programs(arguments[1:]))
    files, record = installed(arguments[0]), recorded()
    programs = [file for file in files if is_elf(file)]
    units = [file for file in files if file.endswith(".service") and "systemd" in file]
    units += glob.glob(os.path.join(ROOT, "debian", "*.service"))
    if not programs or not units:
        return report([(arguments[0], "installs no programs or no units")])
    found = check_programs(programs)
    found += [(source, "is compiled without FORTIFY") for source in unfortified(arguments[0])]
    found += [(unit, reason) for unit in units for reason in unit_weaknesses(unit, record)]
    if not found:
        print(f"hardening: {len(programs)} programs and {len(units)} units, no weakness")
    return report(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
