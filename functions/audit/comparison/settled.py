"""Keys that a window expects come in; what the ledger says of each is noted on them.

Of each hour the objects are read in the order in which they were written, from the time of the
first request on, and no further once all keys are confirmed. So most windows read each object of
the ledger once or twice, whatever its hour holds. Keys that are set aside are looked for to the end
of the hour: a replay may have confirmed one since. Once few keys are left, only the objects are
read whose names let one of them through.

Guaranteed: what cannot be read raises, with the object's name. An audit never says that all is well
over what it has not seen.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from functions.adapters.key_filter import Sieve, fingerprint
from functions.adapters.ledger import Ledger, hour_prefix, may_hold
from functions.audit.comparison.expected import Expected, KeyState
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

# Of the forwarder's clock, which names the objects, against that of API Gateway.
CLOCK_SKEW = timedelta(minutes=5)
# So many keys let through half of the filters of busy objects, and cost a name 60 us.
FEW = 256


class SettledUsageReader(NamedTuple):
    """Reads `ledger`. Aforo remembers a key for `dedup_window`."""

    ledger: Ledger
    dedup_window: timedelta

    def strike_out(self, expected: Expected, not_before_ms: int, now: datetime) -> None:
        """`not_before_ms`: when the first line was logged; nothing of it was settled before."""
        for hour, earliest in expected.hours():
            began_ms = min(epoch_ms_from_iso(earliest), not_before_ms)
            began = datetime.fromtimestamp(began_ms / 1000, UTC) - CLOCK_SKEW
            self._strike_out_hour(expected, hour, began, now)

    def _strike_out_hour(
        self, expected: Expected, hour: str, began: datetime, now: datetime
    ) -> None:
        if not expected.unconfirmed(hour):
            return
        doubt_ends = now - self.dedup_window
        for _, rows in self.ledger.read_each(self._names(expected, hour, began)):
            for row in rows:
                expected.found(fingerprint(row["key"]), state_of(row, doubt_ends))
            if not expected.unconfirmed(hour):
                return

    def _names(self, expected: Expected, hour: str, began: datetime) -> Iterator[str]:
        """Asked for while the ones before are read, so that they are fewer and fewer."""
        prefix = hour_prefix(hour)
        sieve, sifted = None, 2 * FEW + 1
        for name in self.ledger.names(prefix, after=f"{prefix}{began:%Y%m%dT%H%M%S}"):
            left = expected.unconfirmed(hour)
            # Half of them: to make one costs as much as to look through a hundred names.
            if left <= FEW and 2 * left <= sifted:
                sieve, sifted = Sieve.of(expected.fingerprints(hour)), left
            if sieve is None or may_hold(name, sieve):
                yield name


def state_of(row: LedgerRow, doubt_ends: datetime) -> KeyState:
    """What one row says. Whom Aforo remembered after `doubt_ends` it still tells a duplicate from a
    new event; older than that a person decides.
    """
    if row["outcome"] == "confirmed":
        return KeyState.CONFIRMED
    since = row.get("maybeBilledSince")
    if row.get("setAsideClass") == SetAsideClass.AMBIGUOUS:
        return KeyState.UNDECIDED
    if since is not None and epoch_ms_from_iso(since) < doubt_ends.timestamp() * 1000:
        return KeyState.UNDECIDED
    return KeyState.SET_ASIDE
