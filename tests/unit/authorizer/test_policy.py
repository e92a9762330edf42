"""What API Gateway gets back."""

import fnmatch
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.decision import Allow, Deny, DenyCode
from functions.authorizer.identity import Identity
from functions.authorizer.policy import allow_policy, deny_policy, stage_resource

IDENTITY = Identity(
    customer_id="cust-1",
    tenant_id="acme",
    environment="live",
    key_id="key-1",
    scopes="read write",
    offering_ids='["off-1","off-2"]',
)


@pytest.mark.parametrize(
    ("method_arn", "resource"),
    [
        (
            "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/pets",
            "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/*",
        ),
        (
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/v1/POST/",
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/v1/*",
        ),
        (
            "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/prod/GET/a:b/c",
            "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/prod/*",
        ),
        (
            "arn:aws:execute-api:us-east-1:000000000000:abc123/test-invoke-stage/GET/",
            "arn:aws:execute-api:us-east-1:000000000000:abc123/test-invoke-stage/*",
        ),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/prod", None),
        ("arn:aws:execute-api:us-east-1:123456789012:*/prod/GET/", None),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/", None),
        ("arn:aws:execute-api:*:123456789012:abc123/prod/GET/", None),
        ("arn:aws:lambda:us-east-1:123456789012:function:x", None),
        ("arn:evil:execute-api:us-east-1:123456789012:abc123/prod/GET/", None),
        (
            "arn:aws-iso-b:execute-api:us-isob-east-1:123456789012:abc123/prod/GET/",
            "arn:aws-iso-b:execute-api:us-isob-east-1:123456789012:abc123/prod/*",
        ),
        (f"arn:aws:execute-api:us-east-1:123456789012:{'a' * 512}/prod/GET/", None),
        ("", None),
        (None, None),
        (["arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/"], None),
    ],
)
def test_the_policy_is_for_the_whole_stage(method_arn: object, resource: str | None) -> None:
    """In any partition; and nothing that is not a method's ARN becomes a wildcard."""
    assert stage_resource(method_arn) == resource


@given(path=st.text())
def test_the_resource_matches_its_own_method(path: str) -> None:
    """Whatever the path, and with no wildcard before the last character."""
    arn = f"arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/{path}"
    resource = stage_resource(arn)
    assert resource is not None
    assert len(resource) <= 512
    assert fnmatch.fnmatchcase(arn, resource)
    assert not set(resource[:-1]) & set("*?[")


@given(
    texts=st.lists(st.text(max_size=20), min_size=7, max_size=7),
    remaining=st.none() | st.integers(-(10**12), 10**12),
    code=st.sampled_from(DenyCode),
)
def test_a_context_holds_what_api_gateway_takes(
    texts: list[str], remaining: int | None, code: DenyCode
) -> None:
    """Text, numbers and booleans, nothing inside one another: else the answer is a 500."""
    customer, tenant, environment, key_id, scopes, offerings, subscriptions = texts
    identity = Identity(
        customer_id=customer,
        tenant_id=tenant,
        environment=environment,
        key_id=key_id,
        scopes=scopes,
        offering_ids=offerings,
        subscription_ids=subscriptions,
    )
    for policy in (
        allow_policy("arn/*", identity, Allow(remaining, remaining)),
        deny_policy("arn/*", Deny(code, 1), identity),
        deny_policy(None, Deny(code, 1)),
    ):
        assert all(isinstance(value, str | int | float) for value in policy["context"].values())
        assert isinstance(policy["principalId"], str)


@given(arn=st.text())
def test_no_text_makes_it_raise(arn: str) -> None:
    """A resource is one stage or nothing."""
    resource = stage_resource(arn)
    assert resource is None or resource.endswith("/*")


def test_the_context_names_the_payer_first() -> None:
    """The customer comes first, arrays are JSON text, and values are what API Gateway takes."""
    policy = allow_policy("arn/*", IDENTITY, Allow(5, 10), "00-x")
    assert policy["context"] == {
        "customerId": "cust-1",
        "tenantId": "acme",
        "keyId": "key-1",
        "scopes": "read write",
        "environment": "live",
        "offeringIds": '["off-1","off-2"]',
        "subscriptionIds": "[]",
        "traceparent": "00-x",
        "remaining": 5,
        "limit": 10,
    }
    assert next(iter(policy["context"])) == "customerId"
    assert policy["principalId"] == "cust-1"
    assert all(isinstance(value, str | int) for value in policy["context"].values())
    assert json.loads(json.dumps(policy)) == policy


def test_numbers_that_nobody_knows_are_left_out() -> None:
    """Allowed while unknown: no remaining, no limit, no traceparent."""
    context = allow_policy("arn/*", IDENTITY, Allow())["context"]
    assert not {"remaining", "limit", "traceparent"} & context.keys()


def test_a_usage_plan_is_named_when_the_identity_does() -> None:
    """`usageIdentifierKey` only where there is one."""
    with_plan = Identity(
        customer_id="c", tenant_id="t", environment="live", usage_identifier="plan-key"
    )
    assert allow_policy("arn/*", with_plan, Allow()).get("usageIdentifierKey") == "plan-key"
    assert "usageIdentifierKey" not in allow_policy("arn/*", IDENTITY, Allow())


def test_a_customer_s_usage_plan_serves_credentials_that_name_none() -> None:
    """A token names none; an API key may have a plan of its own."""
    allow = Allow(usage_identifier="plan-of-customer")
    own = replace(IDENTITY, usage_identifier="plan-of-key")
    assert allow_policy("arn/*", IDENTITY, allow).get("usageIdentifierKey") == "plan-of-customer"
    assert allow_policy("arn/*", own, allow).get("usageIdentifierKey") == "plan-of-key"


def test_a_deny_says_what_the_body_needs() -> None:
    """Code, message, retry time, and who it was."""
    policy = deny_policy("arn/*", Deny(DenyCode.QUOTA_EXCEEDED, 60), IDENTITY)
    assert policy["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "arn/*"}
    ]
    assert policy["context"] == {
        "code": "QUOTA_EXCEEDED",
        "message": "The quota of the current period is used up",
        "retryAfterSeconds": 60,
        "customerId": "cust-1",
        "tenantId": "acme",
    }


def test_without_a_resource_everything_is_denied() -> None:
    """An event without a method's ARN is nobody's and denied everywhere."""
    policy = deny_policy(None, Deny(DenyCode.AUTHORIZER_ERROR, 5))
    assert policy["principalId"] == "unknown"
    assert policy["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "*"}
    ]
