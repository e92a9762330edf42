"""Deliveries in any grouping, order and repetition give the same events."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests
from tests.fakes.access_log_lines import (
    FIELDS,
    REGION,
    REQUEST_TIME_MS,
    access_line,
    distinct_line,
    log_events,
)

NOW_MS = REQUEST_TIME_MS + 20_000
CONFIGURATION = default_configuration()
LINES: list[object] = [
    *(distinct_line(number) for number in range(8)),
    distinct_line(8, customerId="-"),
    distinct_line(9, status="401", customerId="-"),
    distinct_line(10, resourcePath="/café"),
    distinct_line(11, responseLatency="-"),
    '{"customerId":"a","customerId":"b"}',
    "198.51.100.109 - - [24/Jan/2023:17:52:06 +0000]",
    None,
    7,
]


def sort(
    lines: Sequence[object],
    source: AccessLogSource | None = None,
    configuration: Configuration = CONFIGURATION,
) -> SortedRequests:
    delivery = LogDelivery("1", "group", "stream", log_events(lines))
    return (source or AccessLogSource(REGION)).sort(delivery, configuration, NOW_MS)


def keys(results: Sequence[SortedRequests]) -> set[str]:
    return {json.loads(text)["idempotencyKey"] for result in results for text in result.event_texts}


def test_every_log_event_goes_to_one_place() -> None:
    """Billed, excluded or quarantined: the sum is what was delivered."""
    result = sort(LINES)
    assert result.billed == len(result.event_texts) == 10
    assert result.excluded == {"unauthorized": 1}
    assert [why.reason for why, _ in result.quarantined] == [
        "no_customer",
        "tamper",
        "invalid_json",
        "no_message",
        "no_message",
    ]


@given(st.permutations(LINES + LINES[:5]), st.lists(st.integers(0, 21)))
def test_any_regrouping_gives_the_same_keys(lines: list[object], cuts: list[int]) -> None:
    """Order, repetition and the borders between deliveries decide nothing."""
    source = AccessLogSource(REGION)
    borders = [0, *sorted(cuts), len(lines)]
    results = [sort(lines[start:end], source) for start, end in pairwise(borders)]
    assert keys(results) == keys([sort(LINES)])


@given(st.lists(st.sampled_from(LINES)))
def test_the_same_delivery_gives_the_same_bytes(lines: list[object]) -> None:
    """For a new function and for one that has seen other deliveries."""
    seasoned = AccessLogSource(REGION)
    sort(LINES, seasoned)
    first, second = sort(lines), sort(lines, seasoned)
    assert first.event_texts == second.event_texts
    assert (first.excluded, first.quarantined) == (second.excluded, second.quarantined)


ANYTHING = st.one_of(
    st.text(st.characters()),
    st.none(),
    st.integers(),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(st.characters())).map(
        lambda changes: access_line(**{**changes, "customerId": "-", "apiKeyId": "-"})
    ),
)


@given(st.lists(ANYTHING))
def test_no_line_without_a_verified_customer_makes_an_event(lines: list[object]) -> None:
    """Whatever else stands in it: path, request id, principal, another field's text."""
    result = sort(lines)
    assert not result.event_texts
    assert sum(result.excluded.values()) + len(result.quarantined) == len(lines)


def test_a_log_event_that_is_none_is_quarantined_alone() -> None:
    """Even where the delivery's list holds something else."""
    delivery = LogDelivery("1", "g", "s", ["text", None, *log_events([access_line()])])
    result = AccessLogSource(REGION).sort(delivery, CONFIGURATION, NOW_MS)
    assert (result.billed, len(result.quarantined)) == (1, 2)


def test_a_new_configuration_is_used_at_once() -> None:
    """What the source has learned belongs to the configuration that it learned it from."""
    source = AccessLogSource(REGION)
    sort([access_line()], source)
    renamed = Configuration.model_validate(
        {
            "versions": [
                {
                    "effectiveFrom": "2020-01-01T00:00:00Z",
                    "meters": [{"id": "api_calls", "metricName": "Calls"}],
                }
            ]
        }
    )
    (text,) = sort([access_line()], source, renamed).event_texts
    assert json.loads(text)["metricName"] == "Calls"


def test_a_version_that_comes_into_force_is_used_from_its_time_on() -> None:
    """Requests of both sides of the border, in one delivery."""

    def version(start: str, name: str) -> dict[str, Any]:
        return {"effectiveFrom": start, "meters": [{"id": "api_calls", "metricName": name}]}

    border = Configuration.model_validate(
        {
            "versions": [
                version("2020-01-01T00:00:00Z", "Old"),
                version("2026-07-20T01:50:15.218Z", "New"),
            ]
        }
    )
    times = [str(REQUEST_TIME_MS - 1), str(REQUEST_TIME_MS)]
    texts = sort(
        [access_line(requestTimeEpoch=time) for time in times], configuration=border
    ).event_texts
    assert [json.loads(text)["metricName"] for text in texts] == ["Old", "New"]


def test_late_requests_and_dropped_figures_are_counted() -> None:
    """Both are billed; somebody may want to know."""
    day_old = str(NOW_MS - 86_400_001)
    result = sort([access_line(requestTimeEpoch=day_old), access_line(responseLatency="-5")])
    assert (result.billed, result.late, result.dropped_figures) == (2, 1, 1)
