"""Logs and metrics of every function but the authorizer's hot path: one place, two spellings.

A line of the log says what happened by one of the constants below; everything else is a field. What
is counted is a `Metric`: once in all, which is what an alarm can watch, and once for each reason.
"""

from collections import Counter
from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from functions.usage.metric import NAMESPACE, Metric

METERED = "usage.metered"
DELIVERY_QUARANTINED = "delivery.quarantined"
CONFIGURATION_REFUSED = "configuration.refused"
FORWARDED = "usage.forwarded"
HOLD_SHORTENED = "hold.shortened"
AFORO_REFUSED = "aforo.refused"
NOT_SETTLED = "usage.not_settled"
VISIBILITY_UNCHANGED = "message.visibility_unchanged"
NOT_PUT_BACK = "message.not_put_back"
LEDGER_UNREADABLE = "ledger.unreadable"
DRIFT_FOUND = "counters.drift"
WENT_BACK = "counters.went_back"
COMMAND_APPLIED = "command.applied"
COMMAND_REFUSED = "command.refused"
MESSAGE_REFUSED = "message.refused"
HEARTBEAT_METERED = "heartbeat.metered"
HEARTBEAT_REFUSED = "heartbeat.refused"
RECONCILE_TROUBLE = "reconcile.trouble"
CUSTOMERS_DUE = "customers.due"
AFORO_ASKED = "aforo.asked"
AFORO_UNANSWERED = "aforo.unanswered"
ANSWERS_APPLIED = "answers.applied"
CUSTOMER_DRIFTS = "customer.drifts"
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
        self._counts: Counter[tuple[Metric, str]] = Counter()
        self._levels: dict[Metric, float] = {}
        self._shares: dict[Metric, tuple[int, int]] = {}

    def count(self, metric: Metric, times: int = 1, *, reason: str = "") -> None:
        """`times` more of `metric`; nothing is written for zero."""
        if times:
            self._counts[metric, reason] += times

    def level(self, metric: Metric, value: float) -> None:
        """The value of something that is measured rather than counted: an age, a lag."""
        self._levels[metric] = value

    def share(self, metric: Metric, part: int, whole: int) -> None:
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
        totals: Counter[Metric] = Counter()
        for (metric, reason), times in counts.items():
            totals[metric] += times
            if reason:
                self._write(metric, times, {"reason": reason})
        for metric, times in totals.items():
            self._write(metric, times, {})
        for metric, value in levels.items():
            self._write(metric, value, {})
        for metric, (part, whole) in shares.items():
            self._write_share(metric, part, whole)

    def _write_share(self, metric: Metric, part: int, whole: int) -> None:
        values = min(whole, _SHARE_VALUES)
        if not values:
            return
        hundreds = -(-part * values // whole)
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=self._service)
        for number in range(values):
            metrics.add_metric(
                metric.value, MetricUnit(metric.unit), 100 if number < hundreds else 0
            )
        metrics.flush_metrics()

    def _write(self, metric: Metric, value: float, dimensions: Mapping[str, str]) -> None:
        with single_metric(
            name=metric.value,
            unit=MetricUnit(metric.unit),
            value=value,
            namespace=NAMESPACE,
            default_dimensions={"service": self._service, **dimensions},
        ):
            pass
