"""The stops of the walk come in; one SVG picture of them leaves: boxes on a grid, arrows between
them. No style stands in it: the page's stylesheet colours it, by day and by night.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from tests.local.page.hops import Hop

BOX_WIDTH, BOX_HEIGHT = 166, 66
PITCH_X, PITCH_Y = 202, 118
MARGIN = 10
COLUMNS, ROWS = 6, 3
WIDTH = 2 * MARGIN + (COLUMNS - 1) * PITCH_X + BOX_WIDTH
HEIGHT = 2 * MARGIN + (ROWS - 1) * PITCH_Y + BOX_HEIGHT + 26  # the last arrows run below the boxes

# Column and row of each box.
PLACES: Mapping[str, tuple[int, int]] = {
    "client": (0, 0),
    "gateway": (1, 0),
    "authorizer": (2, 0),
    "redis": (3, 0),
    "reconciliation": (4, 0),
    "settled": (5, 0),
    "log": (1, 1),
    "metering": (2, 1),
    "usage": (3, 1),
    "forwarder": (4, 1),
    "aforo": (5, 1),
    "audit": (1, 2),
    "quarantine": (2, 2),
    "replay": (3, 2),
    "dead": (4, 2),
    "ledger": (5, 2),
}


LEGEND = {"road": "usage goes on", "back": "what is put right", "ask": "asked, not changed"}


class Arrow(NamedTuple):
    """From a box to another; the points between them, where it is not straight. The sides that it
    leaves from and comes to are letters: n, e, s, w, each with how far from its middle.
    """

    start: str
    end: str
    sides: str = "ew"
    shifts: tuple[int, int] = (0, 0)
    look: str = "road"  # road: usage; back: what is put right; ask: only read


ARROWS: Sequence[Arrow] = (
    Arrow("client", "gateway"),
    Arrow("gateway", "authorizer", look="ask"),
    Arrow("authorizer", "redis", look="ask"),
    Arrow("reconciliation", "redis", "we"),
    Arrow("settled", "reconciliation", "we"),
    Arrow("gateway", "log", "sn"),
    Arrow("log", "metering"),
    Arrow("metering", "usage"),
    Arrow("usage", "forwarder"),
    Arrow("forwarder", "aforo"),
    Arrow("forwarder", "settled", "ns", (0, 0)),
    Arrow("forwarder", "ledger", "sn", (40, 0)),
    Arrow("forwarder", "dead", "sn", (-20, -20)),
    Arrow("metering", "quarantine", "sn", (20, 20)),
    Arrow("dead", "replay", "we", look="back"),
    Arrow("quarantine", "replay", look="back"),
    Arrow("replay", "usage", "ns", look="back"),
    Arrow("audit", "metering", "ns", (40, -40), look="back"),
    Arrow("log", "audit", "sn", look="ask"),
    Arrow("ledger", "audit", "ss", look="ask"),
)


def drawn_walk(hops: Mapping[str, Hop]) -> Markup:
    """Whoever cannot see it reads the list of the same stops below it."""
    head = f'<svg class="walk" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
    marks = "".join(
        f'<marker id="{look}" class="{look}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker>'
        for look in LEGEND
    )
    parts = [f"<defs>{marks}</defs>", *map(_arrow, ARROWS), *_legend()]
    for name, hop in hops.items():
        parts += _box(hop, *_corner(name))
    return Markup("".join([head, *parts, "</svg>"]))  # noqa: S704 - each text in it is escaped


def _legend() -> Iterator[str]:
    """In the corner that no box needs."""
    for number, (look, words) in enumerate(LEGEND.items()):
        at = MARGIN + PITCH_Y + 22 * number + 12
        ends = f"{MARGIN},{at} {MARGIN + 34},{at}"
        yield f'<polyline class="{look}" points="{ends}" marker-end="url(#{look})"/>'
        yield f'<text class="legend" x="{MARGIN + 44}" y="{at + 4}">{words}</text>'


def _corner(name: str) -> tuple[int, int]:
    column, row = PLACES[name]
    return MARGIN + column * PITCH_X, MARGIN + row * PITCH_Y


def _box(hop: Hop, left: int, top: int) -> Iterator[str]:
    yield f'<g class="hop {hop.mood}">'
    yield f'<rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="9"/>'
    yield _text(left, top + 22, "name", hop.name)
    for number, line in enumerate(hop.says):
        yield _text(left, top + 40 + 16 * number, "says", line)
    yield "</g>"


def _text(left: int, base: int, kind: str, words: str) -> str:
    return f'<text class="{kind}" x="{left + BOX_WIDTH // 2}" y="{base}">{escape(words)}</text>'


def _arrow(arrow: Arrow) -> str:
    start = _side(arrow.start, arrow.sides[0], arrow.shifts[0])
    end = _side(arrow.end, arrow.sides[1], arrow.shifts[1])
    points = " ".join(f"{x},{y}" for x, y in [start, *_between(arrow.sides, start, end), end])
    return f'<polyline class="{arrow.look}" points="{points}" marker-end="url(#{arrow.look})"/>'


def _side(name: str, side: str, shift: int) -> tuple[int, int]:
    left, top = _corner(name)
    middle_x, middle_y = left + BOX_WIDTH // 2 + shift, top + BOX_HEIGHT // 2 + shift
    return {
        "n": (middle_x, top),
        "s": (middle_x, top + BOX_HEIGHT),
        "w": (left, middle_y),
        "e": (left + BOX_WIDTH, middle_y),
    }[side]


def _between(sides: str, start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Corners of a road that turns: half-way between two rows, or below the last one."""
    if sides == "ss":
        below = HEIGHT - MARGIN
        return [(start[0], below), (end[0], below)]
    if sides in {"ns", "sn"} and start[0] != end[0]:
        half = (start[1] + end[1]) // 2
        return [(start[0], half), (end[0], half)]
    return []
