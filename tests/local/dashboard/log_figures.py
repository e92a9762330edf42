"""What CloudWatch and Lambda make of the lines of a log group: metrics, durations, calls, bytes."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.local.metric_series import Point, Series, read_series, series_of

EVENT_BYTES = 26  # that CloudWatch Logs adds to each line it is sent (AWS: PutLogEvents)
# Lambda writes it when an invocation has ended: its id, and how long it took.
REPORT = re.compile(r"REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms")


class LogEvent(NamedTuple):
    """A line, and when it was written."""

    at_ms: int
    message: str


def figures_of(group: str, function: str, events: Iterable[LogEvent]) -> dict[Series, list[Point]]:
    """`function` is whose runs the group tells of; empty: those of several, or of none."""
    told = list(events)
    found = read_series(event.message for event in told)
    by_group = series_of("AWS/Logs", "IncomingBytes", LogGroupName=group)
    found[by_group] = [Point(e.at_ms, len(e.message.encode()) + EVENT_BYTES) for e in told]
    runs = [Point(e.at_ms, float(ran[2])) for e in told if (ran := REPORT.match(e.message))]
    if function and runs:
        of_it: Mapping[str, list[Point]] = {
            "Duration": runs,
            "Invocations": [Point(run.at_ms, 1) for run in runs],
        }
        for metric, points in of_it.items():
            found[series_of("AWS/Lambda", metric, FunctionName=function)] = points
    return found
