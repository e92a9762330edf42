"""A log group, what its lines must hold, and some spans of time come in; the JSON lines of the
shortest span that has any leave, in the log's order.

FilterLogEvents only goes forward in time: short spans first, so that a busy log is not read whole,
and an idle one is still asked about a day ago.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.adapters.log_events import LogBusy, reading

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

# Of all spans together; the other parts of a status take less than half of it.
PATIENCE_SECONDS = 2.0


class StampedLine(NamedTuple):
    """`at_ms` is CloudWatch's, epoch milliseconds."""

    at_ms: int
    fields: Mapping[str, Any]


@dataclass(slots=True)
class NewestLogLines:
    """Asks one client, until its patience is over: then LogBusy says which log was too long."""

    client: "CloudWatchLogsClient"
    clock: Callable[[], float] = time.monotonic

    def of(
        self, log_group: str, terms: Sequence[str], spans_seconds: Sequence[int]
    ) -> list[StampedLine]:
        """Lines that hold every term. Empty where no span has any."""
        until, now_ms = self.clock() + PATIENCE_SECONDS, time.time_ns() // 1_000_000
        for seconds in spans_seconds:
            asked = {
                "logGroupName": log_group,
                "startTime": now_ms - seconds * 1000,
                "filterPattern": " ".join(f'"{term}"' for term in terms),
            }
            if found := list(self._lines(asked, until)):
                return found
        return []

    def _lines(self, asked: Mapping[str, Any], until: float) -> Iterator[StampedLine]:
        with reading(asked["logGroupName"]):
            # A page may be empty and the next one not.
            for page in self.client.get_paginator("filter_log_events").paginate(**asked):
                for event in page["events"]:
                    if (found := _json_object(event["message"])) is not None:
                        yield StampedLine(event["timestamp"], found)
                if self.clock() >= until and "nextToken" in page:
                    raise LogBusy(f"{asked['logGroupName']} has too many lines to be read now")


def _json_object(text: str) -> Mapping[str, Any] | None:
    """None for Lambda's own lines, such as START and REPORT."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
