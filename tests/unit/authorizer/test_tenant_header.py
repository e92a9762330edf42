"""X-Tenant-Id: what it may say, and where it must be there (docs/explanation/quota.md)."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.authorize import Unauthorized
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT
from tests.unit.authorizer.conftest import Bench, make_bench

# Of the length of the customer's id and with its last six characters: to an execution log, which
# stars all else of a principal, these two are one.
TWIN = "dust-1"


def names_customer(bench: Bench) -> Bench:
    bench.authorizer = replace(bench.authorizer, header_names_customer=True)
    return bench


def outcome(bench: Bench, event: dict[str, Any]) -> str:
    """Allow, or the logged reason for a 401."""
    try:
        policy = bench.answer(event)
    except Unauthorized:
        return str(bench.logged("request.unauthorized")[-1]["reason"])
    assert "code" not in policy["context"]
    return "Allow"


SENT = [
    # header lines as API Gateway hands them over, by tenant rule, by customer rule
    ([], "Allow", "no_tenant_header"),
    ([("X-Tenant-Id", TENANT)], "Allow", "tenant_header"),
    ([("X-Tenant-Id", CUSTOMER)], "tenant_header", "Allow"),
    ([("x-tenant-id", CUSTOMER)], "tenant_header", "Allow"),
    ([("X-TENANT-ID", TENANT)], "Allow", "tenant_header"),
    ([("X_Tenant_Id", CUSTOMER)], "tenant_header", "Allow"),
    ([("X-Tenant-Id", TWIN)], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", "")], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", f" {CUSTOMER}")], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", CUSTOMER.upper())], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", f"{CUSTOMER}, {TWIN}")], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", f"{CUSTOMER},{CUSTOMER}")], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", CUSTOMER), ("x-tenant-id", TWIN)], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", TWIN), ("X-Tenant-Id", CUSTOMER)], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", CUSTOMER), ("X_Tenant_Id", TWIN)], "tenant_header", "tenant_header"),
    ([("X-Tenant-Id", TENANT), ("X-Tenant-Id", CUSTOMER)], "tenant_header", "tenant_header"),
    ([("X-Customer-Id", TWIN)], "Allow", "no_tenant_header"),
]


def event_with(bench: Bench, lines: list[tuple[str, str]]) -> dict[str, Any]:
    """As API Gateway: `headers` has a name's last value, `multiValueHeaders` all of them."""
    event = authorizer_event(bench.good_header())
    for name, value in lines:
        event["headers"][name] = value
        event["multiValueHeaders"].setdefault(name, []).append(value)
    return event


@pytest.mark.parametrize(("lines", "by_tenant", "by_customer"), SENT)
def test_what_the_header_may_say(
    bench: Bench, lines: list[tuple[str, str]], by_tenant: str, by_customer: str
) -> None:
    """`tenant`: nothing, or the credential's tenant. `customer`: its customer, and nothing else."""
    assert outcome(bench, event_with(bench, lines)) == by_tenant
    assert outcome(names_customer(bench), event_with(bench, lines)) == by_customer


def test_the_header_is_demanded_of_api_keys_too(bench: Bench) -> None:
    """Whatever the credential is."""
    bench.know_api_key(sha256(b"sk_live_1").hexdigest())
    names_customer(bench)
    assert outcome(bench, authorizer_event("Bearer sk_live_1")) == "no_tenant_header"
    event = authorizer_event("Bearer sk_live_1", X_Tenant_Id=CUSTOMER)
    assert outcome(bench, event) == "Allow"


def test_a_bad_credential_is_not_told_about_headers(bench: Bench) -> None:
    """The credential is looked at first: nobody learns by headers who is a customer."""
    names_customer(bench)
    event = authorizer_event("Bearer sk_live_unknown", X_Tenant_Id=CUSTOMER)
    assert outcome(bench, event) == "unknown_key"


@given(named=st.text(max_size=8) | st.sampled_from([CUSTOMER, TWIN, TENANT]))
def test_nobody_can_name_another(named: str) -> None:
    """Where the header names the customer, who is allowed has named itself."""
    bench = names_customer(make_bench())
    is_own = named == CUSTOMER
    assert (outcome(bench, event_with(bench, [("X-Tenant-Id", named)])) == "Allow") == is_own
