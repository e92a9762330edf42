"""An alarm as CloudWatch describes it and the series of its metric come in; its state leaves.

For alarms on one metric with a plain statistic. ministack ignores dimensions, periods and what
missing data is taken for, so whoever wants to know asks here.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from tests.local.metric_series import Point, Series

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
}


def watched_by(alarm: "MetricAlarmTypeDef") -> Series:
    """The one series that it looks at."""
    dimensions = frozenset((one["Name"], one["Value"]) for one in alarm["Dimensions"])
    return Series(alarm["Namespace"], alarm["MetricName"], dimensions)


def breaches(alarm: "MetricAlarmTypeDef", value: float) -> bool:
    """By its own operator and threshold."""
    return COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])


def state_at(
    alarm: "MetricAlarmTypeDef", series: Mapping[Series, Sequence[Point]], now_ms: int
) -> str:
    """ALARM when as many of its newest periods breach as it asks for; INSUFFICIENT_DATA when no
    period says anything and that is not taken for good or bad; else OK.
    """
    points, length_ms = series.get(watched_by(alarm), ()), alarm["Period"] * 1000
    ends = [now_ms - number * length_ms for number in range(alarm["EvaluationPeriods"])]
    said = [_verdict(alarm, points, end - length_ms, end) for end in ends]
    if said.count(True) >= alarm.get("DatapointsToAlarm", len(said)):
        return "ALARM"
    return "OK" if set(said) != {None} else "INSUFFICIENT_DATA"


def _verdict(
    alarm: "MetricAlarmTypeDef", points: Sequence[Point], after_ms: int, until_ms: int
) -> bool | None:
    """Whether one period breaches; None when it has no data and that counts for neither."""
    values = [point.value for point in points if after_ms < point.at_ms <= until_ms]
    if values:
        return breaches(alarm, STATISTICS[alarm["Statistic"]](values))
    return {"breaching": True, "notBreaching": False}.get(alarm["TreatMissingData"])
