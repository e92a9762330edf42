"""Pictures: whatever the figures are, all of it stands on the paper."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figure import Spread
from tests.bench.plot import WIDTH, curves, rows

VALUES = st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=3, max_size=3)
SPREADS = VALUES.map(lambda values: Spread(*sorted(values)))
SIZES = st.integers(min_value=1, max_value=10_000_000)
CURVES = st.dictionaries(
    st.sampled_from("abcdef"), st.dictionaries(SIZES, SPREADS, min_size=1), min_size=1
)
MARKS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from(("p50", "p99")), SPREADS, min_size=1),
    min_size=1,
)


@given(CURVES, st.booleans())
def test_every_point_of_a_curve_is_on_the_paper(
    found: dict[str, dict[float, Spread]],
    is_log: bool,  # noqa: FBT001 - drawn
) -> None:
    """Of any values and sizes, each with a dot of its own."""
    svg = curves("title", ("across", "up"), found, is_log=is_log)
    assert len(_dots(svg)) == sum(map(len, found.values()))
    assert all(0 <= at <= WIDTH and 0 <= height <= _height(svg) for at, height in _dots(svg))


@given(MARKS, st.booleans())
def test_every_mark_of_a_row_is_on_the_paper(
    found: dict[str, dict[str, Spread]],
    is_log: bool,  # noqa: FBT001 - drawn
) -> None:
    """Rows stand one below the other, in their order."""
    svg = rows("title", "us", found, is_log=is_log)
    heights = [height for _, height in _dots(svg)]
    assert len(heights) == sum(map(len, found.values()))
    assert heights == sorted(heights)
    assert all(0 <= at <= WIDTH and height <= _height(svg) for at, height in _dots(svg))


def _dots(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', svg)
    return [(float(at), float(height)) for at, height in found]


def _height(svg: str) -> float:
    found = re.search(r'height="(\d+)"', svg)
    assert found
    return float(found[1])
