"""What the logs say that the gateway served."""

from collections.abc import Iterable
from typing import Any

import boto3

from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.local.endpoints import Endpoints


def logged_requests(endpoints: Endpoints) -> int:
    """Requests in the logs that are metered."""
    return len(access_log_lines(endpoints)) + len(execution_log_requests(endpoints))


def access_log_lines(endpoints: Endpoints) -> list[str]:
    """The access log as CloudWatch Logs has it."""
    return list(log_lines(endpoints.access_log_group))


def execution_log_requests(endpoints: Endpoints) -> set[str]:
    """The extended request ids in the execution log, each in the first line of its request. What a
    client wrote stands behind other labels, never at the front of a log event.
    """
    texts = (line.partition(") ")[2] for line in log_lines(endpoints.execution_log_group))
    return {text for text in texts if text.startswith("Extended Request Id: ")}


def log_lines(group: str) -> Iterable[str]:
    """A log group's lines, stream by stream: FilterLogEvents does not page on ministack. The
    heartbeat's stream holds no requests.
    """
    logs = boto3.client("logs")
    streams = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    names = [stream["logStreamName"] for page in streams for stream in page["logStreams"]]
    for name in names:
        if name != HEARTBEAT_STREAM:
            yield from _stream_lines(logs, group, name)


def _stream_lines(logs: Any, group: str, stream: str) -> Iterable[str]:
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, **token
        )
        yield from (event["message"] for event in page["events"])
        if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
            return
        token = {"nextToken": page["nextForwardToken"]}
