"""Logs and metrics of every function but the authorizer's hot path: one place, two spellings.

A line of the log says what happened by one of the constants below; everything else is a field. What
is counted is a `Metric`: once in all, which is what an alarm can watch, and once for each reason;
what is counted of a source, once for it, too. An invocation's report and its metrics are one line,
since every byte of a log is paid for.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from aws_lambda_powertools import Logger

from functions.usage.metric import Metric
from functions.usage.metric_lines import metric_lines

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
COMMANDS_CARRIED_OUT = "commands.carried_out"
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
SOURCE_CHANGED = "source.changed"
SOURCE_SILENT = "source.silent"
HOUR_WITNESSED = "hour.witnessed"
AUDIT_COUNTED = "audit.counted"
AUDIT_UNACCOUNTED = "audit.unaccounted"
AUDIT_NOT_LOOKED_AT = "audit.not_looked_at"
AUDIT_REPAIR_STARTED = "audit.repair_started"
AUDIT_STARTED = "audit.started"
AUDIT_ROUND = "audit.round"
AUDIT_REPORTED = "audit.reported"
REPLAY_STARTED = "replay.started"
REPLAY_ROUND = "replay.round"
REPLAY_PROBED = "replay.probed"
REPLAY_REPORTED = "replay.reported"

_SHARE_VALUES = 50  # a metric line takes 100; steps of 2 % are finer than any alarm


class Telemetry:
    """Counts until the end of an invocation, then writes all in as few lines as can be."""

    def __init__(self, service: str) -> None:
        self.log = Logger(service=service)
        self._service = service
        self._counts: Counter[tuple[Metric, str]] = Counter()
        self._sources: dict[Metric, str] = {}
        self._levels: dict[Metric, float] = {}
        self._source_levels: dict[str, dict[Metric, float]] = {}
        self._lists: dict[Metric, Sequence[float]] = {}
        self._report: dict[str, object] = {}

    def count(self, metric: Metric, times: int = 1, *, reason: str = "", source: str = "") -> None:
        """`times` more of `metric`; nothing is written for zero. An invocation has one `source`."""
        if times:
            self._counts[metric, reason] += times
        if source:
            self._sources[metric] = source

    def level(self, metric: Metric, value: float, *, source: str = "") -> None:
        """The value of something that is measured rather than counted: an age, a lag."""
        if source:
            self._source_levels.setdefault(source, {})[metric] = value
        else:
            self._levels[metric] = value

    def spread(self, metric: Metric, values: Sequence[float]) -> None:
        """The values of many, for percentiles: at most 100. Nothing is written for none."""
        if values:
            self._lists[metric] = values

    def share(self, metric: Metric, part: int, whole: int) -> None:
        """`part` of `whole` in percent, as a value of 0 or 100 for each of the whole: the average
        over any time is then the share of all, whichever process counted them. Above 50 the values
        are fewer, and the share is rounded up to the next 2 %.
        """
        values = min(whole, _SHARE_VALUES)
        if values:
            hundreds = -(-part * values // whole)
            self._lists[metric] = [100] * hundreds + [0] * (values - hundreds)

    def report(self, message: str, **fields: object) -> None:
        """What this invocation did: `flush` writes it, and the metrics with it. The last one is
        the report; one before it becomes a line of its own. What is nothing is left out.
        """
        self._write_report()
        said = {name: value for name, value in fields.items() if value or value is False}
        self._report = {"message": message, **said}

    def flush(self) -> None:
        """Write the report and the metrics (CloudWatch embedded metric format, on stdout)."""
        counts, self._counts = self._counts, Counter()
        sources, self._sources = self._sources, {}
        levels, self._levels = self._levels, {}
        source_levels, self._source_levels = self._source_levels, {}
        lists, self._lists = self._lists, {}
        at_ms = time.time_ns() // 1_000_000
        values: dict[Metric, float | Sequence[float]] = {**levels, **lists}
        lines = metric_lines(
            self._service, counts, values, at_ms, sources=sources, source_values=source_levels
        )
        if lines and _agree(lines[0], self._report):
            report, self._report = self._report, {}
            lines[0] = {**({"level": "INFO"} if report else {}), **report, **lines[0]}
        self._write_report()
        for line in lines:
            _print(line)

    def _write_report(self) -> None:
        report, self._report = self._report, {}
        if report:
            _print({"level": "INFO", "service": self._service, **report})


def _agree(line: Mapping[str, object], report: Mapping[str, object]) -> bool:
    """Whether they may be one line: a field of a name has one value there."""
    return all(report[name] == line[name] for name in report.keys() & line.keys())


def _print(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
