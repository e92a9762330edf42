"""The alarm feeder on real ministack: each queue sets off its own alarm, with its action."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from tests.fakes.queue_contents import take_all
from tests.fakes.topic_queue import make_topic
from tests.local.alarms import DEPTH_METRIC, AlarmFeeder, state_for
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_sqs.client import SQSClient


@dataclass
class Stack:
    """Two queues with an alarm each, and the queue behind their topic."""

    name: str
    cloudwatch: "CloudWatchClient"
    sqs: "SQSClient"
    topic: str
    notices: str

    def alarm(self, queue: str, **changes: Any) -> str:
        """An alarm on a queue's depth; its name."""
        name = f"{self.name}-{queue}Alarm"
        asked = {
            "MetricName": DEPTH_METRIC,
            "Namespace": "AWS/SQS",
            "Dimensions": [{"Name": "QueueName", "Value": f"{self.name}-{queue}"}],
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "EvaluationPeriods": 1,
            "Period": 60,
            "Statistic": "Maximum",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
            **changes,
        }
        self.cloudwatch.put_metric_alarm(AlarmName=name, **asked)
        return name

    def queue(self, name: str) -> str:
        return self.sqs.create_queue(QueueName=f"{self.name}-{name}")["QueueUrl"]

    def names(self) -> set[str]:
        """Of its alarms, which all begin so."""
        found = self.cloudwatch.describe_alarms(AlarmNamePrefix=self.name)["MetricAlarms"]
        return {alarm["AlarmName"] for alarm in found}

    def states(self) -> dict[str, str]:
        found = self.cloudwatch.describe_alarms(AlarmNamePrefix=self.name)["MetricAlarms"]
        return {alarm["AlarmName"].rpartition("-")[2]: alarm["StateValue"] for alarm in found}

    def told(self) -> list[tuple[str, str]]:
        """What the alarms' actions have published: alarm and new state."""
        bodies = take_all(self.sqs, self.notices)
        notices = [json.loads(json.loads(body)["Message"]) for body in bodies]
        return [(one["AlarmName"].rpartition("-")[2], one["NewStateValue"]) for one in notices]


@pytest.fixture
def stack(on_ministack: Ministack) -> Stack:
    name = f"alarms{uuid4().hex}"
    sqs = boto3.client("sqs")
    notices = sqs.create_queue(QueueName=f"{name}-notices")["QueueUrl"]
    return Stack(name, boto3.client("cloudwatch"), sqs, make_topic(name, notices), notices)


@pytest.fixture
def feeder(stack: Stack) -> AlarmFeeder:
    return AlarmFeeder(stack.cloudwatch, stack.sqs, stack.names)


def test_each_queue_sets_off_its_own_alarm(stack: Stack, feeder: AlarmFeeder) -> None:
    """And the alarm's action: SNS delivers which one it was. Emptied, it is OK again."""
    usage_dead_letter, _ = stack.queue("UsageDeadLetter"), stack.queue("CounterDeadLetter")
    stack.alarm("UsageDeadLetter")
    stack.alarm("CounterDeadLetter")
    feeder.look()
    assert stack.states() == {"UsageDeadLetterAlarm": "OK", "CounterDeadLetterAlarm": "OK"}
    stack.told()

    stack.sqs.send_message(QueueUrl=usage_dead_letter, MessageBody="{}")
    assert feeder.look() == [f"{stack.name}-UsageDeadLetterAlarm -> ALARM"]
    assert stack.states() == {"UsageDeadLetterAlarm": "ALARM", "CounterDeadLetterAlarm": "OK"}
    assert stack.told() == [("UsageDeadLetterAlarm", "ALARM")]

    stack.sqs.purge_queue(QueueUrl=usage_dead_letter)
    assert feeder.look() == [f"{stack.name}-UsageDeadLetterAlarm -> OK"]
    assert stack.told() == [("UsageDeadLetterAlarm", "OK")]


def test_a_state_that_stays_fires_nothing(stack: Stack, feeder: AlarmFeeder) -> None:
    """As CloudWatch: an action is for a change, not for each look."""
    url = stack.queue("UsageDeadLetter")
    stack.alarm("UsageDeadLetter")
    stack.sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert len(feeder.look()) == 1
    for _ in range(3):
        stack.sqs.send_message(QueueUrl=url, MessageBody="{}")
        assert feeder.look() == []
    assert stack.told() == [("UsageDeadLetterAlarm", "ALARM")]


def test_alarms_of_others_and_on_other_metrics_are_left_alone(
    stack: Stack, feeder: AlarmFeeder
) -> None:
    """Ages are AWS's to measure; another stack's alarms are its own, also if names begin alike."""
    url = stack.queue("Usage")
    stack.alarm("Usage", MetricName="ApproximateAgeOfOldestMessage")
    depth = stack.alarm(
        "Usage-prod", Dimensions=[{"Name": "QueueName", "Value": f"{stack.name}-Usage"}]
    )
    feeder._names = lambda: stack.names() - {depth}
    other = AlarmFeeder(stack.cloudwatch, stack.sqs, set)
    stack.sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert feeder.look() == other.look() == []
    assert stack.told() == []


@pytest.mark.parametrize(
    ("comparison", "alarming"),
    [
        ("GreaterThanThreshold", {11}),
        ("GreaterThanOrEqualToThreshold", {10, 11}),
        ("LessThanThreshold", {9}),
        ("LessThanOrEqualToThreshold", {9, 10}),
    ],
)
def test_an_alarm_compares_as_it_says(comparison: Any, alarming: set[int]) -> None:
    """With its own operator and threshold, at, below and above it."""
    alarm: MetricAlarmTypeDef = {"ComparisonOperator": comparison, "Threshold": 10.0}
    assert {depth for depth in (9, 10, 11) if state_for(alarm, depth) == "ALARM"} == alarming
