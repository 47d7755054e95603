# SPDX-License-Identifier: MIT
"""scripts/dev: a shell with the programs under test, here or in a container."""

import json
import os
import shutil
import subprocess

import pytest

from programs import SOURCE, build_dir


def dev(*arguments, **environment):
    if not os.path.exists(os.path.join(build_dir(), "build.ninja")):
        pytest.skip("an installation: there is nothing to build")
    return subprocess.run([os.path.join(SOURCE, "scripts/dev"), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "BUILD": build_dir(), "NO_INSTALL": "1", **environment})


def test_a_command_finds_the_built_programs_and_the_build_directory():
    done = dev("bash", "-c", 'type -p supervisord supervisorctl supervisor-manager supervisor-managerd pidproxy; echo "$SM_BUILD"')
    assert done.returncode == 0, done.stderr
    *programs, build = done.stdout.splitlines()
    assert build == build_dir()
    assert len(programs) == 5 and all(path.startswith(build + "/") for path in programs), programs


def test_the_status_of_a_command_is_passed_on():
    assert dev("bash", "-c", "exit 7").returncode == 7


@pytest.fixture
def engine(tmp_path):
    """A podman that writes down its calls, one JSON array a line."""
    podman = tmp_path / "podman"
    podman.write_text('#!/usr/bin/python3\nimport json, sys\n'
                      f'print(json.dumps(sys.argv[1:]), file=open("{tmp_path}/calls", "a"))\n')
    podman.chmod(0o755)
    return tmp_path


def test_a_container_is_built_and_runs_the_same_script(engine):
    done = dev("--container", "true", PATH=f"{engine}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    build, run = [json.loads(line) for line in (engine / "calls").read_text().splitlines()]
    assert build[0] == "build" and os.path.exists(build[build.index("--file") + 1])
    assert run[0] == "run" and run[-2:] == ["scripts/dev", "true"] and f"{SOURCE}:{SOURCE}" in run


def test_without_a_container_engine_it_says_what_is_missing(tmp_path):
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = dev("--container", PATH=str(tmp_path))
    assert done.returncode == 1 and "neither podman nor docker is installed" in done.stderr


def test_the_container_files_name_what_exists():
    folder = os.path.join(SOURCE, ".devcontainer")
    with open(os.path.join(folder, "devcontainer.json"), encoding="utf-8") as file:
        container = json.load(file)
    assert os.path.exists(os.path.join(folder, container["build"]["dockerfile"]))
    assert os.access(os.path.join(SOURCE, container["postCreateCommand"].split()[0]), os.X_OK)
