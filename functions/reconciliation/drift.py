"""How far Aforo's usage of the month and the counter are apart: measured, never put right here.

The counter knows sooner what is set aside, Aforo sooner what is on its way from it to the counter.
"""

from typing import NamedTuple

from functions.usage.period import Period
from functions.usage.quota import QuotaState

# Between the question and the comparison lie the rest of the fetches and a step of the machine.
BETWEEN_SECONDS = 60.0
# Below a hundredth nobody's quota is wrong; Aforo's own figure may be a cached one.
SHARE = 0.01


class Drift(NamedTuple):
    """`gap` is Aforo's usage less the counter's; `tolerated` how much of it may be in flight."""

    gap: float
    tolerated: float

    @property
    def reason(self) -> str:
        """Empty: no drift."""
        if abs(self.gap) <= self.tolerated:
            return ""
        return "aforo_has_more" if self.gap > 0 else "counter_has_more"


def drift_of(state: QuotaState, current_usage: float, asked_ms: int) -> Drift | None:
    """None when the two cannot be compared: Aforo's figure is that of the calendar month in which
    it was asked for.
    """
    allowance = state.allowance_at(asked_ms)
    recurrence = state.recurrence
    if allowance is None or recurrence is None or recurrence.period is not Period.MONTH:
        return None
    if recurrence.anchor_day != 1:
        return None
    in_flight = state.burst + state.rate_per_second * (state.lag_seconds + BETWEEN_SECONDS)
    return Drift(current_usage - allowance.used, max(in_flight, SHARE * current_usage))
