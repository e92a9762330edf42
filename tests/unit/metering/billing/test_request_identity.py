"""What makes a request one request, and what a client may not make it."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import bill
from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.request import Request
from functions.usage.event import RequestIdentity
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line


def read(**changes: object) -> Request:
    request = read_line(access_line(**changes), REGION)
    assert isinstance(request, Request)
    return request


def refused(**changes: object) -> Quarantined:
    found = identity_of(read(**changes))
    assert isinstance(found, Quarantined)
    assert bill(read(**changes), default_configuration(), REQUEST_TIME_MS) == found
    assert found.reason == "no_request_identity"
    return found


@pytest.mark.parametrize(
    ("extended_request_id", "why"),
    [
        ("3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11", "a UUID"),
        ("3F2B1C7E-90AB-4C1D-8E55-0B7A9D2F6C11", "a UUID"),
        ("3f2b1c7e90ab4c1d8e550b7a9d2f6c11", "a UUID"),
        ("{3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11}", "a UUID"),
        ("urn:uuid:3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11", "a UUID"),
        ("3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11-AyD6_FHM", "a UUID"),
        ("UUID_REPLACED_INVALID_REQUEST_ID", "every request id that it refused"),
        ("UUID_REPLACED_INVALID_REQUEST_ID-AyD6_FHM", "every request id that it refused"),
        ("1-67891233-abcdef012345678912345678", "a trace id"),
        ("Root=1-67891233-ABCDEF012345678912345678", "a trace id"),
        ("null", "what a program writes where it has none"),
        ("Undefined", "what a program writes where it has none"),
        (" ", "blank"),
        (FIELDS["requestId"], "the line's requestId"),
    ],
)
def test_what_a_client_can_choose_makes_no_request(extended_request_id: str, why: str) -> None:
    """One header on every call would be one bill, and the detail says so and what to add."""
    detail = refused(extendedRequestId=extended_request_id).detail
    assert why in detail
    assert '"extendedRequestId":"$context.extendedRequestId"' in detail


@given(
    st.uuids(),
    st.sampled_from([str, lambda one: str(one).upper(), lambda one: one.hex, lambda one: one.urn]),
)
def test_no_uuid_is_an_identity(chosen: UUID, spelling: object) -> None:
    """In whatever spelling, and whatever request id the line has."""
    assert callable(spelling)
    refused(extendedRequestId=spelling(chosen))
    refused(extendedRequestId=spelling(chosen), requestId="-")


def test_a_gateways_own_id_is_none_where_the_line_calls_it_the_request_id_too() -> None:
    """On a REST API the two differ: somebody wrote one into the other's place."""
    one = "AyD6_FHMvHcECIA="
    assert "the line's requestId" in refused(extendedRequestId=one, requestId=one).detail


@given(st.from_regex(r"[A-Za-z0-9_-]{15}=", fullmatch=True))
def test_every_id_that_a_gateway_makes_is_one(extended_request_id: str) -> None:
    """None of them is mistaken for a client's."""
    found = identity_of(read(extendedRequestId=extended_request_id))
    assert found == RequestIdentity(
        "123456789012", REGION, "a1b2c3d4e5", "prod", extended_request_id
    )


@pytest.mark.parametrize("extended_request_id", ["AyD6_FHMvHcECIA", "0", "a" * 31, "x-1-2-3-4-5"])
def test_an_id_that_only_ends_otherwise_is_one_too(extended_request_id: str) -> None:
    """Nothing but what a client can choose is refused: AWS may make longer ones some day."""
    found = identity_of(read(extendedRequestId=extended_request_id))
    assert found == RequestIdentity(
        "123456789012", REGION, "a1b2c3d4e5", "prod", extended_request_id
    )


@pytest.mark.parametrize("customer", ["cus_1", "-"])
def test_every_missing_part_is_said_at_once_with_what_to_add(customer: str) -> None:
    """Also where nobody is known to pay: nobody repairs the one to be told the other."""
    missing = {"apiId": "-", "extendedRequestId": "-"}
    found = bill(read(customerId=customer, **missing), default_configuration(), REQUEST_TIME_MS)
    assert isinstance(found, Quarantined)
    assert found.reason == "no_request_identity"
    for name in missing:
        assert f'"{name}":"$context.{name}"' in found.detail
    assert "cannot be billed" in found.detail
    assert ("no customerId" in found.detail) == (customer == "-")


def test_what_a_declaration_cures_is_said_to_be_curable() -> None:
    """The lines that are there can be metered again."""
    assert "declare it in accessLogs" in refused(stage="-").detail


def test_the_parts_are_named_as_the_format_names_them() -> None:
    """What is said can be copied into the format as it stands."""
    nothing = dict.fromkeys(("accountId", "apiId", "stage", "extendedRequestId"), "-")
    assert refused(**nothing).detail == (
        "accountId and apiId and stage and extendedRequestId must be there: add "
        '"accountId":"$context.accountId","apiId":"$context.apiId","stage":"$context.stage",'
        '"extendedRequestId":"$context.extendedRequestId" to the format; '
        "lines without extendedRequestId cannot be billed, whatever is declared later"
    )


def test_a_chosen_id_alone_is_all_that_is_said() -> None:
    """Nothing is missing: nothing else is asked for."""
    assert refused(extendedRequestId=" ").detail == (
        "extendedRequestId names no one request: it is blank; the format needs "
        '"extendedRequestId":"$context.extendedRequestId"'
    )


def test_a_chosen_id_and_a_missing_part_are_both_said() -> None:
    """Nobody repairs the one to be told the other."""
    detail = refused(extendedRequestId="null", stage="-").detail
    chosen, missing = detail.split("; and ")
    assert "a program writes" in chosen
    assert missing.startswith("stage must be there")
