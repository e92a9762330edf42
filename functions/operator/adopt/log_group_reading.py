"""A log group as it is, asked of CloudWatch Logs; and how much a stage serves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.adopt.adopted_stage import LogGroupState, SubscriptionFilter
from functions.operator.adopt.writers.stage_writers import access_log_of
from functions.operator.preflight.log_group_checks import log_group_named

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import StageTypeDef
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_logs.client import CloudWatchLogsClient

# A week evens out weekends, and AWS keeps its figures by the hour for longer than that.
_WEEK = timedelta(days=7)
_MONTH_DAYS = 30


def log_group_state(logs: "CloudWatchLogsClient", name: str) -> LogGroupState | None:
    """None where there is none of that name."""
    if not name:
        return None
    group = log_group_named(logs, name)
    if group is None:
        return None
    filters = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    return LogGroupState(
        name,
        group.get("logGroupClass", "STANDARD"),
        tuple(
            SubscriptionFilter(
                one["filterName"], one.get("destinationArn", ""), one.get("filterPattern", "")
            )
            for one in filters
        ),
    )


def served_a_month(cloudwatch: "CloudWatchClient", api_name: str, stage: str) -> int | None:
    """None where CloudWatch does not tell."""
    now = datetime.now(UTC)
    try:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName="Count",
            Dimensions=[
                {"Name": "ApiName", "Value": api_name},
                {"Name": "Stage", "Value": stage},
            ],
            StartTime=now - _WEEK,
            EndTime=now,
            Period=86_400,
            Statistics=["Sum"],
        )
    except (BotoCoreError, ClientError):
        return None
    counted = sum(point["Sum"] for point in answer["Datapoints"])
    return round(counted * _MONTH_DAYS / _WEEK.days) if counted else None


def sharing_stages(
    others: "Sequence[StageTypeDef]", access_log: Mapping[str, str] | None
) -> Iterator[str]:
    """Those whose lines would come with ours."""
    for one in others if access_log else ():
        destination = (access_log_of(one) or {}).get("destinationArn")
        if access_log and destination == access_log["destinationArn"]:
            yield one["stageName"]
