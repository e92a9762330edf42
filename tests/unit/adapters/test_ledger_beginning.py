"""When a ledger began is never told too early: what it lacks from then on was never settled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger
from functions.adapters.ledger_beginning import MARK, NAMES_LOOKED_AT, LedgerBeginning
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import ledger_row

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Begun:
    """A ledger that may have begun."""

    def __init__(self) -> None:
        self.bucket = FakeBucket()
        s3: Any = self.bucket
        self.ledger = Ledger(s3, "bucket")
        self.beginning = LedgerBeginning(s3, "bucket")

    def settle(self, occurred: datetime, written: datetime) -> None:
        at = iso_from_epoch_ms(round(occurred.timestamp() * 1000))
        writer = f"{written:%Y%m%dT%H%M%S}000Z-{len(self.bucket.objects)}"
        self.ledger.append([ledger_row(1, occurred_at=at)], writer)


def test_an_empty_ledger_has_not_begun() -> None:
    """Nothing says that what it lacks was never settled."""
    assert Begun().beginning.moment() is None


def test_the_mark_is_left_once() -> None:
    """Whoever comes later changes nothing: not the next run, nor a stack that is made again."""
    begun = Begun()
    begun.beginning.mark(NOW)
    begun.beginning.mark(NOW + timedelta(days=1))
    assert begun.beginning.moment() == NOW
    assert list(begun.ledger.names("ledger/")) == []


def test_a_ledger_that_is_older_than_the_mark_says_so() -> None:
    """It was there before this version; and the mark ends with the lifecycle, like all of it."""
    begun = Begun()
    begun.settle(NOW - timedelta(days=3), NOW - timedelta(days=2))
    begun.settle(NOW - timedelta(hours=1), NOW - timedelta(hours=1))
    assert begun.beginning.moment() == NOW - timedelta(days=2)
    begun.beginning.mark(NOW)
    assert begun.beginning.moment() == NOW - timedelta(days=2)


def test_usage_that_is_late_does_not_move_the_beginning_back() -> None:
    """The oldest hour of requests was written last; what was billed in it before, nobody knows."""
    begun = Begun()
    begun.settle(NOW - timedelta(hours=20), NOW + timedelta(hours=2))
    begun.settle(NOW, NOW)
    assert begun.beginning.moment() == NOW


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 90)), max_size=30),
    st.one_of(st.none(), st.integers(0, 48)),
)
def test_it_is_never_too_early(writings: list[tuple[int, int]], marked: int | None) -> None:
    """Whatever is settled after the beginning, of whichever hours, and whenever it was marked."""
    begun = Begun()
    for written, age in writings:
        moment = NOW + timedelta(hours=written)
        begun.settle(moment - timedelta(hours=age), moment)
    if marked is not None:
        begun.beginning.mark(NOW + timedelta(hours=marked))
    told = begun.beginning.moment()
    assert told is None or told >= NOW
    assert (told is None) is (not writings and marked is None)


def test_a_long_ledger_costs_one_listing() -> None:
    """The first names are those of the oldest hours."""
    begun = Begun()
    for number in range(NAMES_LOOKED_AT + 500):
        begun.bucket.objects[f"ledger/2026-11-23/10/20261123T100000{number:03}Z-a.json.gz"] = b""
    begun.beginning.moment()
    assert begun.bucket.pages_listed == 1


def test_a_mark_that_is_none_is_named() -> None:
    """Usage then waits until somebody has looked."""
    begun = Begun()
    begun.bucket.objects[MARK] = b"{}"
    with pytest.raises(UnreadableObject, match=r"began\.json"):
        begun.beginning.moment()
