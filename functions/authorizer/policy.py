"""A decision -> the answer that API Gateway takes from an authorizer. Pure.

The policy is for the whole stage: API Gateway may cache it and apply it to another method
(aws-and-counters.md 1.5), and our decision does not depend on the method.
"""

import re
from typing import NotRequired, TypedDict

from functions.authorizer.decision import Allow, Deny
from functions.authorizer.identity import Identity

# Any partition: aws, aws-cn, aws-us-gov, aws-iso and those to come.
_STAGE_OF_ARN = re.compile(
    r"arn:aws[a-z-]*:execute-api:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9]+/[A-Za-z0-9_$-]+(?=/)"
)
# API Gateway refuses a longer one, and answers 500.
_LONGEST_RESOURCE = 512
_NOBODY = "unknown"
# Who is served unverified, in shadow. No customer's id, and too short for an execution log's mask
# to make one of it: metering bills nobody by it (payer.py, header_map.py).
_NOBODY_SERVED = "none"

type ContextValue = str | int | float | bool


class Policy(TypedDict):
    """What an authorizer returns (API Gateway guide, "Output from a Lambda authorizer")."""

    principalId: str
    policyDocument: dict[str, object]
    context: dict[str, ContextValue]
    usageIdentifierKey: NotRequired[str]


def stage_resource(method_arn: object) -> str | None:
    """`arn:<partition>:execute-api:<region>:<account>:<api>/<stage>/*`; None for no such ARN."""
    match = _STAGE_OF_ARN.match(method_arn) if isinstance(method_arn, str) else None
    resource = f"{match[0]}/*" if match else ""
    return resource if 0 < len(resource) <= _LONGEST_RESOURCE else None


def allow_policy(
    resource: str, identity: Identity, allow: Allow, traceparent: str | None = None
) -> Policy:
    """Let the caller pass; the context is for the backend and for the access log."""
    policy = _policy(
        "Allow", resource, identity.customer_id, _context(identity, allow, traceparent)
    )
    # A credential's own plan before its customer's.
    usage_identifier = identity.usage_identifier or allow.usage_identifier
    if usage_identifier:
        policy["usageIdentifierKey"] = usage_identifier
    return policy


def deny_policy(resource: str | None, deny: Deny, identity: Identity | None = None) -> Policy:
    """Stop the caller; the context fills the 429 body. Without a resource everything is denied."""
    context: dict[str, ContextValue] = {
        "code": deny.code.value,
        "message": deny.message,
        "retryAfterSeconds": deny.retry_after_seconds,
    }
    if identity is not None:
        context |= {"customerId": identity.customer_id, "tenantId": identity.tenant_id}
    principal = identity.customer_id if identity else _NOBODY
    return _policy("Deny", resource or "*", principal, context)


def would_deny_policy(
    resource: str | None,
    code: str,
    identity: Identity | None,
    allow: Allow,
    traceparent: str | None = None,
) -> Policy:
    """Let a caller pass that would be stopped, in shadow. One that nobody verified has no name.
    Without a resource everything is allowed.
    """
    if identity is None or resource is None:
        return _policy("Allow", resource or "*", _NOBODY_SERVED, {"wouldDeny": code})
    policy = allow_policy(resource, identity, allow, traceparent)
    # Last: what an execution log cuts off first.
    policy["context"]["wouldDeny"] = code
    return policy


def _context(identity: Identity, allow: Allow, traceparent: str | None) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {
        # First: an execution log cuts its line at 1024 bytes, and this is who pays.
        "customerId": identity.customer_id,
        "tenantId": identity.tenant_id,
        "keyId": identity.key_id,
        "scopes": identity.scopes,
        "environment": identity.environment,
        "offeringIds": identity.offering_ids,
        "subscriptionIds": identity.subscription_ids,
    }
    if traceparent is not None:
        context["traceparent"] = traceparent
    if allow.remaining is not None and allow.limit is not None:
        context |= {"remaining": allow.remaining, "limit": allow.limit}
    return context


def _policy(effect: str, resource: str, principal: str, context: dict[str, ContextValue]) -> Policy:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }
