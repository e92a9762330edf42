"""What a person gives to `explain`, as deliveries: raw lines, a subscription payload (decoded or
not), or the JSON of `aws logs filter-log-events`.

Raw lines are read as they come, so that a log of any size can be explained. Only what has no end
before the input has is held: one JSON document, and the lines of execution logs, many of which make
one request.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import BinaryIO, cast

from functions.metering.access.common_log_format import read_clf
from functions.metering.execution.line import ExecutionLine, read_execution_line
from functions.metering.log_delivery import LogDelivery, read_delivery, read_envelope
from functions.operator.explain.explanation import Kind
from functions.usage.outcome import Excluded, Quarantined

# How gzip looks in base64.
_PACKED = "H4sI"
_ENVELOPES = ('"logEvents"', '"awslogs"', '"messageType"', '"events"')
_PAYLOAD_LINES = ('{"messageType"', '{"awslogs"')
# Some megabytes of lines; metering's own deliveries have at most some thousands.
LINES_AT_ONCE = 2000


class BadInputError(Exception):
    """The input holds no log; the message says why."""


def read_input(file: BinaryIO, kind: Kind) -> Iterator[LogDelivery]:
    """The deliveries in `file`. What is unknown of them (owner, group, stream) is empty."""
    lines = _text_lines(file)
    first = next(lines, None)
    if first is None:
        raise BadInputError("the input is empty")
    if first.startswith(_PACKED):
        data = "".join("".join(line.split()) for line in chain([first], lines))
        return iter(_accepted(read_delivery({"awslogs": {"data": data}})))
    if not first.startswith(("{", "[")):
        return _lines(chain([first], lines), kind)
    second = next(lines, None)
    if second is not None and _document(first) is not None:
        return _lines(chain([first, second], lines), kind)
    return _from_document([first, *([] if second is None else [second]), *lines], kind)


def _text_lines(file: BinaryIO) -> Iterator[str]:
    """The lines that are not blank, the first one without what an editor put before it."""
    is_first = True
    for raw in file:
        line = raw.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
        if is_first:
            line = line.removeprefix("\ufeff").lstrip()
        if line.strip():
            is_first = False
            yield line


def _from_document(lines: Sequence[str], kind: Kind) -> Iterator[LogDelivery]:
    """One JSON document over all lines; else they are lines after all."""
    text = "\n".join(lines)
    document = _document(text)
    if document is not None:
        deliveries = _deliveries(document)
        return iter([_raw([text])] if deliveries is None else deliveries)
    if _is_cut(lines[0]):
        raise BadInputError("the input begins as JSON, but is not: is it cut?")
    return _lines(lines, kind)


def _is_cut(first: str) -> bool:
    """Whether a text that is not one JSON value began as an envelope; lines of JSON are none."""
    first = first.strip()
    return first in {"{", "["} or any(name in first for name in _ENVELOPES)


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _deliveries(document: object) -> list[LogDelivery] | None:
    """None where it is no envelope: an access log line, perhaps."""
    if isinstance(document, list):
        return _by_stream(document)
    if not isinstance(document, dict):
        return None
    if "awslogs" in document:
        return _accepted(read_delivery(document))
    if "logEvents" in document or "messageType" in document:
        return _accepted(read_envelope(document))
    return _by_stream(document["events"]) if isinstance(document.get("events"), list) else None


def _accepted(found: LogDelivery | Excluded | Quarantined) -> list[LogDelivery]:
    if isinstance(found, Quarantined):
        raise BadInputError(f"the subscription payload cannot be read: {found.detail}")
    return [] if isinstance(found, Excluded) else [found]


def _by_stream(log_events: Sequence[object]) -> list[LogDelivery]:
    """The events of `filter-log-events`, or of `get-log-events`, which names no stream."""
    streams: dict[str, list[object]] = defaultdict(list)
    for entry in log_events:
        if not isinstance(entry, dict) or "message" not in entry:
            raise BadInputError("the input is JSON, but not a list of log events with a message")
        members = cast("Mapping[str, object]", entry)
        stream = members.get("logStreamName")
        log_event = {"timestamp": members.get("timestamp"), "message": members["message"]}
        log_event["id"] = members.get("eventId")
        streams[stream if isinstance(stream, str) else ""].append(log_event)
    return [LogDelivery("", "", stream, found) for stream, found in streams.items()]


def _lines(lines: Iterable[str], kind: Kind) -> Iterator[LogDelivery]:
    """Raw lines, among which a line may be a payload of its own."""
    # Those of one request may stand anywhere in an execution log.
    held: list[list[str]] = []
    others: list[str] = []
    after_execution = False
    for line in lines:
        is_execution = isinstance(read_execution_line(line), ExecutionLine)
        deliveries = _payload(line)
        if deliveries is not None:
            yield from deliveries
        elif after_execution and not is_execution and _continues(line):
            # A body in an execution log may hold line breaks; the line that they broke is one.
            held[-1].append(line)
        elif is_execution or kind == "execution":
            held.append([line])
            after_execution = is_execution
        else:
            others.append(line)
            after_execution = False
        if len(others) >= LINES_AT_ONCE:
            yield _raw(others)
            others = []
    if others:
        yield _raw(others)
    if held:
        yield _raw(["\n".join(parts) for parts in held])


def _payload(line: str) -> list[LogDelivery] | None:
    """The deliveries of a line; one that cannot be read is a line like any other."""
    if not line.startswith(_PAYLOAD_LINES):
        return None
    try:
        return _deliveries(_document(line))
    except BadInputError:
        return None


def _continues(line: str) -> bool:
    """Whether a line may be the rest of an execution log's line: it is no access log's."""
    return not _document(line) if line.startswith("{") else read_clf(line) is None


def _raw(lines: Sequence[str]) -> LogDelivery:
    return LogDelivery("", "", "", [{"message": line} for line in lines])
