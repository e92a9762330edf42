"""The short cut gives byte for byte what the long way gives, or nothing."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import read_fields
from functions.metering.billing.decide import AHEAD_MS, bill
from functions.metering.configuration.version import Configuration
from functions.metering.moulds import CUSTOMERS, SHAPES, Cast, Moulds
from functions.metering.request import Request
from functions.usage.message import event_text
from functions.usage.outcome import Excluded
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS

NOW_MS = REQUEST_TIME_MS + 20_000
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CALLS = {"id": "api_calls", "metricName": "API Calls"}
# Names that read like a mould's own marks and gaps.
ODD = {"id": "odd", "metricName": r"100 %s \u0001 \u0006 1970-01-01T00:00:00.000Z"}
BYTES = {"id": "bytes", "metricName": "Data", "quantity": "response_bytes"}
TOKENS = {"id": "tokens", "metricName": "Tokens", "quantity": "context:tokens"}
MODEL = {**TOKENS, "id": "by_model", "metadata": {"model": "model"}}
HERE = {"id": "here", "metricName": "Here", "apiIds": ["a1b2c3d4e5"]}
THERE = {"id": "there", "metricName": "There", "quantity": "response_bytes", "apiIds": ["there"]}

VALUES = {
    "v": ["1", "2", "-"],
    "extendedRequestId": ["abc=", "%s", "-", ""],
    "requestId": ["1-2", "%d", "-", "(none)"],
    "requestTimeEpoch": [
        str(REQUEST_TIME_MS),
        str(REQUEST_TIME_MS // 1000),
        str(NOW_MS + AHEAD_MS),
        str(NOW_MS + AHEAD_MS + 1),
        "0" * 13,
        "1" * 13,
        "-",
        "x" * 13,
    ],
    "accountId": ["123456789012", "-"],
    "apiId": ["there", "elsewhere", "-"],
    "tokens": ["5", "2.5", "0", "-", "x", "05", "9" * 12, "9" * 13, "1" + "0" * 12],
    "model": ["m-1", "-", "\x06", "x" * 257, r"\u0007"],
    "stage": ["prod", "100%", "1970-01-01T00:00:00.000Z", "-"],
    "resourcePath": ["/pets/{id}", "/%s/%(x)d", "/health", "-"],
    "status": ["200", "404", "500", "429", "401", "600", "-"],
    "responseLength": ["512", "0", "007", "-5", "-", "9" * 12, "9" * 13, "1_0"],
    "responseLatency": ["41", "0", "0041", "-", "9" * 6, "9" * 7, " 1"],
    "errorType": ["-", "ACCESS_DENIED", "AUTHORIZER_FAILURE", "THROTTLED"],
    "apiKeyId": ["-", "known", "unknown", "***n"],
    "customerId": ["cus_1", "-", "a b", "***1"],
    "tenantId": ["tenant_1", "tenant_2", "-"],
    "traceparent": ["-", TRACEPARENT, "x"],
}
CHANGES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)


def configured(*meters: dict[str, Any]) -> Configuration:
    version = {"meters": meters, "customers": {"known": "cus_2"}, "tenantId": "tenant_1"}
    return Configuration.model_validate(
        {"versions": [{"effectiveFrom": "2020-01-01T00:00:00Z", **version}]}
    )


def moulds_for(configuration: Configuration) -> Moulds:
    return Moulds(configuration.versions[0], configuration.next_change(NOW_MS), REGION)


CONFIGURATIONS = [
    configured(*meters)
    for meters in (
        [CALLS],
        [BYTES],
        [CALLS, BYTES],
        [ODD],
        [HERE, THERE],
        [CALLS, TOKENS],
        [MODEL, BYTES],
    )
]
# Kept from example to example, so that what one line taught is used for the next.
MOULDS = [moulds_for(configuration) for configuration in CONFIGURATIONS]


def the_long_way(fields: dict[str, str], configuration: Configuration) -> Any:
    request = read_fields(fields, REGION)
    if not isinstance(request, Request):
        return request
    outcome = bill(request, configuration, NOW_MS)
    return [event_text(event) for event in outcome] if isinstance(outcome, tuple) else outcome


def check(index: int, change: dict[str, str]) -> None:
    fields = {**FIELDS, **change}
    cast = MOULDS[index].cast(fields, NOW_MS + AHEAD_MS)
    expected = the_long_way(fields, CONFIGURATIONS[index])
    if isinstance(cast, Cast):
        assert cast.event_texts == expected
        assert str(cast.time_ms) == fields["requestTimeEpoch"].lstrip("0")
    elif cast is not None:
        assert cast == expected


@pytest.mark.parametrize("index", range(len(MOULDS)))
def test_any_two_odd_values_are_cast_truly_or_not_at_all(index: int) -> None:
    """Every pair of them in an otherwise common line, under any meters."""
    odd = [(name, value) for name, values in VALUES.items() for value in values]
    for first, second in combinations(odd, 2):
        check(index, dict([first, second]))


@given(st.integers(0, len(MOULDS) - 1), st.lists(CHANGES, min_size=1, max_size=3))
def test_any_odd_values_are_cast_truly_or_not_at_all(
    index: int, changes: list[dict[str, str]]
) -> None:
    """Any mixture of them, in any order of lines."""
    for change in changes:
        check(index, change)


@pytest.mark.parametrize(
    "change", [{}, {"traceparent": TRACEPARENT}, {"status": "500"}, {"stage": "100%"}]
)
def test_the_common_line_is_cast(change: dict[str, str]) -> None:
    """Otherwise each line would cost twice as much, unseen."""
    assert isinstance(moulds_for(CONFIGURATIONS[0]).cast({**FIELDS, **change}, NOW_MS), Cast)


def test_a_meter_of_the_line_s_figures_is_cast() -> None:
    """Tokens cost no more than calls."""
    fields = {**FIELDS, "tokens": "5", "model": "m-1"}
    cast = moulds_for(configured(CALLS, TOKENS, MODEL)).cast(fields, NOW_MS)
    assert isinstance(cast, Cast)
    assert ['"quantity":5' in text for text in cast.event_texts] == [False, True, True]


def test_a_scoped_meter_is_cast() -> None:
    """It costs no more than another."""
    cast = moulds_for(configured(HERE, THERE)).cast(FIELDS, NOW_MS)
    assert isinstance(cast, Cast)
    assert len(cast.event_texts) == 1


def test_the_common_exclusion_is_cast() -> None:
    """It needs no customer."""
    fields = {**FIELDS, "status": "401", "customerId": "-"}
    assert moulds_for(CONFIGURATIONS[0]).cast(fields, NOW_MS) == Excluded("unauthorized")


def test_a_name_that_reads_like_a_mark_has_no_mould() -> None:
    """Such a metric goes the long way, always."""
    assert moulds_for(configured(ODD)).cast(FIELDS, NOW_MS) is None


def test_another_versions_time_has_no_mould() -> None:
    """What was in force then decides, by the long way."""
    moulds = moulds_for(CONFIGURATIONS[0])
    assert moulds.cast({**FIELDS, "requestTimeEpoch": "1500000000000"}, NOW_MS) is None


def test_made_up_shapes_and_customers_do_not_fill_the_memory() -> None:
    """Past the limits the long way is taken, and what was known stays known."""
    moulds = moulds_for(CONFIGURATIONS[0])
    moulds.cast(FIELDS, NOW_MS)
    for number in range(SHAPES + 1):
        last = moulds.cast({**FIELDS, "resourcePath": f"/{number}"}, NOW_MS)
    assert last is None
    for number in range(CUSTOMERS + 1):
        last = moulds.cast({**FIELDS, "customerId": f"cus_{number}"}, NOW_MS)
    assert last is None
    assert isinstance(moulds.cast(FIELDS, NOW_MS), Cast)
