"""Figures as pictures: curves over sizes, or marks in rows come in, and one SVG leaves.

A point is a median, the bar through it goes from quartile to quartile.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.bench.figure import Spread
from tests.local.dashboard.axis import Box
from tests.local.dashboard.elements import rectangle, text
from tests.local.dashboard.legend import COLORS

WIDTH = 860
LEFT, RIGHT, TOP, BOTTOM = 70, 260, 44, 46
HEIGHT, ROW = 420, 26
GREY, LIGHT = "#545b64", "#e3e6e8"


class Scale(NamedTuple):
    """From values to places on the paper; by tens where `is_log`."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, values: Sequence[float], *, is_log: bool) -> "Scale":
        if not is_log:
            return cls(0.0, max(values) * 1.08, is_log)
        return cls(min(values) / 1.25, max(values) * 1.25, is_log)

    def part(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> Iterator[float]:
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            few = self.high / self.low < 100
            every = (
                part * 10.0**power for power in powers for part in ((1, 2, 5) if few else (1,))
            )
            yield from (tick for tick in every if self.low <= tick <= self.high)
            return
        ten = 10.0 ** math.floor(math.log10(self.high))
        step = next(ten * part for part in (1, 0.5, 0.25, 0.2) if self.high / (ten * part) >= 4)
        for number in range(int(self.high / step) + 1):
            yield number * step


def curves(
    title: str,
    axes: tuple[str, str],
    found: Mapping[str, Mapping[float, Spread]],
    *,
    is_log: bool = True,
) -> str:
    """Each by its name: what it was at each size. Sizes go by tens; so do values where `is_log`."""
    plot = Box(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    sizes = Scale.of([size for curve in found.values() for size in curve], is_log=True)
    values = [value for curve in found.values() for spread in curve.values() for value in spread]
    heights = Scale.of(values, is_log=is_log)
    parts = [*_grid(plot, sizes, heights), *_names(title, axes, plot)]
    for number, curve in enumerate(found.values()):
        parts += _curve(plot, (sizes, heights), curve, number)
    parts += _legend(list(found), WIDTH - RIGHT + 16)
    return _paper(parts, HEIGHT)


def rows(
    title: str, unit: str, found: Mapping[str, Mapping[str, Spread]], *, is_log: bool = True
) -> str:
    """Each by its name, in a row of its own: its marks by theirs."""
    left = 250
    plot = Box(left, TOP, WIDTH - left - 120, ROW * len(found))
    values = [value for marks in found.values() for spread in marks.values() for value in spread]
    widths = Scale.of(values, is_log=is_log)
    parts = [text(14, 24, title, size=15, weight="bold")]
    for tick in widths.ticks():
        at = plot.left + plot.width * widths.part(tick)
        parts += [_line(at, plot.top, at, plot.top + plot.height, LIGHT)]
        base = plot.top + plot.height + 16
        parts += [text(at, base, _tick(tick), color=GREY, anchor="middle", size=10)]
    end = plot.left + plot.width
    parts.append(text(end, plot.top + plot.height + 34, unit, color=GREY, anchor="end"))
    kinds = list(dict.fromkeys(kind for marks in found.values() for kind in marks))
    for number, (name, marks) in enumerate(found.items()):
        middle = plot.top + ROW * (number + 0.5)
        parts.append(text(plot.left - 10, middle + 4, name, anchor="end"))
        for kind, spread in marks.items():
            color = COLORS[kinds.index(kind) % len(COLORS)]
            low, at, high = (plot.left + plot.width * widths.part(one) for one in spread)
            parts += [_line(low, middle, high, middle, color, width=3), _dot(at, middle, color)]
    if len(kinds) > 1:
        parts += _legend(kinds, WIDTH - 100)
    return _paper(parts, round(plot.top + plot.height + BOTTOM))


def _grid(plot: Box, sizes: Scale, heights: Scale) -> Iterator[str]:
    base = plot.top + plot.height
    for tick in heights.ticks():
        height = base - plot.height * heights.part(tick)
        yield _line(plot.left, height, plot.left + plot.width, height, LIGHT)
        yield text(plot.left - 8, height + 4, _tick(tick), color=GREY, anchor="end", size=10)
    for tick in sizes.ticks():
        at = plot.left + plot.width * sizes.part(tick)
        yield _line(at, plot.top, at, base, LIGHT)
        yield text(at, base + 16, _tick(tick), color=GREY, anchor="middle", size=10)


def _names(title: str, axes: tuple[str, str], plot: Box) -> Iterator[str]:
    yield text(14, 24, title, size=15, weight="bold")
    middle = plot.left + plot.width / 2
    yield text(middle, plot.top + plot.height + 36, axes[0], color=GREY, anchor="middle")
    half = plot.top + plot.height / 2
    turned = text(18, half, axes[1], color=GREY, anchor="middle")
    yield turned.replace("<text", f'<text transform="rotate(-90 18 {half:g})"')


def _curve(
    plot: Box, scales: tuple[Scale, Scale], curve: Mapping[float, Spread], number: int
) -> Iterator[str]:
    sizes, heights = scales
    color, is_hollow = _look(number)
    places = []
    for size, spread in curve.items():
        at = plot.left + plot.width * sizes.part(size)
        low, middle, high = (plot.top + plot.height * (1 - heights.part(value)) for value in spread)
        yield _line(at, low, at, high, color, width=3)
        places.append((at, middle))
    corners = " ".join(f"{at:.1f},{height:.1f}" for at, height in places)
    dashes = ' stroke-dasharray="5 3"' if is_hollow else ""
    yield f'<polyline points="{corners}" fill="none" stroke="{color}" stroke-width="1.5"{dashes}/>'
    for at, height in places:
        yield _dot(at, height, color, is_hollow=is_hollow)


def _look(number: int) -> tuple[str, bool]:
    """Of the curve of that number: when all colours are used they come again, hollow."""
    return COLORS[number % len(COLORS)], number >= len(COLORS)


def _legend(names: Sequence[str], left: float) -> Iterator[str]:
    for number, name in enumerate(names):
        base = TOP + 14 + 20 * number
        color, is_hollow = _look(number)
        box, fill = Box(left, base - 9, 10, 10), "#ffffff" if is_hollow else color
        yield rectangle(box, fill=fill, stroke=color)
        yield text(left + 16, base, name)


def _line(x1: float, y1: float, x2: float, y2: float, color: str, *, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width:g}"/>'


def _dot(at: float, height: float, color: str, *, is_hollow: bool = False) -> str:
    fill = "#ffffff" if is_hollow else color
    return f'<circle cx="{at:.1f}" cy="{height:.1f}" r="4" fill="{fill}" stroke="{color}"/>'


def _tick(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _paper(parts: Sequence[str], height: int) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
    family = 'font-family="DejaVu Sans, Verdana, sans-serif"'
    background = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([f"{head} {family}>", background, *parts, "</svg>\n"])
