#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual page of application files. Its sections and attributes are the output of the program
deploy_attributes: the table that supervisor-deploy checks files with.

  app_page.py VERSION DATE DEPLOY_ATTRIBUTES > supervisor-app.yml.5
"""

import os
import subprocess
import sys

from interface_page import troff

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "app_page_prose.txt"), encoding="utf-8") as PROSE:
    HEAD, TAIL = PROSE.read().split("@SECTIONS@\n")


def details(kind, required, default):
    """"(octal mode, required)": type and default of an attribute."""
    words = [kind, required or (f"default {default}" if default else "")]
    return ", ".join(word for word in words if word)


def section(name, shape, default, about):
    return [f".SS {troff(name)}", f"({troff(details(shape, '', default))}) {troff(about)}"]


def attribute(name, kind, required, default, about, again):
    """An entry; `again`: the previous one has the same text, which follows both."""
    return [".TQ" if again else ".TP", f'.BR {troff(name)} " ({troff(details(kind, required, default))})"']


def shortened(rows):
    """host_overrides has the attributes of hosts again, without defaults: one entry is enough for them."""
    of_hosts, current = set(), ""
    for row in rows:
        current = row[1] if row[0] == "section" else current
        if row[0] == "attribute" and current == "hosts":
            of_hosts.add(row[1])
        if row[0] == "attribute" and current == "host_overrides" and row[1] in of_hosts - {"name"}:
            row = [*row[:3], "", "", "As in hosts."]
        yield row


def entries(rows):
    """The lines of all sections; attributes that follow each other and have the same text share it."""
    lines, pending = [], None
    for row in [*rows, ["end"]]:
        about = row[-1] if row[0] == "attribute" else None
        if pending is not None and about != pending:
            lines.append(troff(pending))
        if row[0] == "section":
            lines += section(*row[1:])
        elif row[0] == "attribute":
            lines += attribute(*row[1:], again=about == pending)
        pending = about
    return lines


def main(version, date, program):
    table = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in table.splitlines()]
    if sum(row[0] == "section" for row in rows) < 20:
        raise ValueError(f"{program} prints only {len(rows)} lines")
    head = HEAD.replace("@VERSION@", version).replace("@DATE@", date)
    sys.stdout.write(head + "\n".join(entries(shortened(rows))) + "\n" + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
