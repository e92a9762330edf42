"""One graph as SVG: the lines of a widget come in, elements of the paper leave."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.local.dashboard.axis import Axis, Box, said, x
from tests.local.dashboard.calculation import Row
from tests.local.dashboard.elements import across, rectangle, text
from tests.local.dashboard.graph import Line, Window
from tests.local.dashboard.legend import COLORS, LEGEND_LINE, legend, legend_rows

TITLE, LEFT, RIGHT, TIME = 30, 46, 12, 18


class Graph(NamedTuple):
    """What a metric widget says of how it is drawn, and what it shows."""

    title: str
    lines: Sequence[Line]
    limits: Mapping[float, str] = {}
    is_stacked: bool = False
    is_number: bool = False

    @classmethod
    def of(cls, properties: Mapping[str, Any], lines: Sequence[Line]) -> "Graph":
        drawn = properties.get("annotations", {}).get("horizontal", [])
        return cls(
            properties["title"],
            lines,
            {one["value"]: one["label"] for one in drawn},
            bool(properties.get("stacked")),
            properties["view"] == "singleValue",
        )


def drawn(graph: Graph, frame: Box, window: Window) -> Iterator[str]:
    """The card with its title, and in it numbers or a plot."""
    yield rectangle(frame, fill="#ffffff", stroke="#d5dbdb")
    yield text(frame.left + 12, frame.top + 20, graph.title, size=13, weight="bold")
    if graph.is_number:
        yield from _numbers(graph, frame)
        return
    names = list(legend_rows(graph.lines, frame.width - 24))
    plot = Box(
        frame.left + LEFT,
        frame.top + TITLE + 6,
        frame.width - LEFT - RIGHT,
        frame.height - TITLE - 6 - TIME - LEGEND_LINE * len(names) - 8,
    )
    rows = _stacked(graph.lines) if graph.is_stacked else [line.values for line in graph.lines]
    axis = Axis.of(_shown_values(rows, graph.limits))
    yield from _grid(axis, plot, window)
    for limit, label in graph.limits.items():
        if axis.low <= limit <= axis.high:
            yield from _limit(axis.y(limit, plot), label, plot)
    yield from _plotted(rows, axis, plot, is_stacked=graph.is_stacked)
    if not any(value is not None for row in rows for value in row):
        middle = plot.left + plot.width / 2
        yield text(middle, plot.top + plot.height / 2, "nothing", color="#879596", anchor="middle")
    yield from legend(names, frame.left + 12, plot.top + plot.height + TIME + 14)


def _shown_values(rows: Sequence[Row], limits: Mapping[float, str]) -> list[float]:
    """And a limit that is near: one far above would flatten the rest."""
    values = [value for row in rows for value in row if value is not None]
    return [*values, *(limit for limit in limits if limit <= 2 * max(values, default=0))]


def _stacked(lines: Sequence[Line]) -> list[Row]:
    """Each on the sum of those before it; where it says nothing it adds nothing."""
    below = [0.0] * max((len(line.values) for line in lines), default=0)
    found: list[Row] = []
    for line in lines:
        if line.values == [None] * len(line.values):  # it would hide the one below
            found.append(line.values)
            continue
        below = [low + (value or 0) for low, value in zip(below, line.values, strict=True)]
        found.append([*below])
    return found


def _grid(axis: Axis, plot: Box, window: Window) -> Iterator[str]:
    for tick in axis.ticks:
        height = axis.y(tick, plot)
        yield across(height, plot, stroke="#eaeded")
        yield text(plot.left - 6, height + 4, said(tick), color="#545b64", anchor="end", size=10)
    base = plot.top + plot.height + TIME - 4
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        at_ms = window.start_ms + part * (window.end_ms - window.start_ms)
        clock = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
        left = plot.left + part * plot.width
        yield text(left, base, clock, color="#545b64", anchor=anchor, size=10)


def _limit(height: float, label: str, plot: Box) -> Iterator[str]:
    yield across(height, plot, stroke="#d13212", stroke_dasharray="5 3")
    right = plot.left + plot.width - 4
    yield text(right, height - 4, label, color="#d13212", anchor="end", size=10)


def _plotted(rows: Sequence[Row], axis: Axis, plot: Box, *, is_stacked: bool) -> Iterator[str]:
    below: Row = []
    areas: list[str] = []
    for number, row in enumerate(rows):
        color = COLORS[number % len(COLORS)]
        points = _points(row, axis, plot)
        if is_stacked and row != [None] * len(row):
            lower = _points(below or [0.0] * len(row), axis, plot)
            corners = " ".join(_said_points([*points, *reversed(lower)]))
            areas.append(f'<polygon points="{corners}" fill="{color}" fill-opacity="0.35"/>')
            below = row
        for stretch in _stretches(row):
            yield from _stroke([points_of(period, row, axis, plot) for period in stretch], color)
    yield from areas


def points_of(period: int, row: Row, axis: Axis, plot: Box) -> tuple[float, float]:
    """Where the value of a period stands; zero, where there is none."""
    return x(period, len(row), plot), axis.y(row[period] or 0.0, plot)


def _points(row: Row, axis: Axis, plot: Box) -> list[tuple[float, float]]:
    return [points_of(period, row, axis, plot) for period in range(len(row))]


def _stretches(row: Row) -> Iterator[list[int]]:
    """Periods in a row that say something: a line breaks where there is nothing."""
    stretch: list[int] = []
    for period, value in enumerate(row):
        if value is not None:
            stretch.append(period)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _stroke(points: Sequence[tuple[float, float]], color: str) -> Iterator[str]:
    if len(points) > 1:
        corners = " ".join(_said_points(points))
        yield f'<polyline points="{corners}" fill="none" stroke="{color}" stroke-width="1.8"/>'
    for left, top in points:
        yield f'<circle cx="{left:.1f}" cy="{top:.1f}" r="1.8" fill="{color}"/>'


def _said_points(points: Sequence[tuple[float, float]]) -> list[str]:
    return [f"{left:.1f},{top:.1f}" for left, top in points]


def _numbers(graph: Graph, frame: Box) -> Iterator[str]:
    """The last that each line says."""
    column = frame.width / max(1, len(graph.lines))
    size = min(30, int(column / 3.2))  # four digits fit
    for number, line in enumerate(graph.lines):
        known = [value for value in line.values if value is not None]
        middle = frame.left + column * (number + 0.5)
        shown = said(known[-1]) if known else "none"
        yield text(middle, frame.top + frame.height / 2 + 12, shown, size=size, anchor="middle")
        base = frame.top + frame.height / 2 + 36
        yield text(middle, base, line.label, color="#545b64", anchor="middle")
