"""`python -m tests.local.alarms --stack NAME`: what CloudWatch does for alarms on SQS metrics.

ministack publishes no SQS metrics and mixes the queues of one metric name, so queue attributes are
read here, each alarm is evaluated over its own dimension, and SetAlarmState fires its actions: the
public way (facts: architecture.md, "the local cloud"). Depth alarms only; ages are AWS's.
"""

import argparse
import signal
import threading
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

import boto3

from tests.local.alarm_state import breaches
from tests.local.deploy import physical_ids

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_sqs.client import SQSClient

# CloudWatch looks once a minute; a person who watches a demo should not have to wait for that.
LOOK_EVERY_SECONDS = 0.5
DEPTH: Final = "ApproximateNumberOfMessages"  # the SQS attribute behind the metric below
DEPTH_METRIC: Final = "ApproximateNumberOfMessagesVisible"


def state_for(alarm: "MetricAlarmTypeDef", depth: float) -> str:
    """ALARM or OK for a value, by the alarm's own operator and threshold."""
    return "ALARM" if breaches(alarm, depth) else "OK"


class AlarmFeeder:
    """Evaluates the depth alarms of a stack."""

    def __init__(
        self, cloudwatch: "CloudWatchClient", sqs: "SQSClient", names: Callable[[], Collection[str]]
    ) -> None:
        self._cloudwatch = cloudwatch
        self._sqs = sqs
        self._names = names  # of the stack's own alarms: a prefix may be another stack's, too
        self._urls: dict[str, str] = {}

    def look(self) -> Sequence[str]:
        """Evaluate once; the names of the alarms whose state changed."""
        changed = []
        for alarm in self._depth_alarms():
            queue = alarm["Dimensions"][0]["Value"]
            depth = self._depth(queue)
            state = state_for(alarm, depth)
            if state != alarm.get("StateValue"):
                self._cloudwatch.set_alarm_state(
                    AlarmName=alarm["AlarmName"],
                    StateValue="ALARM" if state == "ALARM" else "OK",
                    StateReason=f"{queue}: {DEPTH_METRIC} is {depth:.0f}",
                )
                changed.append(f"{alarm['AlarmName']} -> {state}")
        return changed

    def _depth_alarms(self) -> list["MetricAlarmTypeDef"]:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate()
        own = self._names()
        return [
            alarm
            for page in pages
            for alarm in page["MetricAlarms"]
            if alarm["AlarmName"] in own and alarm.get("MetricName") == DEPTH_METRIC
        ]

    def _depth(self, queue: str) -> int:
        if queue not in self._urls:
            self._urls[queue] = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._urls[queue], AttributeNames=[DEPTH])
        return int(answer["Attributes"][DEPTH])


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.local.alarms", description=__doc__)
    parser.add_argument("--stack", required=True, help="whose alarms are evaluated")
    options = parser.parse_args()
    names = frozenset(physical_ids(options.stack, "AWS::CloudWatch::Alarm").values())
    feeder = AlarmFeeder(boto3.client("cloudwatch"), boto3.client("sqs"), lambda: names)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print("alarms listening on the queues of", options.stack, flush=True)
    while not stop.wait(LOOK_EVERY_SECONDS):
        for change in feeder.look():
            print(change, flush=True)


if __name__ == "__main__":
    main()
