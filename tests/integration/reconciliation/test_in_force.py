"""What an operator is told of many customers at once, read from real counters."""

import pytest
from pydantic import ValidationError

from functions.reconciliation.in_force import ASKED_AT_ONCE, InForceQuestion, StatedInForce
from tests.integration.reconciliation.tenant import CUSTOMER, METER, TENANT, Tenant, event
from tests.integration.reconciliation.test_command_lists import CREDENTIAL, DIGEST, status


def found(tenant: Tenant, customers: list[str], keys: list[str]) -> object:
    """The answer."""
    asked = InForceQuestion.model_validate({"customers": customers, "apiKeys": keys})
    return StatedInForce(tenant.client, TENANT, lambda: tenant.now_ms).find(asked)


def test_versions_and_what_is_used(tenant: Tenant) -> None:
    """Of each statement the version that stands; of each granted meter its use of the period."""
    assert tenant.grant(10, allowWhenUnknown=True) == []
    assert (
        tenant.take(
            tenant.grant_body(20, meter="data"),
            status(7),
            CREDENTIAL,
            {"kind": "usage_plan", "customerId": CUSTOMER, "usageIdentifier": "plan", "version": 9},
            {"kind": "mode", "customerId": CUSTOMER, "mode": "shadow", "version": 8},
        )
        == []
    )
    tenant.settle(event("a"), event("b"))
    versions = {"grant api_calls": 1, "grant data": 2, "status": 7, "usage_plan": 9, "policy": 1}
    versions["mode"] = 8
    expected = {"versions": versions, "used": {METER: 2, "data": 0}}
    expected["limits"] = {METER: 10, "data": 20}
    assert found(tenant, [CUSTOMER, "nobody"], [DIGEST, "cd" * 32]) == {
        "byCustomer": {CUSTOMER: expected},
        "byApiKey": {DIGEST: 1},
    }


def test_usage_alone_is_nothing_in_force(tenant: Tenant) -> None:
    """Usage that came before its grant says nothing of a statement."""
    tenant.settle(event("a"))
    assert found(tenant, [CUSTOMER], []) == {"byCustomer": {}, "byApiKey": {}}


@pytest.mark.parametrize(
    "asked", [{"customers": ["c"] * (ASKED_AT_ONCE + 1)}, {"apiKeys": ["no digest"]}, {"keys": []}]
)
def test_a_question_that_is_none_is_refused(asked: object) -> None:
    """Too many at once, or what is no SHA-256: it may be the key itself."""
    with pytest.raises(ValidationError):
        InForceQuestion.model_validate(asked)
