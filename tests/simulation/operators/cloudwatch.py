"""What CloudWatch says of the road: datapoints of a minute each, published a minute late or two.

As an audit asks for them: how old UsageQueue's oldest message is, what the forwarder held, and how
often metering failed (functions/audit/comparison/road_figures.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulation.aws.aws_place import AwsCalls, AwsPlace
from tests.simulation.aws.simulated_queue import SimulatedQueue
from tests.simulation.engine.world import World

MINUTE = 60
PUBLISHED_SECONDS = 90  # after its minute's end
FORGOTTEN_RECEIVES = 3  # SQS does not tell the age of what was received more often
PLACE = AwsPlace("CloudWatch", (0.02, 0.2))


@dataclass
class Metrics:
    """By a metric's name: nobody here has two of one name."""

    world: World
    minutes: dict[str, dict[int, list[float]]] = field(default_factory=dict)

    def add(self, metric: str, value: float) -> None:
        minute = int(self.world.now) // MINUTE
        self.minutes.setdefault(metric, {}).setdefault(minute, []).append(value)

    def watch(self, queue: SimulatedQueue) -> None:
        """Each minute, how old its oldest message is; nothing of an empty one."""

        def look() -> None:
            sent = [
                one.sent_at for one in queue.messages.values() if one.receives <= FORGOTTEN_RECEIVES
            ]
            if sent:
                self.add("ApproximateAgeOfOldestMessage", self.world.now - min(sent))

        self.world.every(MINUTE, look, first=MINUTE / 2)


@dataclass(frozen=True, slots=True)
class MetricCalls:
    """boto3's client of CloudWatch."""

    calls: AwsCalls
    metrics: Metrics

    def get_paginator(self, operation: str) -> "MetricCalls":
        if operation != "get_metric_data":
            raise NotImplementedError(operation)
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        yield self.calls.make(PLACE, "GetMetricData", lambda: self._answer(asked))

    def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        since = asked["StartTime"].timestamp()
        until = min(asked["EndTime"].timestamp(), self.metrics.world.now - PUBLISHED_SECONDS)
        return {
            "MetricDataResults": [
                self._result(query, since, until) for query in asked["MetricDataQueries"]
            ]
        }

    def _result(self, query: Mapping[str, Any], since: float, until: float) -> dict[str, Any]:
        stat = query["MetricStat"]
        found = self.metrics.minutes.get(stat["Metric"]["MetricName"], {})
        shown = [one for one in found if since <= one * MINUTE and (one + 1) * MINUTE <= until]
        return {
            "Id": query["Id"],
            "StatusCode": "Complete",
            "Timestamps": [datetime.fromtimestamp(one * MINUTE, UTC) for one in shown],
            "Values": [_value(stat["Stat"], found[one]) for one in shown],
        }


def _value(statistic: str, values: list[float]) -> float:
    return max(values) if statistic == "Maximum" else sum(values)
