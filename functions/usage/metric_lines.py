"""What was counted comes in; lines of CloudWatch's embedded metric format leave, as few as can be.

Guaranteed: each metric is told once in all, which is what an alarm can watch, once for each reason
and once for its source, in the namespace of this stack. One line holds one reason and one source:
further ones take a line each.
Standard library only: the authorizer counts, too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from functions.usage.metric import Metric, namespace

type Line = dict[str, object]

_NONE: Mapping[Any, Any] = MappingProxyType({})


def metric_lines(
    service: str,
    counts: Mapping[tuple[Metric, str], int],
    values: Mapping[Metric, float | Sequence[float]],
    at_ms: int,
    *,
    sources: Mapping[Metric, str] = _NONE,
    source_values: Mapping[str, Mapping[Metric, float]] = _NONE,
) -> list[Line]:
    """`counts` by metric and reason, which may be empty; `values` are measured and have none.
    `sources` say of which one a metric was counted, the same for all of them; `source_values` are
    measured of each.
    """
    totals: Counter[Metric] = Counter()
    reasons: dict[str, dict[Metric, int]] = {}
    for (metric, reason), times in counts.items():
        totals[metric] += times
        if reason:
            reasons.setdefault(reason, {})[metric] = times
    shared = _told_with_the_totals(reasons, totals)
    lines: list[Line] = []
    if totals or values:
        told = [metric for metric in (*totals, *values) if metric not in reasons.get(shared, {})]
        plain = [metric for metric in told if metric not in sources]
        of_source = [metric for metric in told if metric in sources]
        parts = [_part([["service"]], plain)] if plain else []
        dimensions = {"service": service}
        if shared:
            parts.append(_part([["service"], ["service", "reason"]], [*reasons.pop(shared)]))
            dimensions["reason"] = shared
        if of_source:
            parts.append(_part([["service"], ["service", "Source"]], of_source))
            dimensions["Source"] = sources[of_source[0]]
        figures = {metric.value: figure for metric, figure in (*totals.items(), *values.items())}
        lines.append({"_aws": _header(at_ms, parts), **dimensions, **figures})
    for reason, own in reasons.items():
        header = _header(at_ms, [_part([["service", "reason"]], [*own])])
        figures = {metric.value: times for metric, times in own.items()}
        lines.append({"_aws": header, "service": service, "reason": reason, **figures})
    for source, measured in source_values.items():
        header = _header(at_ms, [_part([["service", "Source"]], [*measured])])
        figures = {metric.value: figure for metric, figure in measured.items()}
        lines.append({"_aws": header, "service": service, "Source": source, **figures})
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
