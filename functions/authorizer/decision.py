"""A customer's state -> allow or deny, with what to tell the caller. Pure.

The table of quota.md; codes and retry times of the margin guard as in aforo-contract.md 1.4.
Messages stand in a JSON body as they are: no quotes, no backslashes.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from functions.usage.quota import HEADROOM_CAP, Allowance, GuardLevel, QuotaState, Status, headroom

# A customer may top up at any time: waiting for the end of a month would be bad advice.
MAX_RETRY_SECONDS = 3600
# By then the breaker has tried again and a short failover is over.
UNKNOWN_RETRY_SECONDS = 5
# Nothing changes by itself: a person must act.
STANDING_RETRY_SECONDS = MAX_RETRY_SECONDS
GUARD_THROTTLE_RETRY_SECONDS = 60
GUARD_BLOCK_RETRY_SECONDS = 1800


class DenyCode(StrEnum):
    """`error.code` of the 429 body: what client code branches on."""

    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    CUSTOMER_SUSPENDED = "CUSTOMER_SUSPENDED"
    CUSTOMER_CLOSED = "CUSTOMER_CLOSED"
    NO_GRANT = "NO_GRANT"
    RATE_LIMITED_MARGIN = "RATE_LIMITED_MARGIN"
    SERVICE_RESTRICTED_MARGIN = "SERVICE_RESTRICTED_MARGIN"
    QUOTA_STATE_UNKNOWN = "QUOTA_STATE_UNKNOWN"
    IDENTITY_UNKNOWN = "IDENTITY_UNKNOWN"
    AUTHORIZER_ERROR = "AUTHORIZER_ERROR"


_MESSAGES = {
    DenyCode.QUOTA_EXCEEDED: "The quota of the current period is used up",
    DenyCode.CUSTOMER_SUSPENDED: "This account is suspended",
    DenyCode.CUSTOMER_CLOSED: "This account is closed",
    DenyCode.NO_GRANT: "This account has no quota for the current period",
    DenyCode.RATE_LIMITED_MARGIN: "Requests are limited for this account at the moment",
    DenyCode.SERVICE_RESTRICTED_MARGIN: "Service is restricted for this account at the moment",
    DenyCode.QUOTA_STATE_UNKNOWN: "The quota cannot be checked at the moment",
    DenyCode.IDENTITY_UNKNOWN: "The credential cannot be checked at the moment",
    DenyCode.AUTHORIZER_ERROR: "The request cannot be checked at the moment",
}


@dataclass(frozen=True, slots=True)
class Allow:
    """None: allowed without a quota that is known."""

    remaining: int | None = None
    limit: int | None = None
    usage_identifier: str = ""  # of the customer's usage plan


@dataclass(frozen=True, slots=True)
class Deny:
    """`retry_after_seconds` is at least 1."""

    code: DenyCode
    retry_after_seconds: int

    @property
    def message(self) -> str:
        return _MESSAGES[self.code]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """The deployment's part of a decision."""

    ttl_seconds: float  # for which API Gateway caches the answer
    headroom_cap: float = HEADROOM_CAP  # the share of a limit that the headroom holds back at most
    allow_without_grant: bool
    allow_when_unknown: bool


def decide(
    state: QuotaState,
    now_ms: int,
    rules: DecisionRules,
    *,
    draw: float,
    age_seconds: float = 0.0,
) -> Allow | Deny:
    """Whether a verified customer may call at `now_ms` (epoch milliseconds).

    `draw` is random in [0, 100), for L2 of the margin guard. `age_seconds` is how old the state
    is: calls served since then are not in it, so the headroom grows with it.
    """
    refusal = _standing(state) or _guard_block(state)
    if refusal is not None:
        return refusal
    allowance = state.allowance_at(now_ms)
    if allowance is None:
        if not rules.allow_without_grant:
            return Deny(DenyCode.NO_GRANT, STANDING_RETRY_SECONDS)
    elif allowance.remaining <= _headroom(state, allowance, rules, age_seconds):
        return Deny(DenyCode.QUOTA_EXCEEDED, _until(allowance.end_ms, now_ms))
    return _guard_throttle(state, draw) or _left(state, allowance)


def allow_at(state: QuotaState, now_ms: int) -> Allow:
    """What a customer has left, whether it may call or not."""
    return _left(state, state.allowance_at(now_ms))


def _left(state: QuotaState, allowance: Allowance | None) -> Allow:
    if allowance is None:
        return Allow(usage_identifier=state.usage_identifier)
    return Allow(allowance.remaining, allowance.limit, state.usage_identifier)


def decide_unknown(
    last_known: QuotaState | None, rules: DecisionRules, *, plan_allows: bool | None
) -> Allow | Deny:
    """What a verified customer may do while nobody can say its state.

    `last_known` is too old for its numbers, but a customer that was suspended or closed stays so,
    and its plan's policy is the newest there is; `plan_allows` is the credential's.
    """
    refusal = _standing(last_known) if last_known else None
    if refusal is not None:
        return refusal
    policies = (last_known.allow_when_unknown if last_known else None, plan_allows)
    if not next((p for p in policies if p is not None), rules.allow_when_unknown):
        return Deny(DenyCode.QUOTA_STATE_UNKNOWN, UNKNOWN_RETRY_SECONDS)
    return Allow(usage_identifier=last_known.usage_identifier if last_known else "")


def _standing(state: QuotaState) -> Deny | None:
    match state.status:
        case Status.ACTIVE:
            return None
        case Status.SUSPENDED:
            return Deny(DenyCode.CUSTOMER_SUSPENDED, STANDING_RETRY_SECONDS)
        case Status.CLOSED:
            return Deny(DenyCode.CUSTOMER_CLOSED, STANDING_RETRY_SECONDS)


def _guard_block(state: QuotaState) -> Deny | None:
    if state.guard_level is not GuardLevel.BLOCK:
        return None
    retry = state.guard_retry_seconds or GUARD_BLOCK_RETRY_SECONDS
    return Deny(DenyCode.SERVICE_RESTRICTED_MARGIN, retry)


def _guard_throttle(state: QuotaState, draw: float) -> Deny | None:
    """L2 lets a random share pass; a share of 0 is 0 (Aforo's own code reads it as 50)."""
    if state.guard_level is not GuardLevel.THROTTLE or draw < state.guard_allow_percent:
        return None
    retry = state.guard_retry_seconds or GUARD_THROTTLE_RETRY_SECONDS
    return Deny(DenyCode.RATE_LIMITED_MARGIN, retry)


def _headroom(
    state: QuotaState, allowance: Allowance, rules: DecisionRules, age_seconds: float
) -> int:
    return headroom(
        allowance.limit,
        rate_per_second=state.rate_per_second,
        burst=state.burst,
        exposure_seconds=rules.ttl_seconds + state.lag_seconds + age_seconds,
        cap=rules.headroom_cap,
    )


def _until(end_ms: int, now_ms: int) -> int:
    return min(MAX_RETRY_SECONDS, max(1, math.ceil((end_ms - now_ms) / 1000)))
