"""The log groups of the deployed functions come in, read from where the last look ended; the
figures that CloudWatch makes of their lines leave.

The same lines and the same series as the dashboard's (tests/local/dashboard): a look reads only
what is new, so that it costs a few milliseconds a group however long the cloud runs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.local.metric_series import Point, Series, read_series

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

# A line may carry a time a little before it arrives: what the last look has seen is told apart.
OVERLAP_MS = 5_000
PAGE = 10_000  # what FilterLogEvents gives at most

type Seen = tuple[str, int, str]


@dataclass
class LogTail:
    """Of some log groups of one cloud."""

    logs: "CloudWatchLogsClient"
    groups: Sequence[str]
    _sums: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _newest: dict[tuple[str, str], float] = field(default_factory=dict)
    _from_ms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _seen: dict[str, set[Seen]] = field(default_factory=lambda: defaultdict(set))

    def look(self) -> None:
        """Read on in each group."""
        for group in self.groups:
            lines = [event["message"] for event in self._new(group)]
            self._add(read_series(lines))

    def total(self, metric: str, service: str) -> int:
        """The sum since the start: whatever the reason."""
        return self._sums[metric, service, ""]

    def by_reason(self, metric: str, service: str) -> dict[str, int]:
        """The same, for each reason that was told."""
        return {
            reason: times
            for (name, of, reason), times in sorted(self._sums.items())
            if (name, of) == (metric, service) and reason and times
        }

    def newest(self, metric: str, service: str) -> float | None:
        """Its last value; None where none was told."""
        return self._newest.get((metric, service))

    def _add(self, found: Mapping[Series, Sequence[Point]]) -> None:
        for series, points in found.items():
            by = dict(series.dimensions)
            if by.keys() <= {"service", "reason"}:
                service, reason = by.get("service", ""), by.get("reason", "")
                self._sums[series.metric, service, reason] += int(sum(one.value for one in points))
                self._newest[series.metric, service] = points[-1].value

    def _new(self, group: str) -> Iterator["FilteredLogEventTypeDef"]:
        while True:
            start = self._from_ms[group]
            page = self.logs.filter_log_events(
                logGroupName=group, startTime=max(0, start - OVERLAP_MS), limit=PAGE
            )["events"]
            fresh = [event for event in page if _name(event) not in self._seen[group]]
            yield from fresh
            self._from_ms[group] = max([start, *(event["timestamp"] for event in fresh)])
            kept = self._from_ms[group] - OVERLAP_MS
            self._seen[group] = {_name(event) for event in page if event["timestamp"] >= kept}
            if len(page) < PAGE or not fresh:
                return


def _name(event: "FilteredLogEventTypeDef") -> Seen:
    return event["logStreamName"], event["timestamp"], event["message"]
