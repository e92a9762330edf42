"""Asking the ledger, whatever it is able to say."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger
from functions.adapters.telemetry import Telemetry
from functions.forwarder.ledger_lookup import Found, LedgerLookup, LoggedLookup
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import OCCURRED_AT, event, ledger_row

HOUR, KEY = OCCURRED_AT[:13], event(1)["idempotencyKey"]
CUT = "ledger/2026-11-23/10/20261123T100100000Z-a.json.gz"


def archived() -> ClientError:
    error = ClientError({"Error": {"Code": "InvalidObjectState"}}, "GetObject")
    error.add_note(CUT)
    return error


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = caplog.records
    return vars(record)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnreadableObject(CUT, "no row"), CUT),
        (archived(), CUT),
        (archived(), "InvalidObjectState"),
        (EndpointConnectionError(endpoint_url="https://s3"), "https://s3"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_told_with_what_is_in_the_way(
    error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is known then, and somebody can find the object."""

    def look_up(*_: object) -> Found:
        raise error

    looking_up = LoggedLookup(look_up, Telemetry("forwarder"))
    assert looking_up.look_up(HOUR, [KEY], lambda: True) == Found([], is_whole=False)
    line = logged(caplog)
    assert (line["msg"], line["levelname"], line["hour"]) == ("ledger.unreadable", "ERROR", HOUR)
    assert said in line["fault"]


def test_a_bug_stays_loud() -> None:
    """It is no word of the ledger's."""

    def look_up(*_: object) -> Found:
        raise KeyError("key")

    with pytest.raises(KeyError):
        LoggedLookup(look_up, Telemetry("forwarder")).look_up(HOUR, [KEY], lambda: True)


def test_a_cut_object_of_the_hour_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The real lookup, over a bucket in which somebody put an object by hand."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([ledger_row(2)], "20261123T100000000Z-a")
    bucket.objects[CUT] = b"\x1f\x8b"
    looking_up = LoggedLookup(LedgerLookup(ledger).look_up, Telemetry("forwarder"))
    assert not looking_up.look_up(HOUR, [KEY], lambda: True).is_whole
    assert CUT in logged(caplog)["fault"]
