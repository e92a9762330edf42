"""Who calls: the outcome of looking at a credential, never an exception.

`Identity` is verified; `RefusedCredential` is a bad credential (401); `Unverifiable` means that
nobody can say now, and an identity that is not verified is never allowed.
"""

import math
import re
from dataclasses import dataclass

from functions.usage.quota import is_customer_id

# An id goes into Redis keys, JSON bodies and access logs as it stands: no braces, quotes, spaces.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+~/=-]{0,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A verified caller. Ids are safe to put into keys, JSON and logs without escaping."""

    customer_id: str
    tenant_id: str
    environment: str
    key_id: str = ""  # empty: the token names none
    jti: str = ""  # empty: an API key
    scopes: str = ""
    offering_ids: str = "[]"  # JSON: API Gateway's context takes no arrays
    subscription_ids: str = "[]"
    usage_identifier: str = ""  # of the usage plan that enforces rate and burst
    allow_when_unknown: bool | None = None  # the plan's policy, where the credential carries it
    expires_at: float = math.inf  # epoch seconds


@dataclass(frozen=True, slots=True)
class RefusedCredential:
    """The credential is bad. The reason is for our log: the caller only learns "Unauthorized"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unverifiable:
    """What is needed to verify cannot be read now."""

    reason: str


type Verdict = Identity | RefusedCredential | Unverifiable


def is_id(value: object) -> bool:
    """Whether a claimed id can be used as one."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def fault_of(identity: Identity, *, tenant: str, environment: str) -> RefusedCredential | None:
    """What makes a credential of Aforo's not one of this deployment's (aforo-contract.md 1.5)."""
    if not is_customer_id(identity.customer_id):
        return RefusedCredential("customer_id")
    if identity.tenant_id != tenant:
        return RefusedCredential("other_tenant")
    if identity.environment != environment:
        return RefusedCredential("other_environment")
    if not all(is_id(value) for value in (identity.key_id, identity.jti) if value):
        return RefusedCredential("malformed_id")
    return None
