"""Which missing requests may be metered again, by their age. Pure.

Guaranteed: what Aforo may have had and forgotten is not sent unless a person says so, and what
Aforo no longer takes never is.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from functions.audit.repair.compared_window import Missing
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso

# What is sent now may wait on UsageQueue before it is posted.
SPARE_MS = HOUR_MS
BEYOND_AFORO_MS = 90 * DAY_MS  # aforo-contract.md 1.1.6


class RepairFate(StrEnum):
    """What an audit does about a missing request, or would in a dry run; the report's words."""

    METERED_AGAIN = "meteredAgain"
    QUARANTINED = "quarantined"  # metered again, too, and kept: until then nobody kept it
    TOO_OLD = "tooOld"  # for the dedup window: a person decides, by includeOld
    BEYOND_AFORO = "olderThanAforoTakes"


class AgeLimits(NamedTuple):
    """`include_old`: a person decided. The forwarder then looks each one up in the ledger before
    it posts, as it does with all old usage. Without it what is young now, and waits until it is
    old, is not posted: metering says of it that Aforo may have it.
    """

    now_ms: int
    dedup_window_ms: int
    include_old: bool

    def repair_of(self, request: Missing) -> RepairFate:
        """By its oldest event. A request of no event is quarantined: that bills nothing, and its
        age is the business of who replays it.
        """
        if not request.events:
            return RepairFate.QUARANTINED
        moments = [epoch_ms_from_iso(occurred_at) for _, _, _, occurred_at in request.events]
        age_ms = self.now_ms - min(moments)
        if age_ms > BEYOND_AFORO_MS:
            return RepairFate.BEYOND_AFORO
        # Where the window is an hour, half of it is left to send in.
        spare_ms = min(SPARE_MS, self.dedup_window_ms // 2)
        if age_ms > self.dedup_window_ms - spare_ms and not self.include_old:
            return RepairFate.TOO_OLD
        return RepairFate.METERED_AGAIN

    def sorted_out(self, missing: Iterable[Missing]) -> dict[RepairFate, list[Missing]]:
        """All of them, each under what is done about it."""
        found: dict[RepairFate, list[Missing]] = {one: [] for one in RepairFate}
        for request in missing:
            found[self.repair_of(request)].append(request)
        return found
