"""Bodies of the queues: whole on the other side, ASCII, and of the size that was meant."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import to_json

from functions.usage.event import UsageEvent
from functions.usage.message import (
    MESSAGE_BYTES,
    USAGE_MESSAGE,
    SettledUsage,
    event_text,
    packed,
    settled_bodies,
    to_body,
    usage_bodies,
)
from tests.fakes.forwarding import METERED_AT, usage_event

SQS_CHUNK = 64 * 1024  # SQS bills each 64 KB of a body as a message of its own
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=3), max_size=20)
NUMBERS = st.integers(1, 10**15) | st.floats(1e-6, 1e15, allow_nan=False)
VALUES = TEXTS | NUMBERS | st.booleans()


@st.composite
def events(draw: st.DrawFn) -> UsageEvent:
    made: dict[str, Any] = {
        **usage_event(draw(st.integers(0, 10**6)), customer=draw(TEXTS)),
        "quantity": draw(NUMBERS),
        "metadata": {"meter": "api_calls", **draw(st.dictionaries(TEXTS, VALUES, max_size=3))},
        **draw(st.fixed_dictionaries({}, optional={"statusCode": st.integers(100, 599)})),
        **draw(st.fixed_dictionaries({}, optional={"writtenByANewerMetering": VALUES})),
    }
    return made  # type: ignore[return-value]  # fields of tomorrow


def size(rows: list[Any]) -> int:
    return len(to_json(rows, ensure_ascii=True))


@given(ROWS, st.integers(2, 300))
def test_groups_keep_the_limit_and_every_row(rows: list[dict[str, Any]], limit: int) -> None:
    """Nothing is lost, doubled or moved; a group is over the limit only when it is one row."""
    groups = list(packed(rows, limit))
    assert [row for group in groups for row in group] == rows
    for group in groups:
        assert group
        assert len(group) == 1 or size(group) <= limit


@given(ROWS, st.integers(2, 300))
def test_groups_are_full(rows: list[dict[str, Any]], limit: int) -> None:
    """The next row never had room in the group before it."""
    groups = list(packed(rows, limit))
    for group, following in pairwise(groups):
        assert size([*group, following[0]]) > limit


def test_a_row_over_the_limit_stands_alone() -> None:
    """It is not dropped, and its neighbours are not dragged along."""
    assert list(packed(["a", "x" * 100, "b", "c"], 20)) == [["a"], ["x" * 100], ["b", "c"]]


def test_no_rows_are_no_group() -> None:
    """An empty message would be a message all the same."""
    assert list(packed([])) == []
    assert list(usage_bodies([], METERED_AT)) == []


@given(st.lists(events(), max_size=8), st.dictionaries(TEXTS, TEXTS, max_size=2))
def test_a_message_is_the_same_on_the_other_side(
    given_events: list[UsageEvent], reason: dict[str, str]
) -> None:
    """Every field, also one that only a newer metering writes, through validation."""
    body = to_body({"version": 1, "meteredAt": METERED_AT, "events": given_events})
    assert body.isascii()
    assert USAGE_MESSAGE.validate_json(body)["events"] == given_events
    assert to_body(USAGE_MESSAGE.validate_json(body)) == body


@given(st.lists(events(), max_size=8))
def test_bodies_of_texts_are_the_bodies_of_the_events(given_events: list[UsageEvent]) -> None:
    """Serialising each event once changes nothing but the time that it takes."""
    assert list(usage_bodies(map(event_text, given_events), METERED_AT)) == [
        to_body({"version": 1, "meteredAt": METERED_AT, "events": group})
        for group in packed(given_events)
    ]


@given(st.lists(st.tuples(TEXTS, TEXTS, NUMBERS), max_size=60))
def test_bodies_of_settled_usage_are_packed_like_others(given_rows: list[Any]) -> None:
    """Serialising each row once changes nothing but the time that it takes."""
    rows = [
        SettledUsage(
            key=key,
            customerId=customer,
            meter="m" * 2_000,
            quantity=quantity,
            occurredAt=METERED_AT,
        )
        for key, customer, quantity in given_rows
    ]
    assert list(settled_bodies(rows)) == [
        to_body({"version": 1, "settled": group}) for group in packed(rows)
    ]


@given(st.recursive(VALUES | st.none() | st.text(), lambda some: st.lists(some) | ROWS))
def test_a_body_is_the_escaped_text_of_its_message(message: object) -> None:
    """Whether anything had to be escaped or not, control characters included."""
    assume(_is_text(message))
    assert to_body(message) == to_json(message, ensure_ascii=True).decode()


def _is_text(message: object) -> bool:
    try:
        to_json(message)
    except ValueError:  # a lone surrogate, which no reader of ours lets through
        return False
    return True


@given(st.dictionaries(TEXTS, VALUES | st.just(2.0) | st.just(-0.0)))
def test_metadata_is_read_as_it_was_written(metadata: dict[str, Any]) -> None:
    """`true` stays a truth value, 2.0 a float and "1" a text, on the way to Aforo."""
    event = {**usage_event(1), "metadata": metadata}
    body = to_body({"version": 1, "meteredAt": METERED_AT, "events": [event]})
    (found,) = USAGE_MESSAGE.validate_json(body)["events"]
    assert repr(found["metadata"]) == repr(metadata)
    assert to_body(found["metadata"]) == to_body(metadata)


@pytest.mark.parametrize("value", [None, [], ["a"], {}, {"a": 1}])
def test_metadata_is_flat(value: object) -> None:
    """Aforo takes texts, numbers and truth values there."""
    event = {**usage_event(1), "metadata": {"meter": "api_calls", "n": value}}
    body = to_body({"version": 1, "meteredAt": METERED_AT, "events": [event]})
    with pytest.raises(ValidationError, match="metadata"):
        USAGE_MESSAGE.validate_json(body)


def test_many_events_are_full_messages_of_one_chunk() -> None:
    """A body a few bytes over 64 KB would cost twice. Its last events are still in it."""
    given_events = [usage_event(number) for number in range(2_000)]
    bodies = list(usage_bodies(map(event_text, given_events), METERED_AT))
    assert [e for body in bodies for e in json.loads(body)["events"]] == given_events
    assert all(len(body) <= SQS_CHUNK for body in bodies)
    assert all(len(body) > MESSAGE_BYTES * 0.95 for body in bodies[:-1])
    assert [
        to_body({"version": 1, "meteredAt": METERED_AT, "events": g}) for g in packed(given_events)
    ] == bodies


def test_an_event_over_the_limit_is_a_message_of_its_own() -> None:
    """The forwarder and Aforo decide about it; it does not take others with it."""
    huge = {**usage_event(2), "metadata": {"meter": "api_calls", "long": "ä" * MESSAGE_BYTES}}
    texts = [event_text(usage_event(1)), event_text(huge), event_text(usage_event(3))]  # type: ignore[arg-type]
    found = [json.loads(body)["events"] for body in usage_bodies(texts, METERED_AT)]
    assert found == [[usage_event(1)], [huge], [usage_event(3)]]
