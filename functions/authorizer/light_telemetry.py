"""The authorizer's logs and counters, without a library: one JSON line each on stdout.

Nothing is written for a request that is allowed; counters are added up in the process and
written at most once a second (CloudWatch embedded metric format), whatever the traffic.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping

from functions.usage.metric import NAMESPACE, Metric

SERVICE = "authorizer"
FLUSH_SECONDS = 1.0

# What a line says.
DENIED = "request.denied"
UNAUTHORIZED = "request.unauthorized"
AUTHORIZER_FAILED = "authorizer.failed"


def to_stdout(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class AuthorizerTelemetry:
    """`clock` gives epoch seconds; `write` takes one line."""

    def __init__(
        self, clock: Callable[[], float], write: Callable[[str], None] = to_stdout
    ) -> None:
        self._clock = clock
        self._write = write
        self._counts: Counter[tuple[Metric, str]] = Counter()
        self._shares: dict[Metric, tuple[int, int]] = {}
        self._flushed_at = 0.0

    def count(self, metric: Metric, reason: str = "") -> None:
        self._counts[metric, reason] += 1

    def share(self, metric: Metric, *, is_part: bool) -> None:
        """One more of a whole, of which `metric` is the part in percent: what an alarm can watch at
        any traffic. Each write is one value, zero too.
        """
        part, whole = self._shares.get(metric, (0, 0))
        self._shares[metric] = (part + is_part, whole + 1)

    def log(self, level: str, event: str, facts: Mapping[str, object]) -> None:
        """One line. `facts` never hold a credential."""
        stamp = int(self._clock() * 1000)
        line = {"level": level, "message": event, "service": SERVICE, "timestamp": stamp, **facts}
        self._write(json.dumps(line, default=str))

    def flush_if_due(self) -> None:
        """Write the counters, unless that was done within the last second.

        What a process counted in its last second before Lambda ends it is lost.
        """
        now = self._clock()
        if not (self._counts or self._shares) or 0 <= now - self._flushed_at < FLUSH_SECONDS:
            return
        self._flushed_at = now
        counts, self._counts = self._counts, Counter()
        shares, self._shares = self._shares, {}
        epoch_ms = int(now * 1000)
        for (metric, reason), times in counts.items():
            self._write(json.dumps(_embedded(metric, reason, times, epoch_ms)))
        for metric, (part, whole) in shares.items():
            percent = 100 * part / whole
            self._write(json.dumps(_embedded(metric, "", percent, epoch_ms)))


def _embedded(metric: Metric, reason: str, value: float, epoch_ms: int) -> dict[str, object]:
    dimensions = {"service": SERVICE, **({"reason": reason} if reason else {})}
    declared = {
        "Namespace": NAMESPACE,
        # In all, which is what an alarm can watch, and by reason.
        "Dimensions": [["service"], list(dimensions)] if reason else [["service"]],
        "Metrics": [{"Name": metric, "Unit": metric.unit}],
    }
    return {
        "_aws": {"Timestamp": epoch_ms, "CloudWatchMetrics": [declared]},
        **dimensions,
        metric: value,
    }
