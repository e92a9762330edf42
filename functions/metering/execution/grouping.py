"""The log events of one delivery come in; groups leave, each the lines of one request.

The `(id)` prefix is chosen by the caller, so two requests may share it; the line
`Extended Request Id`, the first of each, tells them apart (gateway-logs.md 2.4). Requests of one
prefix that overlap cannot be told apart: they stay one group with several identities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from functions.metering.execution.facts import ExecutionFacts
from functions.metering.execution.line import TRUNCATED, ExecutionLine, Form, read_execution_line
from functions.metering.execution.line_order import in_order
from functions.metering.execution.wording import (
    IDLE_CHARS,
    IDLE_WORDINGS,
    OPENING_CHARS,
    READERS,
    gather,
)
from functions.usage.outcome import Excluded, Quarantined

NO_MESSAGE = Quarantined("no_message", "the log event has no text at message")

_CLOSES = 37  # a UUID between brackets, as nearly all prefixes are
_PREFIX_CHARS = _CLOSES + 1
_EXTENDED = "Extended Request Id:"
_CONSOLE_HEAD = "Execution log for request "
_BEGINNINGS = (_EXTENDED, "Starting ", "Verifying Usage Plan ", _CONSOLE_HEAD)
# What follows a prefix, with its blank, on the short way.
_TEXT_BEGINS = _PREFIX_CHARS + 1
_OPENING_ENDS = _TEXT_BEGINS + OPENING_CHARS
_IDLE_ENDS = _TEXT_BEGINS + IDLE_CHARS
_IDLE = frozenset(f" {wording}" for wording in IDLE_WORDINGS)
_READERS = {f" {opening}": read for opening, read in READERS.items()}
# Openings that take the long way, since they may begin another request. Where the identity of this
# one is known, only another identity does.
_IDENTITY = frozenset({" Extende"})
_BEGINNING = _IDENTITY | {" Startin", " Verifyi", " Executi"}

type GroupKey = tuple[str, str | None, str | None, str | None]


@dataclass(slots=True)
class Start:
    """Who a request is, and when it began in epoch milliseconds."""

    extended_request_id: str | None
    time_ms: int | None


@dataclass(slots=True)
class Group:
    """Lines that belong together, read. `starts` holds one entry unless requests overlap; lines
    that open like one of `beginnings` may be another group's.
    """

    form: Form
    request_id: str | None
    api_id: str | None
    stage: str | None
    starts: list[Start]
    facts: ExecutionFacts
    beginnings: frozenset[str]
    log_events: list[object] = field(default_factory=list)

    def identities(self) -> list[str]:
        return [start.extended_request_id for start in self.starts if start.extended_request_id]


class Unread(tuple[object, Excluded | Quarantined]):
    """A log event that is no line of a request, and what becomes of it."""

    __slots__ = ()


def grouped(log_events: Sequence[object]) -> Iterator[Group | Unread]:
    """In the order of their first lines; what is no line of a request comes first."""
    groups: list[Group] = []
    current: dict[GroupKey, Group] = {}
    by_prefix: dict[str, Group] = {}
    for time_ms, _, message, log_event in in_order(log_events):
        if message is not None:
            known = by_prefix.get(message[:_PREFIX_CHARS])
            if known is not None:
                if message[_PREFIX_CHARS:_IDLE_ENDS] in _IDLE:
                    known.facts.informed = True
                    known.log_events.append(log_event)
                    continue
                if _has_taken(known, message):
                    known.log_events.append(log_event)
                    continue
        line = read_execution_line(message) if message is not None else NO_MESSAGE
        if not isinstance(line, ExecutionLine):
            yield Unread((log_event, line))
            continue
        key = (line.form.value, line.api_id, line.stage, line.request_id)
        before = current.get(key)
        group = _group_of(line, before, time_ms or None)
        if group is not before:
            current[key] = group
            groups.append(group)
            if message is not None and message.startswith("(") and message.find(")") == _CLOSES:
                by_prefix[message[:_PREFIX_CHARS]] = group
        gather(group.facts, line)
        group.log_events.append(log_event)
    yield from groups


def _has_taken(group: Group, message: str) -> bool:
    """The short way, for all lines but those that may begin a request: the prefix is known."""
    facts = group.facts
    opening = message[_PREFIX_CHARS:_OPENING_ENDS]
    if opening in group.beginnings:
        return False
    read = _READERS.get(opening)
    if read is None:
        facts.informed = opening[:1] == " " or facts.informed
        return opening[:1] == " "
    facts.is_cut = message.endswith(TRUNCATED)
    read(facts, message[_TEXT_BEGINS : -len(TRUNCATED) if facts.is_cut else None])
    return True


def _group_of(line: ExecutionLine, group: Group | None, time_ms: int | None) -> Group:
    """The group that takes the line: `group`, which had the last one of this prefix, or a new
    one.
    """
    if not line.text.startswith(_BEGINNINGS) and group is not None:
        return group
    extended = None
    if line.text.startswith(_EXTENDED) and not line.is_cut:
        extended = line.text[len(_EXTENDED) :].strip() or None
    if group is None or _is_over(group, line):
        return _new(line, Start(extended, time_ms))
    if extended is None:
        return group
    identities = group.identities()
    if extended in identities:
        return group
    # A line of ours before the first line of this request was another request's.
    if not identities or group.facts.ends >= len(identities):
        return _new(line, Start(extended, time_ms))
    group.starts.append(Start(extended, time_ms))
    return group


def _new(line: ExecutionLine, start: Start) -> Group:
    return Group(
        form=line.form,
        request_id=line.request_id,
        api_id=line.api_id,
        stage=line.stage,
        starts=[start],
        facts=ExecutionFacts(is_prefixed=line.form is Form.PREFIXED),
        beginnings=_BEGINNING if start.extended_request_id is None else _IDENTITY,
    )


def _is_over(group: Group, line: ExecutionLine) -> bool:
    """Whether a line without identity begins the next request of an old or console log."""
    if group.identities():
        return False
    if line.text.startswith(_CONSOLE_HEAD):
        return True
    return group.facts.ends > 0 and line.text.startswith(("Starting ", "Verifying Usage Plan "))
