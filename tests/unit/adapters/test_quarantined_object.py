"""What the quarantine kept, given to metering again."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.quarantined_object import (
    QuarantinedDelivery,
    QuarantinedLines,
    prefixes_of,
    read_kept,
    reason_of,
)
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.quarantine import quarantined_delivery, quarantined_lines
from functions.metering.sorting import QuarantinedRequest
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import access_line, log_events, subscription_payload

TAMPER = Quarantined("tamper", "twice")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
LOG_EVENTS = st.lists(
    JSON | st.fixed_dictionaries({"id": JSON, "timestamp": JSON, "message": JSON}), min_size=1
)


def kept_again(key: str, body: bytes) -> LogDelivery:
    kept = read_kept(key, body)
    assert isinstance(kept, QuarantinedLines)
    delivery = read_delivery(kept.payload)
    assert isinstance(delivery, LogDelivery)
    return delivery


@settings(deadline=None)  # two loaded cores
@given(LOG_EVENTS)
def test_what_is_quarantined_again_is_the_same_object(events: list[Any]) -> None:
    """Whatever stood in the log: else a replay would add an object each time, and never end."""
    delivery = LogDelivery("123456789012", "group", "stream", events)
    (entry,) = quarantined_lines(delivery, [QuarantinedRequest(TAMPER, tuple(events))])
    delivered = kept_again(entry.key, entry.body)
    again = [QuarantinedRequest(TAMPER, tuple(delivered.log_events))]
    assert list(quarantined_lines(delivered, again)) == [entry]


@settings(deadline=None)
@given(LOG_EVENTS)
def test_a_part_of_an_object_has_the_name_that_metering_would_give_it(events: list[Any]) -> None:
    """All of it under its reason is the object itself."""
    delivery = LogDelivery("123456789012", "group", "stream", events)
    (entry,) = quarantined_lines(delivery, [QuarantinedRequest(TAMPER, tuple(events))])
    kept = read_kept(entry.key, entry.body)
    assert isinstance(kept, QuarantinedLines)
    assert kept.only(kept.entries, "tamper").as_object() == (entry.key, entry.body)
    key, body = kept.only(kept.entries[:1], "never_ended").as_object()
    assert reason_of(key) == json.loads(body)["reason"] == "never_ended"


@pytest.mark.parametrize(
    "payload",
    [
        {"awslogs": {"data": "no base64"}},
        {"awslogs": {"data": ""}},
        {"awslogs": {"data": "H4sIAAAAAAAA"}},
        {"hello": ["world"]},
        subscription_payload([], messageType="NEWS"),
    ],
)
def test_a_whole_delivery_is_given_as_it_came(payload: dict[str, Any]) -> None:
    """Also an event that was none, for a metering that knows it."""
    why = read_delivery(payload)
    assert isinstance(why, Quarantined)
    entry = quarantined_delivery(payload, why)
    kept = read_kept(entry.key, entry.body)
    assert kept == QuarantinedDelivery("delivery", payload)


def test_the_record_of_a_failed_invocation_is_unwrapped() -> None:
    """Lambda writes it (aws-and-counters.md 1.3): the delivery is its requestPayload."""
    payload = subscription_payload([access_line()])
    record = {"version": "1.0", "requestPayload": payload, "responsePayload": {"errorType": "x"}}
    kept = read_kept("aws/lambda/async/metering/2026/11/23/x", json.dumps(record).encode())
    assert kept == QuarantinedDelivery("failed_delivery", payload)


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("quarantine/tamper/undated/x.json", b"{"),
        ("quarantine/tamper/undated/x.json", b"[]"),
        ("quarantine/tamper/undated/x.json", b'{"logEvents": 3}'),
        ("quarantine/tamper/undated/x.json", b'{"logEvents": [3]}'),
        ("quarantine/delivery/undated/x.json", b'{"reason": "not_a_delivery", "payload": "{"}'),
        ("quarantine/delivery/undated/x.json", b'{"reason": "bad_gzip", "payload": 3}'),
        ("quarantine/delivery/undated/x.json", b'{"reason": "not_a_delivery", "payload": "3"}'),
        ("aws/lambda/async/x", b'{"requestPayload": null}'),
    ],
)
def test_what_nobody_can_read_is_left_alone(key: str, body: bytes) -> None:
    """A person looks at it."""
    assert read_kept(key, body) is None


def test_reasons_are_folders_in_the_order_of_their_names() -> None:
    """So that one marker says how far a replay has come."""
    assert prefixes_of(None) == ["aws/lambda/async/", "quarantine/"]
    assert prefixes_of(["tamper", "failed_delivery", "delivery", "tamper"]) == [
        "aws/lambda/async/",
        "quarantine/delivery/",
        "quarantine/tamper/",
    ]


def test_the_first_timestamp_is_that_of_the_log() -> None:
    """None where no line says one."""
    (entry,) = quarantined_lines(
        LogDelivery("o", "g", "s", events := log_events(["a", "b"])),
        [QuarantinedRequest(TAMPER, tuple(events))],
    )
    kept = read_kept(entry.key, entry.body)
    assert isinstance(kept, QuarantinedLines)
    assert kept.first_timestamp == events[0]["timestamp"]
    assert kept.only([{"timestamp": None}, {"timestamp": True}], "x").first_timestamp is None
