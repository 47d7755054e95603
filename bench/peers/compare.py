# SPDX-License-Identifier: MIT
"""Measures all peers, in rounds that interleave them, and keeps the best of each line."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile

from peers import lines, loggers, packages, supervisors, systemd_peer

SUPERVISORS = (supervisors.Ours, supervisors.Bare, supervisors.Debian, supervisors.S6, supervisors.Runit,
               supervisors.Daemontools, supervisors.Monit, systemd_peer.Systemd)
LOGGERS = (loggers.Ours, loggers.Cat, loggers.Debian, loggers.S6Log, loggers.Svlogd, loggers.Multilog, loggers.Rsyslog)
PARTS = ("idle", "10", "100", "1000", "log")
ROUNDS = 3
LOGS = ((1, 16_000_000, 1), (1, 16_000_000, 512), (100, 20_000_000, 1), (100, 80_000_000, 512))


class Figures:
    """`groups`: {group: {line: {peer: best value}}}, of the groups "supervisors" and "loggers"; `failures`: texts."""

    def __init__(self, path=None):
        """path: a file in JSON, whose figures of other lines are kept; None: nothing is kept."""
        self._path = path
        self.groups = {"supervisors": {}, "loggers": {}}
        self.failures = []
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.groups.update(json.load(file))
        self._new = set()

    def add(self, group, peer, figures):
        """Adds figures {line: value} of a peer; the least of this run replaces that of an earlier run."""
        for line, value in figures.items():
            row = self.groups[group]
            if (group, line) not in self._new:
                self._new.add((group, line))
                row[line] = {}
            row[line][peer] = min(value, row[line].get(peer, value))

    def save(self):
        if self._path:
            with open(self._path, "w", encoding="utf-8") as file:
                json.dump(self.groups, file, indent=1)


def _available(kinds):
    for kind in kinds:
        if reason := kind.why_not():
            print(f"without {kind.name}: {reason}", file=sys.stderr)
        else:
            yield kind


@contextlib.contextmanager
def _one(figures, what):
    """A directory for one measurement. One that fails costs only its own figures."""
    print(what, file=sys.stderr)
    try:
        with tempfile.TemporaryDirectory(prefix="smb-", dir="/tmp") as directory:
            yield directory
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        figures.failures.append(f"{what}: {error}")
    figures.save()


def _add(figures, group, measure_, kind, *arguments):
    with _one(figures, f"{measure_.__name__} {' '.join(map(str, arguments[1:]))}: {kind.name}") as directory:
        figures.add(group, kind.name, measure_(kind, directory, *arguments))


def _populations(figures, kinds, tools, count, rounds):
    for _ in range(rounds):
        for kind in kinds:
            if count <= kind.most:
                _add(figures, "supervisors", lines.population, kind, tools, count)


def _wake_ups(figures, kinds, tools):
    with _one(figures, "wake-ups of all") as directory:
        for name, found in lines.wake_ups(kinds, directory, tools, 100).items():
            figures.add("supervisors", name, found)


def measure(figures, parts, quick):
    """Adds the figures of PARTS to `figures`; `quick`: one round."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))  # one for each process whose end is awaited
    rounds = 1 if quick else ROUNDS
    kinds = list(_available(SUPERVISORS))
    with tempfile.TemporaryDirectory(prefix="smb-", dir="/tmp") as tools:
        if "idle" in parts:
            _populations(figures, kinds, tools, 0, 1)
            _wake_ups(figures, kinds, tools)
        for count in (10, 100, 1000):
            if str(count) in parts:
                _populations(figures, kinds, tools, count, min(rounds, 2) if count == 1000 else rounds)
        if "log" in parts:
            readers = list(_available(LOGGERS))
            for arguments in LOGS:
                for _ in range(rounds):
                    for kind in readers:
                        _add(figures, "loggers", lines.log, kind, tools, *arguments)


def about(folder):
    """[(name, version or None, note)] of the peers."""
    rows = {}
    for kind in SUPERVISORS + LOGGERS:
        if kind.note:
            rows[kind.name] = (kind.name, kind.package and packages.version(kind.package, folder), kind.note)
    return list(rows.values())
