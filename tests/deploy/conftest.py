# SPDX-License-Identifier: MIT
"""Fixtures of the deployment suite. Its hosts boot once, for all tests; each test finds them clean.

  hosts     {"en1": Host, …}, clean
  deployer  makes folders with sources, and runs commands in them: deployer("simple") -> Deployment

Tests are skipped where hosts cannot run.
"""

import os
import shutil
import tempfile

import pytest

from bed import Bed
from bed_deployment import Deployment
from machine import why_not


@pytest.fixture(scope="session")
def bed():
    reason = why_not()
    if not reason and not shutil.which("ansible-playbook"):
        reason = "needs ansible-playbook (package ansible-core)"
    if reason:
        pytest.skip(reason)
    directory = tempfile.mkdtemp(prefix="sm-bed-", dir="/tmp")
    os.chmod(directory, 0o755)
    try:
        with Bed(directory) as running:
            yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def hosts(bed):
    bed.clean()
    return bed.hosts


@pytest.fixture
def deployer(bed, hosts, work_dir):
    def make(example):
        return Deployment(bed, example, os.path.join(work_dir, example))

    return make
