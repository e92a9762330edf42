"""The scale of a graph: values come in, and where each stands on the paper leaves."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_STEPS = (1, 2, 2.5, 5, 10)
_THOUSAND = 1000.0
_NOTHING = 1e-9  # a graph of zeros goes from 0 to 1


class Box(NamedTuple):
    """A rectangle of the paper; y grows downwards."""

    left: float
    top: float
    width: float
    height: float


class Axis(NamedTuple):
    """From zero, or the least value below it, to the first round number that holds all values."""

    low: float
    high: float
    ticks: Sequence[float]

    @classmethod
    def of(cls, values: Iterable[float], ticks: int = 4) -> "Axis":
        known = list(values)
        most, least = max([0.0, *known]), min([0.0, *known])
        if most - least < _NOTHING:
            return cls(0.0, 1.0, [n / ticks for n in range(ticks + 1)])
        step = _round_up((most - least) / ticks)
        first, last = math.floor(least / step), math.ceil(most / step)
        return cls(first * step, last * step, [n * step for n in range(first, last + 1)])

    def y(self, value: float, box: Box) -> float:
        """The lowest value stands on the bottom of the box, the highest on its top."""
        return box.top + box.height * (self.high - value) / (self.high - self.low)


def x(period: int, periods: int, box: Box) -> float:
    """The middle of a period."""
    return box.left + box.width * (period + 0.5) / periods


def said(value: float) -> str:
    """As short as a reader wants it: 0.25, 12, 1.5k, 3.2M."""
    for size, letter in ((_THOUSAND**2, "M"), (_THOUSAND, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _round_up(value: float) -> float:
    """To 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _STEPS if step * power >= value * (1 - 1e-9))
