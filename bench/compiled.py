# SPDX-License-Identifier: MIT
"""The small C programs beside this file, compiled when they are needed."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def compiled(name, directory, *flags):
    """The path of NAME.c's program, made in `directory`."""
    target = os.path.join(directory, name)
    if not os.path.exists(target):
        source = os.path.join(HERE, name + ".c")
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", source, "-o", target, *flags], check=True)
    return target


def numbers(*command):
    """The numbers that a program prints."""
    done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]
