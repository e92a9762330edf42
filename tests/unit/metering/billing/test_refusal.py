"""A refused request is told all that it lacks at once, with what cures it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import read_line
from functions.metering.access.source import AccessLogSource
from functions.metering.billing import refusal
from functions.metering.billing.exclusions import NO_STATUS
from functions.metering.billing.payer import NO_CUSTOMER
from functions.metering.configuration.version import CompiledVersion, Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request
from functions.metering.sorting import SortedRequests, unfit_lines
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line

# Each fact with the keys of format v1 that say it, and what the detail says of its absence.
FACTS = {
    "time": (("requestTimeEpoch",), '"requestTimeEpoch":"$context.requestTimeEpoch"'),
    "status": (("status",), '"status":"$context.status"'),
    "identity": (("extendedRequestId",), '"extendedRequestId":"$context.extendedRequestId"'),
    "api": (("apiId",), '"apiId":"$context.apiId"'),
    "payer": (("customerId", "apiKeyId"), '"apiKeyId":"$context.identity.apiKeyId"'),
}
FOREIGN = {name: text for name, text in FIELDS.items() if name not in {"v", "principalId"}}


def sort(line: dict[str, str], **version: Any) -> SortedRequests:
    configuration = Configuration.model_validate(
        {
            "versions": [
                {
                    "effectiveFrom": "2020-01-01T00:00:00Z",
                    "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                    **version,
                }
            ]
        }
    )
    # Without a stamp, which would be the time of a foreign line.
    delivery = LogDelivery("", "/group", "stream", [{"message": json.dumps(line)}])
    return AccessLogSource(REGION).sort(delivery, configuration, REQUEST_TIME_MS)


def refused(line: dict[str, str], **version: Any) -> Quarantined:
    (one,) = sort(line, **version).quarantined
    return one.why


@pytest.mark.parametrize("line", [FIELDS, FOREIGN], ids=["v1", "foreign"])
@given(st.sets(st.sampled_from(sorted(FACTS)), min_size=1))
def test_every_fact_that_is_missing_is_said_at_once(
    line: dict[str, str], missing: set[str]
) -> None:
    """With the keys to add, of format v1 and of any other; what is there is not complained of."""
    lacking = {key for fact in missing for key in FACTS[fact][0]}
    why = refused({name: text for name, text in line.items() if name not in lacking})
    for fact, (_, said) in FACTS.items():
        assert (said in why.detail) == (fact in missing), fact


@pytest.mark.parametrize("line", [FIELDS, FOREIGN], ids=["v1", "foreign"])
def test_what_cannot_be_read_is_in_the_same_list(line: dict[str, str]) -> None:
    """A bad time, a bad status, an id that a client chose and no API, in one detail."""
    chosen = "3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11"
    bad = {"requestTimeEpoch": "yesterday", "status": "OK", "extendedRequestId": chosen}
    why = refused(line | bad | {"apiId": "-", "customerId": "-"})
    assert why.reason in {"bad_time", "bad_status"}
    for said in (
        "requestTimeEpoch is neither",
        "status is not an integer",
        "it is a UUID",
        '"apiId":"$context.apiId"',
        "no customerId",
    ):
        assert why.detail.count(said) == 1


def test_of_each_fault_it_is_said_whether_a_configuration_cures_it() -> None:
    """Only the format cures a missing extended request id; the rest can be declared."""
    lacking = {"status", "extendedRequestId", "customerId", "apiKeyId", "requestTimeEpoch"}
    detail = refused({name: FIELDS[name] for name in FIELDS if name not in lacking}).detail
    time, status, identity, payer = detail.split("; and ")
    assert "declare fields in accessLogs, and the log event's own time counts" in time
    assert "declare in accessLogs" in status
    assert "cannot be billed, whatever is declared later" in identity
    assert "declare in accessLogs" in payer


def test_what_a_meter_counts_is_said_with_the_rest() -> None:
    """The format is changed once."""
    meters = [{"id": "tokens", "metricName": "Tokens", "quantity": "context:inputTokens"}]
    why = refused(FIELDS | {"extendedRequestId": "-"}, meters=meters)
    assert why.reason == "no_request_identity"
    assert "the line has no key inputTokens" in why.detail


@pytest.mark.parametrize("log_group", ["/declared", "/group"])
def test_format_v1_without_a_time_is_billed_by_the_log_events_where_fields_are_declared(
    log_group: str,
) -> None:
    """As its refusal says."""
    line = {name: FIELDS[name] for name in FIELDS if name != "requestTimeEpoch"}
    declared = {"/declared": {"fields": {"customerId": "customerId"}}}
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "accessLogs": declared,
    }
    configuration = Configuration.model_validate({"versions": [version]})
    events = [{"message": json.dumps(line), "timestamp": REQUEST_TIME_MS}]
    delivery = LogDelivery("", log_group, "stream", events)
    found = AccessLogSource(REGION).sort(delivery, configuration, REQUEST_TIME_MS)
    assert found.billed == (log_group == "/declared")


@pytest.mark.parametrize(
    ("line", "version", "reason", "is_drift"),
    [
        (FIELDS | {"customerId": "-"}, {}, "no_customer", False),
        (FIELDS | {"customerId": "-", "apiKeyId": "k"}, {}, "no_customer", False),
        ({k: v for k, v in FIELDS.items() if k not in FACTS["payer"][0]}, {}, "no_payer_key", True),
        (FOREIGN | {"customerId": "-"}, {}, "no_customer", False),
        (FOREIGN, {"fields": {"apiKeyId": "user"}}, "no_payer_key", True),
        (FOREIGN | {"user": "-"}, {"fields": {"apiKeyId": "user"}}, "no_customer", False),
        (FIELDS | {"user": "-"}, {"fields": {"apiKeyId": "user"}}, "no_customer", False),
    ],
)
def test_a_line_without_a_key_for_who_pays_is_drift_and_one_of_nobody_is_not(
    line: dict[str, str], version: dict[str, Any], reason: str, *, is_drift: bool
) -> None:
    """Only what a customer map can cure, or nobody has to, does not ring."""
    logs: dict[str, Any] = {"accessLogs": {"/group": version}} if version else {}
    found = sort(line, **logs)
    assert [one.why.reason for one in found.quarantined] == [reason]
    assert unfit_lines(found) == is_drift


def test_a_browser_asks_where_no_key_says_who_pays_too() -> None:
    """It sends no credential, whatever the format."""
    line = {k: v for k, v in FIELDS.items() if k not in FACTS["payer"][0]}
    assert sort(line | {"httpMethod": "OPTIONS"}).excluded == {"preflight": 1}


NO_BYTES = "a meter counts responseLength, which is not there"


def bytes_version() -> CompiledVersion:
    meters = [{"id": "bytes", "metricName": "Bytes", "quantity": "response_bytes"}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}
    found = Configuration.model_validate({"versions": [version]}).in_force(REQUEST_TIME_MS)
    assert found is not None
    return found.compiled


def lacking_all() -> Request:
    facts = ("requestTimeEpoch", "status", "extendedRequestId", "customerId", "responseLength")
    request = read_line(access_line(**dict.fromkeys(facts, "-")), REGION)
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize("is_configured", [False, True])
@pytest.mark.parametrize(
    ("reason", "lacking"),
    [
        ("no_time", {NO_STATUS}),
        ("bad_time", {NO_STATUS}),
        ("no_status", {refusal.NO_TIME}),
        ("bad_status", {refusal.NO_TIME}),
        ("no_request_identity", {refusal.NO_TIME, NO_STATUS}),
    ],
)
def test_the_first_fault_leads_and_no_fact_is_asked_for_twice(
    reason: str, lacking: set[Quarantined], *, is_configured: bool
) -> None:
    """What is bad is there, so it is not called missing; what is counted is known by a version."""
    version = bytes_version() if is_configured else None
    found = refusal.refused(lacking_all(), Quarantined(reason, "the first"), version)
    details = found.detail.split("; and ")
    assert (found.reason, details[0]) == (reason, "the first")
    assert {one for one in (refusal.NO_TIME, NO_STATUS) if one.detail in found.detail} == lacking
    assert found.detail.count("extendedRequestId") >= 1
    assert NO_CUSTOMER.detail in details
    assert (NO_BYTES in details) == is_configured
    assert len(set(details)) == len(details)


def test_a_key_that_the_customer_map_has_not_is_said_with_the_rest() -> None:
    """Once a version of the configuration is known."""
    line = {**FIELDS, "status": "-", "customerId": "-", "apiKeyId": "unknown0key"}
    assert NO_CUSTOMER.detail in refused(line, customers={"another0key": "cus_1"}).detail
    assert NO_CUSTOMER.detail not in refused(line, customers={"unknown0key": "cus_1"}).detail


@pytest.mark.parametrize(("api_id", "is_asked"), [("another0id", False), (FIELDS["apiId"], True)])
def test_what_a_meter_of_another_api_counts_is_not_asked_for(
    api_id: str, *, is_asked: bool
) -> None:
    """Only what counts this request may say what it lacks."""
    meter = {"id": "bytes", "metricName": "Bytes", "quantity": "response_bytes", "apiIds": [api_id]}
    line = {**FIELDS, "status": "-", "responseLength": "-"}
    assert (NO_BYTES in refused(line, meters=[meter]).detail) == is_asked


def test_a_status_that_is_none_is_not_called_missing() -> None:
    """The line's first fault says it, whatever its own reason is."""
    why = Quarantined("bad_time", "status is not an integer")
    assert NO_STATUS.detail not in refusal.refused(lacking_all(), why).detail


@pytest.mark.parametrize("reason", ["masked", "tamper", "clock", "no_customer", "bad_list"])
def test_of_a_line_that_is_not_believed_nothing_more_is_said(reason: str) -> None:
    """Nobody knows what the rest of it is worth."""
    why = Quarantined(reason, "the only one")
    assert refusal.refused(lacking_all(), why, bytes_version()) is why
