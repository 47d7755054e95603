# SPDX-License-Identifier: MIT
"""Whole configurations, ours against Debian's Supervisor: both accept the same files, with the same values, and refuse
the same files for the same reason. Cases are excluded by name below where 4.2.5 differs from later releases or where we
differ on purpose."""

import json
import os
import random
import re
import subprocess

import pytest

from config_generator import Generator
from programs import program

oracle = pytest.importorskip("config_oracle")


def ours(mode, arguments, **options):
    output = subprocess.run(program("config_dump") + [mode] + arguments, check=True, capture_output=True, **options)
    return [json.loads(line) for line in output.stdout.decode().splitlines()]


def reason(text):
    """An error without our additions: the key, the section, the place and remarks in brackets."""
    text = re.sub(r" in section (['\"]).*\1 \(file: .*\)$", "", text, flags=re.S)
    text = re.sub(r" for key '[a-z_.]*'$", "", text)
    return text.rstrip()


def same_reason(mine, theirs):
    mine, theirs = reason(mine), reason(theirs)
    if mine == theirs:
        return True
    # Supervisor validates a section as a whole, so one reason may be the beginning of the other.
    literal = re.fullmatch(r"\('(.*)%s(.*)', '(.*)'\)( in \[.*\] socket)", theirs)  # Python shows a tuple by mistake
    if literal:
        theirs = "".join(literal.groups()[i] for i in (0, 2, 1, 3))
    if "a conversion without a name" in mine:  # Supervisor fills in the whole mapping, or fails on that
        return "is badly formatted" in theirs
    group = re.compile(r"^\[(?:program|fcgi-program|group):.*?\] (?=(names unknown|name .* is ambiguous))")  # it names the previous member by mistake
    return mine.startswith(theirs) or group.sub("", mine) == group.sub("", theirs)


def differs(path):
    """Why a generated configuration is not comparable, or None."""
    folder = os.path.join(os.path.dirname(path), "conf.d")
    files = [path] + [os.path.join(folder, name) for name in os.listdir(folder)]
    text = "".join(open(file, encoding="utf-8").read() for file in files)
    if re.search(r"%%\(here\)s", text):
        return "%%(here)s"
    if re.search(r'H="%\(host_node_name\)s"', text):
        return "4.2.5 expands [supervisord] environment twice"
    return None


def normal(model):
    for group in model.get("groups", []):
        if "events" in group:
            group["events"].sort()
    model.pop("messages", None)
    return model


ENVIRONMENT = {"NUMBER": "42", "FLAG": "true", "A": "from-env", "HOME": "/root", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@pytest.fixture
def fixed_environment(monkeypatch, work_dir):
    for name in ("config_dump", "echo_supervisord_conf"):
        program(name)  # found, and remembered, before the directory changes
    for name in list(os.environ):
        if name not in ("SM_BUILD",) and not name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(work_dir)


@pytest.mark.parametrize("slip", [0.0, 0.05, 0.3])
def test_random_configurations(work_dir, fixed_environment, slip):
    generator = Generator(random.Random(int(slip * 100) + 3), slip)
    paths = [generator.write(os.path.join(work_dir, str(number))) for number in range(700)]
    accepted = 0
    for path, mine in zip(paths, ours("config", paths)):
        if differs(path):
            continue
        theirs = oracle.debians(["-c", path])
        if "error" in theirs or "error" in mine:
            assert ("error" in theirs) == ("error" in mine), (path, open(path).read(), mine, theirs)
            assert same_reason(mine["error"], theirs["error"]), (path, open(path).read(), mine, theirs)
            continue
        accepted += 1
        for text in theirs["messages"]:
            assert text in mine["messages"], (open(path).read(), mine["messages"])
        mine, theirs = normal(mine), normal(theirs)
        assert mine == theirs, open(path).read()
    assert accepted > 30  # the generator must not degenerate


BASE = "[supervisord]\nlogfile=base.log\nuser=root\n"
COMMAND_LINES = [
    ["-n"], ["--nodaemon", "-s", "-k", "-t"], ["--nod"], ["-e", "debug", "-l", "other.log", "-j", "x.pid"], ["-m", "077", "-y", "5MB", "-z", "3"],
    ["-i", "me", "-q", "/tmp", "-a", "10", "--minprocs", "20"], ["-d/tmp"], ["-nsu", "nobody"], ["--user=nobody"], ["-u", "nosuchuser"],
    ["-Z"], ["-n", "-n"], ["--nodaemon=1"], ["--n"], ["--nope"], ["--user"], ["-u"], ["-m", "9"], ["-e", "loud"], ["-d", "/nonexistent"],
    ["-l", "/nonexistent/x"], ["-y", "1x"], ["-z", "a"], ["foo"], ["-n", "foo", "it's"], ["--", "x"], ["-"], ["-c"], ["--minfds", "z"], ["--logfile_m", "1kb"],
    ["--logfile", "a.log", "-l", "b.log"], ["--strip", "--no"], ["-i", ""],
]


@pytest.mark.parametrize("arguments", COMMAND_LINES, ids=" ".join)
def test_command_lines(work_dir, fixed_environment, arguments):
    with open("supervisord.conf", "w", encoding="utf-8") as file:
        file.write(BASE)
    arguments = arguments if "-c" in arguments else ["-c", os.path.join(work_dir, "supervisord.conf")] + arguments
    mine, theirs = ours("options", arguments)[0], oracle.debians(arguments)
    if "error" in theirs:
        assert mine.get("error") == theirs["error"]
    else:
        assert normal(mine) == normal(theirs)


def test_file_is_found_in_the_working_directory(work_dir, fixed_environment):
    os.makedirs("etc")
    with open("etc/supervisord.conf", "w", encoding="utf-8") as file:
        file.write(BASE)
    assert ours("options", [])[0]["daemon"]["logfile"] == os.path.join(work_dir, "base.log")
    with open("supervisord.conf", "w", encoding="utf-8") as file:
        file.write("[supervisord]\nlogfile=nearer.log\n")
    assert ours("options", [])[0]["daemon"]["logfile"] == os.path.join(work_dir, "nearer.log")


def test_missing_files(work_dir, fixed_environment):
    assert ours("options", ["-c", "nope.conf"])[0]["error"] == "could not find config file nope.conf"
    os.mkdir("directory.conf")
    assert ours("options", ["-c", "directory.conf"])[0]["error"].startswith("could not read config file directory.conf")


def test_sample_configurations(work_dir, fixed_environment):
    for kind in ("ours", "debian"):
        path = os.path.join(work_dir, kind + ".conf")
        with open(path, "wb") as file:
            file.write(subprocess.run(program("echo_supervisord_conf", kind), check=True, capture_output=True).stdout)
    first = [open(os.path.join(work_dir, kind + ".conf"), encoding="utf-8").readline() for kind in ("ours", "debian")]
    assert first[0] == first[1]  # tools look for it
    mine, theirs = ours("config", [os.path.join(work_dir, "ours.conf"), os.path.join(work_dir, "debian.conf")])
    assert mine == theirs
    assert normal(mine) == normal(oracle.debians(["-c", os.path.join(work_dir, "ours.conf")]))
