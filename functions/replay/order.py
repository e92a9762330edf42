"""What the operator asks for: the execution's input comes in, an order leaves, or the reason why
not, naming the field and the fix.

Guaranteed: an order that is not understood to the last field is not begun.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from functions.usage.outcome import SetAsideClass

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LATER_SOURCES = ("quarantine", "unreconciled")


def _in_this_version(value: object) -> object:
    if value in LATER_SOURCES:
        raise ValueError(f"{value} is not in this version: only unforwarded can be replayed")
    return value


def _moment(value: object) -> datetime:
    # Not pydantic's own reading: it takes a bare number for seconds since 1970.
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError('give a time with its offset, as in "2026-10-02T08:00:00Z"')
    return moment


type Source = Annotated[Literal["unforwarded"], BeforeValidator(_in_this_version)]
type Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Input(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
    )


class Filter(_Input):
    """Which events: all conditions must hold. Ages are of `occurredAt`, the request's start."""

    # Poison is what Aforo refused for its content: it comes back unless something was mended, so
    # it is replayed only when it is asked for.
    set_aside_class: list[Annotated[SetAsideClass, Field(strict=False)]] = Field(
        default=[one for one in SetAsideClass if one is not SetAsideClass.POISON],
        alias="class",
        min_length=1,
    )
    customer_id: str | None = Field(default=None, min_length=1)
    older_than: Moment | None = None
    newer_than: Moment | None = None

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.older_than and self.newer_than and self.older_than <= self.newer_than:
            raise ValueError("nothing is older than olderThan and newer than newerThan")
        return self


class Order(_Input):
    """A replay as asked for, with the defaults filled in. A limit that is None is none."""

    source: Source = "unforwarded"
    dry_run: bool = False
    max_messages: int | None = Field(default=None, ge=1)
    filter: Filter = Filter()
    events_per_second: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # The Step Functions console offers {"Comment": "..."} as its sample input: pressing start on
    # that is a plain replay.
    comment: str | None = Field(default=None, alias="Comment")


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The input cannot be obeyed; `problem` names each field and what it takes."""

    problem: str


def read_order(found: object) -> Order | NotUnderstood:
    """The order in an execution's input, whatever JSON that is."""
    try:
        return Order.model_validate(found)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        return NotUnderstood("; ".join(map(_fault, faults)))


def _fault(fault: "ErrorDetails") -> str:
    field = ".".join(map(str, fault["loc"])) or "input"
    if fault["type"] == "extra_forbidden":
        return f"{field}: is not a field of a replay ({', '.join(_fields(field))})"
    if fault["type"] == "model_type":
        return f"{field}: give a JSON object, as in {{}}"
    return f"{field}: {fault['msg'].removeprefix('Value error, ')}"


def _fields(field: str) -> list[str]:
    kind: type[_Input] = Filter if field.startswith("filter.") else Order
    return [str(info.alias) for info in kind.model_fields.values()]
