"""A customer's closed statements and the ledger as it is now come in; what became of each month
leaves: unchanged, added to since it was closed, or changed, with the name of what was changed.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from botocore.exceptions import ClientError

from functions.adapters.json_lines import UnreadableObject, read_bodies
from functions.operator.statement.after_closing import StatedObjects, settled_later
from functions.operator.statement.closed_chain import (
    RETENTION_DAYS,
    ClosedChain,
    is_past_retention,
)
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.made_again import is_made_of_its_objects
from functions.operator.statement.settled_hours import ObjectDigest
from functions.operator.statement.statement_document import SignedText
from functions.operator.statement.usage_sums import SumKind
from functions.usage.moment import iso_from_epoch_ms

_WRITER = re.compile(r"\d{8}T\d{9}Z")


class CheckResult(StrEnum):
    """What is found of a month. Only `changed` is wrong."""

    UNCHANGED = "unchanged"
    ADDED = "added"  # settled after closing: it goes into the next statement
    EXPIRED = "expired"  # older than the ledger keeps
    CHANGED = "changed"


class MonthCheck(NamedTuple):
    """One finding; a month may have several."""

    month: str
    result: CheckResult
    detail: str


class ChainCheck:
    """Reads every object that the statements name. `now_ms`: epoch milliseconds."""

    def __init__(self, ledger: CustomerObjects, chain: ClosedChain, now_ms: int) -> None:
        self._ledger = ledger
        self._chain = chain
        self._stated = StatedObjects(ledger, chain.statements)
        self._now_ms = now_ms

    def findings(self, month: str | None) -> Iterator[MonthCheck]:
        """Of all months or one; the chain itself is checked whole."""
        for fault in self._chain.faults:
            yield MonthCheck(fault.month, CheckResult.CHANGED, fault.fault)
        chosen = [one for one in self._chain.statements if month in {None, one.closed.month}]
        self._ledger.progress.announce(sum(map(self._count, chosen)))
        objects = [list(self._objects(one)) for one in chosen]
        # What is read on reads the objects of several statements: not where one is known to be bad.
        is_whole = not any(objects)
        for one, found in zip(chosen, objects, strict=True):
            said = found or (list(self._read_again(one)) if is_whole else [])
            said = said or [(CheckResult.UNCHANGED, f"{self._count(one):,} objects")]
            yield from (MonthCheck(one.closed.month, *what) for what in said)

    def _read_again(self, one: SignedText) -> Iterator[tuple[CheckResult, str]]:
        try:
            # Of all others the statement that follows has the digest.
            if one is self._chain.last and not self._is_made_again(one):
                detail = "its figures are not those of its objects: its text was changed"
                yield CheckResult.CHANGED, detail
            yield from self._added(one)
        except UnreadableObject as error:
            yield CheckResult.CHANGED, str(error)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            yield CheckResult.CHANGED, f"{' '.join(error.__notes__)} is gone"

    def _count(self, one: SignedText) -> int:
        return sum(listed.objects for listed in one.closed.lists)

    def _is_made_again(self, one: SignedText) -> bool:
        return is_made_of_its_objects(self._ledger, one, self._chain.statements[:-1])

    def _objects(self, one: SignedText) -> Iterator[tuple[CheckResult, str]]:
        expired = 0
        for listed in one.closed.lists:
            try:
                stated = StatedObjects(self._ledger, [one]).of_day(listed.day)
            except UnreadableObject as error:
                yield CheckResult.CHANGED, str(error)
                continue
            there = set(self._ledger.names(f"ledger/{listed.day}/"))
            for name in sorted(stated.keys() - there):
                if self._has_expired(name):
                    expired += 1
                else:
                    yield CheckResult.CHANGED, f"{name} is gone"
            yield from self._changed({n: one for n, one in stated.items() if n in there})
        if expired:
            days = f"the {RETENTION_DAYS} days that the ledger keeps"
            yield CheckResult.EXPIRED, f"{expired:,} objects are older than {days}"

    def _changed(self, stated: Mapping[str, ObjectDigest]) -> Iterator[tuple[CheckResult, str]]:
        for name, body in read_bodies(self._ledger.client, self._ledger.bucket, stated):
            self._ledger.progress.tell(name)
            if sha256(body).hexdigest() != stated[name].sha256:
                yield CheckResult.CHANGED, f"{name} was changed"

    def _has_expired(self, name: str) -> bool:
        found = _WRITER.match(name.rpartition("/")[2])
        if found is None:
            return False
        written = datetime.strptime(found[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
        return is_past_retention(iso_from_epoch_ms(int(written.timestamp() * 1000)), self._now_ms)

    def _added(self, one: SignedText) -> Iterator[tuple[CheckResult, str]]:
        later = settled_later(self._ledger, one, self._stated, self._now_ms)
        if later.objects:
            billed = sum(amount.events for _, amount in later.sums.of(SumKind.BILLED))
            aside = sum(amount.events for _, amount in later.sums.of(SumKind.SET_ASIDE))
            detail = (
                f"{len(later.objects):,} objects after closing: {billed:+,} events billed,"
                f" {aside:+,} set aside; they stand in the next statement"
            )
            yield CheckResult.ADDED, detail
