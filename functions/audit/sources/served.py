"""How much each source's stage served, and how much of it arrived: CloudWatch's own figures.

`AWS/ApiGateway Count` is the independent witness: it counts requests whatever becomes of the log.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.audit.metric_query import MOST_QUERIES, metric_query
from functions.audit.watched_source import WatchedSource
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

WINDOW_SECONDS = 600
# What was served in the window has been delivered by then (AWS: usually within three minutes).
SETTLING_SECONDS = 300
_QUERIES_A_SOURCE = 4
_SOURCES_A_CALL = MOST_QUERIES // _QUERIES_A_SOURCE
SERVED, READ, FAILED, THROTTLED = "served", "read", "failed", "throttled"


class Figures(NamedTuple):
    """Of one window. `served` is None where CloudWatch counts no requests of this source."""

    served: float | None
    lines_read: float
    deliveries_failed: float  # given up or throttled by the subscription

    @property
    def is_silent(self) -> bool:
        """Served, and nothing of it arrived."""
        return bool(self.served) and not self.lines_read


class Watched(NamedTuple):
    """A source, and the names by which CloudWatch knows what belongs to it; None: there is none.

    It knows an API by its name alone, so two of one name in a Region are counted as one.
    """

    source: WatchedSource
    api_name: str | None
    filter_name: str | None


class Witness(NamedTuple):
    """`namespace` is that of this stack's own metrics."""

    cloudwatch: "CloudWatchClient"
    namespace: str

    def figures(self, sources: Sequence[Watched], now: datetime) -> dict[str, Figures]:
        """By the source's name."""
        found: dict[str, Figures] = {}
        for start in range(0, len(sources), _SOURCES_A_CALL):
            some = sources[start : start + _SOURCES_A_CALL]
            sums = self._sums(some, now)
            for number, watched in enumerate(some):
                failed = sums.get(f"{FAILED}{number}", 0) + sums.get(f"{THROTTLED}{number}", 0)
                found[watched.source.name] = Figures(
                    sums.get(f"{SERVED}{number}"), sums.get(f"{READ}{number}", 0), failed
                )
        return found

    def _sums(self, sources: Sequence[Watched], now: datetime) -> dict[str, float]:
        end = now.astimezone(UTC).replace(second=0, microsecond=0)
        end -= timedelta(seconds=SETTLING_SECONDS)
        queries = [
            query
            for number, watched in enumerate(sources)
            for query in self._queries(number, watched)
        ]
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=end - timedelta(seconds=WINDOW_SECONDS),
            EndTime=end,
        )
        sums: dict[str, float] = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                if values := result["Values"]:
                    sums[result["Id"]] = sums.get(result["Id"], 0) + sum(values)
        return sums

    def _queries(self, number: int, watched: Watched) -> list["MetricDataQueryTypeDef"]:
        source, api, filter_name = watched
        own = {"service": "metering", "Source": source.name}
        asked = [(READ, self.namespace, Metric.LINES_READ.value, own)]
        if filter_name:
            subscription = {
                "LogGroupName": source.log_group,
                "DestinationType": "Lambda",
                "FilterName": filter_name,
            }
            asked += [
                (FAILED, "AWS/Logs", "DeliveryErrors", subscription),
                (THROTTLED, "AWS/Logs", "DeliveryThrottling", subscription),
            ]
        if api and source.stage:
            stage = {"ApiName": api, "Stage": source.stage}
            asked.append((SERVED, "AWS/ApiGateway", "Count", stage))
        return [
            metric_query(
                f"{name}{number}",
                metric,
                namespace=namespace,
                dimensions=dimensions,
                seconds=WINDOW_SECONDS,
            )
            for name, namespace, metric, dimensions in asked
        ]
