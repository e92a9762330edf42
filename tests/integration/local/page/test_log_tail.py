"""The figures of log groups, read on from where the last look ended, on ministack."""

import json
import time
from uuid import uuid4

import boto3
import pytest

from tests.local.ministack import Ministack
from tests.local.page.log_tail import LogTail

type Told = dict[str, float]


def line(at_ms: int, reason: str, **told: float) -> str:
    """As the functions write their metrics: in all, and for each reason."""
    metrics = {
        "Namespace": "AforoMetering/here",
        "Dimensions": [["service"], ["service", "reason"]],
        "Metrics": [{"Name": name} for name in told],
    }
    head = {"Timestamp": at_ms, "CloudWatchMetrics": [metrics]}
    return json.dumps({"_aws": head, "service": "forwarder", "reason": reason, **told})


@pytest.fixture
def group(on_ministack: Ministack) -> str:
    name = f"/test/{uuid4()}"
    boto3.client("logs").create_log_group(logGroupName=name)
    return name


def write(group: str, at_ms: int, *lines: str) -> None:
    """Into a stream of their own, as each process of a function has one."""
    logs, stream = boto3.client("logs"), str(uuid4())
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": at_ms + number, "message": text} for number, text in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]


def test_each_line_counts_once(group: str) -> None:
    """Looked at again, and also one that arrives with a time before the newest."""
    now = time.time_ns() // 1_000_000
    tail = LogTail(boto3.client("logs"), [group])
    write(group, now, line(now, "outage", EventsHeld=2), "START RequestId: no metric")
    tail.look()
    tail.look()
    assert tail.total("EventsHeld", "forwarder") == 2
    write(group, now - 100, line(now, "outage", EventsHeld=3), line(now, "refused", EventsHeld=1))
    tail.look()
    assert tail.total("EventsHeld", "forwarder") == 6
    assert tail.by_reason("EventsHeld", "forwarder") == {"outage": 5, "refused": 1}
    assert tail.newest("EventsHeld", "forwarder") == 1
    assert tail.newest("Lag", "forwarder") is None
