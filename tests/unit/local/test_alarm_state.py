"""When an alarm rings: its own series, its periods, and what no data is taken for."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.local.alarm_state import state_at
from tests.local.metric_series import Point, series_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

NOW = 1_800_000_000_000
OWN = series_of("ours", "Age", service="one")


def alarm(**changes: Any) -> "MetricAlarmTypeDef":
    asked = {
        "Namespace": "ours",
        "MetricName": "Age",
        "Dimensions": [{"Name": "service", "Value": "one"}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10.0,
        "TreatMissingData": "notBreaching",
        **changes,
    }
    return cast("MetricAlarmTypeDef", asked)


def points(*minutes_ago: tuple[float, float]) -> dict[Any, list[Point]]:
    return {OWN: [Point(NOW - int(ago * 60_000), value) for ago, value in minutes_ago]}


@pytest.mark.parametrize(
    ("changes", "given", "state"),
    [
        ({}, [(0.5, 11), (1.5, 11), (2.5, 11)], "ALARM"),
        ({}, [(0.5, 11), (1.5, 10), (2.5, 11)], "OK"),
        ({"DatapointsToAlarm": 2}, [(0.5, 11), (1.5, 10), (2.5, 11)], "ALARM"),
        ({}, [(0.5, 11), (2.5, 11)], "OK"),  # a period without data is a good one
        ({"TreatMissingData": "breaching"}, [(0.5, 11), (2.5, 11)], "ALARM"),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "breaching"}, [(1.5, 10)], "OK"),
        ({"TreatMissingData": "missing"}, [], "INSUFFICIENT_DATA"),
        ({}, [(3.5, 11), (4.5, 11), (5.5, 11)], "OK"),  # older than what it looks at
        ({"Statistic": "Average", "EvaluationPeriods": 1}, [(0.5, 9), (0.6, 12)], "ALARM"),
        ({"Statistic": "Sum", "EvaluationPeriods": 1}, [(0.5, 5), (0.6, 5)], "OK"),
    ],
)
def test_it_looks_at_as_many_periods_as_it_asks_for(
    changes: dict[str, Any], given: list[tuple[float, float]], state: str
) -> None:
    """With its statistic in each."""
    assert state_at(alarm(**changes), points(*given), NOW) == state


def test_it_looks_at_no_series_but_its_own() -> None:
    """Neither of another namespace nor of other dimensions."""
    for other in (
        series_of("theirs", "Age", service="one"),
        series_of("ours", "Age", service="two"),
    ):
        series = {other: [Point(NOW - 1_000 - minute * 60_000, 11) for minute in range(3)]}
        assert state_at(alarm(), series, NOW) == "OK"
