"""Usage of closed months that was settled after they were closed, and that no statement has yet.

A replay confirms what was set aside, or a delivery comes late: the ledger gets new objects in hours
of a closed month. What they change stands in the next statement, by month: so the sum of all
statements is the ledger. Only objects that S3 got since the last look are read, and of the others
those of the hours that have new ones.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import STILL_COMING
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.customer_objects import (
    CustomerObjects,
    day_of_object,
    hour_of_object,
)
from functions.operator.statement.object_lists import DayLists, ListedDay, read_list
from functions.operator.statement.settled_hours import ObjectDigest, settled_hours
from functions.operator.statement.statement_document import SignedText, lists_folder
from functions.operator.statement.usage_sums import UsageSums
from functions.usage.moment import epoch_ms_from_iso


class SettledLater(NamedTuple):
    """Of one closed month: what changed, and the new objects that changed it."""

    month: str
    sums: UsageSums
    objects: list[ObjectDigest]

    def as_json(self) -> dict[str, object]:
        """Without what needs a decision: that changes with time alone."""
        usage = {
            name: rows
            for name, rows in self.sums.as_json().items()
            if rows and name != "needsDecision"
        }
        return {"month": self.month, "objects": len(self.objects), "usage": usage}


class StatedObjects:
    """The ledger's objects that a chain of statements is made of."""

    def __init__(self, ledger: CustomerObjects, chain: Iterable[SignedText]) -> None:
        self._ledger = ledger
        self._chain = list(chain)

    def of_day(self, day: str) -> dict[str, ObjectDigest]:
        """By name. UnreadableObject for a list that is not as it was written."""
        return {
            one.name: one
            for folder, listed in self.lists_of(day)
            for one in self._read(folder, listed)
        }

    def lists_of(self, day: str) -> Iterator[tuple[str, ListedDay]]:
        """Of each statement that has one of this day."""
        for statement in self._chain:
            folder = lists_folder(self._ledger.customer, statement.closed.month)
            for listed in statement.closed.lists:
                if listed.day == day:
                    yield folder, listed

    def _read(self, folder: str, listed: ListedDay) -> list[ObjectDigest]:
        found = read_list(self._ledger.client, self._ledger.bucket, folder, listed)
        if found is None:
            raise UnreadableObject(f"{folder}{listed.day}", "a list is gone, or was changed")
        return found


def settled_later(
    ledger: CustomerObjects, closed: SignedText, stated: StatedObjects, at_ms: int
) -> SettledLater:
    """Of the month of `closed`, since it was closed, and not in `stated`."""
    month = closed.closed.month
    since = datetime.fromtimestamp(epoch_ms_from_iso(closed.closed.made_at) / 1000, UTC)
    # Whoever wrote while it was closed may have been seen or not; and clocks differ.
    names = ledger.names(CalendarMonth.read(month).ledger_prefix, since - STILL_COMING)
    found = SettledLater(month, UsageSums(at_ms), [])
    for day, of_day in groupby(names, key=day_of_object):
        known = stated.of_day(day)
        unknown = [name for name in of_day if name not in known]
        new = [ObjectDigest(one.name, one.sha256) for one in ledger.read(unknown) if one.rows]
        found.objects.extend(new)
        found.sums.add_all(change(ledger, list(known), [one.name for one in new], at_ms))
    return found


def change(
    ledger: CustomerObjects, known: Iterable[str], new: Collection[str], at_ms: int
) -> UsageSums:
    """What the objects `new` of a day make of what `known` ones say; hours without are not read."""
    hours = {hour_of_object(name) for name in new}
    before = [name for name in known if hour_of_object(name) in hours]
    return _sums(ledger, [*before, *new], at_ms).without(_sums(ledger, before, at_ms))


def _sums(ledger: CustomerObjects, names: Iterable[str], at_ms: int) -> UsageSums:
    found = UsageSums(at_ms)
    for hour in settled_hours(ledger, sorted(names), at_ms):
        found.add_all(hour.sums)
    return found


def listed(later: Iterable[SettledLater], lists: DayLists) -> None:
    """Put their objects on the lists of the statement that states them."""
    for one in later:
        lists.add(one.objects)
