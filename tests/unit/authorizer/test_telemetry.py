"""Log lines and counters of the authorizer."""

import json

import pytest

from functions.authorizer.light_telemetry import CALM_SECONDS, DENIED, AuthorizerTelemetry
from functions.usage.metric import Metric
from tests.fakes.settable_clock import SettableClock
from tests.local.metric_series import read_series, series_of


def test_counters_are_written_once_a_second() -> None:
    """Whatever the traffic; nothing is lost between two writes."""
    clock, lines = SettableClock(), list[str]()
    telemetry = AuthorizerTelemetry(clock, lines.append)
    for _ in range(100):
        telemetry.count(Metric.REQUESTS_DENIED, "QUOTA_EXCEEDED")
        telemetry.flush_if_due()
    clock.advance(1.0)
    telemetry.flush_if_due()
    written = [json.loads(line) for line in lines]
    assert [line[Metric.REQUESTS_DENIED] for line in written] == [1, 99]
    assert written[0]["reason"] == "QUOTA_EXCEEDED"
    assert written[0]["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "AforoMetering",
            "Dimensions": [["service"], ["service", "reason"]],
            "Metrics": [{"Name": "RequestsDenied", "Unit": "Count"}],
        }
    ]


def test_the_metrics_of_a_stack_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks of one account fill two series."""
    monkeypatch.setenv("METRICS_NAMESPACE", "AforoMetering/blue")
    lines: list[str] = []
    telemetry = AuthorizerTelemetry(SettableClock(), lines.append)
    telemetry.count(Metric.WATERMARK_MALFORMED)
    telemetry.flush_if_due()
    expected = series_of("AforoMetering/blue", "WatermarkMalformed", service="authorizer")
    assert list(read_series(lines)) == [expected]


def test_what_is_calm_waits_a_minute_and_what_is_not_does_not_wait_for_it() -> None:
    """An allow writes nothing by itself. Nothing is lost between two writes."""
    clock, lines = SettableClock(), list[str]()
    telemetry = AuthorizerTelemetry(clock, lines.append)
    telemetry.count_calmly(Metric.REQUESTS_ALLOWED)
    telemetry.flush_if_due()
    assert len(lines) == 1
    for _ in range(59):
        clock.advance(1.0)
        telemetry.count_calmly(Metric.REQUESTS_ALLOWED)
        telemetry.flush_if_due()
    assert len(lines) == 1
    telemetry.count(Metric.REQUESTS_DENIED, "QUOTA_EXCEEDED")
    telemetry.flush_if_due()
    assert "RequestsAllowed" not in json.loads(lines[1])
    clock.advance(1.0)
    telemetry.flush_if_due()
    assert [json.loads(line).get("RequestsAllowed") for line in lines] == [1, None, 59]


def test_a_share_is_of_all_since_the_last_write() -> None:
    """In percent, zero too: an average of what is written is then the share of all, since every
    process writes one a minute, in trouble or not.
    """
    clock, lines = SettableClock(), list[str]()
    telemetry = AuthorizerTelemetry(clock, lines.append)
    for is_part in (False, True, False, False, True):
        telemetry.share(Metric.UNKNOWN_SHARE, is_part=is_part)
        telemetry.flush_if_due()
    clock.advance(CALM_SECONDS)
    telemetry.flush_if_due()
    written = [json.loads(line) for line in lines]
    assert [line[Metric.UNKNOWN_SHARE] for line in written] == [0, 50]
    assert written[0]["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "AforoMetering",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "UnknownShare", "Unit": "Percent"}],
        }
    ]


def test_nothing_counted_nothing_written() -> None:
    """An idle authorizer is silent."""
    lines: list[str] = []
    AuthorizerTelemetry(SettableClock(), lines.append).flush_if_due()
    assert lines == []


def test_a_log_line_is_one_line() -> None:
    """Facts cannot break out of their line."""
    lines: list[str] = []
    AuthorizerTelemetry(SettableClock(), lines.append).log(
        "WARNING", DENIED, {"stage": 'a\n{"b":"c"}'}
    )
    assert "\n" not in lines[0]
    assert json.loads(lines[0])["stage"] == 'a\n{"b":"c"}'
