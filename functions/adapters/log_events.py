"""FilterLogEvents: what is asked comes in; every event leaves once, a page at a time, in the log's
order. CloudWatch's refusals leave as what the reader does about them.

Guaranteed: nothing is left out at the edge of a page, or an error says so.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.usage.errors import Permanent, Retryable

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsResponseTypeDef

PAGE_EVENTS = 10_000  # CloudWatch's most
_EVENT_ID_DIGITS = 56
_GONE, _DENIED = "ResourceNotFoundException", "AccessDeniedException"
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException"}

type LogLine = Mapping[str, Any]  # as a delivery holds it: `id`, `timestamp` and `message`


class LogNotReadable(Permanent):
    """Our role may not search this log group, or not all of it can be had."""


class MomentTooFull(LogNotReadable):
    """A page is full of one millisecond, and there was no token to a next page: CloudWatch has one
    if there is more, an emulator has not.
    """


class LogBusy(Retryable):
    """CloudWatch throttles us for longer than the client tries again, or is slower than we wait."""


def filtered_pages(
    ask: Callable[[dict[str, Any]], "FilterLogEventsResponseTypeDef"], asked: Mapping[str, Any]
) -> Iterator[list["FilteredLogEventTypeDef"]]:
    """Of each page what the one before did not have; by token, and past a full page that names no
    next one from its last time on. `ask` makes the call; `asked` may have a `limit`.
    """
    asked = dict(asked)
    full = asked.get("limit", PAGE_EVENTS)
    seen: set[str] = set()
    has_tokens = False
    last = -1
    moment: set[str] = set()  # of the last millisecond, where the next pages may begin
    while True:
        page = ask(asked)
        events = page.get("events", [])
        known = seen | moment
        fresh = [one for one in events if one["eventId"] not in known]
        if events and events[-1]["timestamp"] != last:
            last, moment = events[-1]["timestamp"], set()
        moment.update(one["eventId"] for one in events if one["timestamp"] == last)
        # Of the last page alone: a log has millions of lines.
        seen = {one["eventId"] for one in events} or seen
        yield fresh
        if token := page.get("nextToken"):
            asked["nextToken"], has_tokens = token, True
            continue
        asked.pop("nextToken", None)
        if len(events) < full:
            return
        if asked.get("startTime") == last:
            if has_tokens:
                return
            raise MomentTooFull(f"{asked.get('logGroupName')}: {full} lines and more at {last}")
        asked["startTime"] = last


def line_of_event(event: "FilteredLogEventTypeDef") -> LogLine:
    """As a subscription would deliver it."""
    return {
        "id": event["eventId"],
        "timestamp": event["timestamp"],
        "message": event["message"],
    }


def place_in_moment(line: LogLine) -> str:
    """The order of lines of one millisecond, as metering orders: CloudWatch's ids rise with the
    log, others say nothing.
    """
    name = str(line["id"])
    return name if len(name) == _EVENT_ID_DIGITS else ""


@contextmanager
def reading(log_group: str) -> Iterator[None]:
    """LogNotReadable and LogBusy instead of CloudWatch's own; any other stays as it is."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == _DENIED:
            raise LogNotReadable(log_group) from error
        if is_throttled(error):
            raise LogBusy(log_group) from error
        raise


def is_throttled(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in _THROTTLED


def is_gone(error: ClientError) -> bool:
    """Whether what was asked for is not there: the log group, or the stream of it."""
    return error.response["Error"]["Code"] == _GONE
