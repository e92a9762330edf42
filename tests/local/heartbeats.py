"""Heartbeats of a local cloud: those that were put and have not reached the counters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import boto3
from redis import Redis

from functions.usage.heartbeat import HEARTBEAT_STREAM, read_heartbeat
from functions.usage.quota import watermark_key
from tests.local.endpoints import Endpoints

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient


def heartbeats_under_way(endpoints: Endpoints) -> int:
    """How many messages of UsageQueue and SettledUsageQueue may be heartbeats.

    One that was overtaken is not among them: a wait for an empty queue then waits for it too.
    """
    reached = watermark(endpoints)
    logs = boto3.client("logs")
    return sum(
        (read_heartbeat(line) or 0) > int(reached.get(group, 0))
        for group in (endpoints.access_log_group, endpoints.execution_log_group)
        for line in _lines(logs, group)
    )


def watermark(endpoints: Endpoints) -> Mapping[str, str]:
    """How far counting has come, by log group, epoch milliseconds."""
    with Redis.from_url(endpoints.redis_url, decode_responses=True) as client:
        return cast("dict[str, str]", client.hgetall(watermark_key(endpoints.tenant_id)))


def _lines(logs: "CloudWatchLogsClient", group: str) -> list[str]:
    try:
        found: Any = logs.get_log_events(
            logGroupName=group, logStreamName=HEARTBEAT_STREAM, startFromHead=True
        )
    except logs.exceptions.ResourceNotFoundException:
        return []  # the first minute is not over
    return [event["message"] for event in found["events"]]
