"""The claims of a token whose signature is good -> an identity or a refusal.

Every rule of aforo-contract.md 1.5 "ours adds". Pure: the moment is an argument.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from functions.authorizer.identity import Identity, RefusedCredential, fault_of, is_id

# How far the issuer's clock may be from ours (aforo-contract.md 1.5).
SKEW_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What a token must say to be one of this deployment's."""

    tenant: str
    environment: str  # sandbox | live
    issuer: str  # empty: not looked at
    audience: str  # empty: not looked at


def read_claims(
    claims: Mapping[str, object], rules: TokenRules, now: float
) -> Identity | RefusedCredential:
    """The caller that `claims` name, at `now` (epoch seconds)."""
    expires_at = _moment(claims.get("exp"))
    fault = _time_fault(claims, expires_at, now) or _origin_fault(claims, rules)
    if fault:
        return RefusedCredential(fault)
    if not is_id(claims.get("jti")):
        return RefusedCredential("jti")
    identity = Identity(
        customer_id=_text(claims, "customer_id"),
        tenant_id=_text(claims, "tenant_id"),
        environment=_text(claims, "environment"),
        key_id=_text(claims, "key_id"),
        jti=_text(claims, "jti"),
        # It stands in our answer as it is: one that cannot be written would be a 500.
        scopes=" ".join(one for one in _texts(claims.get("scopes")) if one.isprintable()),
        offering_ids=_array(claims.get("offering_ids")),
        subscription_ids=_array(claims.get("subscription_ids")),
        allow_when_unknown={"allow": True, "deny": False}.get(_text(claims, "allow_when_unknown")),
        expires_at=expires_at + SKEW_SECONDS,
    )
    return fault_of(identity, tenant=rules.tenant, environment=rules.environment) or identity


def _time_fault(claims: Mapping[str, object], expires_at: float, now: float) -> str:
    # NaN, what no number is read as, compares false: so each rule says what must hold.
    if not now < expires_at + SKEW_SECONDS:
        return "expired"
    if "nbf" in claims and not _moment(claims["nbf"]) <= now + SKEW_SECONDS:
        return "not_yet_valid"
    return ""


def _origin_fault(claims: Mapping[str, object], rules: TokenRules) -> str:
    if rules.issuer and claims.get("iss") != rules.issuer:
        return "issuer"
    if rules.audience and rules.audience not in _texts(claims.get("aud"), split=False):
        return "audience"
    return ""


def _moment(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        moment = float(value) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:
        return math.nan
    return moment if math.isfinite(moment) else math.nan


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _array(value: object) -> str:
    return json.dumps(_texts(value), separators=(",", ":"))


def _texts(value: object, *, split: bool = True) -> tuple[str, ...]:
    """A claim that is a list of strings, or one string (of several words, where `split`)."""
    if isinstance(value, str):
        return tuple(value.split()) if split else (value,)
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str))
    return ()
