"""A dashboard's body and the figures of a time come in; one SVG picture of all widgets leaves."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from tests.local.dashboard.axis import Box
from tests.local.dashboard.drawing import Graph, drawn
from tests.local.dashboard.graph import Board

TEXT_SIZE = 12
CELL_WIDTH, CELL_HEIGHT, GAP, MARGIN = 60, 40, 8, 12  # CloudWatch's grid has 24 columns
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")


def svg_of(body: Mapping[str, Any], board: Board) -> str:
    """The whole picture."""
    height = max(widget["y"] + widget["height"] for widget in body["widgets"])
    across, down = 24 * CELL_WIDTH + 2 * MARGIN, height * CELL_HEIGHT + 2 * MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}"'
    family = 'font-family="DejaVu Sans, Verdana, sans-serif"'
    background = f'<rect width="{across}" height="{down}" fill="#f2f3f3"/>'
    parts = [f"{head} {family}>", background]
    for widget in body["widgets"]:
        parts += _drawn_widget(widget, board)
    return "\n".join([*parts, "</svg>\n"])


def frame_of(widget: Mapping[str, Any]) -> Box:
    """Its place on the paper, with half a gap around it."""
    return Box(
        MARGIN + widget["x"] * CELL_WIDTH + GAP / 2,
        MARGIN + widget["y"] * CELL_HEIGHT + GAP / 2,
        widget["width"] * CELL_WIDTH - GAP,
        widget["height"] * CELL_HEIGHT - GAP,
    )


def _drawn_widget(widget: Mapping[str, Any], board: Board) -> Iterator[str]:
    frame, properties = frame_of(widget), widget["properties"]
    if widget["type"] == "text":
        yield from _written(properties["markdown"], frame)
    else:
        lines = board.lines_of(properties)
        yield from drawn(Graph.of(properties, lines), frame, board.window)


def _written(markdown: str, frame: Box) -> Iterator[str]:
    """Headings and lines with their links, as far as our text widgets go."""
    base = frame.top
    for line in markdown.splitlines():
        marks = len(line) - len(line.lstrip("#"))
        size = {0: TEXT_SIZE, 1: 20, 2: 15}[marks]
        base += size + 6
        spans = (_span(part, size, is_link=link) for part, link in _parts(line[marks:].strip()))
        where = f'x="{frame.left:g}" y="{base:g}" xml:space="preserve"'
        yield f"<text {where}>{''.join(spans)}</text>"


def _span(part: str, size: int, *, is_link: bool) -> str:
    if is_link:
        return f'<tspan font-size="12" fill="#0073bb">{escape(part)}</tspan>'
    weight = "bold" if size > TEXT_SIZE else "normal"
    return f'<tspan font-size="{size}" font-weight="{weight}">{escape(part)}</tspan>'


def _parts(line: str) -> Iterator[tuple[str, bool]]:
    """Texts in their order, and whether each is a link."""
    at = 0
    for link in _LINK.finditer(line):
        if link.start() > at:
            yield line[at : link.start()], False
        yield link[1], True
        at = link.end()
    if at < len(line):
        yield line[at:], False
