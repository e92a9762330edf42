"""Figures out of log groups, on real ministack."""

import json
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from tests.local.dashboard.collecting import logged
from tests.local.metric_series import Point, series_of
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef


@pytest.fixture
def group(on_ministack: Ministack) -> str:
    name = f"/forwarder/{uuid4().hex}"
    boto3.client("logs").create_log_group(logGroupName=name)
    return name


def put(group: str, stream: str, messages: list[str]) -> int:
    """Lines of a stream; when."""
    logs, now_ms = boto3.client("logs"), time.time_ns() // 1_000_000
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    lines: list[InputLogEventTypeDef] = [{"timestamp": now_ms, "message": m} for m in messages]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=lines)
    return now_ms


def embedded(posts: int) -> str:
    """A line that counts posts."""
    metrics = [{"Name": "Posts", "Unit": "Count"}]
    part = {"Namespace": "N", "Dimensions": [["service"]], "Metrics": metrics}
    header = {"Timestamp": posts, "CloudWatchMetrics": [part]}
    return json.dumps({"_aws": header, "service": "forwarder", "Posts": posts})


def test_every_line_of_every_stream_is_read(group: str) -> None:
    """A function's runs are its own, by the name of its group; the demo's groups are not ours."""
    put(group, "one", [embedded(number) for number in range(1, 1_501)])
    at_ms = put(group, "two", ["REPORT RequestId: 1\tDuration: 12 ms\tBilled Duration: 12 ms"])
    ids = {"ForwarderLogGroup": group, "ForwarderFunction": "fn", "DemoAccessLogGroup": group}
    found = logged(ids)
    posts = found[series_of("N", "Posts", service="forwarder")]
    assert sorted(point.value for point in posts) == [*range(1, 1_501)]
    assert found[series_of("AWS/Lambda", "Duration", FunctionName="fn")] == [Point(at_ms, 12)]
    assert len(found[series_of("AWS/Logs", "IncomingBytes", LogGroupName=group)]) == 1_501
