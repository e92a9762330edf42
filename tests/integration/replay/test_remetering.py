"""The quarantine, metered again: real buckets, a queue, and metering's own handler."""

import boto3
import pytest

from functions.adapters.quarantined_object import prefixes_of
from functions.replay.manifest import Manifests
from functions.replay.quarantine_listing import Quarantine
from functions.usage.errors import Retryable
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import REQUEST_TIME_MS, distinct_line, subscription_payload
from tests.integration.replay.conftest import Surroundings
from tests.integration.replay.yard import LATER, Asked, Yard, invoke


def keyed(number: int, key_id: str = "key_a") -> str:
    return distinct_line(number, customerId="-", apiKeyId=key_id)


def customers(aws: Surroundings) -> list[str]:
    return sorted(event["customerId"] for one in aws.sent() for event in one["events"])


def test_what_a_new_configuration_covers_is_billed_and_leaves(
    yard: Yard, aws: Surroundings
) -> None:
    """With its key and the replay's id; what stays unknown stays, as the same object."""
    invoke(subscription_payload([keyed(1), keyed(2)]))
    invoke(subscription_payload([keyed(3), keyed(4, "key_b")]))
    invoke(subscription_payload([keyed(5, "key_b")]))
    before = yard.names()
    assert len(before) == 3
    yard.configure(key_a="cus_a")
    progress = yard.run()
    assert (progress.moved.messages, progress.moved.events, progress.moved.seen) == (2, 3, 3)
    assert progress.moved.is_queue_empty
    sent = aws.sent()
    assert [event["customerId"] for one in sent for event in one["events"]] == ["cus_a"] * 3
    assert {one["replayId"] for one in sent} == {"by-hand"}
    # One is as it was; of the second only the line that is still unknown is left.
    after = yard.names()
    assert len(after) == 2
    assert len(set(after) & set(before)) == 1
    assert len(yard.names("replayed/by-hand/quarantine/no_customer/")) == 2
    assert yard.remetered() == [
        ("no_customer", "left"),
        ("no_customer", "left"),
        ("no_customer", "quarantined_again"),
    ]
    assert yard.run("again").moved.messages == 0
    assert yard.names() == after


def test_a_dry_run_says_the_same_and_touches_nothing(yard: Yard, aws: Surroundings) -> None:
    """No event, no object, no new name."""
    invoke(subscription_payload([keyed(1), keyed(2, "key_b"), distinct_line(3, customerId="*")]))
    yard.configure(key_a="cus_a")
    before = yard.names("")
    dry = yard.run("dry", {"dryRun": True})
    assert yard.names("") == before
    assert aws.sent() == []
    real = yard.run()
    assert dry.moved == real.moved
    assert yard.remetered("dry") == yard.remetered()
    would = list(Manifests(aws.s3, aws.bucket, "dry").sent(dry_run=True))
    assert would == list(Manifests(aws.s3, aws.bucket, "by-hand").sent())


def test_whole_deliveries_and_lambdas_own_records_are_unwrapped(
    yard: Yard, aws: Surroundings
) -> None:
    """One that is still no delivery stays under its name."""
    invoke({"awslogs": {"data": "no base64"}})
    invoke({"detail": "no delivery"})
    record = {"requestPayload": subscription_payload([distinct_line(1)])}
    yard.put("aws/lambda/async/metering/2026/11/23/x", record)
    yard.put("quarantine/tamper/undated/x.json", [])
    before = yard.names()
    progress = yard.run()
    assert progress.moved.messages == 1
    assert customers(aws) == ["cus_7Qm2"]
    assert yard.names() == before
    assert yard.names("aws/") == []
    assert yard.remetered() == [
        ("delivery", "quarantined_again"),
        ("delivery", "quarantined_again"),
        ("failed_delivery", "left"),
        ("tamper", "unreadable"),
    ]


def test_limits_a_marker_and_filters(yard: Yard) -> None:
    """Round after round, each object once; times are those of the log."""
    for number in range(5):
        invoke(subscription_payload([keyed(number)]))
    yard.put("quarantine/tamper/undated/x.json", [])
    yard.configure(key_a="cus_a")
    first = yard.run(order={"maxMessages": 2}, limits={"moveAtMost": 2})
    assert (first.moved.messages, first.moved.is_queue_empty) == (2, False)
    # 60 events are what 1 a second allows in a minute.
    second = yard.run("second", {"eventsPerSecond": 1}, limits={"marker": first.marker})
    assert (second.moved.messages, second.moved.seen) == (3, 4)
    third = yard.run("third", limits={"marker": second.marker})
    assert (third.moved.messages, third.moved.seen) == (0, 0)
    assert yard.run("none", {"filter": {"reason": ["no_customer"]}}).moved.seen == 0
    assert yard.run("late", ticks=iter([False])).moved.seen == 0

    invoke(subscription_payload([keyed(9, "key_b")]))
    times = {"olderThan": iso_from_epoch_ms(REQUEST_TIME_MS)}
    late = yard.run("later", {"filter": {**times, "reason": ["no_customer"]}})
    assert (late.moved.seen, late.moved.messages) == (1, 0)
    assert yard.remetered("later") == [("no_customer", "not_chosen")]


def test_what_is_quarantined_after_the_start_is_for_the_next(yard: Yard) -> None:
    """Its own metering's too."""
    invoke(subscription_payload([keyed(1)]))
    quarantine = Quarantine(yard.aws.s3, yard.bucket)
    started = boto3.client("s3").list_objects_v2(Bucket=yard.bucket)["Contents"][0]["LastModified"]
    assert quarantine.count(prefixes_of(None), started) == 0
    assert quarantine.count(prefixes_of(None), started + LATER) == 1


def test_one_object_that_metering_cannot_take_stops_nobody(yard: Yard, aws: Surroundings) -> None:
    """It stays; after three in a row metering itself is asked."""
    for number in range(4):
        invoke(subscription_payload([keyed(number)]))
    yard.configure(key_a="cus_a")
    once = iter([True])
    asked = Asked("by-hand", fails=lambda _: next(once, False))
    assert yard.run(asked=asked).moved.messages == 3
    assert ("no_customer", "metering_failed") in yard.remetered()
    assert len(yard.names()) == 1
    for number in range(5, 8):
        invoke(subscription_payload([keyed(number, "key_b")]))
    broken = Asked("second", fails=lambda _: True)
    with pytest.raises(Retryable, match="3 times in a row"):
        yard.run("second", asked=broken)
    assert (broken.times, len(yard.names())) == (4, 4)
    assert len(customers(aws)) == 3


def test_many_objects_of_one_defect_do_not_keep_out_the_rest(yard: Yard, aws: Surroundings) -> None:
    """They stand side by side, first in the order of names: metering does take others."""
    for number in range(5):
        yard.put(f"aws/lambda/async/metering/{number}", {"requestPayload": {"awslogs": number}})
    invoke(subscription_payload([keyed(1)]))
    yard.configure(key_a="cus_a")
    asked = Asked("by-hand", fails=lambda payload: isinstance(payload["awslogs"], int))
    progress = yard.run(asked=asked)
    assert (progress.moved.messages, progress.moved.seen) == (1, 6)
    assert customers(aws) == ["cus_a"]
    assert len(yard.names("aws/")) == 5
    assert yard.remetered().count(("failed_delivery", "metering_failed")) == 5


def test_a_claim_of_slow_objects_ends_in_time(yard: Yard, aws: Surroundings) -> None:
    """What there was time for counts, and the next round goes on behind it."""
    for number in range(5):
        invoke(subscription_payload([keyed(number)]))
    yard.configure(key_a="cus_a")
    # At the claim's beginning, and after each object of it.
    first = yard.run(ticks=iter([True, True, False]))
    assert (first.moved.messages, first.moved.is_queue_empty) == (2, False)
    second = yard.run("second", limits={"marker": first.marker})
    assert (second.moved.messages, second.moved.is_queue_empty) == (3, True)
    assert len(customers(aws)) == 5
