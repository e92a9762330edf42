"""A month of the ledger comes in; what of it is one customer's, and of which objects, leave."""

from collections.abc import Iterable
from typing import NamedTuple

from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.object_lists import DayLists
from functions.operator.statement.settled_hours import settled_hours
from functions.operator.statement.usage_sums import UsageSums


class MonthUsage(NamedTuple):
    """`hours` as a statement has them: one line an hour, 744 at most."""

    sums: UsageSums
    hours: list[dict[str, object]]
    objects: int


def month_usage(
    ledger: CustomerObjects, names: Iterable[str], at_ms: int, lists: DayLists
) -> MonthUsage:
    """`lists` is given the objects that hold a row of the customer."""
    sums, hours, objects = UsageSums(at_ms), list[dict[str, object]](), 0
    for hour in settled_hours(ledger, names, at_ms):
        sums.add_all(hour.sums)
        hours.append(hour.as_json())
        objects += len(hour.objects)
        lists.add(hour.objects)
    return MonthUsage(sums, hours, objects)
