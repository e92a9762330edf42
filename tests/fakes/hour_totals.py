"""Summing up hours by reading every row each time: what the kept sums must agree with."""

from collections.abc import Callable, Iterable

from functions.adapters.ledger import hour_prefix
from functions.reconciliation.hour_sums import HourSums, HourTotals
from functions.reconciliation.ledger_hours import hour_text
from functions.usage.ledger_row import LedgerRow


def totals_of(read: Callable[[str], Iterable[LedgerRow]]) -> Callable[[int], HourTotals]:
    """`read` gives the rows of an hour's prefix."""
    return lambda hour: HourSums(hour).take(read(hour_prefix(hour_text(hour)))).totals()
