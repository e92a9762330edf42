"""A whole delivery is read, or it is None: never an error."""

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.quarantined_object import subscription_payload
from functions.audit.comparison.whole_delivery import INFLATED_BYTES, WholeDelivery, read_whole

PLACE = {"owner": "123456789012", "logGroup": "/shop", "logStream": "s"}
LINE = {"id": "1", "timestamp": 5, "message": "a"}


def packed(text: bytes) -> dict[str, object]:
    return {"awslogs": {"data": base64.b64encode(gzip.compress(text)).decode()}}


def test_its_log_events_are_read() -> None:
    """As they were sent."""
    assert read_whole(subscription_payload(PLACE, [LINE])) == WholeDelivery("/shop", "s", [LINE])


def test_broken_utf8_in_a_line_spares_its_neighbours() -> None:
    """As in metering."""
    text = json.dumps({**PLACE, "logEvents": [LINE, {"message": "@"}]}).encode()
    found = read_whole(packed(text.replace(b"@", b"\xff")))
    assert found is not None
    assert found.log_events == [LINE, {"message": "\ufffd"}]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"awslogs": None},
        {"awslogs": {"data": 5}},
        {"awslogs": {"data": "%%%"}},
        {"awslogs": {"data": "é"}},
        {"awslogs": {"data": base64.b64encode(b"no gzip").decode()}},
        packed(b"no JSON"),
        packed(b"[]"),
        packed(b"[" * 200_000),
        packed(json.dumps({**PLACE, "logEvents": {}}).encode()),
        packed(json.dumps({**PLACE, "logGroup": 5, "logEvents": []}).encode()),
        packed(json.dumps({**PLACE, "logStream": None, "logEvents": []}).encode()),
    ],
)
def test_what_cannot_be_read_is_none(payload: dict[str, object]) -> None:
    """Its lines are in the log."""
    assert read_whole(payload) is None


def test_what_inflates_too_far_is_not_read() -> None:
    """A megabyte of gzip can open to a gigabyte."""
    assert read_whole(packed(b'{"a":"' + b" " * INFLATED_BYTES)) is None


@given(st.binary(max_size=200))
def test_no_payload_raises(data: bytes) -> None:
    """Whatever its bytes are, packed or not."""
    assert read_whole(packed(data)) is None
    assert read_whole({"awslogs": {"data": base64.b64encode(data).decode()}}) is None
