"""A widget of a dashboard and the figures of a time come in; the lines that it shows leave.

As CloudWatch does it, as far as our dashboard goes: a statistic over each period, searches, sums,
differences and quotients of metrics, FILL. None stands where a period says nothing.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from tests.local.dashboard.calculation import Row, calculated
from tests.local.metric_series import Point, Series

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
}
_SEARCH = re.compile(r"SEARCH\('\{([^}]*)\} ([^']*)', '([^']*)', \d+\)")


class Window(NamedTuple):
    """From a time to another, in periods."""

    start_ms: int
    end_ms: int
    period_ms: int

    def periods(self) -> int:
        return math.ceil((self.end_ms - self.start_ms) / self.period_ms)


class Line(NamedTuple):
    """What is drawn: a name and a value for each period."""

    label: str
    values: Row


class Board(NamedTuple):
    """All that is known of a time."""

    figures: Mapping[Series, Sequence[Point]]
    window: Window

    def lines_of(self, properties: Mapping[str, Any]) -> list[Line]:
        """The visible lines of a metric widget, in its order."""
        rows = properties["metrics"]
        known: dict[str, Row | list[Row]] = {
            row[-1]["id"]: self._row(series_in(row), row[-1].get("stat", properties["stat"]))
            for row in rows
            if "id" in row[-1] and "expression" not in row[-1]
        }
        found: list[Line] = []
        for row in rows:
            shown = self._lines_of_row(row, properties["stat"], known)
            if row[-1].get("visible", True):
                found += shown
        return found

    def _lines_of_row(
        self, row: list[Any], stat: str, known: dict[str, Row | list[Row]]
    ) -> list[Line]:
        options = row[-1]
        if "expression" not in options:
            series = series_in(row)
            label = options.get("label", series.metric)
            return [Line(label, self._row(series, options.get("stat", stat)))]
        expression = options["expression"]
        whole = _SEARCH.fullmatch(expression)
        if whole:
            lines = self._searched(whole)
            known[options["id"]] = [line.values for line in lines]
            return lines
        names: dict[str, Row | list[Row]] = dict(known)

        def named(search: re.Match[str]) -> str:
            name = f"search{len(names)}"
            names[name] = [line.values for line in self._searched(search)]
            return name

        values = calculated(_SEARCH.sub(named, expression), names, self.window.periods())
        known[options["id"]] = values
        return [Line(options.get("label", options["id"]), values)]

    def _searched(self, search: re.Match[str]) -> list[Line]:
        """A line for each series of that shape, named by what only it has."""
        namespace, *names = search[1].replace('"', "").split(",")
        asked = dict(re.findall(r'(\w+)="([^"]*)"', search[2]))
        metric = asked.pop("MetricName")
        found = [
            (dict(series.dimensions), series)
            for series in self.figures
            if (series.namespace, series.metric) == (namespace, metric)
            and {name for name, _ in series.dimensions} == set(names)
        ]
        fitting = [(d, s) for d, s in found if all(d[k] == v for k, v in asked.items())]
        telling = [name for name in names if len({d[name] for d, _ in fitting}) > 1] or names[-1:]
        lines = [
            Line(" ".join(own[name] for name in telling), self._row(series, search[3]))
            for own, series in fitting
        ]
        return sorted(lines)

    def _row(self, series: Series, stat: str) -> Row:
        buckets: list[list[float]] = [[] for _ in range(self.window.periods())]
        for point in self.figures.get(series, ()):
            number = (point.at_ms - self.window.start_ms) // self.window.period_ms
            if 0 <= number < len(buckets):
                buckets[number].append(point.value)
        return [statistic(stat, values) if values else None for values in buckets]


def series_in(row: Sequence[Any]) -> Series:
    """The metric that a row names."""
    namespace, metric, *dimensions = row[:-1]
    pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
    return Series(namespace, metric, frozenset(pairs))


def statistic(name: str, values: Sequence[float]) -> float:
    """Of at least one value; pNN is the value that NN % do not exceed."""
    if name.startswith("p"):
        ordered = sorted(values)
        return ordered[max(0, math.ceil(float(name[1:]) / 100 * len(ordered)) - 1)]
    return float(_STATISTICS[name](values))
