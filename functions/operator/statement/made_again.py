"""A closed statement comes in; whether its figures are what its own objects give, leaves.

Of a statement that another one follows, its digest there says as much. Of the last one only this
does. What the audit had found is not asked again: its records may be newer by now.
"""

from collections.abc import Iterator, Sequence

from functions.operator.statement.after_closing import (
    SettledLater,
    StatedObjects,
    change,
)
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.month_usage import month_usage
from functions.operator.statement.object_lists import DayLists
from functions.operator.statement.statement_document import SignedText
from functions.operator.statement.usage_sums import UsageSums
from functions.usage.moment import epoch_ms_from_iso


def is_made_of_its_objects(
    ledger: CustomerObjects, one: SignedText, before: Sequence[SignedText]
) -> bool:
    """`before` are the statements that it follows. All objects are there, and unchanged."""
    at_ms = epoch_ms_from_iso(one.closed.made_at)
    own = StatedObjects(ledger, [one])
    days = [listed.day for listed in one.closed.lists]
    of_month = [day for day in days if day.startswith(one.closed.month)]
    names = (name for day in of_month for name in sorted(own.of_day(day)))
    usage = month_usage(ledger, names, at_ms, DayLists())
    later = list(_later(ledger, own, before, days, at_ms))
    said = one.fields
    return (
        said["usage"] == usage.sums.as_json()
        and one.closed.ledger.objects == usage.objects
        and list(one.closed.ledger.hours) == usage.hours
        and said["settledAfterClosing"] == [month.as_json() for month in later]
    )


def _later(
    ledger: CustomerObjects,
    own: StatedObjects,
    before: Sequence[SignedText],
    days: Sequence[str],
    at_ms: int,
) -> Iterator[SettledLater]:
    stated = StatedObjects(ledger, before)
    for closed in before:
        month = closed.closed.month
        found = SettledLater(month, UsageSums(at_ms), [])
        for day in (day for day in days if day.startswith(month)):
            new = own.of_day(day)
            found.objects.extend(new.values())
            found.sums.add_all(change(ledger, list(stated.of_day(day)), list(new), at_ms))
        if found.objects:
            yield found
