"""Looking keys up gives what reading everything gives, in fewer calls and in as many parts as the
time allows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters import ledger_lookup
from functions.adapters.json_lines import put_lines
from functions.adapters.ledger import Ledger, hour_prefix
from functions.adapters.ledger_lookup import LedgerLookup
from functions.usage.ledger_row import LedgerRow
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.unforwarded import ledger_row

HOUR, OCCURRED_AT = "2026-11-21T10", "2026-11-21T10:20:30.000Z"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def key(number: int) -> str:
    return row(number)["key"]


def row(number: int, *, confirmed: bool = True, verified: bool = True) -> LedgerRow:
    made = ledger_row(
        number, set_aside_class="" if confirmed else "poison", occurred_at=OCCURRED_AT
    )
    return {**made, "verified": verified}


def writer(began: datetime, number: int = 0) -> str:
    return f"{began:%Y%m%dT%H%M%S}000Z-{UUID(int=number)}"


def time_for(objects: int) -> Callable[[], bool]:
    """A clock that lets so many objects be read, the first one included."""
    left = iter(range(objects - 1))
    return lambda: next(left, None) is not None


@dataclass
class Hour:
    """An hour of a ledger, and a process that looks keys up in it."""

    bucket: Any = field(default_factory=lambda: FakeBucket(page=3))
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.bucket, "bucket")
        self.lookup = LedgerLookup(self.ledger, lambda: self.now)

    def write(self, rows: Iterable[LedgerRow], began: datetime, number: int = 0) -> None:
        self.ledger.append(list(rows), writer(began, number))

    def truth(self, keys: set[str]) -> set[str]:
        rows = self.ledger.read(hour_prefix(HOUR))
        return {row["key"] for row in rows if row["outcome"] == "confirmed"} & keys


ROWS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=6)
# Written in the hour itself, or just now by somebody who began up to fifteen minutes ago.
BEGAN = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.just(NOW - timedelta(days=2)),
    st.integers(0, 7200),
)
LATE = st.integers(0, 899)
OBJECTS = st.lists(st.tuples(ROWS, BEGAN), max_size=12)
LATE_OBJECTS = st.lists(st.tuples(ROWS, LATE), max_size=3)
ROUNDS = st.lists(
    st.tuples(st.sets(st.integers(0, 30), min_size=1, max_size=8), st.integers(1, 4), LATE_OBJECTS),
    min_size=1,
    max_size=6,
)


@given(OBJECTS, ROUNDS, st.booleans())
def test_a_lookup_says_what_the_whole_hour_says(
    objects: list[tuple[list[tuple[int, bool]], datetime]],
    rounds: list[tuple[set[int], int, list[tuple[list[tuple[int, bool]], int]]]],
    without_filters: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """With any keys, any interruptions, late writers, and objects without filters: no key is
    called confirmed that is not, and when it says whole no key is missing.
    """
    hour = Hour()
    for number, (rows, began) in enumerate(objects):
        made = [row(n, confirmed=yes) for n, yes in rows]
        if without_filters and number % 2:
            name = f"{hour_prefix(HOUR)}{writer(began, number)}.json.gz"
            put_lines(hour.bucket, "bucket", name, made)
        else:
            hour.write(made, began, number)
    for turn, (numbers, most, late) in enumerate(rounds):
        for number, (rows, seconds) in enumerate(late):
            began = hour.now - timedelta(seconds=seconds)
            hour.write([row(n, confirmed=yes) for n, yes in rows], began, 100 + 10 * turn + number)
        keys = {key(number) for number in numbers}
        said = hour.lookup.confirmed(HOUR, keys, time_for(most))
        truth = hour.truth(keys)
        assert said.verified.keys() <= truth
        if said.is_whole:
            assert said.verified.keys() == truth
        hour.now += timedelta(minutes=7)


def test_an_hour_too_large_for_one_invocation_is_finished_by_later_ones() -> None:
    """Each goes on where the last one of its process ended, also with a key that was found, and
    with a neighbour that was not asked for before.
    """
    hour = Hour()
    for number in range(50):
        began = NOW - timedelta(days=2) + timedelta(seconds=number)
        name = f"{hour_prefix(HOUR)}{writer(began, number)}.json.gz"
        put_lines(hour.bucket, "bucket", name, [row(number)])
    keys, lookups, said = {key(3), key(49), key(99)}, 0, None
    while said is None or not said.is_whole:
        said = hour.lookup.confirmed(HOUR, keys, time_for(7))
        lookups += 1
    assert said.verified == {key(3): True, key(49): True}
    # 50 objects, and after each page of names one more look at the clock.
    assert 8 <= lookups <= 10


def test_an_hour_of_thousands_of_objects_costs_a_few_calls() -> None:
    """Names say where a key may be: of 5,000 objects some thirty are read, for ten keys."""
    hour = Hour(FakeBucket())
    for number in range(5_000):
        rows = [row(20 * number + n) for n in range(20)]
        hour.write(rows, NOW - timedelta(days=2) + timedelta(seconds=number), number)
    keys = {key(20 * 4_999), *(key(1_000_000 + n) for n in range(9))}
    said = hour.lookup.confirmed(HOUR, keys, lambda: True)
    assert said.is_whole
    assert said.verified == {key(20 * 4_999): True}
    assert hour.bucket.pages_listed == 5
    assert len(hour.bucket.names_read) < 60


def test_when_all_are_found_the_rest_is_not_read() -> None:
    """Most keys that are looked for were confirmed by the invocation that died after it."""
    hour = Hour(FakeBucket())
    for number in range(2_500):
        hour.write([row(number)], NOW - timedelta(days=2) + timedelta(seconds=number), number)
    said = hour.lookup.confirmed(HOUR, {key(0)}, lambda: True)
    assert said.verified == {key(0): True}
    assert said.is_whole
    assert hour.bucket.pages_listed == 1


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_row_that_aforo_verified_outweighs_one_that_it_did_not(
    order: tuple[bool, bool],
) -> None:
    """In one object, in whatever order."""
    hour = Hour()
    hour.write([row(1, verified=one) for one in order], NOW)
    assert hour.lookup.confirmed(HOUR, [key(1)], lambda: True).verified == {key(1): True}


def test_nothing_to_look_for_is_nothing_to_read() -> None:
    """And what was found once is not looked for again."""
    hour = Hour()
    hour.write([row(1)], NOW)
    assert hour.lookup.confirmed(HOUR, [], lambda: True).is_whole
    assert hour.bucket.pages_listed == 0
    for _ in range(2):
        assert hour.lookup.confirmed(HOUR, [key(1)], lambda: True).verified == {key(1): True}
    assert hour.bucket.pages_listed == 1


def test_a_process_that_lives_long_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it forgets is looked for from the start: the answer is the same."""
    monkeypatch.setattr(ledger_lookup, "MOST_REMEMBERED", 10)
    hour = Hour()
    hour.write([row(1)], NOW)
    for number in range(100):
        said = hour.lookup.confirmed(HOUR, [key(1), key(number)], lambda: True)
        assert said.verified == {key(1): True}
    assert len(hour.lookup._known) == 10
