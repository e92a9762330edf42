"""Windows: their names, and that they divide time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.window import (
    AuditWindow,
    NamedWindow,
    day_prefix,
    days_between,
    source_prefix,
    windows_between,
)
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


START_MS = 1_791_014_400_000  # 2026-10-03T08:00Z


@pytest.mark.parametrize(
    ("window", "closed", "name", "told"),
    [
        (
            AuditWindow("shop", START_MS + 754_000, START_MS + 1_054_000),
            True,
            "audits/shop/2026-10-03/081234.300.0-1.closed.json.gz",
            "shop 2026-10-03T08:12:34.000Z 300 s",
        ),
        (
            AuditWindow("shop", START_MS, START_MS + 60_000, 0, 2),
            False,
            "audits/shop/2026-10-03/080000.60.0-2.open.json.gz",
            "shop 2026-10-03T08:00:00.000Z 60 s shard 0 of 2",
        ),
        (
            AuditWindow("shop", START_MS + DAY_MS - 1_000, START_MS + DAY_MS, 3, 4),
            False,
            "audits/shop/2026-10-04/075959.1.3-4.open.json.gz",
            "shop 2026-10-04T07:59:59.000Z 1 s shard 3 of 4",
        ),
    ],
)
def test_a_window_is_named_by_source_day_time_length_and_share(
    window: AuditWindow, name: str, told: str, *, closed: bool
) -> None:
    """For objects, and for people in logs and reports, who hear of shards where there are some."""
    assert window.object_name(closed=closed) == name
    assert str(window) == told


def test_prefixes_hold_the_windows_of_a_source_and_of_a_day() -> None:
    """Which is how they are listed."""
    assert source_prefix("shop") == "audits/shop/"
    assert day_prefix("shop", START_MS + 16 * 3_600_000 - 1) == "audits/shop/2026-10-03/"
    assert day_prefix("shop", START_MS + 16 * 3_600_000) == "audits/shop/2026-10-04/"


@pytest.mark.parametrize("shards", [1, 3])
def test_each_share_of_a_window_is_a_window(shards: int) -> None:
    """In their order; without a word a window is whole."""
    found = [*windows_between("shop", START_MS - 1, START_MS + 120_000, seconds=60, shards=shards)]
    assert found == [
        AuditWindow("shop", start, start + 60_000, shard, shards)
        for start in (START_MS, START_MS + 60_000)
        for shard in range(shards)
    ]
    assert AuditWindow("shop", 0, 1) == AuditWindow("shop", 0, 1, 0, 1)
    assert [*windows_between("shop", 0, 1, seconds=60)] == [AuditWindow("shop", 0, 60_000)]


def test_days_begin_at_midnight() -> None:
    """That of the first moment, too."""
    midnight = START_MS - 8 * 3_600_000
    assert [*days_between(START_MS, START_MS + DAY_MS)] == [midnight, midnight + DAY_MS]
    assert [*days_between(midnight, midnight + DAY_MS)] == [midnight]
