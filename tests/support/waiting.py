# SPDX-License-Identifier: MIT
"""Waiting for a condition, with a limit that only a broken program reaches."""

import time


def wait_for(condition, what="the condition", limit=30.0):
    """Calls `condition` until it returns something true, and returns that. After `limit` seconds the test fails."""
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit:g} s without success for {what}")
        time.sleep(0.01)
