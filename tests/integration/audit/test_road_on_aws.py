"""The road against real service APIs: the queue alone answers where there are no metrics."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.adapters.aws import cloudwatch_client, sqs_client
from functions.adapters.message_queue import MessageQueue
from functions.audit.comparison.road import Road
from functions.audit.comparison.road_state import NEVER
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_sqs.client import SQSClient

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def sqs(on_ministack: Ministack) -> "SQSClient":
    return sqs_client()


@pytest.fixture
def url(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName=f"usage-{uuid4()}")["QueueUrl"]


@pytest.fixture
def function() -> str:
    """Metering's name; no other test's metering has it."""
    return f"metering-{uuid4()}"


@pytest.fixture
def road(sqs: "SQSClient", url: str, function: str) -> Road:
    return Road.of(
        sqs,
        cloudwatch_client(),
        usage_queue_url=url,
        metering_function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
        hold_seconds=50_400,
    )


def test_it_is_clear_when_all_has_left_the_queue(road: Road, sqs: "SQSClient", url: str) -> None:
    """Not while a message waits, is at the forwarder, or was put back; as while Aforo is down."""
    states = [road.clear_until(NOW)]
    MessageQueue(sqs, url).send(["usage"])
    states.append(road.clear_until(NOW))
    (received,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"]
    states.append(road.clear_until(NOW))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    states.append(road.clear_until(NOW))
    sqs.send_message(QueueUrl=url, MessageBody="put back", DelaySeconds=600)
    states.append(road.clear_until(NOW))
    assert states == [NOW, NEVER, NEVER, NOW, NEVER]


def test_a_queue_that_is_not_there_raises(road: Road, sqs: "SQSClient", url: str) -> None:
    """A deployment that is wrong must not look like usage that waits."""
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(ClientError, match=r"NonExistentQueue|QueueDoesNotExist"):
        road.look(NOW)


def test_a_figure_of_cloudwatch_is_read(road: Road, function: str) -> None:
    """By its name and time, through the API."""
    now = datetime.now(UTC).replace(microsecond=0)
    failed: MetricDatumTypeDef = {
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
        "Timestamp": now - timedelta(minutes=2),
        "Value": 1.0,
    }
    boto3.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[failed])
    assert road.look(now).why == "metering failed, and Lambda tries again"
    assert road.clear_until(now + timedelta(hours=1)) == now + timedelta(hours=1)
