"""The options that name a request: what is understood, and what each refusal says."""

from typing import Any

import pytest

from functions.operator.deployment.deployment import TargetError
from functions.operator.trace.request_question import RequestQuestion, question_about
from functions.usage.moment import epoch_ms_from_iso

NOW_MS = epoch_ms_from_iso("2026-11-29T15:00:00Z")
AT = "2026-11-29T14:03:09Z"
AT_MS = epoch_ms_from_iso(AT)
KEY = f"apigw1-{'a' * 40}"


def asked(**options: str) -> RequestQuestion:
    names = ("request_id", "extended_request_id", "key", "customer", "at", "within")
    given: dict[str, Any] = dict.fromkeys(names) | options
    return question_about(now_ms=NOW_MS, **given)


@pytest.mark.parametrize(
    ("options", "span"),
    [
        ({"request_id": "abc"}, (NOW_MS - 86_400_000, NOW_MS)),
        ({"request_id": "abc", "at": AT}, (AT_MS - 3_600_000, AT_MS + 3_600_000)),
        ({"customer": "cus_a", "at": AT}, (AT_MS - 60_000, AT_MS + 60_000)),
        ({"key": KEY, "at": AT, "within": "15m"}, (AT_MS - 900_000, AT_MS + 900_000)),
        ({"request_id": "a", "at": "1970-01-01T00:00:01+00:00"}, (0, 3_601_000)),
    ],
)
def test_the_span_is_around_the_time_or_the_last_day(
    options: dict[str, str], span: tuple[int, int]
) -> None:
    """A minute for a customer, an hour for one request, unless somebody says otherwise."""
    assert asked(**options).span == span


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "give one of --request-id"),
        ({"request_id": "a", "key": KEY}, "give one of --request-id"),
        ({"customer": "cus_a"}, "--customer: give --at TIME"),
        ({"request_id": "a", "within": "60s"}, "--within: it is around --at"),
        ({"request_id": 'a" "b'}, "--request-id: "),
        ({"extended_request_id": ""}, "--extended-request-id: "),
        ({"key": "apigw1-A"}, "--key: "),
        ({"request_id": "a", "at": "9999-12-31T23:59:59Z"}, "--at: no log is of 9999-12-31"),
        ({"customer": "cus_a", "at": "1969-12-31T23:59:59Z"}, "--at: no log is of 1969-12-31"),
        ({"request_id": "a", "at": "yesterday"}, "--at: yesterday is no UTC time"),
        ({"request_id": "a", "at": "2026-11-29T14:03:09"}, "--at: "),
        ({"request_id": "a", "at": AT, "within": "8d"}, "--within: 8d"),
        ({"request_id": "a", "at": AT, "within": "0s"}, "--within: 0s"),
        ({"request_id": "a", "at": AT, "within": "60"}, "--within: 60"),
    ],
)
def test_what_cannot_be_asked_names_the_option(options: dict[str, str], said: str) -> None:
    """And what to write there."""
    with pytest.raises(TargetError) as raised:
        asked(**options)
    assert str(raised.value).startswith(said)
