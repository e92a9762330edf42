"""What CloudWatch says of UsageQueue and of metering, in one call: datapoints leave, a minute each.

No datapoint is no error here: the emulator has none, and CloudWatch has none of what did not
happen. A figure that CloudWatch could not compute is: Retryable.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.audit.metric_query import metric_query
from functions.usage.errors import Retryable
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

_MINUTE = 60


class Datapoint(NamedTuple):
    """`at` is when its minute began."""

    at: datetime
    value: float


type Datapoints = tuple[Datapoint, ...]


class RoadFigures(NamedTuple):
    """In no order. Ages in seconds but for `event_ages`, which Lambda gives in milliseconds."""

    waiting_ages: Datapoints = ()  # UsageQueue's oldest message, as SQS knows it
    held_ages: Datapoints = ()  # the oldest message that the forwarder just held
    errors: Datapoints = ()  # of metering
    throttles: Datapoints = ()
    event_ages: Datapoints = ()  # of deliveries when metering took them, at each try


class RoadMetrics(NamedTuple):
    """Reads them. `namespace` is that of this stack's own metrics."""

    cloudwatch: "CloudWatchClient"
    namespace: str
    usage_queue: str
    metering_function: str

    def figures(self, now: datetime, looked_back: timedelta) -> RoadFigures:
        """Of the time before now."""
        found: dict[str, list[Datapoint]] = {}
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=list(self._queries()), StartTime=now - looked_back, EndTime=now
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                if result.get("StatusCode") in {"InternalError", "Forbidden"}:
                    message = f"CloudWatch does not say {result['Id']}: {result['StatusCode']}"
                    raise Retryable(message)
                points = map(Datapoint, result["Timestamps"], result["Values"])
                found.setdefault(result["Id"], []).extend(points)
        return RoadFigures(**{name: tuple(points) for name, points in found.items()})

    def _queries(self) -> Iterator["MetricDataQueryTypeDef"]:
        metering = ("AWS/Lambda", "FunctionName", self.metering_function)
        queue = ("AWS/SQS", "QueueName", self.usage_queue)
        forwarder = (self.namespace, "service", "forwarder")
        yield _query("waiting_ages", "ApproximateAgeOfOldestMessage", "Maximum", queue)
        yield _query("held_ages", Metric.OLDEST_HELD_AGE.value, "Maximum", forwarder)
        yield _query("errors", "Errors", "Sum", metering)
        yield _query("throttles", "Throttles", "Sum", metering)
        yield _query("event_ages", "AsyncEventAge", "Maximum", metering)


def _query(
    name: str, metric: str, statistic: str, place: tuple[str, str, str]
) -> "MetricDataQueryTypeDef":
    namespace, dimension, value = place
    return metric_query(
        name,
        metric,
        namespace=namespace,
        dimensions={dimension: value},
        seconds=_MINUTE,
        statistic=statistic,
    )
