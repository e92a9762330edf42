"""From SQS records to messages: nothing lost, nothing raised."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from functions.forwarder.inbox import Received, ReceivedHeartbeat, Unreadable, read_inbox
from functions.forwarder.packing import distinct
from functions.usage.message import SetAsideRecord, event_text, to_body
from functions.usage.moment import epoch_ms_from_iso
from tests.fakes.forwarding import NOW_MS, received, sqs_record, usage_event, usage_message


def set_aside_record(set_aside_class: str, tries: int = 1) -> SetAsideRecord:
    return {
        "setAsideClass": set_aside_class,
        "reason": "r",
        "status": None,
        "instance": None,
        "tries": tries,
        "firstTriedAt": "2026-11-01T00:00:00.000Z",
        "lastTriedAt": "2026-11-01T00:00:00.000Z",
    }


def test_a_usage_message_is_read_whole() -> None:
    """Events, times and receive count come out as they were put in."""
    message = usage_message([usage_event(1), usage_event(2)], replayId="r-1")
    one = received(message, receives=3, sent_ms=NOW_MS)
    assert one.message == message
    assert (one.envelope.receives, one.envelope.sent_at_ms) == (3, NOW_MS)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ({}, "version"),
        (usage_message([]) | {"version": 2}, "version"),
        (usage_message([{"customerId": "c"}]), "events.0.metricName"),  # type: ignore[typeddict-item]
        (usage_message([usage_event(1) | {"occurredAt": "yesterday"}]), "occurredAt"),
        (usage_message([usage_event(1) | {"occurredAt": "2026-11-01T00:00:00"}]), "occurredAt"),
        (usage_message([usage_event(1) | {"occurredAt": "2026-13-01T00:00:00Z"}]), "month"),
        (usage_message([usage_event(1) | {"occurredAt": "20261101T000000Z"}]), "in full"),
        (usage_message([usage_event(1) | {"occurredAt": "2026-W44-7T00:00Z"}]), "in full"),
        (usage_message([usage_event(1) | {"occurredAt": "2026-11-01 00:00Z"}]), "in full"),
        (usage_message([usage_event(1) | {"metadata": {}}]), "metadata.meter"),
        (json.dumps(usage_message([usage_event(1) | {"quantity": math.inf}])), "quantity"),
        (json.dumps(usage_message([usage_event(1) | {"quantity": math.nan}])), "quantity"),
    ],
)
def test_a_body_that_is_no_usage_message_is_kept_with_its_fault(body: object, fault: str) -> None:
    """It says what is wrong, and its text goes on unchanged."""
    text = body if isinstance(body, str) else json.dumps(body)
    (one,) = read_inbox([sqs_record(text)])
    assert isinstance(one, Unreadable)
    assert fault in one.fault
    assert one.envelope.body == text


@given(
    st.text(max_size=80)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["version", "events", "meteredAt", "metadata"]), inner
            )
        ),
        max_leaves=6,
    ).map(json.dumps)
)
def test_any_body_is_read_or_kept(body: str) -> None:
    """No text can make reading fail."""
    (one,) = read_inbox([sqs_record(body)])
    assert isinstance(one, Received | Unreadable)
    assert one.envelope.body == body


def test_a_message_that_says_nonsense_of_its_tries_waits_like_a_new_one() -> None:
    """Somebody wrote it by hand: it must not take its neighbours along."""
    at = "2026-11-01T00:00:00.000Z"
    held = {"firstSentAt": at, "firstTriedAt": at, "tries": -9}
    one = received(usage_message([usage_event(1)], held=held))
    assert one.envelope.receives == 1


def test_a_number_of_any_length_is_no_reason_to_fail() -> None:
    """Aforo judges it."""
    one = received(usage_message([usage_event(1) | {"quantity": 10**400}]))
    assert one.events[0]["quantity"] == 10**400


TRIED_AT = "2026-11-01T00:00:00.000Z"
TRIED_MS = epoch_ms_from_iso(TRIED_AT)
SINCE = "2026-11-02T00:00:00.000Z"
SINCE_MS = epoch_ms_from_iso(SINCE)


def tried(last_tried_at: str) -> SetAsideRecord:
    """As the forwarder notes it."""
    return {
        **set_aside_record("exhausted"),
        "lastTriedAt": last_tried_at,
        "maybeBilledSince": TRIED_AT,
    }


@pytest.mark.parametrize(
    ("receives", "history", "since_ms"),
    [
        (1, [], None),
        (2, [], NOW_MS),  # why the first try failed is not recorded anywhere
        (1, [set_aside_record("exhausted") | {"maybeBilledSince": None}], None),
        (2, [set_aside_record("exhausted") | {"maybeBilledSince": None}], NOW_MS),
        (1, [set_aside_record("exhausted") | {"maybeBilledSince": SINCE}], SINCE_MS),
        (2, [set_aside_record("exhausted") | {"maybeBilledSince": SINCE}], SINCE_MS),
        (1, [set_aside_record("poison", tries=3) | {"maybeBilledSince": SINCE}], SINCE_MS),
        # Records without a word on doubt: of SQS's own redrive, and of older versions.
        (1, [set_aside_record("poison", tries=1)], None),
        (1, [set_aside_record("config", tries=9)], TRIED_MS),  # judged now, not then
        (1, [set_aside_record("auth", tries=1)], None),
        (1, [set_aside_record("auth", tries=2)], TRIED_MS),  # an earlier try may be a timeout
        (1, [set_aside_record("exhausted", tries=1)], TRIED_MS),
        (1, [set_aside_record("ambiguous", tries=1)], TRIED_MS),
        (1, [set_aside_record("exhausted"), set_aside_record("config")], TRIED_MS),
    ],
)
def test_since_when_aforo_may_have_it(
    receives: int, history: list[SetAsideRecord], since_ms: int | None
) -> None:
    """Earlier tries leave doubt unless each is known to have left none."""
    message = usage_message([usage_event(1)], history=history)
    assert received(message, receives=receives).maybe_billed_since_ms == since_ms


def test_a_decision_ends_earlier_doubts_and_no_later_one() -> None:
    """A person said that Aforo has not got them; a try since then may have changed that."""
    doubtful = [set_aside_record("ambiguous")]
    message = usage_message([usage_event(1)], history=doubtful, decided=True)
    assert received(message).maybe_billed_since_ms is None
    assert received(message, receives=2).maybe_billed_since_ms == NOW_MS


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({}, None),
        ({"decided": True}, None),  # nobody can have known of a try
        ({"history": [tried("2026-11-03T00:00:00.000Z")]}, None),
        ({"history": [tried("2026-11-03T00:00:00.000Z")], "decided": False}, None),
        ({"history": [tried(SINCE), tried(TRIED_AT)], "decided": True}, SINCE),
        ({"setAside": tried(SINCE), "history": [tried(TRIED_AT)], "decided": True}, SINCE),
        # Of a redrive: made by the replay that moved it, whenever that was.
        ({"history": [{**set_aside_record("exhausted"), "lastTriedAt": SINCE}]}, None),
        (
            {
                "history": [{**set_aside_record("exhausted"), "lastTriedAt": SINCE}],
                "decided": True,
            },
            TRIED_AT,
        ),
    ],
)
def test_a_decision_is_about_the_tries_that_its_message_tells_of(
    more: dict[str, Any], until: str | None
) -> None:
    """Up to the last of them; so it is, too, while the message is held and put back."""
    held = {"firstSentAt": SINCE, "firstTriedAt": SINCE, "tries": 2}
    for one in (more, {**more, "held": held}):
        found = received(usage_message([usage_event(1)], **one)).decided_until_ms
        assert found == (None if until is None else epoch_ms_from_iso(until))


def test_a_decision_about_a_try_at_no_time_is_kept_for_a_person() -> None:
    """Somebody wrote it by hand; it must not take its neighbours along."""
    message = usage_message([usage_event(1)], history=[tried("soon")], decided=True)
    (one,) = read_inbox([sqs_record(to_body(message))])
    assert isinstance(one, Unreadable)


def test_a_message_that_was_put_back_goes_on_with_its_wait() -> None:
    """When it was first sent and tried, and how often: as if it had never been a new message."""
    held = {
        "firstSentAt": "2026-11-23T09:00:00.000Z",
        "firstTriedAt": "2026-11-23T09:00:01.000Z",
        "tries": 7,
    }
    one = received(usage_message([usage_event(1)], held=held))
    assert one.envelope.sent_at_ms == epoch_ms_from_iso("2026-11-23T09:00:00.000Z")
    assert one.envelope.first_received_at_ms == epoch_ms_from_iso("2026-11-23T09:00:01.000Z")
    assert one.envelope.receives == 8
    assert one.maybe_billed_since_ms is None
    again = received(usage_message([usage_event(1)], held=held), receives=2)
    assert again.maybe_billed_since_ms == NOW_MS  # when this one of its kind was sent


def test_a_heartbeat_is_no_usage() -> None:
    """Its time, and its text as it came."""
    body = to_body({"version": 1, "heartbeatAtMs": NOW_MS, "logGroup": "group"})
    (one,) = read_inbox([sqs_record(body)])
    assert isinstance(one, ReceivedHeartbeat)
    assert (one.at_ms, one.envelope.body) == (NOW_MS, body)


def test_usage_that_speaks_of_heartbeats_is_usage() -> None:
    """What holds events is never dropped as a heartbeat."""
    event = {**usage_event(1), "metadata": {"meter": "api_calls", "heartbeatAtMs": 1}}
    message = usage_message([event], heartbeatAtMs=NOW_MS, logGroup="group")  # type: ignore[list-item]
    (one,) = read_inbox([sqs_record(message)])
    assert isinstance(one, Received)


def test_a_message_moved_back_by_hand_keeps_its_last_record() -> None:
    """The console's own redrive leaves `setAside` in place: it is history now."""
    first, last = set_aside_record("config"), set_aside_record("exhausted")
    one = received(usage_message([usage_event(1)], history=[first], setAside=last))
    assert one.history == [first, last]
    assert one.maybe_billed_since_ms == TRIED_MS


def test_an_event_is_posted_as_metering_wrote_it() -> None:
    """Byte for byte, also what this version does not know: a replay months later is the same."""
    event = {**usage_event(1), "quantity": 2.0, "region": {"new": [1, None]}, "statusCode": 200}
    text = event_text(event)  # type: ignore[arg-type]
    one = received(f'{{"version":1,"meteredAt":"2026-11-01T00:00:00.000Z","events":[{text}]}}')
    (keyed,) = distinct(one.events).keyed_events.values()
    assert from_json(keyed.content) == from_json(text)
    assert isinstance(from_json(keyed.content)["quantity"], float)
