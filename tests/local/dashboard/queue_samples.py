"""Queues, looked at now and then: CloudWatch measures them by itself, and ministack does not.

Depth is SQS's own attribute. The age of the oldest message is none: here it is the time since the
queue was last seen empty, which is never less.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.local.metric_series import Point, Series, series_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

VISIBLE: Final = "ApproximateNumberOfMessages"
HIDDEN: Final = "ApproximateNumberOfMessagesNotVisible"
HELD: Final = "ApproximateNumberOfMessagesDelayed"


@dataclass
class QueueSamples:
    """Of the queues of some URLs."""

    sqs: "SQSClient"
    urls: tuple[str, ...]
    clock_ms: Callable[[], int]
    found: dict[Series, list[Point]] = field(default_factory=dict)
    _empty_at: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """One value more of each series."""
        for url in self.urls:
            answer = self.sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=[VISIBLE, HIDDEN, HELD]
            )
            depths = {str(name): int(value) for name, value in answer["Attributes"].items()}
            self._note(url.rpartition("/")[2], depths)

    def _note(self, queue: str, depths: Mapping[str, int]) -> None:
        now_ms = self.clock_ms()
        if not any(depths.values()):
            self._empty_at[queue] = now_ms
        age = (now_ms - self._empty_at.setdefault(queue, now_ms)) / 1000
        self._add("ApproximateNumberOfMessagesVisible", queue, Point(now_ms, depths[VISIBLE]))
        self._add("ApproximateAgeOfOldestMessage", queue, Point(now_ms, age))

    def _add(self, metric: str, queue: str, point: Point) -> None:
        self.found.setdefault(series_of("AWS/SQS", metric, QueueName=queue), []).append(point)
