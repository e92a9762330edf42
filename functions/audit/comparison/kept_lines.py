"""A log group and a range of time come in; which of its lines the quarantine keeps leaves.

Three kinds of objects hold lines: those of one reason, under the hour of their first log event;
whole deliveries that metering could not read; and the records of deliveries that failed three
times. A delivery reaches some minutes, so a line is looked for in its hour and the one before.
What a replay has put aside under `replayed/` is not kept any more.

A line is known by its event id, or by its stream, time and text, as it was or as it is redacted:
ids differ where a program stands between, and CloudWatch gives none for a stream that is read by
itself. Two lines of one stream and moment that differ in a credential alone are one by their text.
Memory is some 22 bytes a kept line of the range, and one object's text.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from functions.adapters.json_lines import list_names, read_bodies
from functions.adapters.quarantined_object import (
    DELIVERY,
    FAILED,
    KEPT,
    QuarantinedLines,
    read_kept,
    reason_of,
)
from functions.adapters.redaction import redacted_line
from functions.audit.comparison.line_hashes import LineHashes, hash_of
from functions.audit.comparison.whole_delivery import read_whole
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

type LogLine = Mapping[str, Any]  # id, timestamp and message

# No object is older than its lines. CloudWatch's clock and S3's agree to the second; a line that is
# dated further ahead is missed, and found once it was metered again.
CLOCKS_DIFFER_MS = 15 * 60 * 1000
# Shorter ids are a program's own, and may come again.
_ID_CHARS = 32
# A line that was kept, metered again and kept again is redacted as often.
_REDACTIONS = 3
_SPANS = 100_000  # about 30 MB
_NO_GROUP = ""


class KeptOfGroup:
    """Lines of one log group that the quarantine keeps, by reason."""

    def __init__(self) -> None:
        self._reasons: defaultdict[str, LineHashes] = defaultdict(LineHashes)

    def add(self, reason: str, log_stream: str, line: LogLine) -> None:
        """A line as its object has it."""
        hashes = self._reasons[reason]
        timestamp, name, text = line["timestamp"], line.get("id"), line.get("message")
        if isinstance(name, str) and len(name) >= _ID_CHARS:
            hashes.add(hash_of("id", timestamp, name))
        if isinstance(text, str):
            hashes.add(hash_of("text", timestamp, log_stream, text))

    def has(self, log_stream: str, line: LogLine) -> bool:
        """Whether a line of the log is kept."""
        return self.reason_of(log_stream, line) is not None

    def reason_of(self, log_stream: str, line: LogLine) -> str | None:
        """As a replay's filter calls it: the folder, or `failed_delivery`. Of several, that of the
        lines goes before that of a whole delivery.
        """
        for one in _hashes_of(log_stream, line):
            for reason, hashes in self._reasons.items():
                if one in hashes:
                    return reason
        return None


class _Span(NamedTuple):
    """What an object holds lines of."""

    log_group: str
    first_ms: int = 0
    last_ms: int = -1

    def touches(self, log_group: str, from_ms: int, to_ms: int) -> bool:
        return self.log_group == log_group and self.first_ms < to_ms and self.last_ms >= from_ms


class KeptLines:
    """One quarantine bucket. An object never changes: what it holds is remembered by its name, so
    that of an hour's objects each window reads its own.
    """

    def __init__(self, s3: "S3Client", quarantine_bucket: str) -> None:
        self._s3 = s3
        self._bucket = quarantine_bucket
        self._spans: dict[str, _Span] = {}

    def of(self, log_group: str, from_ms: int, to_ms: int) -> KeptOfGroup:
        """The lines whose time is in the range, `to_ms` not included."""
        kept = KeptOfGroup()
        names = [
            name
            for name in self._names(from_ms, to_ms)
            if name not in self._spans or self._spans[name].touches(log_group, from_ms, to_ms)
        ]
        for name, body in self._bodies(names):
            group, stream, lines = _lines_of(name, body)
            self._remember(name, group, lines)
            if group == log_group:
                for line in lines:
                    if from_ms <= line["timestamp"] < to_ms:
                        kept.add(reason_of(name), stream, line)
        return kept

    def _names(self, from_ms: int, to_ms: int) -> Iterator[str]:
        since = datetime.fromtimestamp(max(0, from_ms - CLOCKS_DIFFER_MS) / 1000, UTC)
        whole = f"{KEPT}{DELIVERY}/"
        first, end = _hour_of(max(0, from_ms - HOUR_MS)), f"{_hour_of(to_ms - 1)}/~"
        for folder in self._folders():
            if folder != whole:
                after, last = f"{folder}{first}/", f"{folder}{end}"
                dated = list_names(self._s3, self._bucket, folder, after=after, since=since)
                for name in takewhile(lambda name, last=last: name < last, dated):  # type: ignore[misc]
                    if name > after:  # not every S3 heeds StartAfter
                        yield name
        for prefix in (whole, FAILED):
            yield from list_names(self._s3, self._bucket, prefix, since=since)

    def _folders(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=KEPT, Delimiter="/"
        )
        return [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]

    def _bodies(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """In the order of `names`, without those that a replay puts aside meanwhile."""
        rest = deque(names)
        while rest:
            try:
                for found in read_bodies(self._s3, self._bucket, tuple(rest)):
                    rest.popleft()
                    yield found
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                rest.popleft()

    def _remember(self, name: str, log_group: str, lines: Iterable[LogLine]) -> None:
        stamps = [line["timestamp"] for line in lines]
        if len(self._spans) >= _SPANS:
            self._spans.clear()
        span = _Span(log_group, min(stamps), max(stamps)) if stamps else _Span(_NO_GROUP)
        self._spans[name] = span


def _lines_of(name: str, body: bytes) -> tuple[str, str, list[LogLine]]:
    """Log group, stream and lines; none of an object that nobody can read."""
    kept = read_kept(name, body)
    if isinstance(kept, QuarantinedLines):
        group, stream = kept.content.get("logGroup"), kept.content.get("logStream")
        return str(group), str(stream), list(filter(_has_time, kept.entries))
    found = read_whole(kept.payload) if kept else None
    if found is None:
        return _NO_GROUP, "", []
    entries = (one for one in found.log_events if isinstance(one, dict))
    return found.log_group, found.log_stream, list(filter(_has_time, entries))


def _has_time(entry: LogLine) -> bool:
    return type(entry.get("timestamp")) is int  # JSON's true is an int to Python


def _hashes_of(log_stream: str, line: LogLine) -> Iterator[int]:
    timestamp, text = line["timestamp"], line["message"]
    yield hash_of("id", timestamp, line.get("id"))
    yield hash_of("text", timestamp, log_stream, text)
    for _ in range(_REDACTIONS):
        if (less := redacted_line(text)) == text:
            return
        text = less
        yield hash_of("text", timestamp, log_stream, text)


def _hour_of(at_ms: int) -> str:
    day, _, rest = iso_from_epoch_ms(at_ms).partition("T")
    return f"{day}/{rest[:2]}"
