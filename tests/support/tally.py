# SPDX-License-Identifier: MIT
"""Counts the cases of a finished run: prints "passed failed skipped".

  tally.py meson testlog.json    doctest programs run by `meson test`: their cases; one that crashed is one failure
  tally.py junit results.xml [again.xml]
                                 a pytest run, and the second run of its failed cases, whose results count
"""

import json
import os
import re
import sys
import xml.etree.ElementTree

DOCTEST_SUMMARY = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def count_doctest(output, succeeded):
    """The counts of a doctest program's summary: the last one, since a forked copy may have ended with one of its own.
    Without one (a crash, no doctest) the exit status is one case."""
    summaries = DOCTEST_SUMMARY.findall(ANSI_COLOUR.sub("", output))
    if not summaries:
        return (1, 0, 0) if succeeded else (0, 1, 0)
    passed, failed, skipped = map(int, summaries[-1])
    if not succeeded and failed == 0:
        failed = 1
    return passed, failed, skipped


def count_meson(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        tests = [json.loads(line) for line in log if line.strip()]
    for test in tests:
        yield count_doctest(test.get("stdout", ""), test["result"] == "OK")


def count_junit(path):
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        total = int(suite.get("tests"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        skipped = int(suite.get("skipped"))
        yield max(total - failed - skipped, 0), failed, skipped


def total(counts):
    return tuple(sum(column) for column in zip(*counts, (0, 0, 0)))


def count_two_runs(first, again):
    passed, failed, skipped = total(count_junit(first))
    if failed == 0 or not os.path.exists(again):
        return passed, failed, skipped
    later = total(count_junit(again))
    # A failed case that did not run again counts as failed.
    missing = max(failed - sum(later), 0)
    return passed + later[0], later[1] + missing, skipped + later[2]


def main():
    kind, path, *again = sys.argv[1:]
    if kind == "junit":
        print(*count_two_runs(path, again[0] if again else ""))
    else:
        print(*total(count_meson(path)))


main()
