"""The authorizer's logs and counters, without a library: one JSON line each on stdout.

Nothing is written for a request that is allowed: it waits to be counted. Whatever the traffic, a
process writes its counters once a second at most while something goes wrong, else once a minute
(CloudWatch embedded metric format).
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping

from functions.usage.metric import Metric
from functions.usage.metric_lines import metric_lines

SERVICE = "authorizer"
FLUSH_SECONDS = 1.0
# An alarm's period. Shares of every process at one pace weigh alike in CloudWatch's average.
CALM_SECONDS = 60.0

# What a line says.
DENIED = "request.denied"
UNAUTHORIZED = "request.unauthorized"
WOULD_DENY = "request.would_deny"
STAGE_MODE_UNKNOWN = "stage.mode_unknown"
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
        self._flushed_at = 0.0
        self._calm: Counter[tuple[Metric, str]] = Counter()
        self._shares: dict[Metric, tuple[int, int]] = {}
        self._calm_flushed_at = 0.0

    def count(self, metric: Metric, reason: str = "") -> None:
        self._counts[metric, reason] += 1

    def count_calmly(self, metric: Metric) -> None:
        """Of what is no news: it is written with the shares."""
        self._calm[metric, ""] += 1

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
        """Write the counters, unless that was done within the last second; what is calm, unless
        within the last minute.

        What a process counted after its last write before Lambda ends it is lost.
        """
        now = self._clock()
        is_calm_due = not 0 <= now - self._calm_flushed_at < CALM_SECONDS
        if not self._counts and not is_calm_due:
            return  # as good as always
        counts, values = self._due_counts(now), dict[Metric, float]()
        if is_calm_due and (self._calm or self._shares):
            self._calm_flushed_at = now
            calm, self._calm = self._calm, Counter()
            shares, self._shares = self._shares, {}
            counts |= calm
            values = {metric: 100 * part / whole for metric, (part, whole) in shares.items()}
        for line in metric_lines(SERVICE, counts, values, int(now * 1000)):
            self._write(json.dumps(line, separators=(",", ":")))

    def _due_counts(self, now: float) -> Counter[tuple[Metric, str]]:
        if not self._counts or 0 <= now - self._flushed_at < FLUSH_SECONDS:
            return Counter()
        self._flushed_at = now
        counts, self._counts = self._counts, Counter()
        return counts
