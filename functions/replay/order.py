"""What the operator asks for: the execution's input comes in, an order leaves, or the reason why
not, naming the field and the fix.

Guaranteed: an order that is not understood to the last field is not begun.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from functions.usage.execution_input import (
    MOST_TOLD,
    ExecutionInput,
    told_moment,
    unknown_field,
    unwritable,
)
from functions.usage.outcome import SetAsideClass
from functions.usage.plain_faults import plain_fault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# A message of UsageQueue holds up to 64 KB, about 150 events, and at least one goes at a time: any
# slower, and the waits of a few hundred of them outlast the execution's 48 hours.
LEAST_EVENTS_PER_SECOND = 0.1
# An object of the quarantine holds up to 10,000 requests, which go at once, and then the pace waits
# for all of them: at 0.1 for 28 hours, at 1 for three (17 under six meters).
LEAST_OF_THE_QUARANTINE = 1
# A state holds 256 KiB, and an input of that size may be one fault.
PROBLEM_CHARACTERS = 2_000
# The report carries the order, and has to fit into a state with it.
MOST_CHARACTERS, MOST_REASONS = 256, 100
REASON_PATTERN = f"^[a-z_]{{1,{MOST_CHARACTERS}}}$"


class Source(StrEnum):
    """Where a replay takes from."""

    USAGE = "usage"  # UsageDeadLetterQueue -> UsageQueue
    QUARANTINE = "quarantine"  # the quarantine bucket -> metering -> UsageQueue
    COUNTERS = "counters"  # CounterDeadLetterQueue -> SettledUsageQueue


_PATTERNS = {REASON_PATTERN: "as the report writes it, of small letters and _"}
# What only one source knows. Bodies on their way to the counters are not read: they have a time.
ONLY_FOR = {
    "filter.class": {Source.USAGE},
    "filter.customerId": {Source.USAGE},
    "filter.reason": {Source.QUARANTINE},
    "sendAmbiguous": {Source.USAGE},
    "eventsPerSecond": {Source.USAGE, Source.QUARANTINE},
}


type Moment = Annotated[datetime, BeforeValidator(told_moment)]


class _Input(ExecutionInput):
    @model_validator(mode="before")
    @classmethod
    def _says_what_it_names(cls, found: object) -> object:
        """Null could mean anybody, and often is a variable that nobody has set."""
        if isinstance(found, dict) and (nulls := [name for name in found if found[name] is None]):
            raise ValueError(f"{nulls[0]} is null: give a value, or leave it out")
        return found


class Filter(_Input):
    """Which events: all conditions must hold. Ages are of the request's start; of a whole
    delivery that nobody can read, and of what waits for the counters, of when it was put there.
    """

    set_aside_class: list[Annotated[SetAsideClass, Field(strict=False)]] | None = Field(
        default=None, alias="class", min_length=1, max_length=MOST_REASONS
    )
    customer_id: str | None = Field(default=None, min_length=1, max_length=MOST_CHARACTERS)
    # Of quarantined requests; `delivery` and `failed_delivery` are whole ones.
    reason: list[Annotated[str, Field(pattern=REASON_PATTERN)]] | None = Field(
        default=None, min_length=1, max_length=MOST_REASONS
    )
    older_than: Moment | None = None
    newer_than: Moment | None = None

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.older_than and self.newer_than and self.older_than <= self.newer_than:
            raise ValueError("nothing is older than olderThan and newer than newerThan")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether it chooses whatever there is, poison aside."""
        return not self.model_dump(exclude_none=True)

    @property
    def classes(self) -> Collection[str]:
        if self.set_aside_class is None:
            return {one for one in SetAsideClass if one.meaning.replayed_by_default}
        return self.set_aside_class

    def takes_time(self, epoch_ms: float) -> bool:
        """Whether a moment lies between the two."""
        return (self.older_than is None or epoch_ms < self.older_than.timestamp() * 1000) and (
            self.newer_than is None or epoch_ms > self.newer_than.timestamp() * 1000
        )


class Order(_Input):
    """A replay as asked for, with the defaults filled in. A limit that is None is none."""

    source: Annotated[Source, Field(strict=False)] = Source.USAGE
    dry_run: bool = False
    max_messages: int | None = Field(default=None, ge=1)  # of the quarantine: objects
    filter: Filter = Filter()
    events_per_second: float | None = Field(
        default=None, ge=LEAST_EVENTS_PER_SECOND, allow_inf_nan=False
    )
    # A person decided that Aforo does not have what is chosen: send it though it may be billed
    # twice if that is wrong.
    send_ambiguous: bool = False
    quiet: bool = False  # tell the operators only of trouble: for what a schedule starts
    # The Step Functions console offers {"Comment": "..."} as its sample input: pressing start on
    # that is a plain replay.
    comment: str | None = Field(default=None, alias="Comment", max_length=PROBLEM_CHARACTERS)

    @model_validator(mode="after")
    def _fits_its_source(self) -> Self:
        given = {
            "filter.class": self.filter.set_aside_class,
            "filter.customerId": self.filter.customer_id,
            "filter.reason": self.filter.reason,
            "sendAmbiguous": self.send_ambiguous,
            "eventsPerSecond": self.events_per_second,
        }
        for field, sources in ONLY_FOR.items():
            if given[field] and self.source not in sources:
                raise ValueError(f"{field} means nothing for source {self.source}: leave it out")
        if self.send_ambiguous and self.filter.is_empty:
            raise ValueError(
                "sendAmbiguous is your word that Aforo has nothing of what is chosen: "
                "choose it by a filter"
            )
        pace = self.events_per_second
        if self.source is Source.QUARANTINE and pace and pace < LEAST_OF_THE_QUARANTINE:
            raise ValueError(
                f"eventsPerSecond is at least {LEAST_OF_THE_QUARANTINE} for source quarantine, "
                "whose objects hold up to 10,000 requests that go at once: give more, or none"
            )
        return self


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The input cannot be obeyed; `problem` names each field and what it takes."""

    problem: str


def read_order(found: object) -> Order | NotUnderstood:
    """The order in an execution's input, whatever JSON that is."""
    if problem := unwritable(found):
        return NotUnderstood(problem)
    try:
        return Order.model_validate(found)
    except ValidationError as error:
        faults = error.errors(include_url=False)[:MOST_TOLD]
        return NotUnderstood("; ".join(map(_fault, faults))[:PROBLEM_CHARACTERS])


def _fault(fault: "ErrorDetails") -> str:
    field = ".".join(map(str, fault["loc"])) or "input"
    if fault["type"] == "extra_forbidden":
        kind: type[_Input] = Filter if field.startswith("filter.") else Order
        return unknown_field(field, kind, "a replay")
    return f"{field}: {plain_fault(fault, _PATTERNS)}"
