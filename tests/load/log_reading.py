"""A log group of the local cloud comes in; its lines leave, with the time at which each was put."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import boto3

from tests.local.dashboard.log_figures import REPORT

WINDOW_MS = 5_000  # at 300 requests a second 1,500 lines
FULL_PAGE = 10_000


class LoggedLine(NamedTuple):
    """`put_ms`: when CloudWatch Logs had it, epoch milliseconds."""

    put_ms: int
    text: str


class Ran(NamedTuple):
    """An invocation: when it began and ended, epoch milliseconds."""

    began_ms: int
    ended_ms: int


def logged_lines(group: str, from_ms: int) -> Iterator[LoggedLine]:
    """From then until now, some seconds at a time: ministack's FilterLogEvents gives no token, and
    stream by stream it would be a thousand calls. RuntimeError where a page is full: it may lack
    lines.
    """
    logs, now_ms = boto3.client("logs"), time.time_ns() // 1_000_000
    for start_ms in range(from_ms, now_ms + 1, WINDOW_MS):
        found = logs.filter_log_events(
            logGroupName=group, startTime=start_ms, endTime=start_ms + WINDOW_MS - 1
        )["events"]
        if len(found) >= FULL_PAGE:
            raise RuntimeError(f"{group} has more lines in {WINDOW_MS} ms than a page holds")
        yield from (LoggedLine(one["ingestionTime"], one["message"]) for one in found)


def invocations_of(lines: Iterable[LoggedLine]) -> dict[str, Ran]:
    """By request id. ministack writes the line when the function has ended."""
    found: dict[str, Ran] = {}
    for line in lines:
        if report := REPORT.match(line.text):
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
