"""What a replay has done, in S3 under `replays/<replay id>/`: written by moves, read by the report.

`sent/` (a dry run: `would-send/`) has a row per event, written before the event is sent; `held/`
has a row per message that stays, with the handle that makes it visible again. An object is never
changed: its name carries the move's id, and no two tries of a move share one. They outlive the
replay's name: Step Functions gives it free 90 days after the replay ended, and S3 keeps them for
400. What was written before a replay began is of an older one.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NotRequired, ReadOnly, TypedDict

from pydantic_core import to_json

from functions.adapters.json_lines import blocks, list_names, put_lines, read_bodies, read_lines
from functions.adapters.key_place import lines_in
from functions.replay.held_index import HELD, HeldIndex
from functions.replay.limits import round_prefix
from functions.replay.report_part import WHOLE, ReportPart
from functions.usage.shape import shape_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from pydantic import TypeAdapter

# What was written earlier than this before a replay began is of one that had its name before: that
# ended 90 days ago, so a day is sure on both sides.
CLOCKS_DIFFER_AT_MOST = timedelta(days=1)
SENT, WOULD_SEND, MOVING, REMETERED = "sent", "would-send", "moving", "remetered"


class SentRow(TypedDict):
    """One event that a replay puts back on UsageQueue."""

    key: ReadOnly[str]
    customerId: ReadOnly[str]
    meter: ReadOnly[str]
    quantity: ReadOnly[int | float]
    occurredAt: ReadOnly[str]
    setAsideClass: ReadOnly[str]
    maybeBilledSinceMs: NotRequired[ReadOnly[int | None]]  # functions.usage.doubt
    decidedUntilMs: NotRequired[ReadOnly[int | None]]  # functions.usage.doubt


class HeldRow(TypedDict):
    """One message that a replay received and leaves in UsageDeadLetterQueue."""

    messageId: ReadOnly[str]
    receiptHandle: ReadOnly[str]
    why: ReadOnly[str]
    setAsideClass: ReadOnly[str]
    events: ReadOnly[int]
    reason: NotRequired[ReadOnly[str]]  # why it was set aside
    firstKey: NotRequired[ReadOnly[str]]  # of its first event
    sentAtMs: NotRequired[ReadOnly[int]]  # to the queue


class RemeteredRow(TypedDict):
    """One object of the quarantine, and what metering made of it now: requests by reason."""

    object: ReadOnly[str]
    reason: ReadOnly[str]
    outcome: ReadOnly[str]
    billed: ReadOnly[int]
    excluded: ReadOnly[dict[str, int]]
    quarantined: ReadOnly[dict[str, int]]


_SENT_ROW = shape_of(SentRow)
_HELD_ROW = shape_of(HeldRow)
_REMETERED_ROW = shape_of(RemeteredRow)


class Manifests:
    """The manifests of one replay. Without `started_at` those of all that had its name: for who
    only writes, or reads by a move's id, which is one replay's alone.
    """

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        replay_id: str,
        started_at: datetime | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._since = started_at - CLOCKS_DIFFER_AT_MOST if started_at else None
        self.folder = f"replays/{replay_id}/"
        self._held_ids: set[str] | None = None
        self._index = HeldIndex(client, bucket, self.folder, self._since)

    def put_sent(self, name: str, rows: Sequence[SentRow], *, dry_run: bool = False) -> None:
        """`name` is the move's id and a number."""
        self._put(WOULD_SEND if dry_run else SENT, name, rows)

    def put_held(self, name: str, rows: Sequence[HeldRow]) -> None:
        self._put(HELD, name, rows)

    def put_moving(self, name: str, message_ids: Iterable[str]) -> None:
        """Which messages are about to be moved."""
        self._put(MOVING, name, list(message_ids))

    def moving(self, round_number: int) -> int:
        """How many messages the tries of one round have moved, or may have."""
        return len(set(self._read(MOVING, round_prefix(round_number))))

    def put_remetered(self, name: str, rows: Sequence[RemeteredRow]) -> None:
        self._put(REMETERED, name, rows)

    def remetered(self, move_id: str = "", part: ReportPart = WHOLE) -> Iterator[RemeteredRow]:
        """The objects of one move, or of all; of one part of them."""
        return self._rows(REMETERED, move_id, part, "object", _REMETERED_ROW)

    def sent(
        self, move_id: str = "", *, dry_run: bool = False, part: ReportPart = WHOLE
    ) -> Iterator[SentRow]:
        """The events of one move, or of all; of one part of them."""
        return self._rows(WOULD_SEND if dry_run else SENT, move_id, part, "key", _SENT_ROW)

    def held(self, part: ReportPart = WHOLE) -> Iterator[HeldRow]:
        return self._rows(HELD, "", part, "messageId", _HELD_ROW)

    def held_ids(self, round_number: int) -> set[str]:
        """Read once: a round is shorter than a message stays hidden."""
        if self._held_ids is None:
            self._held_ids = self._index.ids(round_number)
        return self._held_ids

    def put_report(self, report: object) -> str:
        """The report's URI in S3."""
        key = f"{self.folder}report.json"
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=to_json(report, indent=2),
            ContentType="application/json",
        )
        return f"s3://{self._bucket}/{key}"

    def put_sums(self, number: int, sums: bytes) -> None:
        """What one part of the report adds up to, as JSON; written over if it is counted again."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._sums_key(number),
            Body=sums,
            ContentType="application/json",
        )

    def sums(self, number: int) -> bytes:
        return self._client.get_object(Bucket=self._bucket, Key=self._sums_key(number))[
            "Body"
        ].read()

    def _sums_key(self, number: int) -> str:
        return f"{self.folder}sums/{number:05}.json"

    def _put(self, kind: str, name: str, rows: Sequence[object]) -> None:
        if rows:
            put_lines(self._client, self._bucket, f"{self.folder}{kind}/{name}.json.gz", rows)

    def _rows(
        self, kind: str, move_id: str, part: ReportPart, field: str, shape: "TypeAdapter[Any]"
    ) -> Iterator[Any]:
        """The rows of the part; `field` names each, and is their first."""
        for line in self._read(kind, move_id, part, field):
            row = shape.validate_json(line)
            if row[field].encode(errors="surrogatepass") in part:
                yield row

    def _read(
        self, kind: str, move_id: str, part: ReportPart = WHOLE, field: str = ""
    ) -> Iterator[bytes]:
        """The lines that may be of the part; `field` is their first."""
        prefix = f"{self.folder}{kind}/{move_id}"
        if part.parts == 1:
            yield from read_lines(self._client, self._bucket, prefix, self._since)
            return
        names = list_names(self._client, self._bucket, prefix, since=self._since)
        for name, body in read_bodies(self._client, self._bucket, names):
            yield from lines_in(blocks(name, body), part, field)
