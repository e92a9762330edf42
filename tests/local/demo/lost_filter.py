"""Somebody deletes the subscription filter of a log group while its stage serves, and puts it back:
CloudWatch delivers nothing of what was logged meanwhile, then or later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from tests.local.demo.accounting import billed_events, served_since
from tests.local.demo.depth import unwritten
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import (
        PutSubscriptionFilterRequestTypeDef,
        SubscriptionFilterTypeDef,
    )

WRITTEN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Lost:
    """What was served without a filter and is to be billed: extended request ids, and when the last
    of them was served, epoch milliseconds.
    """

    requests: frozenset[str]
    last_ms: int

    def billed(self, endpoints: Endpoints) -> int:
        """How many of them Aforo knows."""
        known = {event["metadata"]["extendedRequestId"] for event in billed_events(endpoints)}
        return len(self.requests & known)


@contextmanager
def without_filter(stage: Stage, endpoints: Endpoints) -> Iterator[None]:
    """Deleted when all lines before are written, put back as it was when all meanwhile are."""
    wait_until_written(stage, endpoints)
    logs, group = boto3.client("logs"), endpoints.access_log_group
    found = delete_filters(logs, group)
    try:
        yield
        wait_until_written(stage, endpoints)
    finally:
        for one in found:
            same: PutSubscriptionFilterRequestTypeDef = {
                "logGroupName": group,
                "filterName": one["filterName"],
                "filterPattern": one["filterPattern"],
                "destinationArn": one["destinationArn"],
                "distribution": one["distribution"],
            }
            logs.put_subscription_filter(**same)


def delete_filters(logs: "CloudWatchLogsClient", group: str) -> "list[SubscriptionFilterTypeDef]":
    """All of a log group; as they were."""
    found = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    for one in found:
        logs.delete_subscription_filter(logGroupName=group, filterName=one["filterName"])
    return found


def wait_until_written(stage: Stage, endpoints: Endpoints) -> None:
    """Until the logs have every line of what was served."""

    def look() -> tuple[bool, str]:
        lines = unwritten(endpoints)
        return lines == 0, f"{lines} requests to log"

    stage.wait("the logs", look, WRITTEN_SECONDS)


def lost_since(endpoints: Endpoints, sequence: int) -> Lost:
    """Of what the gateway served after that number, on the stage whose log group it is."""
    served = served_since(endpoints, sequence)
    return Lost(
        frozenset(one["extended_request_id"] for one in served),
        max(one["request_time_epoch_ms"] for one in served),
    )
