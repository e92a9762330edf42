"""The dashboard of template.yaml as tests read it: its widgets, and what each of them shows.

Parameters and pseudo parameters stand in it as a deploy fills them in; what only a deploy knows
(`${UsageQueue.QueueName}`) stays as the template says it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from tests.template.transformed import deployed_stack

STACK = "aforo-metering"
NAME = "UsageDashboard"
_SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]*)\} (?P<words>[^']*)', '(?P<stat>\w+)', 60\)")


class Shown(NamedTuple):
    """A metric, or with a search all those of a shape, by its widget and statistic."""

    widget: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]  # of a search: names, and the values that it asks for
    stat: str


@cache
def body(**parameters: str) -> dict[str, Any]:
    """The whole of it."""
    resource = deployed_stack(STACK, **parameters)[NAME]
    found: dict[str, Any] = json.loads(resource["Properties"]["DashboardBody"])
    return found


def widgets(kind: str) -> dict[str, dict[str, Any]]:
    """Those of one type, by title."""
    found = [one for one in body()["widgets"] if one["type"] == kind]
    assert len({title_of(one) for one in found}) == len(found)
    return {title_of(one): one for one in found}


def title_of(widget: Mapping[str, Any]) -> str:
    properties = widget["properties"]
    return str(properties.get("title") or properties.get("markdown", ""))


def shown() -> list[Shown]:
    """Every metric of every widget, also those that only a calculation reads."""
    return [
        one
        for title, widget in widgets("metric").items()
        for row in widget["properties"]["metrics"]
        for one in _shown_by(title, widget["properties"], row)
    ]


def expressions(widget: Mapping[str, Any]) -> dict[str, str]:
    """The calculations of a widget, by id."""
    rows = [row[0] for row in widget["properties"]["metrics"] if isinstance(row[0], dict)]
    return {row["id"]: row["expression"] for row in rows}


def resource_in(value: str) -> str:
    """Which resource a dimension's value names: by itself, or as what a condition chose."""
    (found,) = re.findall(r"(?:\$\{|'Ref': ')(\w+)", value)
    return str(found)


def _shown_by(title: str, properties: Mapping[str, Any], row: list[Any]) -> Iterator[Shown]:
    if isinstance(row[0], dict):
        for search in _SEARCH.finditer(row[0]["expression"]):
            yield _searched(title, search)
        return
    *names, options = row
    namespace, metric, *dimensions = names
    pairs = tuple(zip(dimensions[::2], dimensions[1::2], strict=True))
    yield Shown(title, namespace, metric, pairs, options.get("stat", properties["stat"]))


def _searched(title: str, search: re.Match[str]) -> Shown:
    namespace, *dimensions = search["schema"].replace('"', "").split(",")
    asked = dict(re.findall(r'(\w+)="([^"]*)"', search["words"]))
    pairs = tuple((name, asked.get(name, "*")) for name in dimensions)
    return Shown(title, namespace, asked["MetricName"], pairs, search["stat"])
