"""The bodies of Aforo's answers to a fetch -> what they say, or `Unusable` with the reason.

Guaranteed: nothing is believed that does not say it whole. A body that passes for an answer and
is none (a page, an error in JSON, no decision: aforo-contract.md 1.4) changes nothing.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from functions.reconciliation.answers import Guard, KeysAnswer, Quota
from functions.reconciliation.commands import LARGEST
from functions.reconciliation.key_set import rsa_keys
from functions.usage.errors import Permanent
from functions.usage.quota import GuardLevel

# What Aforo's gateways tell callers where it does not (aforo-contract.md 1.4).
RETRY_SECONDS = {GuardLevel.BLOCK: 1800}
USUAL_RETRY_SECONDS = 60
USUAL_ALLOW_PERCENT = 50
LONGEST_RETRY_SECONDS = 86_400

type Amount = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]


class Unusable(NamedTuple):
    """An answer that says nothing that we understand."""

    reason: str


class _Answer(BaseModel):
    # What else it says is Aforo's business: it may say more tomorrow.
    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class _QuotaAnswer(_Answer):
    decision: Literal["ALLOW", "DENY", "WARN"]
    current_usage: Amount
    limit: Amount | None = None


class _GuardAnswer(_Answer):
    level: Annotated[GuardLevel, Field(strict=False)]
    throttle_rate: Annotated[float, Field(ge=0, le=100)] | None = None
    retry_after_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


def read_quota(body: bytes) -> Quota | Unusable:
    """`POST /api/v1/quota/check`. Half a unit is not granted: a limit is rounded down."""
    try:
        answer = _QuotaAnswer.model_validate(_unwrapped(body))
    except (ValidationError, ValueError):
        return Unusable("quota_not_understood")
    limit = None if answer.limit is None else int(answer.limit)
    return Quota(limit=limit, current_usage=answer.current_usage)


def read_guard(body: bytes) -> Guard | Unusable:
    """`GET /internal/v1/margin-guard/quick-check`. A real 0 % stays one."""
    try:
        answer = _GuardAnswer.model_validate(_unwrapped(body))
    except (ValidationError, ValueError):
        return Unusable("guard_not_understood")
    percent, seconds = answer.throttle_rate, answer.retry_after_seconds
    if not seconds:
        seconds = RETRY_SECONDS.get(answer.level, USUAL_RETRY_SECONDS)
    return Guard(
        level=answer.level,
        allow_percent=int(USUAL_ALLOW_PERCENT if percent is None else percent),
        retry_seconds=int(min(seconds, LONGEST_RETRY_SECONDS)),
    )


def read_keys(body: bytes, asked_at_ms: int) -> KeysAnswer | Unusable:
    """The JWKS, whole: one faulty signing key, and the set in use stays. Keys for other purposes
    are passed over; a set without a signing key is none.
    """
    try:
        keys = [key for key in rsa_keys(body) if isinstance(key, dict) and _signs(key)]
        return KeysAnswer.model_validate({"keys": keys, "askedAtMs": asked_at_ms})
    except (Permanent, ValidationError):
        return Unusable("keys_not_understood")


def _signs(key: Mapping[str, object]) -> bool:
    purpose = (key.get("use", "sig"), key.get("alg", "RS256"))
    return purpose == ("sig", "RS256")


def _unwrapped(body: bytes) -> object:
    """Both forms of an answer: `{"success": true, "data": {...}}`, and the data alone."""
    found = from_json(body)
    if isinstance(found, dict) and "data" in found:
        if found.get("success", True) is not True:
            raise ValueError("Aforo says that it did not succeed")
        return found["data"]
    return found
