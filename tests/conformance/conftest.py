# SPDX-License-Identifier: MIT
"""`compare(config, play, **options)`: one scenario on Debian's supervisord and on ours; see compare.py."""

import functools

import pytest

import compare as comparing


@pytest.fixture
def compare(work_dir):
    return functools.partial(comparing.compare, work_dir)
