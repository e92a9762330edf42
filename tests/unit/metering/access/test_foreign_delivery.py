"""Where a line of another format does not say when: the log event's stamp does."""

import json
from typing import Any

import pytest

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line

LINE: dict[str, object] = {
    "xid": "AyD6_FHMvHcECIA=",
    "apiId": "a1b2c3d4e5",
    "stage": "prod",
    "resourcePath": "/pets/{id}",
    "status": "200",
    "who": "cus_1",
}
FIELDS = {"customerId": "who", "extendedRequestId": "xid"}


def version(effective_from: str, metric: str) -> dict[str, Any]:
    return {
        "effectiveFrom": effective_from,
        "meters": [{"id": "api_calls", "metricName": metric}],
        "accessLogs": {"/group": {"fields": FIELDS}},
    }


CONFIGURATION = Configuration.model_validate(
    {
        "versions": [
            version("2020-01-01T00:00:00Z", "Old"),
            version("2026-07-20T00:00:00Z", "New"),
        ]
    }
)


def sort(line: dict[str, object], stamp: object) -> SortedRequests:
    delivery = LogDelivery(
        "123456789012", "/group", "stream", [{"message": json.dumps(line), "timestamp": stamp}]
    )
    return AccessLogSource(REGION).sort(delivery, CONFIGURATION, REQUEST_TIME_MS + 60_000)


@pytest.mark.parametrize("absent", [{}, {"requestTime": "-"}])
def test_a_line_without_a_time_began_when_its_log_event_says(absent: dict[str, object]) -> None:
    """The event says so, and the version in force is the stamp's."""
    for stamp, metric in ((REQUEST_TIME_MS, "New"), (REQUEST_TIME_MS - 3 * 86_400_000, "Old")):
        (event,) = map(json.loads, sort({**LINE, **absent}, stamp).event_texts)
        assert (event["metadata"]["timeSource"], event["metricName"]) == ("log_event", metric)
    (event,) = map(json.loads, sort({**LINE, **absent}, REQUEST_TIME_MS).event_texts)
    assert event["occurredAt"] == "2026-07-20T01:50:15.218Z"


def test_a_line_that_says_its_time_is_believed() -> None:
    """And its event does not say where the time is from."""
    line = {**LINE, "requestTimeEpoch": str(REQUEST_TIME_MS - 1)}
    (event,) = map(json.loads, sort(line, REQUEST_TIME_MS).event_texts)
    assert event["occurredAt"] == "2026-07-20T01:50:15.217Z"
    assert "timeSource" not in event["metadata"]


@pytest.mark.parametrize(
    ("line", "stamp", "reason"),
    [
        (LINE, None, "no_time"),
        (LINE, str(REQUEST_TIME_MS), "no_time"),
        ({**LINE, "requestTime": "yesterday"}, REQUEST_TIME_MS, "bad_time"),
        (LINE, REQUEST_TIME_MS + 3 * 3_600_000, "clock"),
    ],
)
def test_no_time_is_made_up(line: dict[str, object], stamp: object, reason: str) -> None:
    """Without a stamp, or where the line's time is none."""
    ((why, _),) = sort(line, stamp).quarantined
    assert why.reason == reason


def test_format_v1_is_read_where_the_version_of_its_time_declares_nothing() -> None:
    """A format that was changed for a while is declared for that while alone: lines of before, in
    our format, are billed as ever, also when they are metered again.
    """
    without = {**version("2020-01-01T00:00:00Z", "Old"), "accessLogs": {}}
    changed = version("2026-07-20T00:00:00Z", "New")
    configuration = Configuration.model_validate({"versions": [without, changed]})
    before = REQUEST_TIME_MS - 3 * 86_400_000
    lines = [
        {"message": access_line(requestTimeEpoch=str(before)), "timestamp": before},
        {"message": json.dumps(LINE), "timestamp": REQUEST_TIME_MS},
    ]
    delivery = LogDelivery("123456789012", "/group", "stream", lines)
    sorted_ = AccessLogSource(REGION).sort(delivery, configuration, REQUEST_TIME_MS + 60_000)
    metrics = [json.loads(text)["metricName"] for text in sorted_.event_texts]
    assert (metrics, sorted_.quarantined) == (["Old", "New"], [])
