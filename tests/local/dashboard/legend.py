"""Which color is whose: the lines of a graph come in, rows of names and colors leave, as SVG."""

from collections.abc import Iterator, Sequence

from tests.local.dashboard.axis import Box
from tests.local.dashboard.elements import rectangle, text
from tests.local.dashboard.graph import Line

# Told apart by people who see red and green alike, too (Okabe and Ito).
COLORS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b79f00", "#444444")
LEGEND_LINE = 16
_LETTER = 6.2  # the width of one in the legend


def legend_rows(lines: Sequence[Line], width: float) -> Iterator[list[tuple[str, str]]]:
    """Names and colors, as many in a row as fit."""
    row: list[tuple[str, str]] = []
    used = 0.0
    for number, line in enumerate(lines):
        needed = 22 + _LETTER * len(line.label)
        if row and used + needed > width:
            yield row
            row, used = [], 0.0
        row.append((line.label, COLORS[number % len(COLORS)]))
        used += needed
    if row:
        yield row


def legend(rows: Sequence[Sequence[tuple[str, str]]], left: float, base: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        at, height = left, base + LEGEND_LINE * number
        for label, color in row:
            yield rectangle(Box(at, height - 8, 9, 9), fill=color)
            yield text(at + 13, height, label, size=10)
            at += 22 + _LETTER * len(label)
