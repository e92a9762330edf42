"""Windows: their names, and that they divide time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.window import AuditWindow, NamedWindow, days_between, windows_between
from functions.usage.moment import DAY_MS

MOMENTS = st.integers(min_value=1_700_000_000_000, max_value=1_900_000_000_000)
LENGTHS = st.sampled_from([5, 60, 300, 900, 3600])
SOURCES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True)


@given(
    source=SOURCES, from_ms=MOMENTS, seconds=LENGTHS, shards=st.integers(1, 8), closed=st.booleans()
)
def test_a_windows_name_says_the_window(
    source: str, from_ms: int, seconds: int, shards: int, *, closed: bool
) -> None:
    """Whoever lists names knows which windows there are and which are closed."""
    start = from_ms - from_ms % (seconds * 1000)
    window = AuditWindow(source, start, start + seconds * 1000, shards - 1, shards)
    name = window.object_name(closed=closed)
    assert NamedWindow.read(name) == NamedWindow(window, closed)


def test_what_is_no_windows_name_is_none() -> None:
    """Objects of others under the prefix are passed over."""
    for name in (
        "audits/demo/",
        "audits/demo/2026-13-40/250000.300.0-1.open.json.gz",
        "audits/demo/2026-11-23/161000.300.0-1.gone.json.gz",
        "ledger/2026-11-23/16/x.json.gz",
    ):
        assert NamedWindow.read(name) is None


@given(MOMENTS, st.integers(0, 20), LENGTHS)
def test_windows_divide_time(from_ms: int, count: int, seconds: int) -> None:
    """Each moment of a range lies in exactly one window, whoever asks for which part of it."""
    length = seconds * 1000
    found = [*windows_between("demo", from_ms, from_ms + count * length, seconds=seconds)]
    assert len(found) == count
    assert all(one.from_ms % length == 0 for one in found)
    assert all(a.to_ms == b.from_ms for a, b in pairwise(found))
    cut = from_ms + count * length // 2
    parts = [
        *windows_between("demo", from_ms, cut, seconds=seconds),
        *windows_between("demo", cut, from_ms + count * length, seconds=seconds),
    ]
    assert parts == found


@given(MOMENTS, st.integers(0, 5 * DAY_MS))
def test_days_between_are_the_days_that_a_range_touches(from_ms: int, span: int) -> None:
    """One prefix to list for each, none too many."""
    days = [*days_between(from_ms, from_ms + span)]
    assert all(day < from_ms + span and day + DAY_MS > from_ms for day in days)
    assert len(days) == len({*days})
    assert bool(days) == bool(span) or from_ms % DAY_MS
