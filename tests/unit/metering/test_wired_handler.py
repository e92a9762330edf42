"""Metering as it is deployed, on places in memory: what reaches which place, what is answered."""

import json
from typing import Any

import boto3
import pytest

from functions.metering import handler as metering
from functions.usage.errors import Retryable
from functions.usage.moment import epoch_ms_from_iso
from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line, subscription_payload
from tests.fakes.aws_in_memory import AwsInMemory
from tests.fakes.forwarding import now_ms
from tests.fakes.lambda_context import lambda_context
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.secret_store import SecretStore
from tests.fakes.versioned_object import VersionedObject

USAGE = "sqs://usage"
CONFIGURATION_KEY = "configuration/metering.json"
SOON_MS = 60_000


class Places(AwsInMemory):
    """The buckets of quarantine and configuration as one client."""

    meta = FakeBucket.meta

    def __init__(self) -> None:
        super().__init__(SecretStore(""))
        self.configuration = VersionedObject(CONFIGURATION_KEY)

    def client(self, service: str, **_: Any) -> Any:
        return self

    def put_object(self, **asked: Any) -> None:
        assert asked["Bucket"] == "quarantine"
        self.bucket.put_object(**asked)

    def get_object(self, **asked: Any) -> dict[str, Any]:
        assert asked["Bucket"] == "configuration"
        return self.configuration.get_object(**asked)

    def list_object_versions(self, **asked: Any) -> dict[str, Any]:
        return self.configuration.list_object_versions(**asked)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A process that starts."""
    for name, value in {
        "USAGE_QUEUE_URL": USAGE,
        "QUARANTINE_BUCKET": "quarantine",
        "CONFIGURATION_BUCKET": "configuration",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    found = Places()
    monkeypatch.setattr(boto3, "client", found.client)
    metering._wired.cache_clear()
    yield found
    metering._wired.cache_clear()


def take(*lines: object, **envelope: object) -> dict[str, object]:
    payload = subscription_payload(lines, **envelope)
    return metering.handler(payload, lambda_context("metering"))


def test_a_delivery_reaches_the_queue_and_the_quarantine(places: Places) -> None:
    """Each request its own place, stamped with the wall clock; the request keeps its own time."""
    take(access_line(), "{}")
    (body,) = map(json.loads, places.queues[USAGE].bodies)
    assert abs(epoch_ms_from_iso(body["meteredAt"]) - now_ms()) < SOON_MS
    (event,) = body["events"]
    assert epoch_ms_from_iso(event["occurredAt"]) == REQUEST_TIME_MS
    (name,) = places.bucket.objects
    assert name.startswith("quarantine/unknown_format/")


def test_a_request_of_a_clock_that_runs_ahead_keeps_its_time(places: Places) -> None:
    """Moved to now, a replay would give another event under the same key. The forwarder holds it
    until its time has come.
    """
    ahead_ms = now_ms() + 1_800_000
    take(access_line(requestTimeEpoch=str(ahead_ms)))
    (body,) = map(json.loads, places.queues[USAGE].bodies)
    assert epoch_ms_from_iso(body["events"][0]["occurredAt"]) == ahead_ms


def test_a_delivery_that_cannot_be_sent_fails_and_comes_again(places: Places) -> None:
    """Whatever SQS took of it: acknowledged, the rest would be nowhere."""
    places.queues[USAGE].fails = lambda body, _call: "events" in body
    with pytest.raises(Retryable):
        take(access_line())


def test_a_bad_configuration_fails_the_delivery(places: Places) -> None:
    """It is kept and metered again; by the default it would be billed by other rules."""
    places.configuration.put(b"{}")
    with pytest.raises(Retryable):
        take(access_line())
    assert not [body for body in places.queues[USAGE].bodies if "events" in body]


def test_its_own_log_is_not_metered(places: Places) -> None:
    """Each delivery would write the line that makes the next one."""
    take(access_line(), logGroup="/aws/lambda/metering")
    assert USAGE not in places.queues


def test_the_machine_s_question_is_exactly_one_word(places: Places) -> None:
    """A delivery with another name in it is a delivery."""
    asked = metering.handler({"listSources": True}, lambda_context("metering"))
    assert asked == {"sources": [], "configuredAt": None}
    payload = {**subscription_payload([access_line()]), "listSources": True}
    metering.handler(payload, lambda_context("metering"))
    assert len(places.queues[USAGE].bodies) == 1
