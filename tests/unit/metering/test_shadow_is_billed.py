"""What metering makes of requests that the authorizer let pass in shadow."""

import json
from typing import Any

import pytest

from functions.authorizer.decision import Allow
from functions.authorizer.identity import Identity
from functions.authorizer.policy import would_deny_policy
from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import Billing, bill
from functions.metering.execution.source import bill_execution
from functions.metering.request import Request
from functions.usage.outcome import Excluded, Quarantined
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import REQUEST_ID as ID
from tests.fakes.execution_log_lines import configured, cut, prefixed, read, request_texts
from tests.fakes.metering import readable

RESOURCE = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/*"
NOW_MS = REQUEST_TIME_MS + 20_000
CONFIGURATION = configured({"v7y79n2re7": "cus_by_key"}, tenantId="tenant_1")
IDENTITY = Identity(customer_id="cus_7Qm2", tenant_id="tenant_1", environment="live")
VERIFIED: Any = would_deny_policy(RESOURCE, "QUOTA_EXCEEDED", IDENTITY, Allow(0, 100))
NOBODY: Any = would_deny_policy(RESOURCE, "UNAUTHORIZED", None, Allow())


def named(billing: Billing) -> str:
    """Who pays, or why nobody does."""
    if isinstance(billing, Excluded | Quarantined):
        return billing.reason
    found = readable(billing)
    assert isinstance(found, tuple)
    (event,) = found
    return event["customerId"]


def by_access_log(policy: Any, **more: str) -> str:
    """As API Gateway fills the format from a policy that let the request pass."""
    context = policy["context"]
    texts = {name: context.get(name, "-") for name in ("customerId", "tenantId", "keyId")}
    found = read_line(access_line(principalId=policy["principalId"], **texts, **more), REGION)
    assert isinstance(found, Request)
    return named(bill(found, CONFIGURATION, NOW_MS))


def by_execution_log(policy: Any, *, is_traced: bool, headers: str, **more: Any) -> str:
    """`is_traced`: data trace shows the authorizer's result; else its principal is all there is."""
    principal = policy["principalId"]
    shown = "*" * (len(principal) - 6) + principal[-6:]
    result = [f"Authorizer result body before parsing: {json.dumps(policy)}"]
    texts = [
        f"Starting authorizer: elkw5b for request: {ID}",
        *(result if is_traced else []),
        f"Using valid authorizer policy for principal: {shown}",
        "Successfully completed authorizer execution",
    ]
    lines = prefixed(request_texts(authorizer=texts, headers=headers, **more))
    (found,) = read([cut(line) for line in lines], tenant_header="X-Tenant-Id")
    return named(bill_execution(found, CONFIGURATION, NOW_MS))


def test_what_would_be_denied_was_served_and_is_billed_like_any_other() -> None:
    """By the access log, by the authorizer's result, and by the header that it compared."""
    assert by_access_log(VERIFIED) == "cus_7Qm2"
    assert by_execution_log(VERIFIED, is_traced=True, headers="{Host=a}") == "cus_7Qm2"
    header = "{X-Tenant-Id=cus_7Qm2, Host=a}"
    assert by_execution_log(VERIFIED, is_traced=False, headers=header) == "cus_7Qm2"


def test_a_long_context_loses_the_mark_and_not_the_customer() -> None:
    """API Gateway cuts its line at 1,024 bytes: `wouldDeny` stands last."""
    long = would_deny_policy(
        RESOURCE,
        "QUOTA_EXCEEDED",
        Identity(
            customer_id="cus_7Qm2", tenant_id="tenant_1", environment="live", scopes="s" * 2000
        ),
        Allow(0, 100),
    )
    assert by_execution_log(long, is_traced=True, headers="{Host=a}") == "cus_7Qm2"


def test_who_was_not_verified_is_nobody() -> None:
    """Quarantined, and not billed to whom the principal might look like."""
    assert by_access_log(NOBODY) == "no_customer"
    assert by_execution_log(NOBODY, is_traced=True, headers="{Host=a}") == "no_customer"


def test_an_api_key_that_api_gateway_verified_still_names_the_customer() -> None:
    """Through the configuration's map, as before our authorizer was attached."""
    assert by_access_log(NOBODY, apiKeyId="v7y79n2re7") == "cus_by_key"
    mapped = by_execution_log(NOBODY, is_traced=True, headers="{Host=a}", key_id="v7y79n2re7")
    assert mapped == "cus_by_key"


@pytest.mark.parametrize("claimed", ["cus_7Qm2", "none", "unknown", "NONE", "****", "e", ""])
@pytest.mark.parametrize("is_traced", [True, False])
def test_no_header_names_a_customer_whom_nobody_verified(claimed: str, *, is_traced: bool) -> None:
    """The principal of nobody agrees with no customer's id, masked or not."""
    headers = f"{{X-Tenant-Id={claimed}, Host=a}}"
    found = by_execution_log(NOBODY, is_traced=is_traced, headers=headers)
    assert found in {"tenant_unverified", "tenant_malformed", "masked"}


def test_a_declared_principal_is_nobody_either() -> None:
    """A log whose own format names the payer by the principal: the word for none is no customer."""
    line = access_line(customerId=NOBODY["principalId"], tenantId="-", keyId="-")
    found = read_line(line, REGION)
    assert isinstance(found, Request)
    assert named(bill(found, CONFIGURATION, NOW_MS)) == "no_customer"
