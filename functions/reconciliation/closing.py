"""A close command -> closed hours, and what they say of the counters: drift, or usage that is late.

An hour's first closing should find what was counted: a difference is drift, put right and counted.
A later closing finds usage that was settled after the hour was closed; that is no drift.
"""

from typing import NamedTuple

from functions.adapters.telemetry import DRIFT_FOUND, Telemetry
from functions.reconciliation.commands import CloseCommand
from functions.reconciliation.counters.closed_hours import Closed, ClosedHours, Closing
from functions.usage.metric import Metric


class Closer(NamedTuple):
    """Closes hours and reports what that changed, in units."""

    hours: ClosedHours
    telemetry: Telemetry

    def close(self, command: CloseCommand) -> bool:
        """True when some hour is now closed by this version. Retryable when nobody can tell."""
        closings = [Closing(each.customer_id, each.meter, each.sums) for each in command.closings]
        closed = self.hours.close(closings, command.version)
        self._report(closed, command.version)
        return closed.hours > 0

    def _report(self, closed: Closed, version: int) -> None:
        self.telemetry.count(Metric.HOURS_CLOSED, closed.hours)
        self.telemetry.count(Metric.UNITS_COUNTED_LATE, closed.late)
        self.telemetry.count(Metric.COUNTER_DRIFT, closed.short, reason="short")
        # Usage that was settled between the reading and its closing: the next closing has it again.
        self.telemetry.count(Metric.COUNTER_DRIFT, closed.over + closed.receded, reason="over")
        if closed.short or closed.over or closed.receded:
            self.telemetry.log.warning(DRIFT_FOUND, version=version, **closed._asdict())
