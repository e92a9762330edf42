"""What a subscription payload may be, and that nothing in it can raise."""

import base64
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.log_delivery import (
    CONTROL_MESSAGE,
    INFLATED_BYTES,
    LogDelivery,
    read_delivery,
)
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    access_line,
    packed_payload,
    subscription_payload,
)


def test_a_data_message_is_its_log_events() -> None:
    """Owner, group, stream and the log events come out as CloudWatch put them in."""
    delivery = read_delivery(subscription_payload([access_line()]))
    assert isinstance(delivery, LogDelivery)
    assert (delivery.owner, delivery.log_group) == ("123456789012", LOG_GROUP)
    assert [event["message"] for event in delivery.log_events] == [access_line()]  # type: ignore[index]


def test_a_control_message_is_excluded() -> None:
    """CloudWatch asks whether the destination is there; there is nothing to meter."""
    assert read_delivery(subscription_payload([], messageType="CONTROL_MESSAGE")) == CONTROL_MESSAGE


def test_no_log_events_are_no_fault() -> None:
    """A data message may be empty."""
    delivery = read_delivery(subscription_payload([]))
    assert isinstance(delivery, LogDelivery)
    assert not delivery.log_events


def _zipped(content: bytes) -> bytes:
    return base64.b64decode(packed_payload(content)["awslogs"]["data"])


def _as_payload(zipped: bytes) -> dict[str, Any]:
    return {"awslogs": {"data": base64.b64encode(zipped).decode()}}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "not_a_delivery"),
        ([], "not_a_delivery"),
        ({"awslogs": None}, "not_a_delivery"),
        ({"awslogs": {"data": 1}}, "not_a_delivery"),
        ({"Records": []}, "not_a_delivery"),
        ({"awslogs": {"data": "%%%"}}, "bad_base64"),
        ({"awslogs": {"data": "ü"}}, "bad_base64"),
        ({"awslogs": {"data": ""}}, "bad_gzip"),
        (_as_payload(b"not gzip"), "bad_gzip"),
        (_as_payload(_zipped(b"{}")[:-3]), "bad_gzip"),
        (_as_payload(_zipped(b"{}") + b"more"), "bad_gzip"),
        (_as_payload(zlib.compress(b"{}")), "bad_gzip"),
        (packed_payload(b"not json"), "bad_json"),
        (packed_payload(b"[1]"), "bad_json"),
        (packed_payload(b"[" * 100_000), "bad_json"),
        (packed_payload(b"{}"), "unknown_message_type"),
        (subscription_payload([], messageType="OTHER"), "unknown_message_type"),
        (subscription_payload([], logEvents=None), "bad_shape"),
        (subscription_payload([], logGroup=7), "bad_shape"),
    ],
)
def test_what_cannot_be_decoded_is_quarantined_whole(payload: object, reason: str) -> None:
    """The reason says at which layer it broke."""
    outcome = read_delivery(payload)
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == reason


def test_a_gzip_bomb_is_not_inflated() -> None:
    """A payload that opens to more than the cap is refused, whatever it would hold."""
    bomb = gzip.compress(b" " * (INFLATED_BYTES + 1), compresslevel=1, mtime=0)
    outcome = read_delivery(_as_payload(bomb))
    assert outcome == Quarantined("too_large", f"inflates to more than {INFLATED_BYTES} bytes")


def test_broken_utf8_in_one_line_leaves_its_neighbours_alone() -> None:
    """Broken bytes become replacement characters where they stand; the rest is read."""
    content = json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "owner": "1",
            "logGroup": "g",
            "logStream": "s",
            "logEvents": [{"message": "BROKEN"}, {"message": access_line()}],
        }
    ).encode()
    delivery = read_delivery(packed_payload(content.replace(b"BROKEN", b"\xff\xfe")))
    assert isinstance(delivery, LogDelivery)
    assert delivery.log_events == [{"message": "\ufffd\ufffd"}, {"message": access_line()}]


@given(st.one_of(st.binary(), st.binary().map(_zipped)))
def test_any_bytes_are_read_or_quarantined(zipped: bytes) -> None:
    """Nothing that stands in a payload raises."""
    assert isinstance(read_delivery(_as_payload(zipped)), Quarantined)
