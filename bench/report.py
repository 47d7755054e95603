# SPDX-License-Identifier: MIT
"""The figures of both sides as a table, with their ratio and the target."""


# Parts of the names of limits. Those of the two sides differ only because each was measured beside its side.
LIMITS = ("C program", "writers' own")


def formatted(value):
    if value is None:
        return "-"
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def better(name, theirs, ours):
    """How many times better ours is: more for figures "per second", less for all others. Limits have no such ratio."""
    if theirs is None or any(limit in name for limit in LIMITS):
        return ""
    good, bad = (ours, theirs) if "per second" in name else (theirs, ours)
    if bad == 0:
        return "" if good == 0 else "∞"
    return f"{good / bad:.3g}"


def rows(figures):
    """figures: {name: (debian, ours, target)}, None for Debian where it has no such thing -> rows of text."""
    yield ["", "Debian's Supervisor", "ours", "times better", "to reach"]
    for name, (theirs, ours, target) in figures.items():
        yield [name, formatted(theirs), formatted(ours), better(name, theirs, ours), target]


def markdown(figures):
    head, *body = rows(figures)
    lines = ["| " + " | ".join(head) + " |", "| --- | ---: | ---: | ---: | --- |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body]) + "\n"


def plain(figures):
    table = list(rows(figures))
    widths = [max(len(row[column]) for row in table) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) if column in (0, 4) else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in table)
