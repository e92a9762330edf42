"""The access log's rows of the thirty nasty cases (gateway-logs.md 5), each with its outcome."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.adapters.telemetry import Telemetry
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration
from functions.metering.intake import Intake
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    REGION,
    REQUEST_TIME_MS,
    access_line,
    log_events,
    packed_payload,
    subscription_payload,
)
from tests.fakes.metering import FakeKeeper, FakeQueue, FixedTerms

NOW_MS = REQUEST_TIME_MS + 20_000
CONFIGURATION = Configuration.model_validate(
    {
        "versions": [
            {
                "effectiveFrom": "2020-01-01T00:00:00Z",
                "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                "customers": {"known": "cus_2"},
                "accessLogs": {"/declared": {"fields": {"customerId": "who"}}},
            }
        ]
    }
)


def sort(*lines: object, log_group: str = LOG_GROUP) -> SortedRequests:
    delivery = LogDelivery("123456789012", log_group, "stream", log_events(lines))
    return AccessLogSource(REGION).sort(delivery, CONFIGURATION, NOW_MS)


def outcomes(result: SortedRequests) -> dict[str, int]:
    """How often each outcome came out."""
    found = {"event": result.billed, **result.excluded}
    for why, _ in result.quarantined:
        found[why.reason] = found.get(why.reason, 0) + 1
    return {reason: count for reason, count in found.items() if count}


def keys(result: SortedRequests) -> list[str]:
    return [json.loads(text)["idempotencyKey"] for text in result.event_texts]


def intake() -> tuple[Intake, FakeQueue, FakeKeeper]:
    queue, keeper = FakeQueue(), FakeKeeper()
    taking = Intake(
        source=AccessLogSource(REGION),
        terms=FixedTerms(CONFIGURATION),
        keeper=keeper,
        queue=queue,
        telemetry=Telemetry("metering"),
        now_ms=lambda: NOW_MS,
    )
    return taking, queue, keeper


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        ("cüs", "customer_malformed"),
        ("a%20b", "customer_malformed"),
        ("a b", "customer_malformed"),
        (" cus", "customer_malformed"),
        ("c" * 10_000, "oversized"),
        ("", "no_customer"),
        ("-", "no_customer"),
        (None, "no_customer"),
        ("cus_1", "event"),
    ],
)
def test_05_a_customer_must_match_the_pattern_as_it_stands(
    customer: str | None, reason: str
) -> None:
    """Nothing is trimmed or decoded into a customer."""
    assert outcomes(sort(access_line(customerId=customer))) == {reason: 1}


@pytest.mark.parametrize("field", ["customerId", "apiKeyId"])
def test_06_a_masked_value_is_nobody(field: str) -> None:
    """Six characters collide."""
    line = access_line(**{"customerId": "-", field: "****bMZHBg"})
    assert outcomes(sort(line)) == {"masked": 1}


def test_14_two_requests_of_one_client_uuid_are_two_events() -> None:
    """The extended request id tells them apart."""
    result = sort(access_line(), access_line(extendedRequestId="other="))
    assert len(set(keys(result))) == 2


def test_15_the_same_delivery_twice_gives_the_same_key() -> None:
    """One event at Aforo, whatever Lambda repeats."""
    assert keys(sort(access_line())) == keys(sort(access_line()))


EXECUTION = "(abe23b51-3a85-4167-851d-9ab66fc506b3) Method completed with status: 200"
VENDED = json.dumps({"event_timestamp": 1, "payload": EXECUTION, "resource_arn": "arn"})


@pytest.mark.parametrize("line", [EXECUTION, VENDED])
def test_16_the_other_log_of_the_stage_is_skipped(line: str) -> None:
    """Both groups subscribed: one event per request, from the declared source."""
    assert outcomes(sort(access_line(), line)) == {"event": 1, "other_source": 1}


@pytest.mark.parametrize(
    "line",
    [
        '{"status":"200","errorMessage":" "Endpoint request timed out"","requestId":"x"}',
        '{"status":"200","integrationLatency":-,"requestId":"x"}',
    ],
)
def test_20_invalid_json_is_quarantined_alone(line: str) -> None:
    """The rest of the batch goes on."""
    assert outcomes(sort(line, access_line())) == {"event": 1, "invalid_json": 1}


@pytest.mark.parametrize("absent", ["-", "(none)", ""])
def test_21_absent_figures_are_null_and_an_absent_status_is_quarantined(absent: str) -> None:
    """Not 0."""
    result = sort(access_line(responseLatency=absent, responseLength=absent))
    assert outcomes(result) == {"event": 1}
    assert "responseTimeMs" not in json.loads(result.event_texts[0])
    assert outcomes(sort(access_line(status=absent))) == {"no_status": 1}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("0", "bad_status"),
        ("600", "bad_status"),
        ("200.0", "bad_status"),
        ("101", "event"),
        ("499", "event"),
        (200, "event"),
    ],
)
def test_22_a_status_is_an_integer_from_100_to_599(status: object, outcome: str) -> None:
    """As text or, from a forwarder, as a number."""
    assert outcomes(sort(access_line(status=status))) == {outcome: 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"responseLatency": "-1"},
        {"responseLength": "-5"},
        {"responseLatency": "34", "integrationLatency": "35", "traceparent": None},
    ],
)
def test_23_a_figure_that_cannot_be_is_dropped_and_counted(changes: dict[str, Any]) -> None:
    """The event goes on without it."""
    result = sort(access_line(**changes))
    assert (outcomes(result), result.dropped_figures) == ({"event": 1}, 1)


def test_24_times_are_normalised_future_ones_refused_old_ones_flagged() -> None:
    """By magnitude; more than two hours ahead; more than a day old."""
    seconds = sort(access_line(requestTimeEpoch=str(REQUEST_TIME_MS // 1000)))
    assert json.loads(seconds.event_texts[0])["occurredAt"] == "2026-07-20T01:50:15.000Z"
    ahead = access_line(requestTimeEpoch=str(NOW_MS + 2 * 3_600_000 + 1))
    assert outcomes(sort(ahead)) == {"clock": 1}
    old = sort(access_line(requestTimeEpoch=str(NOW_MS - 15 * 86_400_000)))
    assert (outcomes(old), old.late) == ({"event": 1}, 1)


def test_25_a_log_event_without_a_text_is_quarantined_alone() -> None:
    """And keys that nobody knows are ignored."""
    delivery = LogDelivery(
        "1", "g", "s", [{"id": "1"}, *log_events([None, 7, access_line(extra="x")])]
    )
    result = AccessLogSource(REGION).sort(delivery, CONFIGURATION, NOW_MS)
    assert outcomes(result) == {"event": 1, "no_message": 3}


@pytest.mark.parametrize(
    ("payload", "is_kept"),
    [
        (subscription_payload([], messageType="CONTROL_MESSAGE"), False),
        (subscription_payload([]), False),
        (subscription_payload([access_line()], messageType="OTHER"), True),
        (subscription_payload([], logEvents=None), True),
        ({"awslogs": {"data": "%%%"}}, True),
        ({"awslogs": {"data": "H4sIAAAAAAAA"}}, True),
        (packed_payload(b" " * (64 * 1024 * 1024 + 1)), True),
        (packed_payload(b"[]"), True),
    ],
)
def test_26_27_a_delivery_that_is_none_is_skipped_or_kept_whole(
    payload: dict[str, Any], *, is_kept: bool
) -> None:
    """Acknowledged either way: another try would not cure it."""
    taking, queue, keeper = intake()
    taking.take(payload, "own")
    assert (queue.bodies, bool(keeper.objects)) == ([], is_kept)


@pytest.mark.parametrize("mess", ["\x00", chr(0xD800), "\ufffd", "\ufeff", "\u2028"])
def test_28_only_billed_fields_must_be_clean(mess: str) -> None:
    """What is not billed is left out."""
    dirty = sort(access_line(customerId=f"cus{mess}"), access_line(requestId=f"x{mess}"))
    assert outcomes(dirty) in (
        {"event": 1, "unprintable": 1},
        {"event": 1, "customer_malformed": 1},
    )


def test_29_a_megabyte_is_one_line_like_another() -> None:
    """Our format with a long field, and something that nobody knows."""
    result = sort(access_line(extra="x" * 1_000_000), json.dumps({"wrapper": "x" * 1_000_000}))
    assert outcomes(result) == {"event": 1, "unknown_format": 1}


LAMBDA = "REPORT RequestId: 1f08c356-c26a-11e8-817c-373a13df2581\tDuration: 8.93 ms"


@pytest.mark.parametrize(
    ("line", "log_group", "reason"),
    [
        ("whatever a function prints", "/aws/lambda/echo", "not_api_gateway"),
        (LAMBDA, LOG_GROUP, "not_api_gateway"),
        ("Execution log for request 2cd9f026", LOG_GROUP, "test_invoke"),
        ("Tue Jun 23 02:21:45 UTC 2020 : HTTP Method: GET", LOG_GROUP, "test_invoke"),
        ("Starting execution for request: 9ac0eacd", LOG_GROUP, "other_source"),
        (access_line(customerId="-", httpMethod="OPTIONS"), LOG_GROUP, "preflight"),
        (access_line(customerId="-", resourcePath="/health"), LOG_GROUP, "excluded_path"),
        (access_line(customerId="-", status="403", errorType="WAF_FILTERED"), "g", "forbidden"),
    ],
)
def test_30_the_wrong_log_and_nobody_s_requests_are_skipped(
    line: str, log_group: str, reason: str
) -> None:
    """Each with its reason."""
    assert outcomes(sort(line, log_group=log_group)) == {reason: 1}


def test_30_our_own_log_is_skipped_whole() -> None:
    """It would be a loop."""
    taking, queue, keeper = intake()
    taking.take(subscription_payload([access_line()]), LOG_GROUP)
    assert (queue.bodies, keeper.objects) == ([], {})


def test_a_declared_log_group_is_read_by_its_declaration() -> None:
    """And by the version in force at the log event's stamp; the account is the group's owner."""
    line = json.dumps(
        {
            "extendedRequestId": "AyD6_FHMvHcECIA=",
            "apiId": "a1",
            "stage": "prod",
            "requestTimeEpoch": str(REQUEST_TIME_MS),
            "status": "200",
            "userAgent": "x",
            "who": "cus_1",
        }
    )
    result = sort(line, access_line(), log_group="/declared")
    assert outcomes(result) == {"event": 1, "no_payer_key": 1}


def two_apis(names: Sequence[str]) -> list[str]:
    return [access_line(apiId=name) for name in names]


def test_two_apis_with_one_request_id_are_two_requests() -> None:
    """As in the field."""
    assert len(set(keys(sort(*two_apis(["a1", "b2"]))))) == 2
