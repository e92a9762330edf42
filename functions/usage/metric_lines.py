"""What was counted comes in; lines of CloudWatch's embedded metric format leave, as few as can be.

Guaranteed: each metric is told once in all, which is what an alarm can watch, and once for each
reason, in the namespace of this stack. One line holds one reason: further ones take a line each.
Standard library only: the authorizer counts, too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from functions.usage.metric import Metric, namespace

type Line = dict[str, object]


def metric_lines(
    service: str,
    counts: Mapping[tuple[Metric, str], int],
    values: Mapping[Metric, float | Sequence[float]],
    at_ms: int,
) -> list[Line]:
    """`counts` by metric and reason, which may be empty; `values` are measured and have none."""
    totals: Counter[Metric] = Counter()
    reasons: dict[str, dict[Metric, int]] = {}
    for (metric, reason), times in counts.items():
        totals[metric] += times
        if reason:
            reasons.setdefault(reason, {})[metric] = times
    shared = _told_with_the_totals(reasons, totals)
    lines: list[Line] = []
    if totals or values:
        plain = [metric for metric in (*totals, *values) if metric not in reasons.get(shared, {})]
        parts = [_part([["service"]], plain)] if plain else []
        if shared:
            parts.append(_part([["service"], ["service", "reason"]], [*reasons.pop(shared)]))
        dimensions = {"service": service, **({"reason": shared} if shared else {})}
        figures = {metric.value: figure for metric, figure in (*totals.items(), *values.items())}
        lines.append({"_aws": _header(at_ms, parts), **dimensions, **figures})
    for reason, own in reasons.items():
        header = _header(at_ms, [_part([["service", "reason"]], [*own])])
        figures = {metric.value: times for metric, times in own.items()}
        lines.append({"_aws": header, "service": service, "reason": reason, **figures})
    return lines


def _told_with_the_totals(
    reasons: Mapping[str, Mapping[Metric, int]], totals: Mapping[Metric, int]
) -> str:
    """A reason whose metrics have no other: one figure stands for both. Empty: there is none."""
    for reason, own in reasons.items():
        if all(totals[metric] == times for metric, times in own.items()):
            return reason
    return ""


def _header(at_ms: int, parts: list[Line]) -> Line:
    return {"Timestamp": at_ms, "CloudWatchMetrics": parts}


def _part(dimensions: list[list[str]], metrics: Sequence[Metric]) -> Line:
    named = [{"Name": metric, "Unit": metric.unit} for metric in metrics]
    return {"Namespace": namespace(), "Dimensions": dimensions, "Metrics": named}
