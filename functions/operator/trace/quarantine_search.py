"""The quarantine's objects that hold a line of one request.

An object stands under the hour of its delivery's first line, which is the request's own or the one
before. Whole deliveries have no hour to be found by: the youngest are read, a bounded number.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.adapters.quarantined_object import (
    FAILED,
    KEPT,
    QuarantinedDelivery,
    QuarantinedLines,
    read_kept,
    reason_of,
)
from functions.adapters.redaction import redacted_line
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.quarantine import WHOLE_DELIVERY
from functions.operator.trace.logged_request import LogEvent
from functions.replay.quarantine_listing import LEFT, Entry, Quarantine
from functions.usage.errors import Retryable
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# An hour of a bad day; each is a call of some 30 ms, the person waits.
MOST_OBJECTS = 1000
# What replays have dealt with stays for some weeks: a call for each thousand.
MOST_NAMES = 100_000
# Lambda names its records by the day on which it gave up: hours after the delivery at the most.
_DATED = re.compile(r"(?<=/)\d{4}/\d\d/\d\d(?=/)")
_REDACTIONS = 3
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WantedLines:
    """How the lines of one request are known again: by their text, or by the id that API Gateway
    chose. `log_id` may be empty.
    """

    log_id: str
    texts: frozenset[tuple[object, object]]  # timestamp and text, as it was or was redacted

    @classmethod
    def of(cls, log_id: str, log_events: Iterable[LogEvent]) -> "WantedLines":
        pairs = (
            (one.get("timestamp"), text)
            for one in log_events
            for text in _as_kept(one.get("message"))
        )
        return cls(log_id, frozenset(pairs))

    def has(self, entry: Mapping[str, object]) -> bool:
        """`entry` is a log event, redacted or not."""
        message = entry.get("message")
        if isinstance(message, str) and (entry.get("timestamp"), message) in self.texts:
            return True
        said = f"{message} {entry.get('detail', '')}"
        return bool(self.log_id) and self.log_id in said


def _as_kept(text: object) -> Iterator[str]:
    """Metered again and kept again, it is redacted as often."""
    for _ in range(_REDACTIONS + 1):
        if isinstance(text, str):
            yield text
            text = redacted_line(text)


class QuarantineSearch:
    """One bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._quarantine = Quarantine(client, bucket)

    def holding(self, wanted: WantedLines, at_ms: int) -> Iterator[dict[str, object]]:
        """A row for each object. Retryable, after the rows, where not all could be looked at."""
        for number, entry in enumerate(self._entries(at_ms)):
            if number >= MOST_OBJECTS:
                raise Retryable(
                    f"only {MOST_OBJECTS} objects of s3://{self._bucket} were looked into"
                )
            body = self._quarantine.read(entry.key)
            left, name = _name_before_it_left(entry.key)
            kept = None if body is None else read_kept(name, body)
            lines = sum(map(wanted.has, _log_events(kept)))
            if lines:
                yield {
                    "object": f"s3://{self._bucket}/{entry.key}",
                    "reason": kept.reason if kept else reason_of(name),
                    "since": f"{entry.modified_at:%Y-%m-%dT%H:%M:%SZ}",
                    "lines": lines,
                    "leftBy": left or None,
                }

    def _entries(self, at_ms: int) -> Iterator[Entry]:
        """Lines by their hour first; whole deliveries, which have none, last."""
        hours = [_folder(at_ms - HOUR_MS), _folder(at_ms), "undated/"]
        whole = f"{KEPT}{WHOLE_DELIVERY}/"
        for reason in self._folders(KEPT):
            if reason != whole:
                yield from self._quarantine.entries([f"{reason}{one}" for one in hours], _FOR_EVER)
        days = [_folder(at_ms + days * DAY_MS)[:10].replace("-", "/") for days in (0, 1)]
        for number, entry in enumerate(self._quarantine.entries([LEFT, FAILED, whole], _FOR_EVER)):
            if number >= MOST_NAMES:
                raise Retryable(f"only {MOST_NAMES} names of s3://{self._bucket} were looked at")
            _, name = _name_before_it_left(entry.key)
            dated = _DATED.search(name) if name.startswith(FAILED) else None
            if (dated is None or dated[0] in days) and (
                not name.startswith(KEPT) or any(f"/{one}" in name for one in hours)
            ):
                yield entry

    def _folders(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            yield from (found["Prefix"] for found in page.get("CommonPrefixes", []))


def _folder(at_ms: int) -> str:
    day, _, rest = iso_from_epoch_ms(max(0, at_ms)).partition("T")
    return f"{day}/{rest[:2]}/"


def _name_before_it_left(key: str) -> tuple[str, str]:
    """The replay that dealt with it, and the name under which metering kept it."""
    if not key.startswith(LEFT):
        return "", key
    replay, _, name = key.removeprefix(LEFT).partition("/")
    return replay, name


def _log_events(
    kept: QuarantinedLines | QuarantinedDelivery | None,
) -> Sequence[Mapping[str, object]]:
    match kept:
        case QuarantinedLines():
            return kept.entries
        case QuarantinedDelivery():
            found = read_delivery(kept.payload)
            if isinstance(found, LogDelivery):
                return [one for one in found.log_events if isinstance(one, dict)]
            return []  # what nobody can decode holds no line that anybody could know
        case None:
            return []
