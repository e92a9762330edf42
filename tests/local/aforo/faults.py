"""The kinds of fault an operator may order, each with what may be said about it. Pure.

In: `{"faults": [...]}`; out: checked, frozen faults, or an error that names the field.
What a fault does on the wire is in sabotage.py.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

type Scalar = str | bool | int | float
type Group = Literal["service", "identity"]
type HeaderValue = Annotated[str, Field(pattern=r"^[^\r\n\x00]*$")]


class Fault(BaseModel):
    """`count` is a number of ingest posts; without it the fault lasts until it is cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    commits: ClassVar[bool] = True
    count: PositiveInt | None = None

    @property
    def is_committing(self) -> bool:
        """Whether the post is processed as usual before the fault shows."""
        return self.commits

    def fits(self, _events: Sequence[Any]) -> bool:
        return True

    def reaches(self, _group: Group) -> bool:
        return False


class Outage(Fault):
    """Without a count it is an outage of the whole service (`routes`: how much of it)."""

    commits: ClassVar[bool] = False
    routes: Literal["ingest", "service", "all"] | None = None

    @model_validator(mode="after")
    def _count_is_for_ingest(self) -> Self:
        if self.count is not None and self.routes not in (None, "ingest"):
            raise ValueError("routes: with a count a fault applies to ingest posts only")
        return self

    def reaches(self, group: Group) -> bool:
        if self.count is not None or self.routes == "ingest":
            return False
        return group == "service" or self.routes == "all"


class Status(Outage):
    kind: Literal["status"]
    status: int = Field(ge=300, le=599)
    retry_after: HeaderValue | None = None


class Unauthorized(Outage):
    kind: Literal["unauthorized"]


class ResetBefore(Outage):
    kind: Literal["reset_before"]


class Hang(Outage):
    kind: Literal["hang"]
    seconds: PositiveFloat | None = None
    commit: bool = False

    @property
    def is_committing(self) -> bool:
        return self.commit


class Slow(Outage):
    kind: Literal["slow"]
    commits: ClassVar[bool] = True
    seconds: PositiveFloat = 5


class Redirect(Fault):
    kind: Literal["redirect"]
    commits: ClassVar[bool] = False
    status: Literal[301, 302, 303, 307, 308] = 307
    location: HeaderValue = "/v1/ingest/batch"


class CommitThenStatus(Fault):
    kind: Literal["commit_then_status"]
    status: int = Field(default=500, ge=300, le=599)
    retry_after: HeaderValue | None = None


class ResetAfterCommit(Fault):
    kind: Literal["reset_after_commit"]


class Empty2xx(Fault):
    kind: Literal["empty_2xx"]


class WrongCounts(Fault):
    kind: Literal["wrong_counts"]
    off_by: int = 1

    @model_validator(mode="after")
    def _is_wrong(self) -> Self:
        if self.off_by == 0:
            raise ValueError("off_by: 0 would leave the counts right")
        return self


class HugeBody(Fault):
    kind: Literal["huge_body"]
    bytes: PositiveInt = 32 * 1024 * 1024


class NotJson(Fault):
    kind: Literal["not_json"]


class Truncated(Fault):
    kind: Literal["truncated"]


class PerEventErrors(Fault):
    """Refuses chosen events in a 2xx, by place in the post or by what they hold."""

    kind: Literal["per_event_errors"]
    indexes: list[int] | None = None
    match: dict[str, Scalar] | None = None
    error: str = "INVALID_EVENT: refused by a fault"

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if (self.indexes is None) == (self.match is None):
            raise ValueError("indexes or match: exactly one is required")
        return self

    def chosen(self, events: Sequence[Any]) -> set[int]:
        if self.indexes is not None:
            return {index for index in self.indexes if 0 <= index < len(events)}
        return {index for index, event in enumerate(events) if holds(event, self.match or {})}

    def fits(self, events: Sequence[Any]) -> bool:
        return bool(self.chosen(events))


class Poison(Fault):
    """Refuses every post that holds a matching event: what a bisection has to find."""

    kind: Literal["poison"]
    match: dict[str, Scalar] = Field(min_length=1)
    status: Literal[400, 422] = 400
    error: str = "the event is refused by a fault"

    def chosen(self, events: Sequence[Any]) -> set[int]:
        return {index for index, event in enumerate(events) if holds(event, self.match)}

    def fits(self, events: Sequence[Any]) -> bool:
        return bool(self.chosen(events))


type AnyFault = Annotated[
    Status
    | Unauthorized
    | ResetBefore
    | Hang
    | Slow
    | Redirect
    | CommitThenStatus
    | ResetAfterCommit
    | Empty2xx
    | WrongCounts
    | HugeBody
    | NotJson
    | Truncated
    | PerEventErrors
    | Poison,
    Field(discriminator="kind"),
]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    faults: list[AnyFault] = Field(min_length=1)


def holds(event: object, match: dict[str, Scalar]) -> bool:
    """Every name has its value; `metadata.x` looks one level down."""
    return all(_look_up(event, name) == value for name, value in match.items())


def _look_up(event: object, name: str) -> object:
    for part in name.split(".", 1):
        event = event.get(part) if isinstance(event, dict) else None
    return event
