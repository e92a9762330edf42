"""The commands on SettledUsageQueue: what operators and the reconcile state machine state of
customers and the tenant. JSON comes in, a frozen command leaves; a refusal names the field.

Every command is absolute and, but for revocations, carries a version: of one thing's commands the
greatest version stands, in whatever order they arrive. `kind` tells a command from settled usage.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from functions.reconciliation.public_key import PublicKey, told_apart
from functions.usage.moment import DAY_MS, HOUR_MS
from functions.usage.period import Period
from functions.usage.quota import CUSTOMER_ID, AuthorizerMode, GuardLevel, Status, somebody

# Lua counts in doubles: whole numbers are exact up to 2**53.
LARGEST = 2**53 - 1
# Beyond a leap year a period is a typing error, and its hours would no longer be read in 2 ms.
LONGEST_PERIOD_MS = 366 * DAY_MS
# "Usually less than three minutes" from request to log delivery (AWS, CloudWatch Logs user guide,
# Subscriptions): what a headroom has to cover while no heartbeat has measured better.
USUAL_LAG_SECONDS = 180.0
# Closing 100 hours blocks the server for 0.3 ms, as settling 100 events does.
HOURS_AT_ONCE = 100
# Of a message: SQS takes 1 MiB, and the shortest command is 60 bytes.
COMMANDS_AT_ONCE = 2000


# Every id of a command obeys the rule for a customer's.
type Id = Annotated[str, Field(pattern=rf"^{CUSTOMER_ID.pattern}$"), AfterValidator(somebody)]
METER_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # no colon: keys part there
type MeterId = Annotated[str, Field(pattern=rf"^{METER_ID.pattern}$")]
# A model's strictness does not reach into a named type.
type Version = Annotated[int, Field(gt=0, le=LARGEST, strict=True)]
type Count = Annotated[int, Field(ge=0, le=LARGEST, strict=True)]


class _CommandShape(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class OpenCommand(_CommandShape):
    """The counters are trustworthy from now on: until then every decision is UNKNOWN."""

    kind: Literal["open"] = "open"
    version: Version


class GrantWindow(_CommandShape):
    """An allowance between two full hours, epoch milliseconds."""

    limit: Count
    start_ms: Count
    end_ms: Count

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.start_ms % HOUR_MS or self.end_ms % HOUR_MS:
            raise ValueError("startMs and endMs: must be full hours, usage is kept by the hour")
        if not 0 < self.end_ms - self.start_ms <= LONGEST_PERIOD_MS:
            raise ValueError("endMs: must be after startMs, by 366 days at most")
        return self


class GrantCommand(_CommandShape):
    """A customer's allowance for a meter: either a recurring `period`, or `startMs` and `endMs`
    with, optionally, the allowance that follows as `upcoming`.
    """

    kind: Literal["grant"] = "grant"
    customer_id: Id
    meter: MeterId
    limit: Count
    period: Period | None = None
    anchor_day: Annotated[int, Field(ge=1, le=31)] = 1
    start_ms: Count | None = None
    end_ms: Count | None = None
    upcoming: GrantWindow | None = None
    rate_per_second: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    burst: Count
    lag_seconds: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = USUAL_LAG_SECONDS
    allow_when_unknown: bool | None = None
    version: Version

    @model_validator(mode="after")
    def _has_one_calendar(self) -> Self:
        if (self.period is None) == (self.start_ms is None):
            raise ValueError("period: give either a period (month, day, hour) or startMs and endMs")
        if self.anchor_day != 1 and self.period is not Period.MONTH:
            raise ValueError(
                "anchorDay: only a month has one: leave it out, or give the period month"
            )
        if self.period is not None and (self.end_ms is not None or self.upcoming is not None):
            raise ValueError("endMs and upcoming: a recurring period has its own")
        window = self.window
        if window and self.upcoming and self.upcoming.start_ms < window.end_ms:
            raise ValueError("upcoming.startMs: must not be before endMs")
        return self

    @property
    def window(self) -> GrantWindow | None:
        """The explicit window; None for a recurring grant."""
        if self.start_ms is None:
            return None
        if self.end_ms is None:
            raise ValueError("endMs: is missing beside startMs: give it too")
        return GrantWindow(limit=self.limit, start_ms=self.start_ms, end_ms=self.end_ms)


class LimitCommand(_CommandShape):
    """What Aforo says that a customer may use in a billing month. It changes the limit of a monthly
    grant, and nothing else of it; `version` is when Aforo was asked, epoch milliseconds.
    """

    kind: Literal["limit"] = "limit"
    customer_id: Id
    meter: MeterId
    limit: Count
    version: Version


class StatusCommand(_CommandShape):
    """A customer's standing."""

    kind: Literal["status"] = "status"
    customer_id: Id
    status: Status
    version: Version


class CredentialCommand(_CommandShape):
    """Whose an API key is. Only its SHA-256 exists outside of the customer's hands."""

    kind: Literal["credential"] = "credential"
    api_key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    customer_id: Id
    key_id: Id
    tenant_id: Id | None = None  # None: the tenant that the stack is deployed for
    scopes: tuple[Annotated[str, Field(pattern=r"^\S{1,128}$")], ...] = ()
    environment: Literal["sandbox", "live"]
    usage_identifier: Id | None = None  # the usage plan's API key, where AWS throttles by it
    revoked: bool = False
    version: Version


class UsagePlanCommand(_CommandShape):
    """The API key of the usage plan that enforces a customer's rate and burst, whatever credential
    it calls with; a credential that names one of its own keeps that. None: no plan any more.
    """

    kind: Literal["usage_plan"] = "usage_plan"
    customer_id: Id
    usage_identifier: Id | None = None
    version: Version


class ModeCommand(_CommandShape):
    """The authorizer's mode for a customer, whatever its stage and the deployment have. None: as
    they have it.
    """

    kind: Literal["mode"] = "mode"
    customer_id: Id
    mode: AuthorizerMode | None = None
    version: Version


class RevocationCommand(_CommandShape):
    """A token (`jti`) or every token of a client (`keyId`) is refused until a moment."""

    kind: Literal["revocation"] = "revocation"
    jti: Id | None = None
    key_id: Id | None = None
    until_ms: Count

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.jti is None) == (self.key_id is None):
            raise ValueError("jti: give either jti or keyId")
        return self


class JwksCommand(_CommandShape):
    """The keys that sign customers' tokens, all of them."""

    kind: Literal["jwks"] = "jwks"
    keys: Annotated[tuple[PublicKey, ...], Field(min_length=1, max_length=50)]
    version: Version

    @field_validator("keys")
    @classmethod
    def _tells_keys_apart(cls, keys: tuple[PublicKey, ...]) -> tuple[PublicKey, ...]:
        return told_apart(keys)


class GuardCommand(_CommandShape):
    """Aforo's margin guard for a customer (aforo-contract.md 1.4)."""

    kind: Literal["guard"] = "guard"
    customer_id: Id
    level: GuardLevel
    allow_percent: Annotated[int, Field(ge=0, le=100)] = 100
    retry_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    version: Version


class HoursOfMeter(_CommandShape):
    """What the ledger sums for hours of one customer and meter: pairs of epoch hour and sum."""

    customer_id: Id
    meter: MeterId
    sums: Annotated[tuple[tuple[Count, Count], ...], Field(min_length=1, max_length=HOURS_AT_ONCE)]


class CloseCommand(_CommandShape):
    """Hours that are over, as the ledger has them. `version` is the moment, epoch milliseconds,
    just before the ledger was read: of two readings the later one has at least as much.
    """

    kind: Literal["close"] = "close"
    version: Version
    closings: Annotated[tuple[HoursOfMeter, ...], Field(min_length=1, max_length=2000)]


# What is kept in the register, and sent again when the counters were lost. Not a limit from Aforo:
# the next reconcile asks for it again.
type StandingCommand = Annotated[
    GrantCommand
    | StatusCommand
    | CredentialCommand
    | UsagePlanCommand
    | ModeCommand
    | RevocationCommand
    | JwksCommand
    | GuardCommand,
    Field(discriminator="kind"),
]


class RebuildCommand(_CommandShape):
    """One part of a rebuild: it is done when all its commands are, and then says so. The parts of
    a rebuild share its `version`.
    """

    kind: Literal["rebuild"] = "rebuild"
    version: Version
    part: Count
    commands: Annotated[
        tuple[Annotated[StandingCommand | CloseCommand, Field(discriminator="kind")], ...],
        Field(min_length=1, max_length=COMMANDS_AT_ONCE),
    ]


type Command = Annotated[
    StandingCommand | OpenCommand | LimitCommand | CloseCommand | RebuildCommand,
    Field(discriminator="kind"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
STANDING_COMMAND: TypeAdapter[StandingCommand] = TypeAdapter(StandingCommand)


def body_of(command: Command) -> str:
    """The command as the queue and the register have it."""
    return command.model_dump_json(by_alias=True, exclude_none=True)
