"""Practising an alarm: what can be practised, how an alarm tells itself, which calls count."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.local.drill.__main__ import main
from tests.local.drill.incidents import INCIDENTS
from tests.local.drill.ringing import threshold_reason
from tests.local.endpoints import ROOT
from tests.template.stack import resources

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

AT = datetime(2026, 11, 29, 3, 4, 5, tzinfo=UTC)


def test_each_incident_rings_an_alarm_of_the_template_and_each_another() -> None:
    """And each alarm has its section on the page that its text links to."""
    alarms = [one.alarm for one in INCIDENTS.values()]
    assert len(set(alarms)) == len(alarms) == 6
    assert set(alarms) <= set(resources("AWS::CloudWatch::Alarm"))
    page = (ROOT / "docs" / "reference" / "alarms.md").read_text()
    assert [one for one in alarms if f"\n## {one}\n" not in page] == []


def test_the_list_names_every_incident_with_its_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    """It needs no running cloud, and tells no cause."""
    assert main(["--list"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [[name, one.alarm] for name, one in INCIDENTS.items()]


def test_without_a_local_cloud_a_drill_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with exit status 2."""
    assert main(["drift", "--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {},
            (
                "Threshold Crossed: 1 datapoint [7.0 (29/11/26 03:04:00)] "
                "was greater than the threshold (5.0)."
            ),
        ),
        (
            {"DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
            (
                "Threshold Crossed: 2 datapoints [7.0, 7.0] "
                "was greater than or equal to the threshold (5.0)."
            ),
        ),
    ],
)
def test_a_reason_is_in_the_words_of_cloudwatch(changes: dict[str, Any], reason: str) -> None:
    """The value, and the alarm's own comparison, threshold and number of datapoints."""
    asked = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "EvaluationPeriods": 1,
        **changes,
    }
    assert threshold_reason(cast("MetricAlarmTypeDef", asked), 7.0, AT) == reason
