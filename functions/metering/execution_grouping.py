"""The log events of one delivery come in; groups leave, each the lines of one request.

The `(id)` prefix is chosen by the caller, so two requests may share it; the line
`Extended Request Id`, the first of each, tells them apart (gateway-logs.md 2.4). Requests of one
prefix that overlap cannot be told apart: they stay one group with several identities.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from functions.metering.execution_facts import ExecutionFacts
from functions.metering.execution_line import TRUNCATED, ExecutionLine, Form, read_execution_line
from functions.metering.execution_wording import IDLE_WORDINGS, gather
from functions.usage.outcome import Excluded, Quarantined

NO_MESSAGE = Quarantined("no_message", "the log event has no text at message")

# When it was logged (0: unknown), its event id where that tells an order, its text, itself.
type Entry = tuple[int, str, str | None, object]

_PLACE = itemgetter(0, 1)
_CLOSES = 37  # a UUID between brackets, as nearly all prefixes are
_PREFIX_CHARS = _CLOSES + 1
_EXTENDED = "Extended Request Id:"
_CONSOLE_HEAD = "Execution log for request "
_BEGINNINGS = (_EXTENDED, "Starting ", "Verifying Usage Plan ", _CONSOLE_HEAD)
_BEGINNINGS_AFTER_PREFIX = (" Extended ", " Starting ", " Verifying ", " Execution log ")
_IDLE = frozenset(f" {wording}" for wording in IDLE_WORDINGS)
# CloudWatch's ids rise with the log (gateway-logs.md 1.6); other ids say nothing.
_EVENT_ID_DIGITS = 56
_FIRST_MS = 10**12  # 2001; thirteen digits reach 2286
_LAST_MS = 10**13

type GroupKey = tuple[str, str | None, str | None, str | None]


@dataclass(slots=True)
class Start:
    """Who a request is, and when it began in epoch milliseconds."""

    extended_request_id: str | None
    time_ms: int | None


@dataclass(slots=True)
class Group:
    """Lines that belong together, read. `starts` holds one entry unless requests overlap."""

    form: Form
    request_id: str | None
    api_id: str | None
    stage: str | None
    starts: list[Start]
    facts: ExecutionFacts = field(default_factory=ExecutionFacts)
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
    for time_ms, _, message, log_event in _in_order(log_events):
        known = by_prefix.get(message[:_PREFIX_CHARS]) if message is not None else None
        if known is not None and message is not None and _has_taken(known, message):
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
    wording = message[_PREFIX_CHARS : _PREFIX_CHARS + 17]
    if wording in _IDLE:
        group.facts.lines += 1
        group.facts.informed = True
        return True
    if wording.startswith(_BEGINNINGS_AFTER_PREFIX) or not wording.startswith(" "):
        return False
    is_cut = message.endswith(TRUNCATED)
    text = message[_PREFIX_CHARS + 1 : -len(TRUNCATED) if is_cut else None]
    gather(group.facts, ExecutionLine(Form.PREFIXED, group.request_id, text, is_cut))
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
    return Group(line.form, line.request_id, line.api_id, line.stage, [start])


def _is_over(group: Group, line: ExecutionLine) -> bool:
    """Whether a line without identity begins the next request of an old or console log."""
    if group.identities():
        return False
    if line.text.startswith(_CONSOLE_HEAD):
        return True
    return group.facts.ends > 0 and line.text.startswith(("Starting ", "Verifying Usage Plan "))


def _in_order(log_events: Iterable[object]) -> list[Entry]:
    """Each log event once, since a delivery may be made of several, by time and event id. What says
    neither keeps its place at the front.
    """
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for log_event in log_events:
        if not isinstance(log_event, dict):
            entries.append((0, "", None, log_event))
            continue
        message, name = log_event.get("message"), log_event.get("id")
        text = message if type(message) is str else None
        if type(name) is not str:
            name = ""
        elif name and text is not None:
            first = seen.setdefault(name, text)
            if first is not text and first == text:
                continue
        time_ms = log_event.get("timestamp")
        # `type`, since JSON's true is an int to Python.
        if type(time_ms) is not int or not _FIRST_MS <= time_ms < _LAST_MS:
            time_ms = 0
        place = name if len(name) == _EVENT_ID_DIGITS else ""
        entries.append((time_ms, place, text, log_event))
    entries.sort(key=_PLACE)
    return entries
