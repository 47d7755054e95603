# SPDX-License-Identifier: MIT
"""The figures of the peers as Markdown."""

import os
import textwrap

from report import formatted

BEGIN, END = "<!-- peers: written by bench/run --peers -->", "<!-- end of peers -->"
_HEAD = """## Peers

Less is better in each line; in brackets: how many times ours. Each line is from one run on one machine, with its
measurements interleaved, the best of each. dinit is not in Debian 12. systemd has no line for logs: it lets a program
write into the file itself, or into its journal.
"""
_ABOUT = {
    "supervisors": "All supervise the same C program, which reports its start and sleeps; its output is thrown away. "
                   "Start: from the start of the supervisor to that of the last program. Processor time: of the "
                   "supervisor, all its processes, and the programs. Memory: of all processes of the supervisor, "
                   "without the programs. Stop: until no program and no supervisor is left.",
    "loggers": "The same C program writes 16 MB (100 writers: 20 MB in lines, 80 MB in blocks) for each. Only the "
               "processor time of the readers counts, without their start.",
}


def _names(rows):
    """The peers in the order in which they are first measured."""
    return list(dict.fromkeys(name for row in rows.values() for name in row))


def _cell(row, name):
    """A value, and how many times ours it is."""
    if name not in row:
        return "-"
    value, ours = row[name], row.get("ours")
    if name == "ours" or not ours:
        return formatted(value)
    return f"{formatted(value)} ({formatted(float(f'{value / ours:.2g}'))}×)"


def _order(line):
    """Sorts by subject, then by the number of programs: lines of parts that were measured later are in their places."""
    words = line.replace(",", "").replace(":", "").split()
    numbers = [int(word) for word in words if word.isdigit()]
    return " ".join(word for word in words if not word.isdigit()), numbers


def group(rows):
    """A table of one group: {line: {peer: value}}."""
    names = _names(rows)
    lines = ["|  | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for line in sorted(rows, key=_order):
        lines.append(f"| {line} | " + " | ".join(_cell(rows[line], name) for name in names) + " |")
    return "\n".join(lines) + "\n"


def section(groups, about):
    """The section on peers, without its marks. `about`: [(name, version or None, note)]."""
    text = [_HEAD]
    for name, rows in groups.items():
        if rows:
            text.append(f"{textwrap.fill(_ABOUT[name], 120)}\n\n{group(rows)}")
    notes = (textwrap.fill(f"* **{name}**{f' {version}' if version else ''}: {note}", 120, subsequent_indent="  ")
             for name, version, note in about)
    return "\n".join(text) + "\n" + "\n".join(notes) + "\n"


def write(path, text):
    """Writes the section into a file: between its marks, if the file has them, otherwise at its end."""
    old = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read()
    before, begin, rest = old.partition(BEGIN)
    if not begin:
        before, rest = old + ("\n" if old else ""), END + "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}")
