"""A replay that is more than one execution may do: a chain of executions, each of which hands what
remains on to the next.

The next one is told no more than whose it is. What it goes on with it reads from the output of the
one before, which nobody but the state machine can write; and it begins when that one is over. So it
cannot be made up by an input; what is stopped hands nothing on; and being asked for twice it is the
same execution.
"""

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from functions.replay.order import NotUnderstood, Order, Source
from functions.replay.progress import ReplayProgress
from functions.usage.execution_input import ExecutionInput
from functions.usage.from_outside import FromOutside

HANDED_ON = "handed_on"
# An execution's name has at most 80 characters; a schedule's are two UUIDs, 73.
_NAME_CHARACTERS = 66
_PART = re.compile(r"-part-[0-9]+\Z")
# The one before ends as soon as it has the answer; it asks seven times, over 90 s at most.
ENDS_WITHIN_SECONDS = 60


class NextInput(ExecutionInput):
    """The input of an execution that goes on with a replay. Source and `quiet` are the order's, for
    other replays that look who is running.
    """

    continues: str = Field(min_length=1)  # the name of the execution before
    source: Source = Field(strict=False)
    quiet: bool = False


class HandedOn(FromOutside):
    """What an execution hands on: its output."""

    model_config = ConfigDict(extra="ignore")

    outcome: str = Field(pattern=f"^{HANDED_ON}$")
    replay_id: str = Field(min_length=1)
    started_at: AwareDatetime  # the replay's start
    next: str  # the one that goes on
    order: Order
    progress: ReplayProgress


class NotHandedOn(StrEnum):
    """Why an execution may not go on with another's replay."""

    RUNS = "it is still running"
    OVER = "it did not hand anything on: it finished, failed or was stopped"
    OTHER = "it handed what remained on to another execution"


def execution_name(replay_id: str, number: int) -> str:
    """Of the second, third ... execution of a replay; the first one's is the replay's id."""
    return f"{replay_id[:_NAME_CHARACTERS]}-part-{number}"


def is_name_of_a_part(name: str) -> bool:
    """Whether it looks like one of `execution_name`; a person may choose such a name, too."""
    return bool(_PART.search(name))


def next_input(found: object) -> NextInput | NotUnderstood | None:
    """None for an input that begins a replay."""
    if not isinstance(found, dict) or "continues" not in found:
        return None
    try:
        return NextInput.model_validate(found)
    except ValidationError:
        return NotUnderstood("continues: only a replay writes it, to hand on what remains")


def handed_on(name: str, describe: Callable[[], Mapping[str, Any]]) -> HandedOn | NotHandedOn:
    """What the execution of that `name` goes on with; `describe` tells of the one before it."""
    found = describe()
    if found["status"] == "RUNNING":
        return NotHandedOn.RUNS
    try:
        given = HandedOn.model_validate(json.loads(found.get("output", "{}")))
    except ValidationError:
        return NotHandedOn.OVER
    if found["status"] != "SUCCEEDED":
        return NotHandedOn.OVER
    return given if given.next == name else NotHandedOn.OTHER
