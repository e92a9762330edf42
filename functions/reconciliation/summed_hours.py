"""An hour of the ledger -> its sums: of its rows, or as they were kept while its objects are the
same. The repair and the rebuild both ask here.

Guaranteed: the sums are those of every object that was listed when it was asked, and of no other.
"""

from typing import NamedTuple

from functions.adapters.ledger import Ledger, hour_prefix
from functions.reconciliation.hour_sums import HourSums, HourTotals
from functions.reconciliation.kept_sums import KeptSums, version_of
from functions.reconciliation.ledger_hours import hour_text

NOTHING = HourTotals({}, 0)


class SummedHours(NamedTuple):
    """Sums of epoch hours. Errors of S3 and UnreadableObject are passed on."""

    ledger: Ledger
    kept: KeptSums

    def totals(self, hour: int) -> HourTotals:
        """Reads only: who rebuilds may have no right to write."""
        return self._totals(hour, is_keeping=False)

    def totals_kept(self, hour: int) -> HourTotals:
        """And keeps what it had to read rows for: an hour's turn comes a hundred times."""
        return self._totals(hour, is_keeping=True)

    def _totals(self, hour: int, *, is_keeping: bool) -> HourTotals:
        text = hour_text(hour)
        names = list(self.ledger.names(hour_prefix(text)))
        if not names:
            return NOTHING
        version = version_of(names)
        if found := self.kept.find(text, version):
            return found
        sums = HourSums(hour)
        for _, rows in self.ledger.read_each(names):
            sums.take(rows)
        totals = sums.totals()
        if is_keeping:
            self.kept.keep(text, version, totals)
        return totals
