# SPDX-License-Identifier: MIT
"""Programs that run on a terminal of pexpect."""

import pexpect

from waiting import wait_for


def end(child):
    """Ends the program: with SIGKILL in the end, which close() waits for only a tenth of a second."""
    try:
        child.close(force=True)
    except pexpect.ExceptionPexpect:
        wait_for(lambda: not child.isalive(), f"{child.name} to end")
