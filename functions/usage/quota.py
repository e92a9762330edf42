"""The quota's language: what reconciliation writes for a customer and the authorizer decides from.

Standard library only: the authorizer imports it, and its cold start is its imports. The state of
a customer is one hash, so that a decision costs one read; `used` and `limit` are stored,
`remaining` is derived in the same script that adds (architecture.md 3).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from functions.usage.period import Period, Recurrence

# The share of a limit that the headroom may hold back at most, unless the deployment says so:
# a small customer keeps 95 of 100.
HEADROOM_CAP = 0.05


class Status(StrEnum):
    """A customer's standing; anything but ACTIVE is denied."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class AuthorizerMode(StrEnum):
    """What the authorizer does with a request that it would refuse."""

    ENFORCE = "enforce"
    SHADOW = "shadow"  # let it pass, and say so


class GuardLevel(StrEnum):
    """Aforo's margin guard (aforo-contract.md 1.4), which is not our headroom."""

    NONE = "NONE"
    ALERT = "L1_ALERT"
    THROTTLE = "L2_THROTTLE"
    BLOCK = "L3_BLOCK"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One period of a grant: `start_ms <= occurredAt < end_ms`, epoch milliseconds."""

    limit: int
    used: int
    start_ms: int
    end_ms: int

    @property
    def remaining(self) -> int:
        return self.limit - self.used

    def covers(self, epoch_ms: int) -> bool:
        return self.start_ms <= epoch_ms < self.end_ms


class QuotaState(NamedTuple):
    """All that a decision needs to know of one customer and meter. One is made per decision: a
    frozen dataclass of so many fields costs four times as much.
    """

    status: Status
    current: Allowance | None  # None: no grant
    upcoming: Allowance | None  # the next period's, so that a rollover needs no writer
    rate_per_second: float  # enforced on the usage plan
    burst: int
    guard_level: GuardLevel
    guard_allow_percent: int  # of requests that L2 lets pass
    guard_retry_seconds: int
    lag_seconds: float  # from request to counter; the worst known
    allow_when_unknown: bool | None  # the plan's own policy; None: the deployment's
    recurrence: Recurrence | None = None  # None: the windows are all that was granted
    usage_identifier: str = ""  # the API key of the usage plan that enforces rate and burst
    mode: AuthorizerMode | None = None  # the customer's own; None: its stage's or the deployment's

    def allowance_at(self, epoch_ms: int) -> Allowance | None:
        """The allowance whose period covers a moment.

        After both windows it is a fresh period of a recurring grant: the script that counts a
        period's first event writes that period's windows first, so none was counted in it yet.
        """
        for allowance in (self.current, self.upcoming):
            if allowance is not None and allowance.covers(epoch_ms):
                return allowance
        latest = self.upcoming or self.current
        if self.recurrence is None or latest is None or epoch_ms < latest.end_ms:
            return None
        start_ms, end_ms = self.recurrence.window_at(epoch_ms)
        return Allowance(limit=latest.limit, used=0, start_ms=start_ms, end_ms=end_ms)


def headroom(
    limit: int,
    *,
    rate_per_second: float,
    burst: int,
    exposure_seconds: float,
    cap: float = HEADROOM_CAP,
) -> int:
    """The part of `remaining` held back for calls in flight: `burst + rate * (ttl + lag)`, capped.

    `exposure_seconds` is how long a served request may stay uncounted: the authorizer's cache
    plus the lag from request to counter (aws-and-counters.md 4b). `cap` is a share of the limit.
    """
    return int(max(0.0, min(cap * limit, burst + rate_per_second * exposure_seconds)))


def overshoot_bound(
    limit: int,
    *,
    rate_per_second: float,
    burst: int,
    exposure_seconds: float,
    cap: float = HEADROOM_CAP,
) -> float:
    """How many calls beyond `limit` can be served at most, while rate and burst are enforced:
    `burst + rate * (ttl + lag) - headroom` (aws-and-counters.md 4b); quota.md has the table.
    """
    in_flight = burst + rate_per_second * exposure_seconds
    return in_flight - headroom(
        limit,
        rate_per_second=rate_per_second,
        burst=burst,
        exposure_seconds=exposure_seconds,
        cap=cap,
    )


# ---- the hash -------------------------------------------------------------------------------
# Fields of a meter are prefixed with its id. A field's name is written here and nowhere else.

CUSTOMER_FIELDS = (
    "status",
    "guard_level",
    "guard_allow_percent",
    "guard_retry_seconds",
    "allow_when_unknown",
    "usage_identifier",
    "mode",
)
METER_FIELDS = (
    "limit",
    "used",
    "start_ms",
    "end_ms",
    "next_limit",
    "next_used",
    "next_start_ms",
    "next_end_ms",
    "rate_per_second",
    "burst",
    "lag_seconds",
    "period",
    "anchor_day",
)


def state_fields(meter: str) -> tuple[str, ...]:
    """The fields to read for a decision on `meter`, in the order that `read_state` wants."""
    return (*CUSTOMER_FIELDS, *(meter_field(meter, name) for name in METER_FIELDS))


def meter_field(meter: str, name: str) -> str:
    return f"{meter}:{name}"


def read_state(meter: str, found: Mapping[str, str]) -> QuotaState:
    """The state that a hash holds; see `read_values`."""
    return read_values([found.get(name) for name in state_fields(meter)])


def read_values(values: Sequence[str | None], lag_seconds: float | None = None) -> QuotaState:
    """The state in the values of `state_fields`; an absent one is none, never a zero limit.
    `lag_seconds`, where it was measured, stands for the grant's own.

    ValueError for a value that cannot be read, and for a limit without its period: nobody knows
    what they mean.
    """
    stated = _stated(tuple(values))
    if lag_seconds is None:
        return stated
    return stated._replace(lag_seconds=lag_seconds)


# A customer's values change when its usage is counted, not with each of its calls. 2 MB.
@lru_cache(maxsize=1024)
def _stated(values: tuple[str | None, ...]) -> QuotaState:
    # In the order of CUSTOMER_FIELDS and METER_FIELDS.
    status, level, percent, retry, policy, identifier, mode, *of_meter = values
    *windows, rate, burst, lag, period, anchor_day = of_meter
    limit, used, start_ms, end_ms, next_limit, next_used, next_start_ms, next_end_ms = windows
    return QuotaState(
        status=_STATUSES.get(status or "") or Status(status or ""),
        current=_allowance(limit, used, start_ms, end_ms),
        upcoming=_allowance(next_limit, next_used, next_start_ms, next_end_ms),
        rate_per_second=float(rate or 0),
        burst=_count(burst or "0"),
        guard_level=_LEVELS.get(level or "") or GuardLevel(level or ""),
        guard_allow_percent=int(percent or 0),
        guard_retry_seconds=int(retry or 0),
        lag_seconds=float(lag or 0),
        allow_when_unknown=_POLICIES.get(policy),
        recurrence=Recurrence(Period(period), int(anchor_day or 1)) if period else None,
        usage_identifier=identifier or "",
        mode=MODES.get(mode),
    )


# Lua counts in doubles.
_LARGEST = 2**53

# What an absent field means. An enum's own look-up costs ten times that of a dict.
_STATUSES: dict[str, Status] = {each.value: each for each in Status} | {"": Status.ACTIVE}
_LEVELS: dict[str, GuardLevel] = {each.value: each for each in GuardLevel} | {"": GuardLevel.NONE}
_POLICIES: Mapping[str | None, bool] = {"allow": True, "deny": False}
# What an older release does not know yet is as if it were absent: it decides no quota.
MODES: Mapping[str | None, AuthorizerMode] = {each.value: each for each in AuthorizerMode}


def _allowance(
    limit: str | None, used: str | None, start_ms: str | None, end_ms: str | None
) -> Allowance | None:
    if not limit:
        return None
    # An absent edge is read as text that is no number: loud, and never a period without an end.
    edges = int(start_ms or ""), int(end_ms or "")
    return Allowance(_count(limit), int(used or 0), *edges)


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= _LARGEST:
        raise ValueError("a count beyond what the scripts can add up")
    return count


# ---- the keys -------------------------------------------------------------------------------
# The braces are a hash tag: all keys of a customer share one slot, so one script may touch them.

# One rule for whom the authorizer serves, reconciliation counts and metering bills: who passes one
# of them must pass all. It goes into keys, JSON and logs as it stands: no braces, quotes, blanks.
CUSTOMER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+~/=-]{0,127}")
# What programs write where they have no value: it would be one customer for everybody's mistakes.
NO_CUSTOMER_IDS = frozenset({"null", "nil", "nan", "undefined", "true", "false", "none"})


def somebody(text: str) -> str:
    """`text`, an id in a document; ValueError where it is no id but a program's word for none."""
    if text.lower() in NO_CUSTOMER_IDS:
        raise ValueError(f"{text!a} is what a program writes where it has no value: give the id")
    return text


@lru_cache(maxsize=8192)  # of the lines of a busy stage nearly all are of so many customers
def is_customer_id(text: str) -> bool:
    """Whether a text can be a customer's id."""
    return CUSTOMER_ID.fullmatch(text) is not None and text.lower() not in NO_CUSTOMER_IDS


def customer_key(tenant: str, customer_id: str, name: str) -> str:
    """`aforo:{<tenant>:<customer>}:<name>`."""
    return f"aforo:{{{tenant}:{customer_id}}}:{name}"


def state_key(tenant: str, customer_id: str) -> str:
    """The hash that a decision reads."""
    return customer_key(tenant, customer_id, "state")


def tenant_key(tenant: str, name: str) -> str:
    """`aforo:{<tenant>}:<name>`: what is not a customer's: `generation`, `jwks`, `watermark`."""
    return f"aforo:{{{tenant}}}:{name}"


def watermark_key(tenant: str) -> str:
    """The hash that says how far counting has come: a log group's name -> the time of the newest
    heartbeat from it that reached the counters, epoch milliseconds.
    """
    return tenant_key(tenant, "watermark")


def customer_index_key(tenant: str) -> str:
    """The sorted set of customers with a grant, by when Aforo was last asked about them."""
    return tenant_key(tenant, "customers")


def rebuild_key(tenant: str, version: int) -> str:
    """The set of the parts of a rebuild that are done."""
    return tenant_key(tenant, f"rebuild:{version}")


def identity_key(tenant: str, api_key_sha256: str) -> str:
    """The hash that says whose an API key is; only the key's sha256 is ever stored."""
    return f"aforo:{{{tenant}}}:identity:{api_key_sha256}"


def revocation_keys(jti: str, key_id: str) -> tuple[str, str]:
    """Existence means revoked; the names are Aforo's own (aforo-contract.md 1.4)."""
    return f"jti:blocked:{jti}", f"jti:client:{key_id}"
