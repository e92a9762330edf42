"""Telemetry that writes nothing, and counts what is counted: over a whole run, for who asks."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from functions.usage.metric import Metric


class QuietLog:
    """A logger."""

    def _pass_over(self, *_: object, **__: object) -> None:
        """A run has a story instead."""

    debug = info = warning = error = exception = critical = append_keys = _pass_over


class QuietTelemetry:
    """In the place of `functions.adapters.telemetry.Telemetry`, one for all processes of a run."""

    def __init__(self) -> None:
        self.log: Any = QuietLog()
        self.counts: Counter[tuple[Metric, str]] = Counter()
        self.levels: dict[Metric, float] = {}

    def count(self, metric: Metric, times: int = 1, *, reason: str = "", source: str = "") -> None:
        if times:
            self.counts[metric, reason] += times

    def level(self, metric: Metric, value: float, *, source: str = "") -> None:
        self.levels[metric] = value

    def share(self, metric: Metric, part: int, whole: int) -> None:
        """Nobody asks for it."""

    def spread(self, metric: Metric, values: Sequence[float]) -> None:
        """Nobody asks for it."""

    def report(self, message: str, **fields: object) -> None:
        """Nobody reads it."""

    def flush(self) -> None:
        """There is nothing to write."""

    def times(self, metric: Metric) -> int:
        """Whatever the reason."""
        return sum(times for (one, _), times in self.counts.items() if one is metric)
