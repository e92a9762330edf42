"""What a person gives to `explain`, as deliveries: raw lines, a subscription payload (decoded or
not), or the JSON of `aws logs filter-log-events`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from functions.metering.common_log_format import read_clf
from functions.metering.execution_line import ExecutionLine, read_execution_line
from functions.metering.log_delivery import LogDelivery, read_delivery, read_envelope
from functions.usage.outcome import Excluded, Quarantined

# How gzip looks in base64.
_PACKED = "H4sI"
_ENVELOPES = ('"logEvents"', '"awslogs"', '"messageType"', '"events"')
_PAYLOAD_LINES = ('{"messageType"', '{"awslogs"')


class BadInputError(Exception):
    """The input holds no log; the message says why."""


def read_input(content: bytes) -> list[LogDelivery]:
    """The deliveries in `content`. What is unknown of them (owner, group, stream) is empty."""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        raise BadInputError("the input is empty")
    if text.startswith(_PACKED):
        return _accepted(read_delivery({"awslogs": {"data": "".join(text.split())}}))
    if text.startswith(("{", "[")):
        document = _document(text)
        if document is not None:
            deliveries = _deliveries(document)
            return [_raw([text])] if deliveries is None else deliveries
        if _is_cut(text):
            raise BadInputError("the input begins as JSON, but is not: is it cut?")
    return list(_lines(text))


def _is_cut(text: str) -> bool:
    """Whether a text that is not one JSON value began as an envelope; lines of JSON are none."""
    first = text.partition("\n")[0].strip()
    is_envelope = first in {"{", "["} or any(name in first for name in _ENVELOPES)
    return is_envelope and _document(first) is None


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


def _lines(text: str) -> Iterator[LogDelivery]:
    """Raw lines, among which a line may be a payload of its own."""
    raw: list[list[str]] = []
    after_execution = False
    for line in text.split("\n"):
        document = _document(line) if line.startswith(_PAYLOAD_LINES) else None
        deliveries = _deliveries(document)
        is_execution = isinstance(read_execution_line(line), ExecutionLine)
        if deliveries is not None:
            yield from deliveries
        elif after_execution and not is_execution and _continues(line):
            # A body in an execution log may hold line breaks; the line that they broke is one.
            raw[-1].append(line)
        elif line.strip():
            raw.append([line.removesuffix("\r")])
            after_execution = is_execution
    if raw:
        yield _raw(["\n".join(parts) for parts in raw])


def _continues(line: str) -> bool:
    """Whether a line may be the rest of an execution log's line: it is no access log's."""
    return not _document(line) if line.startswith("{") else read_clf(line) is None


def _raw(lines: Sequence[str]) -> LogDelivery:
    return LogDelivery("", "", "", [{"message": line} for line in lines])
