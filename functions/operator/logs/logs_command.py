"""`aforo-metering logs NAME`: what a function, or a state machine and its functions, said last.

It reads only. Exit status: 0 the answer is whole (it may have no lines), 1 it is not, 2 the
question was not understood.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from pydantic_core import to_json

from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.place import HERE, Place
from functions.operator.deployment.time_ago import span_ms
from functions.operator.explain.terminal_text import printable
from functions.operator.plain_option import PLAIN
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from functions.operator.logs.read_log import LogQuestion
    from functions.operator.logs.told_line import ToldLine

WAIT_SECONDS = 30.0

# By the template's names. What shares a log group is one story: a machine and its steps.
GROUPS: Mapping[str, str] = {
    "metering": "MeteringLogGroup",
    "forwarder": "ForwarderLogGroup",
    "reconciliation": "ReconciliationLogGroup",
    "repair": "ReconciliationRepairLogGroup",
    "reconcile": "ReconcileLogGroup",
    "authorizer": "AuthorizerLogGroup",
    "source-check": "AuditSourceCheckLogGroup",
    "audit": "AuditLogGroup",
    "replay": "ReplayLogGroup",
}


def logs(
    name: Annotated[str, Parameter(help=f"one of {', '.join(GROUPS)}")],
    /,
    *,
    since: Annotated[str, Parameter(help="how far back: 90s, 30m, 6h or 2d")] = "30m",
    message: Annotated[
        list[str],
        PLAIN,
        Parameter(help="only lines with this message or metric; may be repeated"),
    ] = [],  # noqa: B006 - read only
    faults: Annotated[
        bool, PLAIN, Parameter(help="only warnings, errors, tracebacks and time-outs")
    ] = False,
    last: Annotated[int, Parameter(help="so many lines at the most, the newest")] = 20,
    wait: Annotated[float, Parameter(help="seconds to read the log at the most")] = WAIT_SECONDS,
    form: Annotated[
        Literal["text", "json"], Parameter(name="--format", help="json: one line a line")
    ] = "text",
    place: Place = HERE,
) -> int:
    """Which log, and which of its lines."""
    if name not in GROUPS:
        raise TargetError(f"{name}: nothing of that name logs: give one of {', '.join(GROUPS)}")
    if last < 1 or wait <= 0:
        raise TargetError("--last, --wait: give 1 or more")
    now_ms = time.time_ns() // 1_000_000
    from functions.operator.logs.read_log import LogQuestion  # noqa: PLC0415 - boto3, a second

    question = LogQuestion(
        from_ms=now_ms - span_ms("--since", since),
        to_ms=now_ms,
        messages=message,
        faults_only=faults,
        last=last,
    )
    return _told(GROUPS[name], question, wait, form, place)


def _told(group: str, question: "LogQuestion", wait: float, form: str, place: Place) -> int:
    from functions.adapters.log_events import LogBusy, LogNotReadable  # noqa: PLC0415 - as above
    from functions.operator.aws_session import aws_session  # noqa: PLC0415 - as above
    from functions.operator.deployment.stack_place import place_named  # noqa: PLC0415 - as above
    from functions.operator.logs.read_log import ReadLog  # noqa: PLC0415 - as above

    log_group = place_named(place, group)
    log = ReadLog(aws_session().client("logs"), time.monotonic() + wait)
    try:
        lines = log.lines(log_group, question)
    except LogBusy:
        raise TargetError(f"{log_group}: CloudWatch throttles its readers: ask again") from None
    except LogNotReadable:
        raise TargetError(f"{log_group}: AWS does not let you read it") from None
    for line in lines:
        print(_as_json(line) if form == "json" else _as_text(line, question.messages))
    since = iso_from_epoch_ms(question.from_ms)
    _say(f"{len(lines)} of {log.seen} lines read of {log_group} since {since}")
    if log.not_all_before_ms is not None:
        moment = iso_from_epoch_ms(log.not_all_before_ms)
        _say(f"not all before {moment} was read: give a shorter --since, or more --wait")
        return 1
    return 0


def _as_text(line: "ToldLine", asked: Sequence[str]) -> str:
    """One line, whatever somebody wrote into it; of its metrics those that were asked for."""
    shown = {**line.facts, **{name: line.figures[name] for name in asked if name in line.figures}}
    facts = "  ".join(f"{name}={_value(value)}" for name, value in shown.items())
    said = f"{line.time}  {line.level:<7}  {line.message}  {facts}"
    return printable(said.replace("\n", " | ")).rstrip()


def _value(value: object) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


def _as_json(line: "ToldLine") -> str:
    said = {
        "time": line.time,
        "level": line.level,
        "message": line.message,
        **line.facts,
        **line.figures,
    }
    return to_json(said).decode()


def _say(text: str) -> None:
    sys.stderr.write(f"logs: {text}\n")
