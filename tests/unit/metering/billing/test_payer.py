"""Who pays, row by row: whom the authorizer verified, whom the map names, or nobody and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.payer import (
    CUSTOMER_MALFORMED,
    MASKED,
    NO_CUSTOMER,
    NOBODY,
    OTHER_TENANT,
    payer_fault,
    verified_customer,
)
from functions.metering.configuration.version import CompiledVersion, Configuration
from functions.metering.request import Request
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line

UNVERIFIED = Quarantined("no_customer", "a client could have written it")
NOT_SAID: dict[str, str | None] = {"customer_id": None, "api_key_id": None, "tenant_id": None}


def request(**facts: object) -> Request:
    found = read_line(access_line(), REGION)
    assert isinstance(found, Request)
    return found._replace(**{**NOT_SAID, **facts})  # type: ignore[arg-type]


def version(tenant_id: str | None = "tenant_1") -> CompiledVersion:
    said = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": {"v7y79n2re7": "cus_by_key"},
        "tenantId": tenant_id,
    }
    found = Configuration.model_validate({"versions": [said]}).in_force(REQUEST_TIME_MS)
    assert found is not None
    return found.compiled


ROWS = [
    ({}, NO_CUSTOMER),
    ({"customer_id": "cus_1"}, "cus_1"),
    ({"customer_id": "cus_1", "api_key_id": "v7y79n2re7"}, "cus_1"),
    ({"api_key_id": "v7y79n2re7"}, "cus_by_key"),
    ({"api_key_id": "unknown"}, NO_CUSTOMER),
    # Whoever is named by what a client can write pays nothing, and neither does another.
    ({"unverified": UNVERIFIED}, UNVERIFIED),
    ({"unverified": UNVERIFIED, "customer_id": "cus_1"}, UNVERIFIED),
    ({"unverified": UNVERIFIED, "api_key_id": "v7y79n2re7"}, UNVERIFIED),
    ({"customer_id": "cus_1*"}, MASKED),
    ({"api_key_id": "******9n2re7"}, MASKED),
    ({"customer_id": "cus_1", "tenant_id": "*enant_1"}, MASKED),
    ({"customer_id": "cus_1", "tenant_id": "tenant_1"}, "cus_1"),
    ({"customer_id": "cus_1", "tenant_id": "tenant_2"}, OTHER_TENANT),
    ({"api_key_id": "v7y79n2re7", "tenant_id": "tenant_2"}, OTHER_TENANT),
    ({"customer_id": "cus 1"}, CUSTOMER_MALFORMED),
    ({"customer_id": ""}, NO_CUSTOMER),
    # An empty customer is none: the id of a key is never taken for a customer's.
    ({"customer_id": "", "api_key_id": "v7y79n2re7"}, "cus_by_key"),
    ({"customer_id": "", "api_key_id": "cus_1"}, NO_CUSTOMER),
    ({"customer_id": " "}, NOBODY),
    ({"customer_id": "NULL"}, NOBODY),
]


@pytest.mark.parametrize(("facts", "payer"), ROWS)
def test_who_pays(facts: dict[str, object], payer: object) -> None:
    """Each row of the decision, and the fault of a request is what the decision says."""
    assert verified_customer(request(**facts), version()) == payer
    fault = payer_fault(request(**facts), version())
    assert fault == (payer if isinstance(payer, Quarantined) else None)


def test_a_deployment_for_any_tenant_takes_all() -> None:
    """Where no tenant is configured, a line's own is not compared with anything."""
    said = request(customer_id="cus_1", tenant_id="tenant_2")
    assert verified_customer(said, version(tenant_id=None)) == "cus_1"


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({}, NO_CUSTOMER),
        ({"customer_id": "cus_1"}, None),
        ({"api_key_id": "unknown"}, None),
        ({"customer_id": "cus_1", "api_key_id": "unknown"}, None),
        ({"unverified": UNVERIFIED}, UNVERIFIED),
        ({"unverified": UNVERIFIED, "customer_id": "cus_1"}, UNVERIFIED),
    ],
)
def test_what_is_known_of_the_payer_without_a_configuration(
    facts: dict[str, object], fault: Quarantined | None
) -> None:
    """Only what no version could mend is a fault already."""
    assert payer_fault(request(**facts), None) == fault


names = st.none() | st.sampled_from(["cus_1", "cus_2", "v7y79n2re7", "other", "a*", "null", ""])


@given(
    customer=names,
    key=names,
    tenant=st.sampled_from([None, "tenant_1", "tenant_2", "t*"]),
    is_unverified=st.booleans(),
)
def test_nobody_pays_who_is_not_named(
    *, customer: str | None, key: str | None, tenant: str | None, is_unverified: bool
) -> None:
    """Whatever a line says: its customer, or whom the map names for its key, or nobody."""
    facts = {"customer_id": customer, "api_key_id": key, "tenant_id": tenant}
    said = request(**facts, unverified=UNVERIFIED if is_unverified else None)
    payer = verified_customer(said, version())
    if isinstance(payer, str):
        assert payer == customer or (not customer and (payer, key) == ("cus_by_key", "v7y79n2re7"))
        assert not is_unverified
        assert tenant in {None, "tenant_1"}
