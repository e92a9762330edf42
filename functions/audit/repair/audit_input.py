"""What a person asks an audit for: an execution's input comes in, read field by field; what is
readable of it leaves, and a fault for each field that is not.

Guaranteed: every wrong field is named at once, with its fix; no field is read as something else.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from functions.usage.execution_input import (
    MOST_TOLD,
    ExecutionInput,
    told_moment,
    unknown_field,
    unwritable,
)
from functions.usage.plain_faults import plain_fault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_CHARACTERS = 1_024  # an S3 prefix; all else is shorter
MOST_SHARDS = 256
MOST_SECONDS = 3_600  # of a window, as the parameter AuditWindowSeconds has it
# Epoch milliseconds are not negative, and a window later than a time must be one, too.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _as_moment(value: object) -> datetime:
    moment = told_moment(value)
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("no log is of that time: give one after 1970 and before 2100")
    return moment


type _Text = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
type _Time = Annotated[datetime, BeforeValidator(_as_moment)]


class _Asked(ExecutionInput):
    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        """Null could mean anything, and often is a variable that nobody has set."""
        if isinstance(given, dict) and (nulls := [name for name in given if given[name] is None]):
            raise ValueError(f"{', '.join(nulls)}: null is no value: give one, or leave it out")
        return given


class ExportedTo(_Asked):
    """Where an export of a log group stands in S3: `prefix` is that of the export task."""

    bucket: _Text
    prefix: str = Field(default="", max_length=MOST_CHARACTERS)


class AuditInput(_Asked):
    """All of it may be left out. `source` absent: all of them. `window_seconds`: windows of another
    length than the stack has, counted from `from` on.
    """

    source: _Text | None = None
    from_: _Time | None = Field(default=None, alias="from")
    to: _Time | None = None
    shard: int | None = Field(default=None, ge=0, lt=MOST_SHARDS)
    shards: int | None = Field(default=None, ge=1, le=MOST_SHARDS)
    window_seconds: int | None = Field(default=None, ge=1, le=MOST_SECONDS)
    dry_run: bool = False
    include_old: bool = False
    export: ExportedTo | None = None
    quiet: bool = False
    # The console offers {"Comment": "..."} as its sample input.
    comment: str | None = Field(default=None, alias="Comment", max_length=2_000)


class ReadInput(NamedTuple):
    """`asked` has the defaults in place of what `faults` name."""

    asked: AuditInput
    faults: list[str]


def read_input(given: object) -> ReadInput:
    """Whatever JSON that is."""
    if fault := unwritable(given):
        return ReadInput(AuditInput(), [fault])
    try:
        return ReadInput(AuditInput.model_validate(given), [])
    except ValidationError as error:
        found = error.errors(include_url=False)
    wrong = {str(one["loc"][0]) for one in found if one["loc"]}
    readable = given if isinstance(given, Mapping) else {}
    kept = {name: one for name, one in readable.items() if name not in wrong and one is not None}
    # With a null a whole object is refused before its fields are read.
    rest = ReadInput(AuditInput(), []) if kept == given or not kept else read_input(kept)
    return ReadInput(rest.asked, [*map(_fault, found[:MOST_TOLD]), *rest.faults])


def _fault(fault: "ErrorDetails") -> str:
    field = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        kind: type[_Asked] = ExportedTo if field.startswith("export.") else AuditInput
        return unknown_field(field, kind, "an audit")
    said = plain_fault(fault)
    if not field:
        return said if fault["type"] == "value_error" else f"input: {said}"
    return f"{field}: {said}"
