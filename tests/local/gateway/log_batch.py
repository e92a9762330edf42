"""Batches for PutLogEvents: log entries come in, groups of them that AWS accepts leave. Pure.

Limits (PutLogEvents API reference): 10,000 events, 1,048,576 bytes with 26 for each event, and 24
hours from the first event to the last. An entry is never split over two batches.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

MAX_EVENTS = 10_000
MAX_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
MAX_SPAN_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class LogEntry:
    """The log lines of one request: (epoch ms, message) in order; `owner` says whose they are."""

    events: tuple[tuple[int, str], ...]
    owner: Any = None

    @cached_property
    def size(self) -> int:
        """Bytes as PutLogEvents counts them."""
        return sum(len(text.encode()) + EVENT_OVERHEAD_BYTES for _, text in self.events)


@dataclass
class _Batch:
    entries: list[LogEntry] = field(default_factory=list)
    count: int = 0
    size: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def takes(self, entry: LogEntry) -> bool:
        if not self.entries:
            return True
        first, last = self._span(entry)
        return (
            self.count + len(entry.events) <= MAX_EVENTS
            and self.size + entry.size <= MAX_BYTES
            and last - first <= MAX_SPAN_MS
        )

    def add(self, entry: LogEntry) -> None:
        self.first_ms, self.last_ms = self._span(entry)
        self.entries.append(entry)
        self.count += len(entry.events)
        self.size += entry.size

    def _span(self, entry: LogEntry) -> tuple[int, int]:
        stamps = [at for at, _ in entry.events]
        if self.entries:
            stamps += [self.first_ms, self.last_ms]
        return min(stamps), max(stamps)


def batches(entries: Iterable[LogEntry]) -> Iterator[list[LogEntry]]:
    """All entries, in order, in batches within the limits."""
    batch = _Batch()
    for entry in entries:
        if not batch.takes(entry):
            yield batch.entries
            batch = _Batch()
        batch.add(entry)
    if batch.entries:
        yield batch.entries
