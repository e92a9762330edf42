"""What an invocation writes: its metrics, as CloudWatch reads them from stdout, and its report."""

import json

import pytest

from functions.adapters.telemetry import METERED, Telemetry
from functions.usage.metric import NAMESPACE, Metric
from tests.local.metric_series import read_series, series_of


def _written(lines: list[str]) -> dict[tuple[str, str | None], list[float]]:
    """By metric and reason."""
    found = {}
    for series, points in read_series(lines).items():
        dimensions = dict(series.dimensions)
        assert (series.namespace, dimensions["service"]) == (NAMESPACE, "metering")
        found[series.metric, dimensions.get("reason")] = [point.value for point in points]
    return found


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_count_is_written_for_each_reason_and_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm cannot add dimensions up."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_QUARANTINED, 2, reason="tamper")
    telemetry.count(Metric.REQUESTS_QUARANTINED, 3, reason="no_customer")
    telemetry.count(Metric.REQUESTS_BILLED, 7)
    telemetry.flush()
    assert _written(_lines(capsys)) == {
        ("RequestsQuarantined", "tamper"): [2],
        ("RequestsQuarantined", "no_customer"): [3],
        ("RequestsQuarantined", None): [5],
        ("RequestsBilled", None): [7],
    }


def test_what_an_invocation_did_and_counted_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With one reason at most, which is the usual case; each line costs its overhead again."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_BILLED, 7)
    telemetry.count(Metric.REQUESTS_EXCLUDED, 2, reason="throttled")
    telemetry.share(Metric.UNFIT_SHARE, 0, 2)
    telemetry.report(METERED, requests_billed=7, excluded={"throttled": 2}, quarantined={})
    telemetry.flush()
    (line,) = lines = _lines(capsys)
    said = json.loads(line)
    assert (said["message"], said["level"], said["service"]) == (METERED, "INFO", "metering")
    assert (said["requests_billed"], said["excluded"]) == (7, {"throttled": 2})
    assert "quarantined" not in said  # what is nothing is left out
    assert _written(lines) == {
        ("RequestsBilled", None): [7],
        ("RequestsExcluded", None): [2],
        ("RequestsExcluded", "throttled"): [2],
        ("UnfitShare", None): [0, 0],
    }


def test_a_report_that_names_another_reason_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A name has one value in a line: a metric's reason must not replace that of the report."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_EXCLUDED, 2, reason="throttled")
    telemetry.report(METERED, reason="own_log")
    telemetry.flush()
    report, _ = lines = _lines(capsys)
    assert json.loads(report)["reason"] == "own_log"
    assert _written(lines)["RequestsExcluded", "throttled"] == [2]


def test_a_report_before_another_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """The last is the invocation's; a report without a metric is written as well."""
    telemetry = Telemetry("metering")
    telemetry.report(METERED, messages=1)
    telemetry.report(METERED, messages=2)
    telemetry.flush()
    telemetry.flush()
    assert [json.loads(line)["messages"] for line in _lines(capsys)] == [1, 2]


def test_the_metrics_of_a_stack_are_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stacks of one account fill two series."""
    monkeypatch.setenv("METRICS_NAMESPACE", "AforoMetering/blue")
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_BILLED)
    telemetry.flush()
    expected = series_of("AforoMetering/blue", "RequestsBilled", service="metering")
    assert list(read_series(_lines(capsys))) == [expected]


def test_every_metric_is_written_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    """Without one CloudWatch knows no seconds and no percent."""
    telemetry = Telemetry("metering")
    for metric in Metric:
        telemetry.count(metric)
    telemetry.flush()
    (line,) = _lines(capsys)
    (declared,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
    units = {one["Name"]: one["Unit"] for one in declared["Metrics"]}
    assert units == {metric.value: metric.unit for metric in Metric}


def test_nothing_is_written_for_zero_or_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """A flush empties the counts."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.REQUESTS_BILLED, 0)
    telemetry.level(Metric.OLDEST_HELD_AGE, 12.5)
    telemetry.flush()
    telemetry.flush()
    assert _written(_lines(capsys)) == {("OldestHeldAge", None): [12.5]}


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
    assert _lines(capsys) == []


def test_what_a_source_gave_is_counted_for_it_and_in_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line: whoever watches all sources need not know how many there are."""
    telemetry = Telemetry("metering")
    telemetry.count(Metric.LINES_READ, 3, source="orders")
    telemetry.count(Metric.LINES_UNFIT, 1, source="orders")
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["LinesRead"], line["LinesUnfit"]) for line in lines] == [(3, 1)]
    (line,) = lines
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
        (None, 9),
        ("orders", 9),
        ("pets", 2),
    ]


def test_an_invocation_tells_nothing_of_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    """A process lives for many: counted again each time, an alarm would never end."""
    telemetry = Telemetry("forwarder")
    telemetry.count(Metric.POSTS, 3)
    telemetry.level(Metric.OLDEST_HELD_AGE, 7.0)
    telemetry.share(Metric.UNFIT_SHARE, 1, 2)
    telemetry.level(Metric.LAG, 1.0, source="orders")
    telemetry.flush()
    capsys.readouterr()
    telemetry.flush()
    assert capsys.readouterr().out == ""
