# SPDX-License-Identifier: MIT
"""Several runs of one suite side by side: each test file is run by the one that gets to it first.

Each run collects all tests. Before the first test of a file it takes that file, by a name in a directory that the runs
share. So none waits while there is something to do, and no file is run twice or left out."""

import os

import pytest


class SharedFiles:
    """A pytest plugin. `directory` is empty before the first run, and the same for all."""

    def __init__(self, directory):
        self._directory = directory
        self._mine = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):  # foreign name
        file = item.nodeid.split("::")[0].replace("/", "+")
        if file not in self._mine:
            self._mine[file] = self._take(file)
        return None if self._mine[file] else True  # True: nothing more is done about this test

    def _take(self, file):
        try:
            os.close(os.open(os.path.join(self._directory, file), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            return False
        return True
