"""Of what stands in a log, what tells a person something."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.logs.told_line import told_line

METRICS = {
    "Timestamp": 1,
    "CloudWatchMetrics": [{"Metrics": [{"Name": "Posts", "Unit": "Count"}]}],
}
FORWARDED = {"level": "INFO", "message": "usage.forwarded", "messages": 1, "stopped": "outage"}
STATE = {"id": "1", "execution_arn": "arn:a:b", "details": "{}"}


@pytest.mark.parametrize(
    "text",
    [
        "START RequestId: c21c Version: $LATEST",
        "END RequestId: c21c",
        "REPORT RequestId: c21c\tDuration: 54 ms",
        json.dumps({"type": "platform.report", "record": {"status": "success"}}),
        json.dumps({"type": "platform.start", "record": {"version": "1"}}),
        json.dumps({**STATE, "type": "TaskSucceeded"}),
        "",
    ],
)
def test_what_machines_write_for_machines_is_left_out(text: str) -> None:
    """Nine of ten lines: who reads a log at night looks for the tenth."""
    assert told_line(0, text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("REPORT RequestId: c21c\tStatus: timeout", "REPORT RequestId: c21c\tStatus: timeout"),
        ("2026-11-23T08:00:00Z c21c Task timed out after 60.00 seconds", None),
        ("Traceback (most recent call last):\n  KeyError", None),
        (json.dumps({"level": "WARNING", "message": "reconcile.trouble"}), "reconcile.trouble"),
        (json.dumps({"errorMessage": "boom", "errorType": "KeyError"}), "boom"),
        (
            json.dumps({"type": "platform.report", "record": {"status": "timeout"}}),
            "platform.report",
        ),
        (json.dumps({**STATE, "type": "ExecutionFailed"}), "ExecutionFailed"),
        (json.dumps({**STATE, "type": "TaskTimedOut"}), "TaskTimedOut"),
    ],
)
def test_a_fault_is_one_in_every_spelling(text: str, message: str | None) -> None:
    """Ours, Lambda's as text and as JSON, and Step Functions'."""
    line = told_line(0, text)
    assert line is not None
    assert line.is_fault
    assert line.message == (message or text)


def test_a_line_is_told_by_its_message_and_its_facts() -> None:
    """Apart from the figures that are for CloudWatch, which stand in the same line."""
    text = json.dumps({**FORWARDED, "_aws": METRICS, "service": "forwarder", "Posts": 1})
    line = told_line(1_796_000_000_000, text)
    assert line == (
        "2026-11-30T00:53:20.000Z",
        "INFO",
        "usage.forwarded",
        {"messages": 1, "stopped": "outage"},
        {"Posts": 1},
    )


def test_a_line_is_found_by_a_metric_that_it_holds() -> None:
    """Beside a report, or alone: then its dimensions are the facts, such as the reason."""
    report = told_line(0, json.dumps({**FORWARDED, "_aws": METRICS, "Posts": 1}))
    alone = told_line(0, json.dumps({"_aws": METRICS, "reason": "timeout", "Posts": 2}))
    assert report is not None
    assert alone is not None
    assert [one.is_named("Posts") for one in (report, alone)] == [True, True]
    assert not alone.is_named("usage.forwarded")
    assert (alone.message, alone.level, alone.facts) == ("Posts", "INFO", {"reason": "timeout"})
    assert alone.is_idle


@pytest.mark.parametrize(
    ("said", "is_idle"),
    [
        ({"message": "heartbeat.metered"}, True),
        ({"message": "customers.due", "due": 3}, True),
        ({"message": "usage.forwarded", "stopped": "outage"}, True),
        ({"message": "usage.forwarded", "outcomes": {"EventsConfirmed": 1}}, False),
        ({"message": "usage.metered", "requests_billed": 1}, False),
    ],
)
def test_heartbeats_alone_are_no_news(said: dict[str, object], *, is_idle: bool) -> None:
    """They come every minute, in an outage every 20 seconds."""
    line = told_line(0, json.dumps({"level": "INFO", **said}))
    assert line is not None
    assert line.is_idle is is_idle


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_text_stops_a_reading(text: str) -> None:
    """Whatever somebody printed."""
    line = told_line(0, text)
    assert line is None or line.message
