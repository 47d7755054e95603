# SPDX-License-Identifier: MIT
"""The configuration of the public CI and of pre-commit: it can be read, and runs what exists."""

import os
import re
import shlex
import subprocess

import yaml

from programs import SOURCE


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def suites():
    """What scripts/test runs without arguments."""
    return re.search(r"\|\| suites=\((.*)\)$", read("scripts/test"), re.MULTILINE).group(1).split()


def commands(job):
    """The commands of a job, one for each value of its matrix."""
    runs = [step["run"] for step in job["steps"] if "run" in step]
    for suite in job.get("strategy", {}).get("matrix", {}).get("suite", [""]):
        yield from (run.replace("${{ matrix.suite }}", suite) for run in runs)


def test_the_ci_runs_every_suite_by_scripts_test_and_nothing_else():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    called = [shlex.split(command) for job in jobs.values() for command in commands(job)]
    assert {command[0] for command in called} == {"scripts/test"}
    assert {suite for command in called for suite in command[1:]} == set(suites())


def test_every_setting_of_the_ci_is_one_that_is_read():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    given = {name for job in jobs.values() for name in job.get("env", {})}
    documented = set(re.findall(r"^#   (\w+)=", read("scripts/test"), re.MULTILINE))
    assert given - {"CC", "CXX"} <= documented


def test_every_job_runs_on_debian():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    images = {job["container"]["image"] if isinstance(job["container"], dict) else job["container"] for job in jobs.values()}
    assert images == {"debian:12"}


def hooks():
    return yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]


def test_every_hook_of_pre_commit_calls_a_program_of_ours_or_shellcheck():
    for hook in hooks():
        words = [word for word in shlex.split(hook["entry"]) if word not in ("python3", "--")]
        assert words[0] == "shellcheck" or os.path.exists(os.path.join(SOURCE, words[0])), hook["id"]


def test_the_hook_of_shellcheck_sees_the_scripts_that_the_gate_checks():
    pattern = re.compile(next(hook["files"] for hook in hooks() if hook["id"] == "shellcheck"))
    globs = re.search(r"if shellcheck (.*?);", read("scripts/test")).group(1)
    expanded = subprocess.run(["bash", "-c", f"printf '%s\\n' {globs}"], cwd=SOURCE, stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()
    assert len(expanded) > 8 and [path for path in expanded if not pattern.search(path)] == []
