"""What is known of windows, by name; the last word of an audit is the one that stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject
from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AuditWindow, windows_between
from functions.audit.window_store import WindowStore
from functions.usage.moment import DAY_MS, iso_from_epoch_ms
from tests.fakes.audited_log import START_MS, WINDOW_MS, first_window
from tests.fakes.s3_objects import FakeBucket

WINDOW = first_window()
OPEN, CLOSED = Equation(confirmed=2, unaccounted=1), Equation(confirmed=3)


def store(bucket: FakeBucket | None = None) -> WindowStore:
    client: Any = bucket or FakeBucket()
    return WindowStore(client, "ledger")


def record(window: AuditWindow, equation: Equation) -> WindowRecord:
    return WindowRecord.model_validate(
        {
            "source": window.source,
            "logGroup": "/aws/apigateway/shop",
            "start": iso_from_epoch_ms(window.from_ms),
            "end": iso_from_epoch_ms(window.to_ms),
            "auditedAt": iso_from_epoch_ms(window.to_ms),
            "lines": 3,
            "equation": equation,
            "customers": {"cus_a": equation},
        }
    )


@given(st.lists(st.sampled_from([OPEN, CLOSED]), min_size=1, max_size=4))
def test_the_last_audit_of_a_window_stands(found: list[Equation]) -> None:
    """Also where it finds open what one before had closed."""
    kept = store()
    for equation in found:
        kept.keep(WINDOW, record(WINDOW, equation))
    assert kept.read(WINDOW) == record(WINDOW, found[-1])
    assert kept.states("shop", WINDOW.from_ms, WINDOW.to_ms) == {WINDOW: found[-1].is_closed}


def test_a_window_that_nobody_looked_at_is_not_known() -> None:
    """Nor is one of a source whose name begins alike; nor is what else stands there a window."""
    kept = store(bucket := FakeBucket())
    bucket.objects["audits/shop/2026-10-03/witness-08.json"] = b"{}"
    kept.keep(other := first_window("shop-2"), record(other, CLOSED))
    assert kept.read(WINDOW) is None
    assert kept.states("shop", WINDOW.from_ms, WINDOW.to_ms) == {}
    assert not kept.is_known("shop")
    assert kept.is_known("shop-2")


def test_the_sources_are_those_that_were_looked_at() -> None:
    """Each once."""
    kept = store()
    for source in ("shop-2", "shop", "shop"):
        kept.keep(window := first_window(source), record(window, CLOSED))
    assert sorted(kept.sources()) == ["shop", "shop-2"]


@given(st.integers(0, 3 * 288), st.integers(0, 3 * 288))
def test_a_range_knows_the_windows_that_begin_in_it(first: int, last: int) -> None:
    """Over the edges of days, the last moment not included."""
    kept, begin = store(FakeBucket(page=5)), START_MS - START_MS % DAY_MS
    windows = list(windows_between("shop", begin, begin + 3 * DAY_MS, seconds=7_200))
    for window in windows:
        kept.keep(window, record(window, CLOSED))
    from_ms, to_ms = begin + first * WINDOW_MS, begin + last * WINDOW_MS
    wanted = [window for window in windows if from_ms <= window.from_ms < to_ms]
    assert list(kept.states("shop", from_ms, to_ms)) == wanted


def test_a_day_s_windows_are_one_listing() -> None:
    """It is made every five minutes, for each source."""
    bucket = FakeBucket()
    kept = store(bucket)
    for window in windows_between("shop", START_MS, START_MS + DAY_MS, seconds=300):
        kept.keep(window, record(window, CLOSED))
    listed = bucket.pages_listed
    assert len(kept.states("shop", START_MS, START_MS + DAY_MS)) == 288
    assert bucket.pages_listed == listed + 1


@pytest.mark.parametrize("body", [b"", b"no gzip"])
def test_a_record_that_is_none_is_named(body: bytes) -> None:
    """Who reads it for a statement must not take it for a window without requests."""
    bucket = FakeBucket()
    name = WINDOW.object_name(closed=True)
    bucket.objects[name] = body
    with pytest.raises(UnreadableObject, match=name):
        store(bucket).read(WINDOW)
