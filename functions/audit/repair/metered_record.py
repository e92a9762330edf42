"""What an audit metered again, in S3 under `audit-runs/<run>/metered/<place>/<number>.json.gz`: an
object for each call of metering, put before the call, once.

Guaranteed: no two calls of an audit have a key in common, however its rounds are killed, run again
or overlap. An object whose call was never made is a request that this audit does not meter again:
the next one does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from pydantic import TypeAdapter

from functions.adapters.json_lines import (
    UnreadableObject,
    list_names,
    put_lines,
    put_lines_once,
    read_each,
)
from functions.audit.equation import WindowRecord
from functions.audit.repair.compared_window import Missing, MissingEvent
from functions.audit.repair.repair_limits import RepairFate

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

RUNS_PREFIX = "audit-runs/"
# An execution's name is free again 90 days after its end: what is older is of another audit.
_CLOCKS_DIFFER = timedelta(days=1)


class CallHead(TypedDict):
    """The first row of an object: who calls, how the window was before anything was sent, and how
    often it was repaired before.
    """

    tryId: str
    window: str
    before: dict[str, object]
    repairs: int


class MeteredRow(TypedDict):
    """One request. `mark` stands for a request without events: quarantined, kept by nobody."""

    mark: str
    customerId: str
    reason: str
    events: list[MissingEvent]


class KnownCalls(NamedTuple):
    """How many calls were made for a place, and the marks of what was sent."""

    number: int
    marks: set[str]


_HEAD = TypeAdapter(CallHead)
_ROW = TypeAdapter(MeteredRow)


@dataclass(frozen=True, slots=True)
class MeteredRecord:
    """Of one run of the state machine."""

    client: "S3Client"
    bucket: str
    run_id: str
    started_at: datetime

    @property
    def folder(self) -> str:
        return f"{RUNS_PREFIX}{self.run_id}/"

    def known(self, place: int, *, everywhere: bool = False) -> "KnownCalls":
        """What was sent for a place; `everywhere`: the marks of all, where places may have the same
        lines, as the files of an export do.
        """
        # The number first: what another try puts meanwhile is then in the way of ours.
        number = sum(1 for _ in list_names(self.client, self.bucket, self._prefix(place)))
        marks = {mark for row in self.rows(None if everywhere else place) for mark in marks_of(row)}
        return KnownCalls(number, marks)

    def put(self, place: int, number: int, head: CallHead, requests: Sequence[Missing]) -> bool:
        """Whether it is ours to meter these now; `number` is that of `known`, or one more after
        each call. False: another try of this round was quicker.
        """
        name = f"{self._prefix(place)}{number:04}.json.gz"
        try:
            put_lines_once(self.client, self.bucket, name, [head, *map(row_of, requests)])
        except UnreadableObject:
            return False
        return True

    def head(self, place: int) -> CallHead | None:
        """Of the first call for a place; None where nothing was sent."""
        for _, lines in self._objects(self._prefix(place)):
            return _HEAD.validate_json(next(lines))
        return None

    def rows(self, place: int | None = None) -> Iterator[MeteredRow]:
        """Of one place, or of all."""
        prefix = self._prefix(place) if place is not None else f"{self.folder}metered/"
        for _, lines in self._objects(prefix):
            next(lines)
            for line in lines:
                if line:
                    yield _ROW.validate_json(line)

    def places(self, after: int) -> list[int]:
        """Those for which something was sent, in order."""
        prefix = f"{self.folder}metered/"
        names = list_names(self.client, self.bucket, prefix, since=self.since)
        found = {int(name.removeprefix(prefix).partition("/")[0]) for name in names}
        return sorted(place for place in found if place > after)

    def put_failed(self, place: int, requests: Sequence[Missing], why: str) -> None:
        """What metering could not take; a second time changes nothing."""
        rows = [{"why": why, **row_of(one)} for one in requests]
        mark = min(min(marks_of(row_of(one))) for one in requests)
        name = f"{self.folder}failed/{place:08}/{sha256(mark.encode()).hexdigest()[:16]}.json.gz"
        put_lines(self.client, self.bucket, name, rows)

    def failed(self) -> int:
        """How many requests."""
        names = list_names(self.client, self.bucket, f"{self.folder}failed/", since=self.since)
        return sum(
            sum(1 for line in lines if line)
            for _, lines in read_each(self.client, self.bucket, names)
        )

    def _objects(self, prefix: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        names = list_names(self.client, self.bucket, prefix, since=self.since)
        return read_each(self.client, self.bucket, names)

    @property
    def since(self) -> datetime:
        """Nothing of this run was written before, by anybody's clock."""
        return written_since(self.started_at)

    def _prefix(self, place: int) -> str:
        return f"{self.folder}metered/{place:08}/"


def written_since(started_at: datetime) -> datetime:
    """What a run that began then has written is younger, however much S3's clock differs."""
    return started_at - _CLOCKS_DIFFER


def head_of(try_id: str, window: str, before: WindowRecord, repairs: int) -> CallHead:
    equation = before.equation.as_json()
    return {"tryId": try_id, "window": window, "before": equation, "repairs": repairs}


def row_of(request: Missing) -> MeteredRow:
    return {
        "mark": "" if request.events else mark_of(request),
        "customerId": request.customer,
        "reason": request.reason,
        "events": list(request.events),
    }


def sent_requests(rows: Iterable[MeteredRow]) -> dict[RepairFate, int]:
    """How many were billed by it, and how many kept."""
    billed = Counter(bool(row["events"]) for row in rows)
    return {RepairFate.METERED_AGAIN: billed[True], RepairFate.QUARANTINED: billed[False]}


def marks_of(row: MeteredRow) -> set[str]:
    """By what a request is known again: its keys, or its mark."""
    return {key for key, _, _, _ in row["events"]} or {row["mark"]}


def mark_of(request: Missing) -> str:
    """Of a request without a key: where its first line stands, and what it says."""
    first = request.lines[0]
    told = f"{request.log_stream}\n{first['timestamp']}\n{first['message']}"
    return sha256(told.encode()).hexdigest()
