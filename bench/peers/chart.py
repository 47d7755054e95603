# SPDX-License-Identifier: MIT
"""Some figures of the peers as an SVG with a panel of bars for each. It follows the reader's light or dark scheme."""

from html import escape

from report import formatted

# (group, line, title, unit, divisor)
PANELS = (
    ("supervisors", "100 programs: private, KB", "Private memory with 100 programs", "MB", 1000),
    ("supervisors", "restart after a death, ms", "Restart after a program's death", "ms", 1),
    ("supervisors", "start of 1000, ms", "Start of 1,000 programs", "s", 1000),
    ("supervisors", "stop of 1000, ms", "Stop of 1,000 programs", "s", 1000),
    ("loggers", "CPU ms per MB of log, 80-byte lines, 1 writer", "CPU per MB of log: 80-byte lines, 1 writer", "ms", 1),
    ("loggers", "CPU ms per MB of log, 40 KB blocks, 100 writers", "CPU per MB of log: 40 KB blocks, 100 writers",
     "ms", 1),
)
LIMITS = ("bare C", "cat > file")
WIDTH, COLUMNS = 880, 2
LABELS, VALUES = 96, 78  # the widths of the names and of the values beside the bars
ROW, BAR = 22, 14

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .paper { fill: #ffffff }
  .peer { fill: #b6bec7 }
  .limit { fill: none; stroke: #6e7781 }
  .ours { fill: #0a69c7 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .paper { fill: #0d1117 }
    .peer { fill: #59626d }
    .limit { stroke: #9198a1 }
    .ours { fill: #58a6ff }
  }
"""


def _bars(row, left, top, width, unit, divisor):
    """The bars of a panel, the shortest first."""
    longest = max(row.values()) or 1
    for index, (name, value) in enumerate(sorted(row.items(), key=lambda item: item[1])):
        length = max(1.5, value / longest * (width - LABELS - VALUES))
        middle = top + index * ROW + BAR / 2
        kind = "ours" if name == "ours" else "limit" if name in LIMITS else "peer"
        bar, base = left + LABELS, middle + 4.5
        yield (f'<text x="{bar - 8:g}" y="{base:g}" text-anchor="end">{escape(name)}</text>'
               f'<rect class="{kind}" x="{bar:g}" y="{middle - BAR / 2:g}" width="{length:.1f}" height="{BAR}"/>'
               f'<text x="{bar + length + 6:.1f}" y="{base:g}">{formatted(value / divisor)} {unit}</text>')


def svg(groups):
    """The chart, as text; None without any figure for it."""
    panels = [(groups[group][line], *rest) for group, line, *rest in PANELS if groups.get(group, {}).get(line)]
    if not panels:
        return None
    width = (WIDTH - 40) / COLUMNS
    parts, top = [], 16
    for first in range(0, len(panels), COLUMNS):
        together = panels[first:first + COLUMNS]
        for column, (row, title, unit, divisor) in enumerate(together):
            left = 16 + column * (width + 8)
            parts.append(f'<text class="title" x="{left + 4:g}" y="{top + 14}">{escape(title)}</text>')
            parts += _bars(row, left, top + 28, width, unit, divisor)
        top += 28 + ROW * max(len(panel[0]) for panel in together) + 14
    note = "Shorter is better. Outlined: the limit, the bare system calls in C, or cat."
    parts.append(f'<text x="20" y="{top + 12}">{note}</text>')
    height = top + 28
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img">\n<!-- SPDX-License-Identifier: MIT -->\n<title>Peers beside this project</title>\n'
            f'<style>{_STYLE}</style>\n<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
