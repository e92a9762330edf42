"""`python -m tests.template.thresholds > tests/template/thresholds.txt`: when each alarm rings.

The transformed template comes in; a line for each alarm leaves: name, series, when it breaches, how
long, and what no data is taken for.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.template.test_two_stacks import EVERYTHING
from tests.template.transformed import deployed_stack

TABLE = Path(__file__).with_name("thresholds.txt")
SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}


def table() -> str:
    """Sorted, so that a new alarm is one new line."""
    rows = sorted(_rows())
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _rows() -> Iterator[tuple[str, str, str, str, str]]:
    for name, resource in deployed_stack(**EVERYTHING).items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            yield _row(name, resource["Properties"])


def _row(name: str, alarm: dict[str, Any]) -> tuple[str, str, str, str, str]:
    watched = f"{alarm['Namespace']} {alarm['MetricName']}" if "MetricName" in alarm else "math"
    dimensions = (_dimension(one) for one in alarm.get("Dimensions", []))
    watched = " ".join([watched, *dimensions])
    statistic = alarm.get("Statistic", alarm.get("ExtendedStatistic", ""))
    breach = f"{statistic} {SIGNS[alarm['ComparisonOperator']]} {alarm['Threshold']}".strip()
    periods = int(alarm["EvaluationPeriods"])
    points = alarm.get("DatapointsToAlarm", periods)
    length = f"{points} of {periods} x {_period(alarm)} s"
    return name, watched, breach, length, f"missing {alarm['TreatMissingData']}"


def _dimension(one: dict[str, Any]) -> str:
    value = one["Value"]
    if isinstance(value, dict):
        ((_, named),) = value.items()
        value = named if isinstance(named, str) else named[0]
    return f"{one['Name']}={value}"


def _period(alarm: dict[str, Any]) -> object:
    """Of an alarm that calculates: its metrics' own."""
    stats = [one["MetricStat"] for one in alarm.get("Metrics", [alarm]) if "MetricStat" in one]
    return alarm.get("Period", "/".join(sorted({str(one["Period"]) for one in stats})))


if __name__ == "__main__":
    sys.stdout.write(table())
