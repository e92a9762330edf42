"""The keys of a window: one request however often its line is there, and few bytes each."""

import sys
import tracemalloc
from array import array
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.key_filter import fingerprint
from functions.audit.comparison.expected import Expected, KeyState

EIGHT, NINE = "2026-10-02T08:59:59.999Z", "2026-10-02T09:00:00.000Z"
HOUR = "2026-10-02T08"
STATES = st.sampled_from([KeyState.UNDECIDED, KeyState.SET_ASIDE, KeyState.CONFIRMED])


def better(held: KeyState, found: KeyState) -> KeyState:
    """What two rows of a key say together."""
    if KeyState.CONFIRMED in {held, found}:
        return KeyState.CONFIRMED
    return found if held == KeyState.MISSING else min(held, found)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=60),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), STATES), max_size=80),
)
def test_it_knows_what_a_dictionary_would(
    requests: list[tuple[int, int]], rows: list[tuple[int, int, KeyState]]
) -> None:
    """Whatever comes twice, and in whatever order rows are found: also rows of others' keys."""
    expected, held = Expected(), dict[int, dict[str, KeyState]]()
    for number, events in requests:
        keys = [f"{number}-{event}" for event in range(events)]
        assert expected.add(f"cus_{number % 3}", keys, EIGHT) is (number not in held)
        held.setdefault(number, {}).update(dict.fromkeys(keys, KeyState.MISSING))
    for number, event, state in rows:
        expected.found(fingerprint(f"{number}-{event}"), state)
        if f"{number}-{event}" in held.get(number, {}):
            held[number][f"{number}-{event}"] = better(held[number][f"{number}-{event}"], state)
    assert list(expected.states()) == [min(keys.values()) for keys in held.values()]
    assert list(expected.customers()) == [f"cus_{number % 3}" for number in held]
    assert [expected.request_of([f"{number}-0"]) for number in held] == list(range(len(held)))
    assert all(
        expected.lacks(key) is (state == KeyState.MISSING)
        for keys in held.values()
        for key, state in keys.items()
    )
    assert expected.lacks("of nobody")
    left = [key for keys in held.values() for key in keys if keys[key] != KeyState.CONFIRMED]
    if held:
        assert expected.unconfirmed(HOUR) == len(left)
        assert sorted(expected.fingerprints(HOUR)) == sorted(map(fingerprint, left))


@given(st.lists(st.tuples(st.integers(0, 100), st.sampled_from([EIGHT, NINE])), max_size=60))
def test_each_hour_counts_its_own(requests: list[tuple[int, str]]) -> None:
    """A window that touches two hours is done with one before the other."""
    expected, hours = Expected(), defaultdict[str, set[int]](set)
    for number, occurred_at in requests:
        if expected.add("cus_a", [f"{number}"], occurred_at):
            hours[occurred_at[:13]].add(number)
    for number in range(0, 101, 2):
        expected.found(fingerprint(f"{number}"), KeyState.CONFIRMED)
    assert [hour for hour, _ in expected.hours()] == sorted(hours)
    for hour, numbers in hours.items():
        odd = [number for number in numbers if number % 2]
        assert expected.unconfirmed(hour) == len(odd)
        assert sorted(expected.fingerprints(hour)) == sorted(fingerprint(f"{n}") for n in odd)


def test_an_hour_begins_with_its_earliest_request() -> None:
    """That is how far back the ledger is read."""
    expected = Expected()
    for number, minute in enumerate((30, 10, 20)):
        expected.add("cus_a", [f"{number}"], f"2026-10-02T08:{minute}:00.000Z")
    assert list(expected.hours()) == [(HOUR, "2026-10-02T08:10:00.000Z")]


def test_a_request_that_gains_an_event_is_one_request() -> None:
    """A configuration may change between two readings of a line: no event is forgotten."""
    expected = Expected()
    assert expected.add("cus_a", ["calls"], EIGHT)
    assert not expected.add("cus_a", ["calls", "bytes"], EIGHT)
    expected.found(fingerprint("calls"), KeyState.CONFIRMED)
    assert list(expected.states()) == [KeyState.MISSING]


EVENTS = 4


def filled(keys: int) -> Expected:
    """Requests of four events each."""
    expected = Expected()
    for number in range(keys // EVENTS):
        expected.add("cus_a", [f"apigw1-{number}-{event}" for event in range(EVENTS)], EIGHT)
    return expected


def test_a_key_takes_about_20_bytes() -> None:
    """And its request 7 more: held, and at most while it grows."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        expected = filled(100_000)
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert expected.keys == 100_000
    requests = 7 * expected.requests
    assert after - before - requests <= 20 * expected.keys
    assert most - before - requests <= 22 * expected.keys


def test_a_million_keys_take_no_more_each() -> None:
    """As their arrays say of themselves: to trace each allocation takes a minute."""
    expected = filled(1_000_000)
    arrays = [one for one in vars(expected).values() if isinstance(one, array)]
    assert expected.keys == 1_000_000
    assert sum(map(sys.getsizeof, arrays)) <= 20 * expected.keys + 7 * expected.requests
