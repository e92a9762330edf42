"""What fails is kept, and rings."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from functions.operator.smoke.claim import Claim, DidNotHold, NotTried
from functions.operator.smoke.subject import Subject

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# Lambda tries again after one and two minutes; each try may take its minute.
GIVEN_UP_SECONDS = 480
# SQS tells a queue that was silent about its depth up to 15 minutes late.
RING_SECONDS = 1_200
UPDATED_SECONDS = 120


def a_failed_delivery_is_kept(subject: Subject) -> str:
    """Metering is pointed at a configuration that is not there, and put right afterwards."""
    if subject.is_local:
        raise NotTried("the emulator has no OnFailure destination")
    others = [one for one in subject.output("DeployedSources").split(",") if one[:5] != "demo-"]
    if any(others):
        raise NotTried(f"metering of {', '.join(others)} would fail meanwhile: use a demo stack")
    lambdas, s3 = subject.session.client("lambda"), subject.session.client("s3")
    bucket, begun = subject.output("QuarantineBucketName"), datetime.now(UTC)
    name = subject.resources["MeteringFunction"]
    with _broken(subject, lambdas, name):
        lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=_delivery())

        def kept() -> str | None:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix="aws/lambda/async/"
            )
            found = (one for page in pages for one in page.get("Contents", []))
            return next((one["Key"] for one in found if one["LastModified"] >= begun), None)

        key = subject.wait(kept, GIVEN_UP_SECONDS)
    if key is None:
        raise DidNotHold("no object under aws/lambda/async/ after three tries")
    s3.delete_object(Bucket=bucket, Key=key)
    return key


@contextmanager
def _broken(subject: Subject, lambdas: "LambdaClient", name: str) -> Iterator[None]:
    before = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def put(variables: dict[str, str]) -> None:
        lambdas.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

        def is_updated() -> bool | None:
            found = lambdas.get_function_configuration(FunctionName=name)
            return True if found.get("LastUpdateStatus") == "Successful" else None

        if not subject.wait(is_updated, UPDATED_SECONDS):
            raise DidNotHold(f"{name} is still being updated; it should have {before}")

    try:
        put({**before, "CONFIGURATION_BUCKET": f"smoke-{uuid4().hex}"})
        yield
    finally:
        put(before)


def _delivery() -> bytes:
    # It must reach the configuration: a delivery that cannot be read is quarantined before it.
    import base64  # noqa: PLC0415 - used here only
    import gzip  # noqa: PLC0415

    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "smoke",
        "logStream": "smoke",
        "subscriptionFilters": ["smoke"],
        "logEvents": [{"id": "0", "timestamp": time.time_ns() // 1_000_000, "message": "{}"}],
    }
    packed = gzip.compress(json.dumps(envelope).encode())
    return json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()


def an_alarm_rings(subject: Subject) -> str:
    """A message that nobody can read in UsageDeadLetterQueue; it is taken out again."""
    sqs, cloudwatch = subject.session.client("sqs"), subject.session.client("cloudwatch")
    queue, alarm = (
        subject.output("UsageDeadLetterQueueUrl"),
        subject.resources["UsageDeadLetterAlarm"],
    )
    body = json.dumps({"smoke": uuid4().hex})

    def state() -> str:
        (found,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return found["StateValue"]

    before = state()
    if before == "ALARM":
        raise NotTried(f"{alarm} rings already: empty the queue first (docs/reference/alarms.md)")
    begun = time.monotonic()
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    try:
        rang = subject.wait(lambda: True if state() == "ALARM" else None, RING_SECONDS)
    finally:
        _take_out(subject, queue, body)
    if not rang:
        raise DidNotHold(f"{alarm} is {state()} {RING_SECONDS / 60:.0f} minutes after a message")
    return f"after {time.monotonic() - begun:.0f} s"


def _take_out(subject: Subject, queue: str, body: str) -> None:
    sqs = subject.session.client("sqs")

    def taken() -> bool | None:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=5)
        for message in found.get("Messages", []):
            if message["Body"] == body:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return True
        return None

    if not subject.wait(taken, 60):
        raise DidNotHold(f"the message {body} could not be taken out of {queue}: do it by hand")


def an_alarm_reaches_the_topic(subject: Subject) -> str:
    """Set by hand; CloudWatch writes down whether its action was carried out."""
    if subject.is_local:
        raise NotTried("the emulator carries out no action of an alarm that is set by hand")
    cloudwatch, alarm = (
        subject.session.client("cloudwatch"),
        subject.resources["ConfigurationRefusedAlarm"],
    )
    begun = datetime.now(UTC)
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="smoke test")

    def acted() -> str | None:
        history = cloudwatch.describe_alarm_history(
            AlarmName=alarm, HistoryItemType="Action", StartDate=begun
        )
        return next((one["HistorySummary"] for one in history["AlarmHistoryItems"]), None)

    summary = subject.wait(acted, 120)
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="smoke test is over")
    if summary is None or "success" not in summary.lower():
        raise DidNotHold(summary or "no action in the alarm's history after two minutes")
    return summary


FAILURE_CLAIMS = (
    Claim(
        "on failure",
        "A delivery that fails three times is kept whole in the quarantine bucket.",
        a_failed_delivery_is_kept,
    ),
    Claim("alarm", "CloudWatch sees a message in a dead-letter queue.", an_alarm_rings),
    Claim("alarm action", "An alarm may publish to its topic.", an_alarm_reaches_the_topic),
)
