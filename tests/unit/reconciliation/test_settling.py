"""Settled usage into settlements of at most 100 events."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.reconciliation.counters.usage_counters import CounterBatch
from functions.reconciliation.settling import (
    EVENTS_PER_SCRIPT,
    LARGEST_QUANTITY,
    NO_QUANTITY,
    NO_TIME,
    OLDER_THAN_HORIZON,
    epoch_minute,
    sort_settled,
    whole_quantity,
)
from functions.usage.mark import cell_of, mark_of
from functions.usage.message import SettledUsage
from functions.usage.moment import DAY_MS, epoch_ms_from_iso, iso_from_epoch_ms

NOW_MS = epoch_ms_from_iso("2026-11-23T12:34:56Z")
HORIZON = timedelta(days=35)


def usage(
    key: str = "k", *, at_ms: int = NOW_MS, quantity: float = 1, customer: str = "cust_1"
) -> SettledUsage:
    """A settled event of the meter `api_calls`."""
    return {
        "key": key,
        "customerId": customer,
        "meter": "api_calls",
        "quantity": quantity,
        "occurredAt": iso_from_epoch_ms(at_ms),
    }


USAGES = st.builds(
    usage,
    st.integers(0, 500).map(str),
    at_ms=st.integers(NOW_MS - 40 * DAY_MS, NOW_MS + DAY_MS),
    quantity=st.one_of(st.integers(-2, 5), st.floats(allow_nan=True)),
    customer=st.sampled_from(["cust_1", "cust_2"]),
)


@given(st.lists(st.lists(USAGES, max_size=150), max_size=4))
def test_every_event_is_settled_or_accounted_for(messages: list[list[SettledUsage]]) -> None:
    """No event is lost in sorting, none is doubled, and each batch names the messages it is of."""
    named = [(str(i), rows) for i, rows in enumerate(messages)]
    found = sort_settled(named, NOW_MS, HORIZON)

    settled = sum(len(batch.settlement.marks) for batch in found.batches)
    assert settled + found.changes_nothing.total() == sum(map(len, messages))
    for batch in found.batches:
        customer, meter, cells, marks, quantities = batch.settlement
        assert 0 < len(marks) == len(cells) == len(quantities) <= EVENTS_PER_SCRIPT
        assert list(cells) == sorted(cells)
        rows = [row for i, rows in named if i in batch.messages for row in rows]
        owned = Counter(
            mark_of(row["key"])
            for row in rows
            if (row["customerId"], row["meter"]) == (customer, meter)
        )
        assert Counter(marks) <= owned


@pytest.mark.parametrize(
    ("quantity", "whole"),
    [
        (1, 1),
        (7, 7),
        (0.25, 1),
        (2.0, 2),
        (2.000001, 3),
        (LARGEST_QUANTITY, LARGEST_QUANTITY),
        (0, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        (LARGEST_QUANTITY + 1, None),
    ],
)
def test_quantities_are_whole(quantity: float, whole: int | None) -> None:
    """A fraction counts as a whole unit; what is no quantity counts as none."""
    assert whole_quantity(quantity) == whole


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (usage(at_ms=NOW_MS - 35 * DAY_MS - 60_000), OLDER_THAN_HORIZON),
        (usage(quantity=0), NO_QUANTITY),
        ({**usage(), "occurredAt": "yesterday"}, NO_TIME),
        ({**usage(), "occurredAt": "2026-11-23T99:00:00.000Z"}, NO_TIME),
        ({**usage(), "occurredAt": "2026-11-23T12:00:00.000"}, NO_TIME),
    ],
)
def test_what_changes_nothing_says_why(row: SettledUsage, reason: str) -> None:
    """An event that cannot be counted is acknowledged with a reason; its neighbours are settled."""
    found = sort_settled([("m", [row, usage("good")])], NOW_MS, HORIZON)
    assert found.changes_nothing == {reason: 1}
    assert [batch.settlement.marks for batch in found.batches] == [(mark_of("good"),)]


def test_event_at_the_horizon_still_counts() -> None:
    """The horizon itself is inside: the mark of an event that old is still kept."""
    found = sort_settled([("m", [usage(at_ms=NOW_MS - 35 * DAY_MS)])], NOW_MS, HORIZON)
    assert not found.changes_nothing


def test_time_with_an_offset_is_the_same_moment() -> None:
    """`+02:00` is honoured, so the event stands in the hour of its request."""
    assert epoch_minute("2026-11-23T14:34:56.000+02:00") == epoch_minute("2026-11-23T12:34:00Z")


@pytest.mark.parametrize("text", ["2026-11-23T12:34:56Z", "2026-11-23T12:34:60.000Z"])
def test_of_a_utc_time_the_minute_is_read_alone(text: str) -> None:
    """Also of a leap second, which is of no other minute: it is counted like any other."""
    assert epoch_minute(text) == epoch_ms_from_iso("2026-11-23T12:34:00Z") // 60_000


def test_rounding_is_counted() -> None:
    """How many fractions were rounded up is known, so that nobody has to wonder at the sum."""
    rows = [usage(str(place), quantity=quantity) for place, quantity in enumerate((0.5, 1, 2, 2.5))]
    found = sort_settled([("m", [*rows, usage("b")])], NOW_MS, HORIZON)
    assert found.rounded_up == 2


def test_customers_and_meters_are_settled_apart() -> None:
    """Each has a counter of its own, whatever the order in which they come."""
    rows = [usage(f"k{n}", customer=f"cust_{n % 2}") for n in range(6)]
    rows[3:] = [{**row, "meter": "orders"} for row in rows[3:]]
    found = sort_settled([("m", rows)], NOW_MS, HORIZON)
    told = {(one.settlement.customer_id, one.settlement.meter): one for one in found.batches}
    assert {whose: len(one.settlement.marks) for whose, one in told.items()} == {
        ("cust_0", "api_calls"): 2,
        ("cust_1", "api_calls"): 1,
        ("cust_1", "orders"): 2,
        ("cust_0", "orders"): 1,
    }


def test_what_one_script_does_not_take_goes_into_the_next() -> None:
    """Nothing is left behind, and each batch names the messages that stand or fall with it."""
    rows = [usage(f"k{n}") for n in range(2 * EVENTS_PER_SCRIPT + 1)]
    found = sort_settled([("a", rows[:150]), ("b", rows[150:])], NOW_MS, HORIZON)
    sizes = [len(one.settlement.marks) for one in found.batches]
    assert sizes == [EVENTS_PER_SCRIPT, EVENTS_PER_SCRIPT, 1]
    assert frozenset().union(*(one.messages for one in found.batches)) == {"a", "b"}


def test_each_reason_counts_every_event_of_it() -> None:
    """What was dropped is known by number."""
    rows: list[SettledUsage] = [
        {**usage(), "occurredAt": "yesterday"},
        usage(quantity=0),
        usage(at_ms=NOW_MS - 36 * DAY_MS),
    ]
    found = sort_settled([("m", rows * 2), ("n", rows)], NOW_MS, HORIZON)
    assert found.changes_nothing == {NO_TIME: 3, NO_QUANTITY: 3, OLDER_THAN_HORIZON: 3}
    assert found.batches == []


def test_a_batch_has_its_events_by_cell_with_mark_and_quantity() -> None:
    """Whatever order they came in; each stands in the cell of its request's minute and its mark."""
    times = (NOW_MS, NOW_MS - 3_600_000, NOW_MS - 60_000)
    rows = [usage(f"k{n}", at_ms=at, quantity=n + 0.5) for n, at in enumerate(times)]
    (found,) = sort_settled([("a", rows[:2]), ("b", rows[2:])], NOW_MS, HORIZON).batches
    expected = sorted(
        (cell_of(at // 60_000, mark_of(f"k{n}")), mark_of(f"k{n}"), n + 1)
        for n, at in enumerate(times)
    )
    cells, marks, quantities = zip(*expected, strict=True)
    assert found.settlement == CounterBatch("cust_1", "api_calls", cells, marks, quantities)
    assert found.messages == {"a", "b"}


def test_an_event_that_is_younger_than_now_counts() -> None:
    """Two clocks differ, and nobody counts it later."""
    found = sort_settled([("m", [usage(at_ms=NOW_MS + DAY_MS)])], NOW_MS, HORIZON)
    assert len(found.batches) == 1
    assert found.rounded_up == 0


def test_the_bounds_and_words_are_those_of_the_scripts_and_the_metrics() -> None:
    """A hundred events are 0.3 ms of the server; sums of such quantities are exact in Lua."""
    assert (EVENTS_PER_SCRIPT, LARGEST_QUANTITY) == (100, 1_000_000_000_000)
    reasons = (OLDER_THAN_HORIZON, NO_QUANTITY, NO_TIME)
    assert reasons == ("older_than_horizon", "no_quantity", "no_time")
