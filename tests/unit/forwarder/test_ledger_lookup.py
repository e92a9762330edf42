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

from functions.adapters.json_lines import put_lines
from functions.adapters.ledger import Ledger, hour_prefix
from functions.forwarder import ledger_lookup
from functions.forwarder.ledger_lookup import Found, LedgerLookup
from functions.reconciliation.compacting import Compacting
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import ledger_row

HOUR, OCCURRED_AT = "2026-11-21T10", "2026-11-21T10:20:30.000Z"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def key(number: int) -> str:
    return row(number)["key"]


def row(number: int, *, confirmed: bool = True) -> LedgerRow:
    set_aside_class = "" if confirmed else "poison"
    return ledger_row(number, set_aside_class=set_aside_class, occurred_at=OCCURRED_AT)


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

    def compact(self) -> bool:
        compacting = Compacting(self.bucket, "bucket", lambda: self.now, fewest_objects=1)
        return compacting.compact(epoch_ms_from_iso(f"{HOUR}:00Z") // HOUR_MS)

    def truth(self, keys: set[str]) -> list[LedgerRow]:
        return [row for row in self.ledger.read(hour_prefix(HOUR)) if row["key"] in keys]

    def look_up(self, keys: Iterable[str]) -> Found:
        return self.lookup.look_up(HOUR, list(keys), lambda: True)


def confirmed(rows: Iterable[LedgerRow]) -> set[str]:
    return {row["key"] for row in rows if row["outcome"] == "confirmed"}


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
    st.tuples(
        st.sets(st.integers(0, 30), min_size=1, max_size=8),
        st.integers(1, 4),
        LATE_OBJECTS,
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(OBJECTS, ROUNDS, st.booleans())
def test_a_lookup_says_what_the_whole_hour_says(
    objects: list[tuple[list[tuple[int, bool]], datetime]],
    rounds: list[tuple[set[int], int, list[tuple[list[tuple[int, bool]], int]], bool]],
    without_filters: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """With any keys, any interruptions, late writers, objects without filters, and compactions at
    any time: no row is made up, and when it says whole none is missing but those that a confirmed
    one outweighs.
    """
    hour = Hour()
    for number, (rows, began) in enumerate(objects):
        made = [row(n, confirmed=yes) for n, yes in rows]
        if without_filters and number % 2:
            name = f"{hour_prefix(HOUR)}{writer(began, number)}.json.gz"
            put_lines(hour.bucket, "bucket", name, made)
        else:
            hour.write(made, began, number)
    for turn, (numbers, most, late, is_compacted) in enumerate(rounds):
        for number, (rows, seconds) in enumerate(late):
            began = hour.now - timedelta(seconds=seconds)
            hour.write([row(n, confirmed=yes) for n, yes in rows], began, 100 + 10 * turn + number)
        if is_compacted:
            hour.compact()
        keys = {key(number) for number in numbers}
        said = hour.lookup.look_up(HOUR, keys, time_for(most))
        truth = hour.truth(keys)
        assert all(row in truth for row in said.rows)
        if said.is_whole:
            assert confirmed(said.rows) == confirmed(truth)
            not_confirmed = [row for row in truth if row["key"] not in confirmed(truth)]
            assert all(row in said.rows for row in not_confirmed)
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
        said = hour.lookup.look_up(HOUR, keys, time_for(7))
        lookups += 1
    assert confirmed(said.rows) == {key(3), key(49)}
    # 50 objects, and after each page of names one more look at the clock.
    assert 8 <= lookups <= 10


def test_an_hour_of_thousands_of_objects_costs_a_few_calls() -> None:
    """Names say where a key may be: of 5,000 objects some thirty are read, for ten keys."""
    hour = Hour(FakeBucket())
    for number in range(5_000):
        rows = [row(20 * number + n) for n in range(20)]
        hour.write(rows, NOW - timedelta(days=2) + timedelta(seconds=number), number)
    keys = {key(20 * 4_999), *(key(1_000_000 + n) for n in range(9))}
    said = hour.look_up(keys)
    assert said == Found([row(20 * 4_999)], is_whole=True)
    assert hour.bucket.pages_listed == 5
    assert len(hour.bucket.names_read) < 60


def test_when_all_are_found_the_rest_is_not_read() -> None:
    """Most keys that are looked for were confirmed by the invocation that died after it."""
    hour = Hour(FakeBucket())
    for number in range(2_500):
        hour.write([row(number)], NOW - timedelta(days=2) + timedelta(seconds=number), number)
    assert hour.look_up([key(0)]) == Found([row(0)], is_whole=True)
    assert hour.bucket.pages_listed == 1


def test_nothing_to_look_for_is_nothing_to_read() -> None:
    """And what was found confirmed is not looked for again."""
    hour = Hour()
    hour.write([row(1)], NOW)
    assert hour.look_up([]) == Found([], is_whole=True)
    assert hour.bucket.pages_listed == 0
    for _ in range(2):
        assert hour.look_up([key(1)]) == Found([row(1)], is_whole=True)
    assert hour.bucket.pages_listed == 1


def test_a_set_aside_row_is_given_once_and_looked_past() -> None:
    """Set aside twice in one way is once; a confirmed row may follow, now or at a later look."""
    hour = Hour()
    hour.write([row(1, confirmed=False)], NOW, 1)
    hour.write([row(1, confirmed=False)], NOW, 2)
    for _ in range(2):
        assert hour.look_up([key(1)]) == Found([row(1, confirmed=False)], is_whole=True)
    hour.write([row(1)], NOW, 3)
    assert confirmed(hour.look_up([key(1)]).rows) == {key(1)}


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(minutes=5), timedelta(minutes=14)])
def test_a_writer_that_began_before_a_lookup_and_wrote_after_it_is_found(ago: timedelta) -> None:
    """Its name is smaller than names that were read by then. Passed over, its confirmed event would
    be posted again when Aforo has forgotten it, and billed twice.
    """
    hour = Hour()
    hour.write([row(2)], NOW - timedelta(seconds=1), 1)
    assert hour.look_up([key(1)]) == Found([], is_whole=True)
    hour.write([row(1)], NOW - ago - timedelta(seconds=2), 2)
    hour.now += timedelta(seconds=1)
    assert hour.look_up([key(1)]) == Found([row(1)], is_whole=True)


def test_a_process_that_lives_long_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it forgets is looked for from the start: the answer is the same."""
    monkeypatch.setattr(ledger_lookup, "MOST_REMEMBERED", 10)
    hour = Hour()
    hour.write([row(1)], NOW)
    for number in range(2, 100):
        assert hour.look_up([key(1), key(number)]) == Found([row(1)], is_whole=True)
    assert len(hour.lookup._known) == 10


@pytest.mark.parametrize("seconds", [1, 899])
def test_what_a_running_writer_puts_after_a_lookup_is_found_by_the_next(seconds: int) -> None:
    """Its object has the name of when it began: before the lookup that did not see it."""
    hour = Hour()
    hour.write([row(2)], NOW, 1)
    assert hour.look_up([key(1)]) == Found([], is_whole=True)
    hour.write([row(1)], NOW - timedelta(seconds=seconds), 2)
    assert hour.look_up([key(1)]) == Found([row(1)], is_whole=True)


def test_a_lookup_counts_from_its_beginning_however_long_it_takes() -> None:
    """A writer that began before it may still put its object while the lookup reads on."""
    hour = Hour()
    times = iter([NOW, *(NOW + timedelta(hours=1) for _ in range(9))])
    hour.lookup = LedgerLookup(hour.ledger, lambda: next(times))
    hour.write([row(2)], NOW - timedelta(seconds=1), 1)
    assert hour.look_up([key(1)]) == Found([], is_whole=True)
    hour.write([row(1)], NOW - timedelta(minutes=14), 2)
    assert hour.look_up([key(1)]) == Found([row(1)], is_whole=True)
