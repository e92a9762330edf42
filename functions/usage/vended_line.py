"""A log event of a vended delivery (`EXECUTION_LOGS`, gateway-logs.md 1.9) comes in; the execution
line that it wraps leaves, with the API and stage that API Gateway names beside it.

Events may be 1 MB long: everything here is linear.
"""

from collections.abc import Mapping
from typing import NamedTuple

from functions.usage.outcome import Excluded, Quarantined
from functions.usage.strict_json import read_object

UNKNOWN_WRAPPER = Quarantined("unknown_wrapper", "JSON without an execution line at payload")
UNCLEAR_COLUMNS = Quarantined("unknown_wrapper", "the columns can be read in two ways")
OTHER_SOURCE = Excluded("other_source")

_ARN = "arn:aws"
_REST_API = ":/restapis/"
_COLUMNS = 6  # before the payload
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY", "-"})
# Names that no vended event has and every access log must have one of.
_ACCESS_LOG_NAMES = frozenset({"requestId", "extendedRequestId", "request_id", "status"})


class Wrapped(NamedTuple):
    """An execution line, and where its wrapper says that it was written."""

    line: str
    api_id: str | None
    stage: str | None


def unwrapped(message: str) -> Wrapped | Excluded | Quarantined:
    """The execution line of an event; an event without a wrapper is its own line."""
    if message.startswith("{"):
        return _from_json(message)
    if message.startswith(_ARN) and _REST_API in message[:256]:
        return _from_columns(message)
    return Wrapped(message, None, None)


def _from_json(message: str) -> Wrapped | Excluded | Quarantined:
    found = read_object(message)
    if isinstance(found, Quarantined):
        return found
    payload = found.get("payload")
    if isinstance(payload, str):
        return Wrapped(payload, _text(found, "api_id"), _text(found, "stage"))
    # An access log that is subscribed as well: its requests are billed by the declared source.
    return UNKNOWN_WRAPPER if _ACCESS_LOG_NAMES.isdisjoint(found) else OTHER_SOURCE


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value not in {"", "-"} else None


def _from_columns(message: str) -> Wrapped | Quarantined:
    """`plain`: the fields in their order, a tab or blank between them. A path may hold blanks that
    its caller chose: a line where two columns could be the method is not believed.
    """
    blank = "\t" if "\t" in message[:256] else " "
    columns = message.split(blank, _COLUMNS)
    if len(columns) <= _COLUMNS or not columns[_COLUMNS].startswith("("):
        return UNCLEAR_COLUMNS
    api_id, stage = columns[2], columns[3]
    if not columns[0].endswith(f"{_REST_API}{api_id}/stages/{stage}"):
        return UNCLEAR_COLUMNS
    candidates = sum(message.count(f"{blank}{method}{blank}(") for method in _METHODS)
    if candidates != 1 or columns[5] not in _METHODS:
        return UNCLEAR_COLUMNS
    return Wrapped(columns[_COLUMNS], api_id, stage)
