"""The fields of a command come in; it is on the deployment's SettledUsageQueue, recorded first.

In force within seconds, and kept while Redis is away. What the queue would refuse is refused here.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError
from pydantic.alias_generators import to_snake
from pydantic_core import ErrorDetails, to_json

from functions.operator.counter_commands.stack import Stack, find_counters
from functions.operator.deployment.place import Place
from functions.reconciliation.commands import COMMAND, Command
from functions.usage.errors import Permanent

type FindStack = Callable[[Place], Stack]
# Tests give another; no option does.
type Finder = Annotated[FindStack, Parameter(parse=False)]
type Customer = Annotated[str, Parameter(help="the customer's id")]
type VersionOption = Annotated[
    int | None, Parameter(help="greatest wins; without it: now, epoch ms")
]

FIND: FindStack = find_counters


def send(fields: Mapping[str, object], place: Place, find: FindStack) -> int:
    """Exit status 0. Permanent names the field that is refused."""
    command = checked(fields)
    print(f"sent {command.kind}: message {find(place).send(command)}")
    return 0


def checked(fields: Mapping[str, object]) -> Command:
    """The command that fields state; those that are None are not stated. Permanent as above."""
    stated = {name: value for name, value in fields.items() if value is not None}
    try:
        return COMMAND.validate_json(to_json(stated))
    except ValidationError as error:
        raise Permanent(f"refused: {told_faults(error)}") from None


# Where an option is not called what the command's field is.
_OPTIONS = {
    "customerId": "--customer",
    "ratePerSecond": "--rate",
    "apiKeySha256": "--sha256",
    "startMs": "--start",
    "endMs": "--end",
    "untilMs": "--until",
}
_KINDS = {"grant", "status", "credential", "usage_plan", "revocation", "jwks", "open", "mode"}
_AN_ID = (
    "is no id: begin with a letter or a digit, then letters, digits and . _ : @ + ~ / = -, "
    "128 characters at most"
)


def told_faults(error: ValidationError) -> str:
    """The faults as an operator wrote the fields: `--rate: must be at least 0`."""
    return "; ".join(_told(fault) for fault in error.errors(include_url=False, include_input=False))


def _told(fault: ErrorDetails) -> str:
    names = [str(part) for part in fault["loc"] if isinstance(part, str)]
    # A command's faults begin with its kind, and the last part is the field.
    option = _option(names[-1]) if names and names[-1] not in _KINDS else ""
    return f"{option}: {_why(fault)}" if option else _why(fault)


def _option(field: str) -> str:
    return _OPTIONS.get(field) or f"--{to_snake(field).replace('_', '-')}"


def _why(fault: ErrorDetails) -> str:
    bounds = fault.get("ctx", {})
    match fault["type"]:
        case "greater_than_equal":
            return f"must be at least {bounds['ge']:g}"
        case "greater_than":
            return f"must be more than {bounds['gt']:g}"
        case "less_than_equal":
            return f"must be at most {bounds['le']:g}"
        case "string_pattern_mismatch":
            return _AN_ID
        case _:
            return fault["msg"].removeprefix("Value error, ")


def versioned(version: int | None) -> int:
    """Of one thing's commands the greatest version stands."""
    return version or time.time_ns() // 1_000_000
