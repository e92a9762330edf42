"""What an adoption did, so that it can be completed or taken back by anybody, at any time.

One object for each apply, `adoptions/<api>/<stage>/<time>.json` in ConfigurationBucket, put before
the first change and again around each: `begun` before it is made, `done` after. What is `planned`
was not touched.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from functions.operator.adopt.adoption_order import Phase
from functions.operator.adopt.planned_change import ChangeKind, PlannedChange
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

FOLDER = "adoptions"
_VERSION = 1


class ChangeState(StrEnum):
    """Of one change. `begun` may have been made or not: a process can end anywhere."""

    PLANNED = "planned"
    BEGUN = "begun"
    DONE = "done"
    UNDONE = "undone"


class RecordedChange(NamedTuple):
    """One change, and how far it came."""

    change: PlannedChange
    state: ChangeState

    @property
    def is_touched(self) -> bool:
        """Whether something may stand there that is ours."""
        return self.state in {ChangeState.BEGUN, ChangeState.DONE}


@dataclass(frozen=True, slots=True)
class AdoptionRecord:
    """One apply. `key` is the object's; `by` who ran it, where AWS says it."""

    key: str
    phase: Phase
    at: str
    by: str | None
    changes: tuple[RecordedChange, ...]

    @property
    def stands(self) -> bool:
        """Whether there is anything to take back."""
        return any(one.is_touched for one in self.changes)

    @property
    def is_whole(self) -> bool:
        """Whether everything in it was made."""
        return all(one.state is ChangeState.DONE for one in self.changes)

    def marked(self, place: tuple[str, str], state: ChangeState, change: PlannedChange) -> Self:
        changes = tuple(
            RecordedChange(change, state) if one.change.place == place else one
            for one in self.changes
        )
        return replace(self, changes=changes)

    def as_json(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "phase": self.phase,
            "at": self.at,
            "by": self.by,
            "changes": [{**one.change.as_json(), "state": one.state} for one in self.changes],
        }


def continued(old: AdoptionRecord, wanted: Sequence[PlannedChange]) -> AdoptionRecord:
    """An apply that ended half way, with what is still to do. What was there before it stays on
    record; what nobody touched is planned anew. A deployment that was not made is still due:
    whether callers have met what was changed is known to the record alone.
    """
    new = {change.place: change for change in wanted}
    kept: list[RecordedChange] = []
    for recorded in old.changes:
        change = recorded.change
        again = new.pop(change.place, None)
        is_due = change.kind is ChangeKind.DEPLOYMENT and recorded.state is not ChangeState.DONE
        if recorded.is_touched and again is not None:
            kept.append(RecordedChange(replace(again, before=change.before), ChangeState.PLANNED))
        elif recorded.is_touched and not is_due:
            kept.append(RecordedChange(change, ChangeState.DONE))
        elif is_due:
            kept.append(RecordedChange(again or change, ChangeState.PLANNED))
        elif again is not None:
            kept.append(RecordedChange(again, ChangeState.PLANNED))
    added = [RecordedChange(change, ChangeState.PLANNED) for change in new.values()]
    ordered = sorted([*kept, *added], key=lambda one: one.change.kind is ChangeKind.DEPLOYMENT)
    return replace(old, changes=tuple(ordered))


class AdoptionRecords:
    """The records of one stage."""

    def __init__(self, client: "S3Client", bucket: str, api_id: str, stage: str) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = f"{FOLDER}/{api_id}/{stage}/"

    def key_at(self, moment: str) -> str:
        return f"{self._folder}{moment}.json"

    def put(self, record: AdoptionRecord) -> None:
        body = json.dumps(record.as_json(), indent=1).encode()
        self._client.put_object(
            Bucket=self._bucket, Key=record.key, Body=body, ContentType="application/json"
        )

    def newest_first(self) -> Iterator[AdoptionRecord]:
        """Those that stand or not; Permanent where one cannot be read."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._folder
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        for key in sorted(keys, reverse=True):
            yield self._read(key)

    def _read(self, key: str) -> AdoptionRecord:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        try:
            found = json.loads(body)
            changes = tuple(
                RecordedChange(PlannedChange.from_json(one), ChangeState(one["state"]))
                for one in found["changes"]
            )
            return AdoptionRecord(key, found["phase"], found["at"], found["by"], changes)
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(
                f"s3://{self._bucket}/{key} is no record of an adoption ({error!r}):"
                " another version of this command wrote it"
            ) from None
