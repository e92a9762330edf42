"""Metrics of an invocation, as CloudWatch reads them from stdout."""

import json

import pytest

from functions.adapters.telemetry import Telemetry
from functions.usage.metric import NAMESPACE, Metric


def _written(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, float, str | None]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = []
    for line in lines:
        (declared,) = line["_aws"]["CloudWatchMetrics"]
        (metric,) = declared["Metrics"]
        assert declared["Namespace"] == NAMESPACE
        found.append((metric["Name"], line[metric["Name"]][0], line.get("reason")))
    return found


def test_a_count_is_written_for_each_reason_and_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm cannot add dimensions up."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_QUARANTINED, 2, reason="tamper")
    telemetry.count(Metric.REQUESTS_QUARANTINED, 3, reason="no_customer")
    telemetry.count(Metric.REQUESTS_BILLED, 7)
    telemetry.flush()
    assert _written(capsys) == [
        ("RequestsQuarantined", 2, "tamper"),
        ("RequestsQuarantined", 3, "no_customer"),
        ("RequestsQuarantined", 5, None),
        ("RequestsBilled", 7, None),
    ]


def test_nothing_is_written_for_zero_or_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """A flush empties the counts."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_BILLED, 0)
    telemetry.level(Metric.OLDEST_HELD_AGE, 12.5)
    telemetry.flush()
    telemetry.flush()
    assert _written(capsys) == [("OldestHeldAge", 12.5, None)]


@pytest.mark.parametrize(
    ("part", "whole", "values", "average"),
    [(0, 1, 1, 0), (1, 1, 1, 100), (3, 12, 12, 25), (500, 1000, 50, 50), (1, 10_000, 50, 2)],
)
def test_a_share_weighs_each_one_alike(
    capsys: pytest.CaptureFixture[str], part: int, whole: int, values: int, average: float
) -> None:
    """So that CloudWatch's average over all processes is the share of all."""
    telemetry = Telemetry("metering")
    telemetry.share(Metric.UNFIT_SHARE, part, whole)
    telemetry.flush()
    telemetry.flush()
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["service"] == "metering"
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert len(line["UnfitShare"]) == values
    assert sum(line["UnfitShare"]) / values == average


def test_a_share_of_nothing_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no share at all."""
    telemetry = Telemetry("metering")
    telemetry.share(Metric.UNFIT_SHARE, 0, 0)
    telemetry.flush()
    assert _written(capsys) == []


def test_what_a_source_gave_is_counted_for_it_and_in_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line: whoever watches all sources need not know how many there are."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.LINES_READ, 3, source="orders")
    telemetry.share(Metric.UNFIT_SHARE, 1, 3, source="orders")
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["LinesRead"] for line in lines if "LinesRead" in line] == [[3]]
    for line in lines:
        (declared,) = line["_aws"]["CloudWatchMetrics"]
        assert declared["Dimensions"] == [["service"], ["service", "Source"]]
        assert (line["service"], line["Source"]) == ("metering", "orders")


def test_a_level_has_a_value_of_its_own_for_each_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The one that is measured in all is another figure, such as the worst of them."""
    telemetry = Telemetry("reconciliation")
    telemetry.level(Metric.HEARTBEAT_AGE, 9)
    telemetry.level(Metric.HEARTBEAT_AGE, 9, source="orders")
    telemetry.level(Metric.HEARTBEAT_AGE, 2, source="pets")
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line.get("Source"), line["HeartbeatAge"]) for line in lines] == [
        (None, [9]),
        ("orders", [9]),
        ("pets", [2]),
    ]
