"""Customers as a file states them: what may stand there, in camelCase, without unknown names.

Guaranteed: what is read can be sent. What a file does not say of a customer stays as it is; for a
new one it is the default of the command.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from functions.reconciliation.commands import (
    USUAL_LAG_SECONDS,
    Count,
    GrantCommand,
    Id,
    MeterId,
)
from functions.usage.from_outside import FromOutside
from functions.usage.moment import epoch_ms_from_iso

MOST_CUSTOMERS_IN_FILE = 1_000_000


def _instant(text: str) -> str:
    try:
        epoch_ms_from_iso(text)
    except ValueError as error:
        raise ValueError(f"{error}: write it as 2026-11-01T00:00:00Z") from None
    return text


type PlanName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\z")]
type Instant = Annotated[str, AfterValidator(_instant)]
type Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}\z")]
# AWS: 10 letters and digits; the local cloud makes others.
type GatewayId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}\z")]


class CustomersDocument(FromOutside):
    """Strict: a text is no number, and a number no text. Lists, no tuples: what a validator before
    has seen is no JSON any more, and strictly a list is no tuple.
    """

    model_config = ConfigDict(strict=True)


class UpcomingEntry(CustomersDocument):
    """What follows a grant between two instants."""

    limit: Count
    start: Instant
    end: Instant


class GrantEntry(CustomersDocument):
    """How much of a meter: by a recurring `period`, or from `start` to `end`."""

    meter: MeterId = "api_calls"
    limit: Count
    period: Literal["month", "day", "hour"] | None = None
    anchor_day: Annotated[int, Field(ge=1, le=31)] | None = None
    start: Instant | None = None
    end: Instant | None = None
    upcoming: UpcomingEntry | None = None
    rate_per_second: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    burst: Count
    lag_seconds: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        try:
            self.command("somebody", None, 1)
        except ValidationError as error:
            words = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(re.sub(r"\b(start|end)Ms\b", r"\1", words)) from None
        return self

    def command(self, customer_id: str, known: GrantCommand | None, version: int) -> GrantCommand:
        """The grant that this states; what it does not say is as `known`, else as it usually is."""
        kept_anchor = known.anchor_day if known and self.period == "month" else 1
        kept_lag = known.lag_seconds if known else USUAL_LAG_SECONDS
        return GrantCommand.model_validate(
            {
                "customerId": customer_id,
                "meter": self.meter,
                "limit": self.limit,
                "period": self.period,
                "anchorDay": self.anchor_day or kept_anchor,
                "startMs": _ms(self.start),
                "endMs": _ms(self.end),
                "upcoming": self._upcoming(),
                "ratePerSecond": self.rate_per_second,
                "burst": self.burst,
                "lagSeconds": kept_lag if self.lag_seconds is None else self.lag_seconds,
                "version": version,
            },
            strict=False,
        )

    def _upcoming(self) -> dict[str, int | None] | None:
        if self.upcoming is None:
            return None
        start_ms, end_ms = _ms(self.upcoming.start), _ms(self.upcoming.end)
        return {"limit": self.upcoming.limit, "startMs": start_ms, "endMs": end_ms}


def _ms(instant: str | None) -> int | None:
    return None if instant is None else epoch_ms_from_iso(instant)


class PlanEntry(CustomersDocument):
    """Grants that many customers have. `whenUnknown`: what is decided while counters are away."""

    grants: Annotated[list[GrantEntry], Field(min_length=1, max_length=20)]
    when_unknown: Literal["allow", "deny"] | None = None

    @model_validator(mode="after")
    def _each_meter_once(self) -> Self:
        return _once(self, self.grants)


class ApiKeyEntry(CustomersDocument):
    """A key by its SHA-256, or by the id that it has in API Gateway, where its value is read."""

    key_id: Id
    sha256: Sha256 | None = None
    api_gateway_key_id: GatewayId | None = None
    environment: Literal["live", "sandbox"] | None = None
    scopes: list[Annotated[str, Field(pattern=r"^\S{1,128}\z")]] | None = None
    revoked: bool | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.sha256 is None) == (self.api_gateway_key_id is None):
            raise ValueError("sha256: give it, or apiGatewayKeyId, and not both")
        return self


class CustomerEntry(CustomersDocument):
    """One customer. Of a meter its own grant stands before its plan's."""

    customer_id: Id
    plan: PlanName | None = None
    grants: list[GrantEntry] = Field(default_factory=list, max_length=20)
    when_unknown: Literal["allow", "deny"] | None = None
    standing: Literal["active", "suspended", "closed"] | None = None
    mode: Literal["shadow", "enforce", "asDeployed"] | None = None
    usage_plan_key_id: GatewayId | None = None  # whose value API Gateway is asked for
    usage_plan_key_sha256: Sha256 | None = None  # as exported: the one that it has
    api_keys: list[ApiKeyEntry] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _each_meter_once(self) -> Self:
        if self.usage_plan_key_id is not None and self.usage_plan_key_sha256 is not None:
            raise ValueError("usagePlanKeyId: give it, or usagePlanKeySha256, and not both")
        return _once(self, self.grants)


def _once[Entry: CustomersDocument](entry: Entry, grants: list[GrantEntry]) -> Entry:
    meters = [grant.meter for grant in grants]
    for meter in meters:
        if meters.count(meter) > 1:
            raise ValueError(f"grants: two of them are for the meter {meter}: leave one")
    return entry


class CustomerFile(CustomersDocument):
    """All that a file states."""

    plans: dict[PlanName, PlanEntry] = Field(default_factory=dict)
    customers: list[CustomerEntry] = Field(default_factory=list, max_length=MOST_CUSTOMERS_IN_FILE)

    def grants_of(self, customer: CustomerEntry) -> Mapping[str, GrantEntry]:
        """By meter."""
        planned = self.plans[customer.plan].grants if customer.plan is not None else []
        return {grant.meter: grant for grant in (*planned, *customer.grants)}

    def when_unknown_of(self, customer: CustomerEntry) -> Literal["allow", "deny"] | None:
        """Its own word, else its plan's."""
        if customer.when_unknown is not None or customer.plan is None:
            return customer.when_unknown
        return self.plans[customer.plan].when_unknown
