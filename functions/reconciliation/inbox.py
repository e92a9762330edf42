"""A body from SettledUsageQueue -> settled usage, a command or many, a heartbeat, a stall, or a
refusal that names the field.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from functions.reconciliation.commands import (
    COMMAND,
    COMMANDS_AT_ONCE,
    STANDING_COMMAND,
    Command,
    StandingCommand,
)
from functions.usage.heartbeat import HEARTBEAT_MESSAGE, HeartbeatMessage
from functions.usage.message import SettledMessage, SettledUsage
from functions.usage.plain_faults import plain_fault
from functions.usage.shape import shape_of
from functions.usage.stall import STALL_MESSAGE, StallMessage

_SETTLED = shape_of(SettledMessage)


class RefusedBody(NamedTuple):
    """Neither settled usage nor a command, or one with a fault."""

    is_command: bool
    fault: str


class CommandList(NamedTuple):
    """Commands that travel in one message, `{"kind": "commands", "commands": [...]}`, and the
    faults of those among them that are none.
    """

    commands: list[StandingCommand]
    faults: list[str]


class Stall(NamedTuple):
    """Usage waits somewhere on the road: since when, and until when at most."""

    message: StallMessage


class Heartbeat(NamedTuple):
    """It went the whole way; its time and log group."""

    message: HeartbeatMessage


type Read = list[SettledUsage] | Command | CommandList | Heartbeat | Stall | RefusedBody


def read_body(body: str) -> Read:
    """Never raises: what a body is, decided by its `kind` and its shape."""
    try:
        return _SETTLED.validate_json(body)["settled"]
    except ValidationError as error:
        if (sign := _heartbeat(body) or _stall(body)) is not None:
            return sign
        found = _object(body)
        if "kind" not in found:
            return RefusedBody(is_command=False, fault=faults_of(error))
    if found["kind"] == "commands":
        return _command_list(found)
    try:
        return COMMAND.validate_json(body)
    except ValidationError as error:
        return RefusedBody(is_command=True, fault=faults_of(error))


def faults_of(error: ValidationError) -> str:
    """`grant.limit: must be at least 0`, without the input: a body may hold what no log should."""
    faults = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{_place(fault['loc'])}: {plain_fault(fault, shows_given=False)}".removeprefix(": ")
        for fault in faults[:5]  # the first say what is wrong, a thousand say no more
    )


def _place(parts: tuple[int | str, ...]) -> str:
    """A command's kind stands once for each union that holds it, and is told once."""
    is_twice = len(parts) > 1 and parts[0] == parts[1]
    return ".".join(str(part) for part in (parts[1:] if is_twice else parts))


def _heartbeat(body: str) -> Heartbeat | None:
    try:
        return Heartbeat(HEARTBEAT_MESSAGE.validate_json(body, strict=True))
    except ValidationError:
        return None


def _stall(body: str) -> Stall | None:
    try:
        return Stall(STALL_MESSAGE.validate_json(body, strict=True))
    except ValidationError:
        return None


def _object(body: str) -> Mapping[str, object]:
    """Empty for what is no JSON object."""
    try:
        found = from_json(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _command_list(found: Mapping[str, object]) -> CommandList | RefusedBody:
    given = found.get("commands")
    if not isinstance(given, list) or not 0 < len(given) <= COMMANDS_AT_ONCE:
        fault = f"commands: must be a list of 1 to {COMMANDS_AT_ONCE} commands"
        return RefusedBody(is_command=True, fault=fault)
    read = CommandList([], [])
    for place, one in enumerate(given):
        try:
            read.commands.append(STANDING_COMMAND.validate_json(to_json(one)))
        except ValidationError as error:
            read.faults.append(f"commands.{place}: {faults_of(error)}")
    return read
