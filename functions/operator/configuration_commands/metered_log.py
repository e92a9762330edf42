"""A deployment's metered log groups, as metering gets them: the last minutes of them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from functions.metering.log_delivery import LogDelivery
from functions.operator.aws_session import aws_session
from functions.operator.configuration_commands.metered_groups import metered_groups
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.explain.gathering import gathered
from functions.operator.explain.log_record import LogRecord

# A sample: CloudWatch Logs gives them 10,000 at a time, in a second or two.
MOST_EVENTS = 50_000


def metered_log(
    deployment: Deployment, log_group: str | None, since_ms: int
) -> Iterator[LogDelivery]:
    """TargetError where nothing is metered. `log_group`: only this one."""
    groups = (log_group,) if log_group else metered_groups(deployment)
    if not groups:
        raise TargetError("--from-log: the deployment meters no log group")
    return gathered(islice(_records(deployment, groups, since_ms), MOST_EVENTS), "auto")


def _records(deployment: Deployment, groups: Sequence[str], since_ms: int) -> Iterator[LogRecord]:
    pages = aws_session(deployment.region).client("logs").get_paginator("filter_log_events")
    for group in groups:
        for page in pages.paginate(logGroupName=group, startTime=since_ms):
            for event in page["events"]:
                yield LogRecord(
                    event["message"],
                    event["timestamp"],
                    event["eventId"],
                    log_stream=event["logStreamName"],
                    log_group=group,
                )
