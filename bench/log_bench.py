# SPDX-License-Identifier: MIT
"""The costs of logging: the writers of all measurements, and what other programs that log a pipe take for the same."""

import os
import shutil
import subprocess
import time

from compiled import compiled


def writer(directory, size, lines):
    """The command, as a list, of a program that writes `size` bytes, `lines` lines of 80 bytes in each write."""
    return [compiled("log_writer", directory), str(size), str(80 * lines), os.path.join(directory, "writers")]


def title(writers, lines):
    """What the figures of a measurement begin with."""
    return f"log of {writers} writer(s), {lines * 80} bytes at once"


def writers_time(directory):
    """Seconds of processor time that the writers have used themselves."""
    with open(os.path.join(directory, "writers"), encoding="ascii") as report:
        return sum(float(line.split()[1]) for line in report)


def loggers():
    """{name: command, which logs its standard input in the directory that follows}, of those that are installed."""
    known = {"cat": ["sh", "-c", 'exec cat > "$0/current"'],
             "svlogd": ["sh", "-c", 'echo s268435455 > "$0/config"; exec svlogd "$0"'],
             "s6-log": ["s6-log", "s268435455"],
             "multilog": ["multilog", "s16777215"]}
    return {name: command for name, command in known.items() if shutil.which(name)}


def logger(directory, command, writers, size, lines):
    """One logger for each of so many writers. (MB per second, their CPU ms per MB, the writers' CPU ms per MB)"""
    start = time.monotonic()
    sources, started = [], []
    for number in range(writers):
        log = os.path.join(directory, f"log{number:03d}")
        os.mkdir(log)
        # pylint: disable=consider-using-with
        sources.append(subprocess.Popen(writer(directory, size // writers, lines), stdout=subprocess.PIPE))
        started.append(subprocess.Popen([*command, log], stdin=sources[-1].stdout, stderr=subprocess.DEVNULL))
        sources[-1].stdout.close()
    used = 0.0
    for process in started:
        _, status, use = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        used += use.ru_utime + use.ru_stime
    duration = time.monotonic() - start
    if any(process.wait() != 0 for process in sources + started):
        raise RuntimeError(f"{command} failed")
    megabytes = size / 1e6
    return megabytes / duration, used * 1000 / megabytes, writers_time(directory) * 1000 / megabytes


def bare_writer(directory, size, lines):
    """Processor time, in ms per MB, of one writer whose output goes to /dev/null: the limit for its speed."""
    subprocess.run(writer(directory, size, lines), check=True, stdout=subprocess.DEVNULL)
    return writers_time(directory) * 1000 / (size / 1e6)
