"""The identity of an event: what makes a request one request, and that it never changes."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.usage.event import KEY_DIGITS, KEY_PREFIX, RequestIdentity, key_of, meter_of
from tests.fakes.forwarding import usage_event

# Lone surrogates are no Unicode text; the log reader refuses them long before.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDENTITIES = st.builds(RequestIdentity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
SEQUENCES = st.integers(0, 1_000)

KNOWN = RequestIdentity("123456789012", "eu-west-1", "a1b2c3", "prod", "JKJaXmPLvHcESHA=")


@pytest.mark.parametrize(
    ("identity", "meter", "sequence", "key"),
    [
        (KNOWN, "api_calls", 0, "apigw1-2b351c19b745f9548acdcce45c2d9ded86618b20"),
        (KNOWN, "api_calls", 1, "apigw1-ab68247aade5d8a112ab1b512f8b41fd7c426401"),
        (KNOWN, "response_bytes", 0, "apigw1-186e1141973e2838a95130e1d8dfca0d1927b24c"),
        (
            KNOWN._replace(stage='a"b\\ü'),
            "api_calls",
            0,
            "apigw1-5dae23c2f31200e1addd42712e4fe6ff2299a16a",
        ),
    ],
)
def test_keys_are_what_they_have_always_been(
    identity: RequestIdentity, meter: str, sequence: int, key: str
) -> None:
    """Frozen: under another key Aforo and the counters would take yesterday's events for new."""
    assert identity.event_key(meter, sequence) == key
    assert key_of(identity.canonical(meter, sequence)) == key


def test_the_one_event_of_a_meter_is_its_first() -> None:
    """Who does not count says nothing: its sequence is 0."""
    assert KNOWN.event_key("m") == KNOWN.event_key("m", 0) != KNOWN.event_key("m", 1)
    assert KNOWN.canonical("m") == KNOWN.canonical("m", 0)


@given(IDENTITIES, TEXTS, SEQUENCES)
def test_the_same_identity_has_the_same_key(
    identity: RequestIdentity, meter: str, sequence: int
) -> None:
    """Whoever derives it: the key is the hash of the JSON array that architecture.md names."""
    key = identity.event_key(meter, sequence)
    assert RequestIdentity(*identity).event_key(meter, sequence) == key
    canonical = identity.canonical(meter, sequence)
    assert json.loads(canonical) == [*identity, meter, sequence]
    assert key == key_of(canonical)


@given(IDENTITIES, TEXTS, SEQUENCES, st.integers(0, 6), TEXTS)
def test_any_other_part_is_another_key(
    identity: RequestIdentity, meter: str, sequence: int, place: int, other: str
) -> None:
    """Account, region, API, stage, request, meter, sequence: each of them tells events apart."""
    parts: list[str | int] = [*identity, meter, sequence]
    changed = [*parts]
    changed[place] = sequence + 1 if place == 6 else other
    assume(changed != parts)
    assert _key(changed) != _key(parts)


@given(st.lists(TEXTS, min_size=6, max_size=6), st.integers(0, 4), TEXTS)
def test_text_that_moves_from_one_part_to_the_next_is_another_key(
    parts: list[str], place: int, moved: str
) -> None:
    """`ab`, `c` is not `a`, `bc`: parts are delimited, not glued together."""
    assume(moved)
    left, right = [*parts], [*parts]
    left[place] += moved
    right[place + 1] = moved + right[place + 1]
    assume(left != right)
    assert _key([*left, 0]) != _key([*right, 0])


@given(IDENTITIES, TEXTS)
def test_the_key_has_a_form_that_everybody_takes(identity: RequestIdentity, meter: str) -> None:
    """47 ASCII characters, whatever the parts hold: below the 64 that Aforo is sure to take."""
    key = identity.event_key(meter)
    assert key.startswith(KEY_PREFIX)
    digits = key.removeprefix(KEY_PREFIX)
    assert len(digits) == KEY_DIGITS
    assert set(digits) <= set("0123456789abcdef")


def test_the_meter_is_the_permanent_id_and_not_the_display_name() -> None:
    """A display name may change at Aforo; what was counted may not."""
    assert meter_of(usage_event(1, metric="Calls, renamed")) == "api_calls"


def _key(parts: list[str | int]) -> str:
    *identity, meter, sequence = parts
    return RequestIdentity(*map(str, identity)).event_key(str(meter), int(sequence))
