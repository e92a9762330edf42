"""Usage that was settled into hours which the ledger has closed -> the stall that says so: it is in
no count until the next closing of its hour. Pure.

Only what the watermark had not passed: what is older came late, or from a replay, and heartbeats
went by long ago.
"""

from collections.abc import Iterable

from functions.reconciliation.counters.usage_counters import CounterBatch
from functions.reconciliation.due_hours import closed_again_by, is_over
from functions.reconciliation.settling import MINUTE_MS
from functions.usage.mark import CELLS_PER_MINUTE
from functions.usage.moment import HOUR_MS
from functions.usage.stall import StallMessage


def stall_of_closed(
    batches: Iterable[CounterBatch], passed_ms: int, now_ms: int
) -> StallMessage | None:
    """`batches` had usage of closed hours; `passed_ms`: up to when all was said to be counted."""
    moments = {cell // CELLS_PER_MINUTE * MINUTE_MS for batch in batches for cell in batch.cells}
    waiting = [
        at_ms
        for at_ms in moments
        # A minute that the watermark stands in is not passed.
        if at_ms + MINUTE_MS > passed_ms and is_over(at_ms // HOUR_MS, now_ms)
    ]
    if not waiting:
        return None
    hours = {at_ms // HOUR_MS for at_ms in waiting}
    return {
        "version": 1,
        "stalledSinceMs": max(min(waiting), passed_ms),
        "stalledUntilMs": max(closed_again_by(hour, now_ms) for hour in hours),
    }
