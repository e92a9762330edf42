"""`aforo-metering status`: how a deployment is, on one screen, and what to do next.

It changes nothing. Exit status 0: all of it was read, whatever it says; 1: a part was not; 2: there
is no such deployment.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.status.next_steps import next_steps
from functions.operator.status.stack_status import StackStatus, as_json
from functions.operator.status.status_screen import Urgency, next_lines, status_screen
from functions.operator.still_working import StillWorking

_STYLES = {Urgency.PLAIN: "", Urgency.FAINT: "dim", Urgency.LOUD: "bold red"}


# Tests give another; no option does.
type Pause = Annotated[Callable[[float], None], Parameter(parse=False)]


def _seconds(_kind: object, seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds < math.inf:
        raise ValueError(f"{seconds}: give a number of seconds, more than 0")


def status(
    *,
    watch: Annotated[
        float | None,
        Parameter(help="read and draw it again after so many seconds", validator=_seconds),
    ] = None,
    form: Annotated[
        Literal["table", "json"], Parameter(name="--format", help="json: one object a look")
    ] = "table",
    place: Place = HERE,
    pause: Pause = time.sleep,
) -> int:
    """Depths, ages, alarms, the forwarder, what is kept, the lag, the last runs."""
    # boto3 takes half a second to import.
    from functions.operator.status.reading_status import read_status  # noqa: PLC0415

    def look(earlier: StackStatus | None) -> StackStatus:
        # Found anew: of a local cloud that died meanwhile it says so.
        return read_status(find_deployment(place), earlier)

    with StillWorking("status", "asking AWS"):
        first = look(None)
    if watch is None:
        sys.stdout.write(_text(first, place, form))
    elif form == "table" and sys.stdout.isatty():
        _redraw(_looks(first, look, watch, pause), place)
    else:
        for one in _looks(first, look, watch, pause):
            sys.stdout.write(_text(one, place, form) + "\n" * (form == "table"))
            sys.stdout.flush()
    return 1 if watch is None and first.not_read else 0


def _looks(
    first: StackStatus,
    look: Callable[[StackStatus], StackStatus],
    seconds: float,
    pause: Callable[[float], None],
) -> Iterator[StackStatus]:
    """Until the person presses Ctrl-C."""
    last = first
    try:
        while True:
            yield last
            pause(seconds)
            last = look(last)
    except KeyboardInterrupt:
        sys.stderr.write("status: no longer watched\n")


def _text(one: StackStatus, place: Place, form: str) -> str:
    if form == "json":
        steps = [step._asdict() for step in next_steps(one, place.stack)]
        return json.dumps({**as_json(one), "next": steps}) + "\n"
    lines = (*status_screen(one), *next_lines(one, next_steps(one, place.stack)))
    return "".join(f"{line.text}\n" for line in lines)


def _redraw(looks: Iterator[StackStatus], place: Place) -> None:
    """What to do comes first: a low terminal cuts off the end, and a narrow one the right."""
    # Imported by whoever watches alone.
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Live(auto_refresh=False, screen=True) as screen:
        for one in looks:
            lines = (*next_lines(one, next_steps(one, place.stack)), *status_screen(one))
            whole = Text(no_wrap=True, overflow="ellipsis")
            for line in lines:
                whole.append(f"{line.text}\n", _STYLES[line.urgency])
            screen.update(whole, refresh=True)
