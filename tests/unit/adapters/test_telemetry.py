"""Metrics of an invocation, as CloudWatch reads them from stdout."""

import json

import pytest

from functions.adapters.telemetry import NAMESPACE, Telemetry


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
    telemetry.count("RequestsQuarantined", 2, reason="tamper")
    telemetry.count("RequestsQuarantined", 3, reason="no_customer")
    telemetry.count("RequestsBilled", 7)
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
    telemetry.count("RequestsBilled", 0)
    telemetry.level("OldestHeldAge", 12.5)
    telemetry.flush()
    telemetry.flush()
    assert _written(capsys) == [("OldestHeldAge", 12.5, None)]
