"""How a deployment is comes in; the lines of one screen leave, each with how urgent it is. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from functions.operator.explain.terminal_text import printable
from functions.operator.rows import aligned
from functions.operator.status.next_steps import NextStep
from functions.operator.status.stack_status import (
    ALARM,
    OK,
    AlarmStatus,
    RunStatus,
    StackStatus,
    StatusPart,
)

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WHOLE_SECONDS = 10
# An alarm says why in a sentence; a composite one with all of its rule.
_MOST_CHARACTERS = 120
_NOT_READ = "not read"


class Urgency(StrEnum):
    """How a line is shown where there are colours."""

    PLAIN = "plain"
    FAINT = "faint"
    LOUD = "loud"


class ScreenLine(NamedTuple):
    text: str
    urgency: Urgency = Urgency.PLAIN


def status_screen(status: StackStatus) -> Iterator[ScreenLine]:
    """Without colours each line still says what it is."""
    region = f" in {status.region}" * bool(status.region)
    yield ScreenLine(f"{status.place}{region} at {status.taken_at}")
    yield from _queues(status)
    yield from _alarms(status)
    yield from _facts(status)
    for one in status.not_read:
        yield _line(_NOT_READ, printable(one), Urgency.LOUD)


def next_lines(status: StackStatus, steps: Sequence[NextStep]) -> Iterator[ScreenLine]:
    """What waits for a person, and the commands. That nothing does is said of what was read."""
    if status.ringing:
        told = f"{_some_alarms(len(status.ringing))}: what to do is said with each"
        yield _line("next", told, Urgency.LOUD)
    elif not steps and status.not_read:
        told = "nothing in what was read, and not all was: see `not read`"
        yield _line("next", told, Urgency.LOUD)
    elif not steps:
        yield _line("next", "nothing waits for a person")
    for step in steps:
        yield _line("next", step.why, Urgency.LOUD)
        yield ScreenLine(f"{'':<15}{step.command}", Urgency.LOUD)


def _some_alarms(number: int) -> str:
    return "1 alarm rings" if number == 1 else f"{number} alarms ring"


def _queues(status: StackStatus) -> Iterator[ScreenLine]:
    rows = [["queue", "visible", "hidden", "oldest"]]
    rows += [
        [one.name, str(one.visible), str(one.hidden), _span(one.oldest_seconds)]
        for one in status.queues
    ]
    for number, text in enumerate(aligned(rows, numbers=(1, 2, 3))):
        is_empty = number == 0 or not status.queues[number - 1].messages
        yield ScreenLine(text.rstrip("\n"), Urgency.FAINT if is_empty else Urgency.PLAIN)


def _alarms(status: StackStatus) -> Iterator[ScreenLine]:
    if _is_unread(status, StatusPart.ALARMS):
        yield _line("alarms", _NOT_READ, Urgency.LOUD)
        return
    ringing = status.ringing
    calm = sum(one.state == OK for one in status.alarms)
    others = len(status.alarms) - calm - len(ringing)
    told = f"{len(ringing)} ring, {calm} OK" + f", {others} without data" * bool(others)
    yield _line("alarms", told, Urgency.LOUD if ringing else Urgency.PLAIN)
    for one in ringing:
        yield from _alarm(one)


def _alarm(one: AlarmStatus) -> Iterator[ScreenLine]:
    reason = one.reason[:_MOST_CHARACTERS]
    yield ScreenLine(f"  {one.name}  {ALARM} since {one.since}: {printable(reason)}", Urgency.LOUD)
    if one.section_url:
        yield ScreenLine(f"    what to do: {one.section_url}")


def _facts(status: StackStatus) -> Iterator[ScreenLine]:
    if _is_unread(status, StatusPart.FORWARDER):
        yield _line("forwarder", _NOT_READ)
    if forwarder := status.forwarder:
        told = (
            f"{forwarder.at}: {_counts(forwarder.outcomes)}" if forwarder.at else "no usage today"
        )
        stopped = f"; stopped: {forwarder.stopped}" if forwarder.stopped else ""
        held = forwarder.oldest_held_seconds
        age = f"; the oldest was {_span(held)} old" if held is not None else ""
        yield _line("forwarder", f"{told}{stopped}{age}", _loud_if(bool(stopped)))
    yield from _kept(status)
    yield _line("lag", _unless_unread(status, StatusPart.LAG, status.lag_seconds, _lag))
    yield _line("last replay", _unless_unread(status, StatusPart.REPLAY, status.last_replay, _run))
    yield _line("last audit", _unless_unread(status, StatusPart.AUDIT, status.last_audit, _run))
    if _is_unread(status, StatusPart.AUDITED):
        yield _line("audited", _NOT_READ)
    if audited := status.audited:
        yield _line(
            "audited",
            f"until {audited.until}, {audited.windows} windows, {audited.open_windows} open: "
            f"{_counts(audited.requests)}",
            _loud_if(audited.requests.get("unaccounted")),
        )


def _kept(status: StackStatus) -> Iterator[ScreenLine]:
    by_reason, by_class = status.kept.quarantined_by_reason, status.kept.set_aside_by_class
    told = _unless_unread(status, StatusPart.QUARANTINE, by_reason, _counts)
    yield _line("quarantined", told, _loud_if(status.kept.quarantined_objects))
    told = _unless_unread(status, StatusPart.SET_ASIDE, by_class, _counts)
    yield _line("set aside", told, _loud_if(by_class))


def _unless_unread[Found](
    status: StackStatus, part: StatusPart, found: Found, told: Callable[[Found], str]
) -> str:
    """Of what was not read nobody says that there is none."""
    return _NOT_READ if _is_unread(status, part) and not found else told(found)


def _is_unread(status: StackStatus, part: StatusPart) -> bool:
    return any(one.startswith(f"{part}: ") for one in status.not_read)


def _lag(seconds: float | None) -> str:
    if seconds is None:
        return "no heartbeat was counted in the last minutes"
    return f"{_span(seconds)} from the log to the counters"


def _run(run: RunStatus | None) -> str:
    if run is None:
        return "none"
    return f"{run.name}: {run.status} {run.stopped_at or run.started_at}, {_counts(run.summary)}"


def _counts(figures: Mapping[str, object]) -> str:
    return printable(", ".join(f"{name} {count}" for name, count in figures.items())) or "nothing"


def _line(name: str, text: str, urgency: Urgency = Urgency.PLAIN) -> ScreenLine:
    return ScreenLine(f"{name + ':':<15}{text}", urgency)


def _loud_if(there_is: object) -> Urgency:
    return Urgency.LOUD if there_is else Urgency.PLAIN


def _span(seconds: float | None) -> str:
    """Of what nobody says: nothing."""
    if seconds is None:
        return ""
    for length, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= _WHOLE_SECONDS else f"{seconds:.1f} s"
