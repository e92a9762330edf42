"""`aforo-metering replay start | follow | stop | list`: what the Step Functions console does.

Exit status 0: it came to its end; 1: it did not, with the reason; 2: it was not begun.
"""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.executions.machine_runs import MachineRuns, name_of
from functions.operator.executions.run_printing import list_runs, stop_run, told_start, watched
from functions.operator.readable import readable
from functions.operator.replays.replay_input import (
    ALL_OF_IT,
    ReplayOptions,
    input_of,
    sends_ambiguous,
)
from functions.operator.replays.running_replay import REPLAY, decide
from functions.operator.rows import RowFormat

type ReportFormat = Annotated[
    Literal["text", "json"], Parameter(name="--format", help="of the report")
]
type ReplayId = Annotated[str | None, Parameter(help="a replay's id; without it: the newest")]


def start(
    *,
    options: ReplayOptions = ALL_OF_IT,
    text: Annotated[
        str | None, Parameter(name="--input", help="instead of these options: the input as JSON")
    ] = None,
    name: Annotated[str | None, Parameter(help="the replay's id; without it: made of now")] = None,
    follow: Annotated[
        bool, Parameter(name="--follow", negative="--no-follow", help="wait for the report")
    ] = True,
    form: ReportFormat = "text",
    place: Place = HERE,
) -> int:
    """Start it, and follow it to its report."""
    asked = input_of(options, text)
    deployment = find_deployment(place)
    replays = MachineRuns(deployment, REPLAY)
    replay = name or REPLAY.name_now()
    if sends_ambiguous(asked):
        decide(deployment, replay, asked)
    arn = told_start(replays, replay, asked)
    return _followed(replays, arn, form, place) if follow else 0


def follow_one(
    replay: ReplayId = None, /, *, form: ReportFormat = "text", place: Place = HERE
) -> int:
    """Follow one that runs, or read how one ended."""
    replays = MachineRuns(find_deployment(place), REPLAY)
    return _followed(replays, replays.arn_of(replay), form, place)


def stop(
    replay: Annotated[str, Parameter(help="a replay's id")],
    /,
    *,
    why: Annotated[str, Parameter(help="the execution keeps it")] = "stopped by an operator",
    place: Place = HERE,
) -> int:
    """What was sent stays sent; what was hidden shows again within 15 minutes.

    Of a large replay this stops the execution that runs, and so the replay.
    """
    replays = MachineRuns(find_deployment(place), REPLAY)
    for arn in _executions(replays, replays.arn_of(replay)):
        stop_run(replays, name_of(arn), why)
    return 0


def list_them(
    *,
    last: Annotated[int, Parameter(help="how many, newest first")] = 20,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the rows")] = "table",
    place: Place = HERE,
) -> int:
    """The last replays, with their status."""
    return list_runs(MachineRuns(find_deployment(place), REPLAY), last, form)


def _followed(replays: MachineRuns, arn: str, form: Literal["text", "json"], place: Place) -> int:
    if not watched(replays, arn, _states(replays, arn), place):
        return 1
    end = replays.end_of(_last(replays, arn))
    shown = end.output if end.is_success else end.failure()
    sys.stdout.write(f"{json.dumps(shown, indent=2)}\n" if form == "json" else readable(shown))
    return 0 if end.is_success else 1


def _states(replays: MachineRuns, arn: str) -> Iterator[str]:
    """Of each execution of the replay, one after the other."""
    for one in _executions(replays, arn):
        if one != arn:
            yield f"goes on as {name_of(one)}"
        yield from replays.entered_states(one)


def _last(replays: MachineRuns, arn: str) -> str:
    *_, last = _executions(replays, arn)
    return last


def _executions(replays: MachineRuns, arn: str) -> Iterator[str]:
    """From this one on; whoever asks for the next has waited for the end of the one before."""
    while arn:
        yield arn
        arn = replays.next_of(arn)
