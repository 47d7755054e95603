# SPDX-License-Identifier: MIT
"""Fixtures of this suite:

  owner      an account that owns instances
  manager    a whole manager in a directory of its own, not yet started: write entries first
"""

import pytest

from manager_root import Managerd


@pytest.fixture
def owner(account):
    return account("smowner")


@pytest.fixture
def manager(owner, work_dir, cleanup):
    return cleanup.enter_context(Managerd(work_dir))
