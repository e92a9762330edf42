"""Logs and metrics of every function but the authorizer's hot path: one place, one spelling.

Event names are the constants below; everything else is a field. A counted outcome is one metric,
named like the outcome: once in all, which is what an alarm can watch, and once for each reason.
"""

from collections import Counter
from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

NAMESPACE = "AforoMetering"

METERED = "usage.metered"
QUARANTINED = "usage.quarantined"
DELIVERY_QUARANTINED = "delivery.quarantined"
CONFIGURATION_REFUSED = "configuration.refused"
FORWARDED = "usage.forwarded"
HELD = "usage.held"
HOLD_SHORTENED = "hold.shortened"
SET_ASIDE = "usage.set_aside"
AFORO_REFUSED = "aforo.refused"
NOT_SETTLED = "usage.not_settled"
VISIBILITY_UNCHANGED = "message.visibility_unchanged"
NOT_PUT_BACK = "message.not_put_back"
LEDGER_UNREADABLE = "ledger.unreadable"
COUNTED = "usage.counted"
NOT_COUNTED = "usage.not_counted"
ROUNDED_UP = "usage.rounded_up"
COUNTED_LATE = "usage.counted_late"
HOURS_CLOSED = "hours.closed"
HOURS_NOT_REPAIRED = "hours.not_repaired"
DRIFT_FOUND = "counters.drift"
WENT_BACK = "counters.went_back"
COMMAND_APPLIED = "command.applied"
COMMAND_REFUSED = "command.refused"
MESSAGE_REFUSED = "message.refused"
HEARTBEAT_METERED = "heartbeat.metered"
HEARTBEAT_COUNTED = "heartbeat.counted"
HEARTBEAT_REFUSED = "heartbeat.refused"
RECONCILE_TROUBLE = "reconcile.trouble"
CUSTOMERS_DUE = "customers.due"
AFORO_ASKED = "aforo.asked"
AFORO_UNANSWERED = "aforo.unanswered"
ANSWERS_APPLIED = "answers.applied"
CUSTOMER_DRIFTS = "customer.drifts"
REPLAYED = "usage.replayed"
REPLAY_STARTED = "replay.started"
REPLAY_ROUND = "replay.round"
REPLAY_PROBED = "replay.probed"
REPLAY_REPORTED = "replay.reported"

_SHARE_VALUES = 50  # a metric line takes 100; steps of 2 % are finer than any alarm


class Telemetry:
    """Counts until the end of an invocation, then writes one metric line per counted thing."""

    def __init__(self, service: str) -> None:
        self.log = Logger(service=service)
        self._service = service
        self._counts: Counter[tuple[str, str]] = Counter()
        self._levels: dict[str, tuple[float, MetricUnit]] = {}
        self._shares: dict[str, tuple[int, int]] = {}

    def count(self, metric: str, times: int = 1, *, reason: str = "") -> None:
        """`times` more of `metric`; nothing is written for zero."""
        if times:
            self._counts[metric, reason] += times

    def level(self, metric: str, value: float, unit: MetricUnit = MetricUnit.Seconds) -> None:
        """The value of something that is measured rather than counted: an age, a lag."""
        self._levels[metric] = (value, unit)

    def share(self, metric: str, part: int, whole: int) -> None:
        """`part` of `whole` in percent, as a value of 0 or 100 for each of the whole: the average
        over any time is then the share of all, whichever process counted them. Above 50 the values
        are fewer, and the share is rounded up to the next 2 %.
        """
        self._shares[metric] = (part, whole)

    def flush(self) -> None:
        """Write the metrics of this invocation (CloudWatch embedded metric format, on stdout)."""
        counts, self._counts = self._counts, Counter()
        levels, self._levels = self._levels, {}
        shares, self._shares = self._shares, {}
        totals: Counter[str] = Counter()
        for (metric, reason), times in counts.items():
            totals[metric] += times
            if reason:
                self._write(metric, MetricUnit.Count, times, {"reason": reason})
        for metric, times in totals.items():
            self._write(metric, MetricUnit.Count, times, {})
        for metric, (value, unit) in levels.items():
            self._write(metric, unit, value, {})
        for metric, (part, whole) in shares.items():
            self._write_share(metric, part, whole)

    def _write_share(self, metric: str, part: int, whole: int) -> None:
        values = min(whole, _SHARE_VALUES)
        if not values:
            return
        hundreds = -(-part * values // whole)
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=self._service)
        for number in range(values):
            metrics.add_metric(metric, MetricUnit.Percent, 100 if number < hundreds else 0)
        metrics.flush_metrics()

    def _write(
        self, metric: str, unit: MetricUnit, value: float, dimensions: Mapping[str, str]
    ) -> None:
        with single_metric(
            name=metric,
            unit=unit,
            value=value,
            namespace=NAMESPACE,
            default_dimensions={"service": self._service, **dimensions},
        ):
            pass
