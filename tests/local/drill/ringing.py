"""An alarm of the deployed template rings, as CloudWatch would have it, and ends.

The local cloud evaluates alarms on the depth of queues alone; the others are set, with the reason
that CloudWatch gives: the value, and the alarm's own comparison and threshold.
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from tests.local.alarm_state import breaches
from tests.local.alarms import DEPTH_METRIC
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef


def ring(endpoints: Endpoints, logical_id: str, value: float) -> "MetricAlarmTypeDef":
    """The alarm as it then is. ValueError where the value does not breach it."""
    alarm = described(endpoints, logical_id)
    if not breaches(alarm, value):
        raise ValueError(f"{logical_id} does not ring at {value:g}")
    if is_evaluated(alarm):
        return until(lambda: _ringing(endpoints, logical_id), every=0.3)
    reason = threshold_reason(alarm, value, datetime.now(UTC))
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason=reason
    )
    return described(endpoints, logical_id)


def end(endpoints: Endpoints, logical_id: str) -> None:
    """Those that the local cloud evaluates end by themselves."""
    alarm = described(endpoints, logical_id)
    if not is_evaluated(alarm):
        boto3.client("cloudwatch").set_alarm_state(
            AlarmName=alarm["AlarmName"],
            StateValue="OK",
            StateReason=f"Threshold Crossed: {alarm['MetricName']} does not breach any more.",
        )


def described(endpoints: Endpoints, logical_id: str) -> "MetricAlarmTypeDef":
    """As it is deployed, and its state."""
    name = physical_ids(endpoints.stack_name, "AWS::CloudWatch::Alarm")[logical_id]
    (alarm,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return alarm


def is_evaluated(alarm: "MetricAlarmTypeDef") -> bool:
    """By the local cloud itself."""
    return alarm.get("MetricName") == DEPTH_METRIC


def _ringing(endpoints: Endpoints, logical_id: str) -> "MetricAlarmTypeDef | None":
    alarm = described(endpoints, logical_id)
    return alarm if alarm["StateValue"] == "ALARM" else None


def threshold_reason(alarm: "MetricAlarmTypeDef", value: float, at: datetime) -> str:
    """In CloudWatch's words: `GreaterThanThreshold` is `greater than the threshold`."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", alarm["ComparisonOperator"]).lower()
    compared = re.sub(r"(than|to) threshold", r"\1 the threshold", words)
    number = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    points = "1 datapoint" if number == 1 else f"{number} datapoints"
    values = (
        f"{value} ({at:%d/%m/%y %H:%M:00})" if number == 1 else ", ".join([f"{value}"] * number)
    )
    threshold = f"({float(alarm['Threshold'])})"
    return f"Threshold Crossed: {points} [{values}] was {compared} {threshold}."
