"""Planned changes come in; they are made one by one, each on record before it is made, or taken
back one by one. A line tells of each.

Guaranteed: whenever it ends, the record says what may stand there. What somebody else has changed
since is not written over, and the authorizer stays as long as a caller can meet it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from botocore.exceptions import ClientError

from functions.adapters.not_there import is_not_there
from functions.operator.adopt.adoption_record import (
    AdoptionRecord,
    AdoptionRecords,
    ChangeState,
    RecordedChange,
)
from functions.operator.adopt.deployed_reading import is_refused
from functions.operator.adopt.planned_change import (
    NEW_DEPLOYMENT,
    ChangeKind,
    PlannedChange,
    Value,
)
from functions.operator.adopt.told_words import say

# A stage follows a deployment, a variable or a permission within seconds: AWS names no figure.
STAGE_SECONDS = 15.0
# Metering reads the configuration once a minute.
CONFIGURATION_SECONDS = 65.0
_IN_UNDO = list(ChangeKind)
_ASKED = frozenset({ChangeKind.MODE, ChangeKind.AUTHORIZER, ChangeKind.PERMISSION})


class ChangeWriter(Protocol):
    """Reads and writes the places of one kind of change."""

    def read(self, change: PlannedChange) -> Value:
        """What stands there now."""

    def write(self, change: PlannedChange, value: Value) -> Value:
        """Make it so; what then stands there. Done twice it is done once."""


class LeftChange(NamedTuple):
    """A change that was not taken back, and why."""

    change: PlannedChange
    why: str


class TakingUp(NamedTuple):
    """How long others take to follow; zero where nobody has to."""

    stage_seconds: float = STAGE_SECONDS
    configuration_seconds: float = CONFIGURATION_SECONDS

    def wait(self, seconds: float, why: str) -> None:
        if seconds:
            say(f"{why} ({seconds:.0f} s)")
            time.sleep(seconds)


class CarryingOut(NamedTuple):
    """`still_asked` says who would meet a missing authorizer; empty where nobody would.
    `others_deployment` is what the stage serves, None where an adoption deployed it.
    """

    writers: Mapping[ChangeKind, ChangeWriter]
    records: AdoptionRecords
    taking_up: TakingUp
    still_asked: Callable[[], str]
    others_deployment: Callable[[], Value]

    def apply(self, record: AdoptionRecord) -> AdoptionRecord:
        """Everything in the record that is not done."""
        self.records.put(record)
        made_now: set[ChangeKind] = set()
        for number, (change, state) in enumerate(record.changes, 1):
            if state is ChangeState.DONE:
                continue
            self._wait_for_others(change.kind, made_now)
            say(f"{number}/{len(record.changes)} {change.name}")
            change = self._instead_of_now(change)  # noqa: PLW2901 - what is read late counts
            record = record.marked(change.place, ChangeState.BEGUN, change)
            self.records.put(record)
            made = change.made(self.writers[change.kind].write(change, change.after))
            record = record.marked(change.place, ChangeState.DONE, made)
            made_now.add(change.kind)
        self.records.put(record)
        return record

    def _instead_of_now(self, change: PlannedChange) -> PlannedChange:
        """What a colleague has deployed since the plan was made is what an undo goes back to."""
        if change.kind is not ChangeKind.DEPLOYMENT:
            return change
        others = self.others_deployment()
        return change if others is None else replace(change, before=others)

    def _is_of_an_apply_that_ended(self, change: PlannedChange) -> bool:
        """Between the deployment and its record."""
        is_unknown = change.kind is ChangeKind.DEPLOYMENT and change.after == NEW_DEPLOYMENT
        return is_unknown and self.others_deployment() is None

    def _wait_for_others(self, kind: ChangeKind, made: set[ChangeKind]) -> None:
        if kind is ChangeKind.SUBSCRIPTION and ChangeKind.SOURCE in made:
            seconds = self.taking_up.configuration_seconds
            self.taking_up.wait(seconds, "metering reads the configuration")
        if kind is ChangeKind.DEPLOYMENT and not made.isdisjoint(_ASKED):
            seconds = self.taking_up.stage_seconds
            self.taking_up.wait(seconds, "the stage takes up its variable")

    def undo(self, record: AdoptionRecord, *, deploys_pending: bool = False) -> list[LeftChange]:
        """In the order in which callers soonest see what they saw before."""
        left: list[LeftChange] = []
        touched = in_undo_order([one for one in record.changes if one.is_touched])
        for number, (change, _) in enumerate(touched, 1):
            say(f"{number}/{len(touched)} back: {change.name}")
            why = self._why_left(change, left) or self._taken_back(change, deploys_pending)
            if why:
                left.append(LeftChange(change, why))
                continue
            record = record.marked(change.place, ChangeState.UNDONE, change)
            self.records.put(record)
        return left

    def _why_left(self, change: PlannedChange, left: Sequence[LeftChange]) -> str:
        if change.kind not in _ASKED:
            return ""
        if any(one.change.kind is ChangeKind.DEPLOYMENT for one in left):
            return "callers still meet the authorizer"
        if change.kind is ChangeKind.MODE or change.before is not None:
            return ""
        return self.still_asked()

    def _taken_back(self, change: PlannedChange, deploys_pending: bool) -> str:  # noqa: FBT001
        """Why not; empty where it is."""
        writer = self.writers[change.kind]
        try:
            now, before = writer.read(change), change.before
        except ClientError as error:
            if is_not_there(error):  # a method, a stage or a log group, with what we changed at it
                return ""
            raise
        if now == before:
            return ""
        if now != change.after and not self._is_of_an_apply_that_ended(change):
            if change.kind is not ChangeKind.DEPLOYMENT:
                return f"somebody has changed it since, to {now}"
            if not deploys_pending:
                return "somebody has deployed since: --undo --deploy-pending deploys anew"
            before = NEW_DEPLOYMENT
        if change.kind is ChangeKind.DEPLOYMENT:
            return self._deployed_back(change, before, deploys_pending=deploys_pending)
        stands = writer.write(change, before)
        if before is None and stands is not None:  # for good: an undo that waited would never end
            say(f"kept: {change.name}: there are lines in it")
        return ""

    def _deployed_back(self, change: PlannedChange, before: Value, *, deploys_pending: bool) -> str:
        writer = self.writers[change.kind]
        try:
            writer.write(change, before)
        except ClientError as error:
            if before == NEW_DEPLOYMENT or not (is_not_there(error) or is_refused(error)):
                raise
            if not deploys_pending:
                return "its old deployment was deleted: --undo --deploy-pending deploys anew"
            writer.write(change, NEW_DEPLOYMENT)
        self.taking_up.wait(self.taking_up.stage_seconds, "the stage takes up the deployment")
        return ""


def in_undo_order(changes: Sequence[RecordedChange]) -> list[RecordedChange]:
    """What callers meet first, what only we see last."""
    return sorted(changes, key=lambda one: _IN_UNDO.index(one.change.kind))
