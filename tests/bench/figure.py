"""What a bench found, in one form: which stage, in which case, at which size, what a unit took, and
beside what.

A value and a ratio are a median with its quartiles. A ratio is of two that took turns in one run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import quantiles
from typing import Any, NamedTuple


class Spread(NamedTuple):
    """A median between its quartiles."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls(*quantiles(values, n=4, method="inclusive"))

    @classmethod
    def exactly(cls, value: float) -> "Spread":
        """Counted, not measured: it has no spread."""
        return cls(value, value, value)


class Figure(NamedTuple):
    """`size` is what the stage grows with; `reference` names the case that `ratio` is beside."""

    stage: str
    case: str
    size: int
    unit: str
    value: Spread
    reference: str = ""
    ratio: Spread | None = None

    def as_json(self) -> dict[str, Any]:
        found = {**self._asdict(), "value": list(map(_rounded, self.value))}
        return found | {"ratio": self.ratio and list(map(_rounded, self.ratio))}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Figure":
        ratio = found["ratio"] and Spread(*found["ratio"])
        return cls(**{**found, "value": Spread(*found["value"]), "ratio": ratio})


def figures_of(
    stage: str, size: int, unit: str, rounds: Sequence[Mapping[str, float]], reference: str
) -> Iterator[Figure]:
    """A figure of each case of some rounds, each ratio within its round."""
    for case in rounds[0]:
        value = Spread.of([one[case] for one in rounds])
        ratio = Spread.of([one[case] / one[reference] for one in rounds])
        yield Figure(stage, case, size, unit, value, reference, ratio)


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """Lines for a person, a heading for each stage."""
    stage = ""
    for one in figures:
        if one.stage != stage:
            stage = one.stage
            yield f"\n{stage:<44}{'size':>9}  {'median':>10} {'quartiles':>19}  beside"
        yield f"  {one.case:<42}{one.size:>9,}  {_value(one)}  {_ratio(one)}".rstrip()


def _value(one: Figure) -> str:
    low, middle, high = map(said, one.value)
    spread = "" if low == high else f"{low} to {high}"
    return f"{middle:>10} {spread:>19}  {one.unit}"


def _ratio(one: Figure) -> str:
    if one.ratio is None or one.reference == one.case:
        return ""
    low, middle, high = (f"{value:.2f}" for value in one.ratio)
    return f"{middle} x {one.reference} ({low} to {high})"


def said(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
