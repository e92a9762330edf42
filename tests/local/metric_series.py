"""Lines of logs come in; the series that CloudWatch makes of their embedded metrics leave.

ministack stores the lines and makes no metrics of them. The form is CloudWatch's: a line declares
namespace, sets of dimensions and metrics, and holds the figures beside that.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Series(NamedTuple):
    """What CloudWatch keeps apart."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]


class Point(NamedTuple):
    """One value, at epoch milliseconds."""

    at_ms: int
    value: float


def series_of(namespace: str, metric: str, **dimensions: str) -> Series:
    """By name, as an alarm asks for it."""
    return Series(namespace, metric, frozenset(dimensions.items()))


def read_series(lines: Iterable[str]) -> dict[Series, list[Point]]:
    """Of all lines that declare metrics; the others say nothing here."""
    found: dict[Series, list[Point]] = defaultdict(list)
    for line in lines:
        if '"_aws"' in line:
            _add_line(found, json.loads(line))
    return found


def _add_line(found: dict[Series, list[Point]], line: Mapping[str, Any]) -> None:
    at_ms = line["_aws"]["Timestamp"]
    for part in line["_aws"]["CloudWatchMetrics"]:
        for names in part["Dimensions"]:
            dimensions = frozenset((name, line[name]) for name in names)
            for metric in part["Metrics"]:
                value = line[metric["Name"]]
                points = found[Series(part["Namespace"], metric["Name"], dimensions)]
                points += [Point(at_ms, one) for one in _values(value)]


def _values(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value]
