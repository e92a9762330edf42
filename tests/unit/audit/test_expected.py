"""The keys of a window: one request however often its line is there, and few bytes each."""

from collections import defaultdict

import pytest
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


@pytest.mark.parametrize("first", list(KeyState)[1:])
@pytest.mark.parametrize("second", list(KeyState)[1:])
def test_two_rows_of_a_key_say_what_they_say_together(first: KeyState, second: KeyState) -> None:
    """Confirmed by either it is billed; else the doubt of one row is its doubt, in any order."""
    expected = Expected()
    expected.add("cus_a", ["other"], EIGHT)
    expected.add("cus_a", ["key"], EIGHT)
    for state in (first, second):
        expected.found(fingerprint("key"), state)
    together = better(first, second)
    assert list(expected.states()) == [KeyState.MISSING, together]
    assert expected.unconfirmed(HOUR) == 2 - (together == KeyState.CONFIRMED)
    assert expected.lacks("other")
    assert not expected.lacks("key")


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


def test_states_are_ordered_from_the_worst_on() -> None:
    """A request is as far as the least of its keys, and two bits hold a state."""
    assert [*range(4)] == [
        KeyState.MISSING,
        KeyState.UNDECIDED,
        KeyState.SET_ASIDE,
        KeyState.CONFIRMED,
    ]


def test_a_key_whose_fingerprint_is_next_to_anothers_is_its_own() -> None:
    """Also where its search goes round from the last slot to the first: most keys are asked for
    that are not there.
    """
    expected, marks = Expected(), [63, 127, 191, 64, 1]
    for mark in marks:
        expected._put(mark, expected._new_request(f"cus_{mark}", EIGHT))
    for mark in marks[::2]:
        expected.found(mark, KeyState.CONFIRMED)
    for mark in (255, 0, 2, 128):
        expected.found(mark, KeyState.CONFIRMED)
    assert list(expected.states()) == [3, 0, 3, 0, 3]
    assert list(expected.fingerprints(HOUR)) == [127, 64]
    assert expected.unconfirmed(HOUR) == 2


def test_it_grows_by_half_when_three_quarters_are_full() -> None:
    """A search looks at few slots, and growing needs no more memory than it must."""
    sizes = []
    expected = Expected()
    for number in range(200):
        expected.add("cus_a", [f"{number}"], EIGHT)
        sizes.append(len(expected._slots))
    assert sizes[:48] == [64] * 48
    assert sizes[48:72] == [96] * 24
    assert sizes[72:108] == [144] * 36
    assert sizes[108] == 216


def test_every_key_is_still_known_when_it_has_grown() -> None:
    """Each as the one it was: else a line that is there twice would be two requests."""
    expected, keys = Expected(), [f"{number}" for number in range(500)]
    for key in keys:
        assert expected.add("cus_a", [key], EIGHT)
    assert [expected.request_of([key]) for key in keys] == list(range(500))
    assert not any(expected.add("cus_a", [key], EIGHT) for key in keys)
    for key in keys[::2]:
        expected.found(fingerprint(key), KeyState.CONFIRMED)
    assert list(expected.states()) == [KeyState.CONFIRMED, KeyState.MISSING] * 250


def test_hours_are_counted_by_the_requests_they_are_of() -> None:
    """Not by when their keys are found, nor by which hour came first."""
    expected = Expected()
    expected.add("cus_a", ["nine-1", "nine-2"], NINE)
    expected.add("cus_b", ["eight"], EIGHT)
    expected.add("cus_a", ["nine-3"], NINE)
    assert list(expected.hours()) == [(HOUR, EIGHT), ("2026-10-02T09", NINE)]
    expected.found(fingerprint("nine-1"), KeyState.SET_ASIDE)
    expected.found(fingerprint("nine-2"), KeyState.CONFIRMED)
    expected.found(fingerprint("nine-2"), KeyState.CONFIRMED)
    assert (expected.unconfirmed(HOUR), expected.unconfirmed("2026-10-02T09")) == (1, 2)
    assert list(expected.customers()) == ["cus_a", "cus_b", "cus_a"]
    assert list(expected.states()) == [KeyState.SET_ASIDE, KeyState.MISSING, KeyState.MISSING]
    assert expected.request_of(["nobody", "nine-3"]) == 2
    assert expected.request_of(["nobody"]) is None
    assert (expected.requests, expected.keys) == (3, 4)
