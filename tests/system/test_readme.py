# SPDX-License-Identifier: MIT
"""README.md, followed by a new administrator and a new account: its commands, as printed, have the described effect."""

import os
import re
import shutil
import subprocess

import pytest

from packages import copy_sources
from readme import blocks
from waiting import wait_for

TREE = "/root/supervisor-manager"
PASSWORD = "correct horse"


@pytest.fixture
def booted(machine):
    machine.boot()
    return machine


def outside(text, tree, machine):
    """Runs a block on this machine, which has compilers and a network, with the booted one as the target."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=tree, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, env={**os.environ, "DESTDIR": machine.root, "CCACHE_IGNOREOPTIONS": "-Werror",
                                                       "CCACHE_SLOPPINESS": "locale",
                                                       "DEB_CXXFLAGS_SET": "", "DEB_CPPFLAGS_SET": "",
                                                       "DEB_BUILD_OPTIONS": "noautodbgsym"})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


def inside(machine, block, where="/"):
    """Runs a block in the booted machine, as the account that the block names; answers the question for a password."""
    script = f"set -euo pipefail; cd {where}\n{block.text}"
    shell = ["su", "-", block.account, "-c"] if block.account else ["env", "HOME=/root", "bash", "-c"]
    return machine.run(*shell, script, input=f"{PASSWORD}\n").stdout


def shape(text):
    """Text without numbers and column widths, which differ from run to run."""
    return [re.sub(r"\d+", "N", line).split() for line in text.splitlines()]


def follow(machine, heading):
    """Runs the blocks of a section in the machine and returns what each printed."""
    printed = []
    for block in blocks(heading):
        if block.language == "sh":
            printed.append(inside(machine, block))
        for command, expected in block.session() if not block.language else ():
            wait_for(lambda c=command, e=expected: shape(machine.run("sh", "-c", c, check=False).stdout) == shape(e),
                    f"`{command}` to print\n{expected}")
    return printed


def walk_the_first_instance(machine):
    printed = follow(machine, "The first instance")
    assert "tsupv: add" in printed[0]
    # What tsup did without an administrator.
    assert "worker: added process group" in printed[1] and re.search(r"^worker +(RUNNING|STARTING)", printed[1], re.MULTILINE)
    assert "\nat work\n" in printed[1]
    assert machine.run("stat", "-c", "%U", "/opt/tsup", "/opt/tsup/program1.sh", "/opt/tsup/worker").stdout.split() == \
        ["tsup"] * 3
    # The page requires the password, and only root can read the entry with its hash.
    page = ["supervisorctl_tsupv", "-s", "http://127.0.0.1:9001", "-u", "tsup", "-p"]
    wait_for(lambda: "RUNNING" in machine.run(*page, PASSWORD, "status", "worker", user="tsup", check=False).stdout, "the page")
    assert "RUNNING" not in machine.run(*page, "wrong", "status", user="tsup", check=False).stdout
    assert machine.run("stat", "-c", "%a", "/etc/supervisor-manager/conf.d/tsupv.conf").stdout == "600\n"


def test_installed_from_the_sources(booted, tmp_path):
    tree = str(tmp_path / "tree")
    copy_sources(tree)
    build, start = blocks("Installing it")
    outside(build.text, tree, booted)
    inside(booted, start)
    walk_the_first_instance(booted)
    assert booted.run("getent", "group", "supervisor-admin").stdout
    booted.run("systemctl", "disable", "--now", "supervisor-manager")
    outside("ninja -C build uninstall", tree, booted)
    left = booted.run("find", "/usr", "/etc", "-xdev", "-type", "f", "-name", "*supervisor*").stdout.split()
    assert all(path.startswith(("/etc/supervisor-manager/conf.d/", "/etc/supervisord_tsupv.")) for path in left), left


def test_installed_from_packages(booted, tmp_path):
    tree = str(tmp_path / "tree")
    copy_sources(tree)
    build, install = blocks("Or as Debian packages")
    told = outside(build.text, tree, booted).splitlines()[-1]
    shutil.copytree(f"{tree}/build-packages", f"{booted.root}{TREE}/build-packages")
    booted.run("mkdir", "-p", "/var/cache/apt/archives/partial")
    # The command that it printed is that of the README, with the names of the built packages.
    listed = booted.run("sh", "-c", f"cd {TREE} && echo {install.text}").stdout.split()
    assert told.split() == [word for word in listed if word != "--yes"]
    inside(booted, install, TREE)
    walk_the_first_instance(booted)
    (printed,) = follow(booted, "As a drop-in for Supervisor")
    assert re.search(r"^hello +(RUNNING|STARTING)", printed, re.MULTILINE), printed
