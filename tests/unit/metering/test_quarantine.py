"""What is kept, under which name, and that it can be metered again."""

import json
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from functions.metering.log_delivery import LogDelivery
from functions.metering.quarantine import (
    QuarantineBucket,
    QuarantineObject,
    quarantined_delivery,
    quarantined_lines,
)
from functions.metering.sorting import QuarantinedRequest
from functions.usage.errors import Retryable
from functions.usage.outcome import Quarantined
from functions.usage.vended_line import Wrapped, unwrapped
from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line, log_events
from tests.fakes.execution_log_lines import vended_columns
from tests.fakes.s3_objects import FakeBucket

NO_CUSTOMER = Quarantined("no_customer", "nobody")
TAMPER = Quarantined("tamper", "twice")


def delivery(events: list[Any]) -> LogDelivery:
    return LogDelivery("123456789012", "group", "stream", events)


def test_one_object_per_delivery_and_reason() -> None:
    """With all that is needed to make a delivery of it again."""
    events = log_events([access_line(customerId="-"), "{}", access_line(stage="b")])
    refused = [
        QuarantinedRequest(NO_CUSTOMER, (events[0],)),
        QuarantinedRequest(TAMPER, (events[1],)),
        QuarantinedRequest(NO_CUSTOMER, (events[2],)),
    ]
    no_customer, tamper = quarantined_lines(delivery(events), refused)
    assert no_customer.key.startswith("quarantine/no_customer/2026-07-20/01/")
    assert tamper.key.startswith("quarantine/tamper/2026-07-20/01/")
    assert json.loads(no_customer.body) == {
        "version": 1,
        "reason": "no_customer",
        "owner": "123456789012",
        "logGroup": "group",
        "logStream": "stream",
        "logEvents": [
            {**events[0], "detail": "nobody"},
            {**events[2], "detail": "nobody"},
        ],
    }


def test_the_name_is_made_of_the_content() -> None:
    """A delivery that comes again writes over itself; another one does not."""
    events = log_events(["a", "b"])
    kept = [QuarantinedRequest(TAMPER, (event,)) for event in events]
    (first,) = quarantined_lines(delivery(events), kept)
    assert [first] == list(quarantined_lines(delivery(events), kept))
    (other,) = quarantined_lines(delivery(events), kept[:1])
    assert other.key != first.key


def test_credentials_are_not_kept() -> None:
    """Wherever in the log event they stand."""
    events = [
        {"id": "1", "timestamp": REQUEST_TIME_MS, "message": "Authorization: Bearer secret"},
        {"id": "2", "timestamp": REQUEST_TIME_MS, "message": {"apiKey": "secret"}},
        "x-api-key: secret",
    ]
    (kept,) = quarantined_lines(
        delivery(events), [QuarantinedRequest(TAMPER, (event,)) for event in events]
    )
    assert b"secret" not in kept.body


def test_what_has_no_time_is_kept_undated() -> None:
    """And what is no text keeps its value; lone surrogates survive."""
    events = [
        {"id": None, "timestamp": "x", "message": None},
        {"timestamp": True, "message": "\ud800"},
        {"timestamp": 10**30, "message": 7},
    ]
    (kept,) = quarantined_lines(
        delivery(events), [QuarantinedRequest(TAMPER, (event,)) for event in events]
    )
    assert kept.key.startswith("quarantine/tamper/undated/")
    assert [entry["message"] for entry in json.loads(kept.body)["logEvents"]] == [
        None,
        "\ud800",
        7,
    ]


def test_a_whole_delivery_keeps_its_payload() -> None:
    """It may be read by a better version of metering, or by a person."""
    payload = {"awslogs": {"data": "%%%"}}
    kept = quarantined_delivery(payload, Quarantined("bad_base64", "no"))
    assert kept.key.startswith("quarantine/delivery/")
    content = json.loads(kept.body)
    assert (content["reason"], content["payload"]) == ("bad_base64", "%%%")
    assert quarantined_delivery(payload, Quarantined("bad_base64", "no")) == kept


def test_an_event_that_is_no_delivery_is_kept_as_its_json() -> None:
    """Without its credentials."""
    event = {"headers": {"Authorization": "Bearer secret"}, "body": "hello"}
    kept = quarantined_delivery(event, Quarantined("not_a_delivery", "no"))
    assert b"hello" in kept.body
    assert b"secret" not in kept.body


def test_nesting_does_not_stop_the_keeping() -> None:
    """What no reader could read back is noted, with its neighbours."""
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    events = [{"message": deep}, {"message": "line"}]
    (kept,) = quarantined_lines(
        delivery(events), [QuarantinedRequest(TAMPER, (event,)) for event in events]
    )
    assert b"nested too deeply" in kept.body
    assert b"line" in kept.body


@pytest.mark.parametrize("blank", ["\t", " "])
@pytest.mark.parametrize("path", ["/plans/basic", "/apikey:rotate", "/pets/{id}"])
def test_columns_are_kept_so_that_they_can_be_read_again(blank: str, path: str) -> None:
    """`basic`, a tab and GET look like a password; a real one goes all the same."""
    line = "(id) Method request headers: {Authorization=Basic c2VjcmV0, Host=x}"
    events = log_events([vended_columns(line, blank, resource_path=path)])
    (kept,) = quarantined_lines(delivery(events), [QuarantinedRequest(TAMPER, (events[0],))])
    (entry,) = json.loads(kept.body)["logEvents"]
    clean = "(id) Method request headers: {Authorization=[redacted], Host=x}"
    assert unwrapped(entry["message"]) == Wrapped(clean, "zz11", "live")
    again = [QuarantinedRequest(TAMPER, ({**events[0], "message": entry["message"]},))]
    assert [kept] == list(quarantined_lines(delivery(events), again))


class RefusingBucket(FakeBucket):
    """S3 that answers each put with this."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def put_object(self, **asked: Any) -> None:
        raise self.error


def test_an_object_that_is_there_stays_as_it_is() -> None:
    """Put again it would be young again, and neither a replay's filter nor its expiry see it."""
    bucket = FakeBucket(objects={"quarantine/a": b"first"})
    keeper = QuarantineBucket(bucket, "bucket")  # type: ignore[arg-type]
    entries = [QuarantineObject("quarantine/a", b"again"), QuarantineObject("quarantine/b", b"b")]
    assert keeper.keep(entries) == 2
    assert bucket.objects == {"quarantine/a": b"first", "quarantine/b": b"b"}


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject"),
        ClientError({"Error": {"Code": "SlowDown"}}, "PutObject"),
        ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject"),
        ReadTimeoutError(endpoint_url="https://s3"),
    ],
)
def test_what_s3_does_not_take_comes_again(error: ClientError | BotoCoreError) -> None:
    """Nothing but `it is there` is taken for kept: the delivery fails, and is tried again."""
    keeper = QuarantineBucket(RefusingBucket(error), "bucket")  # type: ignore[arg-type]
    with pytest.raises(Retryable, match="s3://bucket/quarantine/a"):
        keeper.keep([QuarantineObject("quarantine/a", b"a")])
