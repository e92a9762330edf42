"""Records of windows come in as they are written; an invocation's metrics leave.

Each request is counted once under `RequestsServed` and, when it is known, under what became of it:
a window that is looked at again adds what is new. What is held or unaccounted is measured as it
stands.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from functions.adapters.telemetry import Telemetry
from functions.audit.equation import Term, WindowRecord
from functions.usage.metric import Metric

_COUNTED = {
    Term.CONFIRMED: Metric.REQUESTS_CONFIRMED,
    Term.SET_ASIDE: Metric.REQUESTS_SET_ASIDE,
    Term.NEEDS_DECISION: Metric.REQUESTS_UNDECIDED,
    Term.EXCLUDED: Metric.REQUESTS_NOT_BILLABLE,
    Term.QUARANTINED: Metric.REQUESTS_KEPT,
}


class AuditFigures:
    """Of one invocation. Each custom metric costs $0.30 a month: what is nothing is not written,
    but for `WindowsBehind`, whose alarm also rings when nobody counts.
    """

    def __init__(self) -> None:
        self._counted: defaultdict[str, Counter[Metric]] = defaultdict(Counter)
        self._open: defaultdict[str, Counter[Metric]] = defaultdict(Counter)

    @property
    def unaccounted(self) -> int:
        return sum(one[Metric.REQUESTS_UNACCOUNTED] for one in self._open.values())

    def looked_at(self, record: WindowRecord, before: WindowRecord | None) -> None:
        """`before`: what the window's last look found."""
        counted, now = self._counted[record.source], _countable(record)
        # A term may shrink, as what was set aside is confirmed; a count does not.
        counted += now - _countable(before) if before else now

    def open_now(self, records: Iterable[WindowRecord]) -> None:
        """What the records of open windows say in the end."""
        for record in records:
            found = self._open[record.source]
            found[Metric.REQUESTS_HELD] += record.equation.held
            found[Metric.REQUESTS_UNACCOUNTED] += record.equation.unaccounted

    def tell(self, telemetry: Telemetry, behind: int) -> None:
        """`behind`: windows that are due and were not looked at."""
        if self.unaccounted:
            telemetry.level(Metric.REQUESTS_UNACCOUNTED, self.unaccounted)
        telemetry.level(Metric.WINDOWS_BEHIND, behind)
        for figures in (self._counted, self._open):
            for source, found in figures.items():
                for metric, value in found.items():
                    if value:
                        telemetry.level(metric, value, source=source)


def _countable(record: WindowRecord) -> Counter[Metric]:
    totals = record.equation.totals()
    return Counter(
        {Metric.REQUESTS_SERVED: record.equation.served}
        | {metric: totals[term] for term, metric in _COUNTED.items()}
    )
