"""A log group of the local cloud comes in; its lines leave, with the time at which each was put."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import boto3

_REPORT = re.compile(r"REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms")


class LoggedLine(NamedTuple):
    """`put_ms`: when CloudWatch Logs had it, epoch milliseconds."""

    put_ms: int
    text: str


class Ran(NamedTuple):
    """An invocation: when it began and ended, epoch milliseconds."""

    began_ms: int
    ended_ms: int


def logged_lines(group: str) -> Iterator[LoggedLine]:
    """Stream by stream: FilterLogEvents does not page on ministack."""
    logs = boto3.client("logs")
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            token: dict[str, Any] = {}
            while True:
                events = logs.get_log_events(
                    logGroupName=group,
                    logStreamName=stream["logStreamName"],
                    startFromHead=True,
                    **token,
                )
                yield from (
                    LoggedLine(one["ingestionTime"], one["message"]) for one in events["events"]
                )
                if not events["events"] or events["nextForwardToken"] == token.get("nextToken"):
                    break
                token = {"nextToken": events["nextForwardToken"]}


def invocations_of(lines: Iterable[LoggedLine]) -> dict[str, Ran]:
    """By request id. ministack writes the line when the function has ended."""
    found: dict[str, Ran] = {}
    for line in lines:
        if report := _REPORT.match(line.text):
            lasted_ms = round(float(report[2]))
            found[report[1]] = Ran(line.put_ms - lasted_ms, line.put_ms)
    return found


def extended_ids(lines: Iterable[LoggedLine]) -> dict[str, int]:
    """When the line of each request was put, by its extended request id: heartbeats have none."""
    parsed = ((line.put_ms, json.loads(line.text)) for line in lines)
    return {
        fields["extendedRequestId"]: put_ms
        for put_ms, fields in parsed
        if "extendedRequestId" in fields
    }
