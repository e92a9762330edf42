"""A JSON document comes in; the log events that it carries leave, if AWS wrote it to carry some.

A document is known by the name that it begins with, or by having no other names than a log event:
before that name no client can have written anything. Any other object is a line of an access log.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from functions.metering.log_delivery import read_delivery, read_envelope
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.insights_row import is_row, record_of_row, row_of_fields
from functions.operator.explain.log_record import LogRecord, Read
from functions.operator.explain.stamp import epoch_ms
from functions.usage.outcome import Excluded, Quarantined

_FIRST_NAME = re.compile(r'\s*\{\s*"([@A-Za-z]+)"')
_PAYLOAD = frozenset({"messageType", "owner", "logEvents", "logGroup", "logStream"})
_EVENTS = frozenset({"events", "searchedLogStreams", "nextForwardToken", "nextBackwardToken"})
_RESULTS = frozenset({"results", "queryLanguage", "statistics", "status", "encryptionKey"})
_LOG_EVENT = frozenset(
    {"timestamp", "message", "eventId", "id", "ingestionTime", "logStreamName", "extractedFields"}
)
# `status` is a name of access logs too: beside it must stand what only a query's answer has.
_BEGINS = (_PAYLOAD | _EVENTS | _RESULTS | _LOG_EVENT | {"awslogs"}) - {"status"}
_NO_EVENTS = "the input is JSON, but not a list of log events with a message"
_PAIR = 2


def begins_as_envelope(text: str) -> bool:
    """Whether a text, perhaps cut, begins as a document that carries log events."""
    name = _FIRST_NAME.match(text)
    return name is not None and name[1] in _BEGINS - _LOG_EVENT


def unpacked(text: str) -> list[Read] | None:
    """What the document carries; None where it is no envelope: an access log line, perhaps.
    BadInputError where it is one and cannot be read.
    """
    if text.lstrip().startswith("["):
        return _of_list(text)
    name = _FIRST_NAME.match(text)
    if name is None or not (name[1] in _BEGINS or name[1].startswith("@")):
        return None
    document = _document(text)
    return _of_object(name[1], document) if isinstance(document, dict) else None


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_object(first: str, document: Mapping[str, object]) -> list[Read] | None:
    if first == "awslogs":
        return _accepted(read_delivery(document))
    if first in _PAYLOAD:
        return _accepted(read_envelope(document)) if _is_payload(document) else None
    if first in _EVENTS:
        return list(_of_events(document.get("events")))
    if first in _RESULTS:
        return list(_of_results(document["results"])) if "results" in document else None
    if first.startswith("@"):
        return [record_of_row(document)] if is_row(document) else None
    return [_log_event(document)] if _is_log_event(document) else None


def _is_payload(document: Mapping[str, object]) -> bool:
    return "logEvents" in document or "messageType" in document


def _accepted(found: Read | Excluded | Quarantined) -> list[Read]:
    if isinstance(found, Quarantined):
        raise BadInputError(f"the subscription payload cannot be read: {found.detail}")
    return [] if isinstance(found, Excluded) else [found]


def _of_events(events: object) -> Iterator[Read]:
    """Of `filter-log-events`, or of `get-log-events`, which names no stream."""
    for entry in events if isinstance(events, list) else [events]:
        if not isinstance(entry, dict) or "message" not in entry:
            raise BadInputError(_NO_EVENTS)
        yield _log_event(entry)


def _of_results(results: object) -> Iterator[Read]:
    """Of `get-query-results`: each row a list of fields."""
    for row in results if isinstance(results, list) else [results]:
        yield record_of_row(row_of_fields(row))


def _is_log_event(members: Mapping[str, object]) -> bool:
    return isinstance(members.get("message"), str) and members.keys() <= _LOG_EVENT


def _log_event(members: Mapping[str, object]) -> LogRecord:
    stream = members.get("logStreamName")
    name = members.get("eventId", members.get("id"))
    return LogRecord(
        message=members["message"],
        timestamp=epoch_ms(members.get("timestamp")),
        event_id=name if isinstance(name, str) else None,
        log_stream=stream if isinstance(stream, str) else "",
    )


def _of_list(text: str) -> list[Read] | None:
    """Log events, rows of Logs Insights, lines as texts, or access log lines: each of them as it
    is written, so that a name that stands twice is seen.
    """
    elements = _elements(text)
    return None if elements is None else [_element(found, text) for found, text in elements]


def _element(found: object, text: str) -> Read:
    match found:
        case str():
            return LogRecord(found)
        case [int() as stamp, str() as line]:  # `--query 'events[].[timestamp,message]'`
            return LogRecord(line, epoch_ms(stamp))
        case [{"field": _}, *_]:  # `--query results` of get-query-results
            return record_of_row(row_of_fields(found))
        case dict():
            members = cast("Mapping[str, object]", found)
            if _is_log_event(members):
                return _log_event(members)
            return record_of_row(members) if is_row(members) else LogRecord(text)
        case _:
            raise BadInputError(_NO_EVENTS)


def _elements(text: str) -> Sequence[tuple[object, str]] | None:
    if not isinstance(_document(text), list):
        return None
    decoder, found = json.JSONDecoder(), list[tuple[object, str]]()
    at = _behind(text, text.index("[") + 1)
    while text[at] != "]":
        value, end = decoder.raw_decode(text, at)
        found.append((value, text[at:end]))
        at = _behind(text, end)
        at = _behind(text, at + 1) if text[at] == "," else at
    return found


def _behind(text: str, at: int) -> int:
    """The next place that is no blank."""
    while text[at].isspace():
        at += 1
    return at
