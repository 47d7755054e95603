# SPDX-License-Identifier: MIT
"""Compiles and runs the small C programs of this directory."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def compiled(name, directory, *flags):
    """Compiles NAME.c into `directory` and returns the path of the program; NAME may be in a folder of this one."""
    target = os.path.join(directory, os.path.basename(name))
    if not os.path.exists(target):
        source = os.path.join(HERE, name + ".c")
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", source, "-o", target, *flags], check=True)
    return target


def numbers(*command, env=None):
    """The numbers that a program prints. `env`: its environment, if not this one."""
    done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env)
    return [float(word) for word in done.stdout.split()]
