"""Logs and metrics of every function but the authorizer's hot path: one place, two spellings.

A line of the log says what happened by one of the constants below; everything else is a field. What
is counted is a `Metric`: once in all, which is what an alarm can watch, and once for each reason;
what is counted of a source, once for it, too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

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
        self._sources: dict[Metric, str] = {}
        self._levels: dict[Metric, float] = {}
        self._source_levels: dict[tuple[Metric, str], float] = {}
        self._shares: dict[Metric, tuple[int, int]] = {}

    def count(self, metric: Metric, times: int = 1, *, reason: str = "", source: str = "") -> None:
        """`times` more of `metric`; nothing is written for zero. An invocation has one `source`."""
        if times:
            self._counts[metric, reason] += times
        if source:
            self._sources[metric] = source

    def level(self, metric: Metric, value: float, *, source: str = "") -> None:
        """The value of something that is measured rather than counted: an age, a lag."""
        if source:
            self._source_levels[metric, source] = value
        else:
            self._levels[metric] = value

    def share(self, metric: Metric, part: int, whole: int, *, source: str = "") -> None:
        """`part` of `whole` in percent, as a value of 0 or 100 for each of the whole: the average
        over any time is then the share of all, whichever process counted them. Above 50 the values
        are fewer, and the share is rounded up to the next 2 %.
        """
        self._shares[metric] = (part, whole)
        if source:
            self._sources[metric] = source

    def flush(self) -> None:
        """Write the metrics of this invocation (CloudWatch embedded metric format, on stdout)."""
        counts, self._counts = self._counts, Counter()
        sources, self._sources = self._sources, {}
        levels, self._levels = self._levels, {}
        source_levels, self._source_levels = self._source_levels, {}
        shares, self._shares = self._shares, {}
        totals: Counter[Metric] = Counter()
        for (metric, reason), times in counts.items():
            totals[metric] += times
            if reason:
                self._write(metric, times, {"reason": reason})
        for metric, times in totals.items():
            if source := sources.get(metric):
                self._write_all(metric, [times], source)
            else:
                self._write(metric, times, {})
        for metric, value in levels.items():
            self._write(metric, value, {})
        for (metric, source), value in source_levels.items():
            self._write(metric, value, {"Source": source})
        for metric, (part, whole) in shares.items():
            self._write_all(metric, _share_values(part, whole), sources.get(metric, ""))

    def _write_all(self, metric: Metric, values: Sequence[float], source: str) -> None:
        """For the whole service and, in the same line, for the source."""
        if not values:
            return
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=self._service)
        for value in values:
            metrics.add_metric(metric.value, MetricUnit(metric.unit), value)
        if source:
            metrics.add_dimensions(service=self._service, Source=source)
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


def _share_values(part: int, whole: int) -> list[float]:
    values = min(whole, _SHARE_VALUES)
    hundreds = -(-part * values // whole) if values else 0
    return [100.0] * hundreds + [0.0] * (values - hundreds)
