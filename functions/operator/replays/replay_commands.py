"""`aforo-metering replay start | follow | stop | list`: what the Step Functions console does.

Exit status 0: it came to its end; 1: it did not, with the reason; 2: it was not begun.
"""

import json
import sys
import time
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.readable import readable
from functions.operator.replays.replay_input import (
    ALL_OF_IT,
    ReplayOptions,
    input_of,
    sends_ambiguous,
)
from functions.operator.replays.running_replay import Replays
from functions.operator.rows import RowFormat, write_rows
from functions.usage.errors import Permanent

type ReportFormat = Annotated[
    Literal["text", "json"], Parameter(name="--format", help="of the report")
]
type ReplayId = Annotated[str | None, Parameter(help="a replay's id; without it: the newest")]

COLUMNS = ("replayId", "status", "startedAt", "endedAt")


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
    replays = Replays(find_deployment(place))
    replay = name or f"replay-{time.time_ns() // 1_000_000}"
    if sends_ambiguous(asked):
        replays.decide(replay, asked)
    arn = replays.start(replay, asked)
    sys.stderr.write(f"started {arn}\n")
    return _followed(replays, arn, form) if follow else 0


def follow_one(
    replay: ReplayId = None, /, *, form: ReportFormat = "text", place: Place = HERE
) -> int:
    """Follow one that runs, or read how one ended."""
    replays = Replays(find_deployment(place))
    return _followed(replays, replays.arn_of(replay) if replay else replays.newest(), form)


def stop(
    replay: Annotated[str, Parameter(help="a replay's id")],
    /,
    *,
    why: Annotated[str, Parameter(help="the execution keeps it")] = "stopped by an operator",
    place: Place = HERE,
) -> int:
    """What was sent stays sent; what was hidden shows again within 15 minutes."""
    replays = Replays(find_deployment(place))
    arn = replays.arn_of(replay)
    before = replays.stop(arn, why)
    print(f"{replay}: {before} -> {replays.end_of(arn).status}")
    return 0


def list_them(
    *,
    last: Annotated[int, Parameter(help="how many, newest first")] = 20,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the rows")] = "table",
    place: Place = HERE,
) -> int:
    """The last replays, with their status."""
    if last < 1:
        raise Permanent("--last: give 1 or more")
    write_rows(COLUMNS, Replays(find_deployment(place)).rows(last), sys.stdout, form)
    return 0


def _followed(replays: Replays, arn: str, form: Literal["text", "json"]) -> int:
    try:
        for state in replays.entered_states(arn):
            sys.stderr.write(f"  {state}\n")
            sys.stderr.flush()
    except KeyboardInterrupt:
        again = f"aforo-metering replay follow {arn.rpartition(':')[2]}"
        sys.stderr.write(f"it goes on by itself; `{again}` watches it again\n")
        return 1
    end = replays.end_of(arn)
    if end.error == "InputRefused":
        raise Permanent(f"the input was refused: {end.cause}")
    failed = {"status": end.status, "error": end.error, "cause": end.cause}
    is_done = end.status == "SUCCEEDED"
    shown = end.output if is_done else {name: text for name, text in failed.items() if text}
    sys.stdout.write(f"{json.dumps(shown, indent=2)}\n" if form == "json" else readable(shown))
    return 0 if is_done else 1
