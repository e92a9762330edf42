"""What only CloudWatch's metrics say: how old the oldest message of a queue is, and the lag."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.stack_resources import StackResources
from functions.operator.status.newest_log_lines import NewestLogLines
from functions.operator.status.queue_statuses import QUEUES, queue_url
from functions.operator.status.stack_status import QueueStatus
from functions.operator.status.status_clients import StatusClients
from functions.usage.metric import NAMESPACE, Metric

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        MetricDataQueryTypeDef,
        MetricTypeDef,
    )

# A heartbeat comes each minute, and its metric is there two or three minutes later.
LOOK_BACK = timedelta(minutes=7)
_LAG_ID = "lag"


class MetricReadings(NamedTuple):
    """Seconds. A queue that CloudWatch says nothing of is not in `ages`."""

    ages: Mapping[str, float]
    lag: float | None


def newest_readings(
    aws: StatusClients, found: Deployment, resources: StackResources
) -> MetricReadings:
    """The newest value of each. The lag is read from the log where CloudWatch has none of it: an
    emulator makes no metrics of log lines.
    """
    queues = {f"age{number}": name for number, name in enumerate(QUEUES)}
    now = datetime.now(UTC)
    answer = aws.cloudwatch.get_metric_data(
        MetricDataQueries=[*_queries(found, queues)],
        StartTime=now - LOOK_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    newest = {one["Id"]: one["Values"][0] for one in answer["MetricDataResults"] if one["Values"]}
    ages = {name: newest[each] for each, name in queues.items() if each in newest}
    lag = newest.get(_LAG_ID)
    return MetricReadings(ages, _lag_in_the_log(aws, resources) if lag is None else lag)


def with_ages(queues: Sequence[QueueStatus], measured: MetricReadings) -> tuple[QueueStatus, ...]:
    """An empty queue has no oldest message, whatever an old value says."""
    return tuple(
        replace(one, oldest_seconds=measured.ages.get(one.name)) if one.messages else one
        for one in queues
    )


def _lag_in_the_log(aws: StatusClients, resources: StackResources) -> float | None:
    log_group = resources.physical_id("ReconciliationLogGroup")
    lines = NewestLogLines(aws.logs).of(
        log_group, [Metric.LAG.value], [int(LOOK_BACK.total_seconds())]
    )
    told = [line.fields[Metric.LAG.value] for line in lines if Metric.LAG.value in line.fields]
    return float(told[-1]) if told else None


def _queries(found: Deployment, queues: Mapping[str, str]) -> Iterator["MetricDataQueryTypeDef"]:
    """`queues` are names by the ids of their queries."""
    for each, name in queues.items():
        dimensions = {"QueueName": queue_url(found, name).rpartition("/")[2]}
        yield _query(each, "AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions)
    of_stack = f"{NAMESPACE}/{found.stack}"
    yield _query(_LAG_ID, of_stack, Metric.LAG.value, {"service": "reconciliation"})


def _query(
    name: str, namespace: str, metric: str, dimensions: Mapping[str, str]
) -> "MetricDataQueryTypeDef":
    named: list[DimensionTypeDef] = [
        {"Name": key, "Value": text} for key, text in dimensions.items()
    ]
    found: MetricTypeDef = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": 60, "Stat": "Maximum"}}
