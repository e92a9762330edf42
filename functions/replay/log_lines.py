"""The place of a request in an execution log comes in; all lines of its request id leave, in order.

The log group is the durable store: what was not in one delivery is there. Read-only.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ConfigDict, ValidationError

from functions.replay.one_request import Line, line_of
from functions.usage.errors import Permanent, Retryable
from functions.usage.from_outside import FromOutside
from functions.usage.moment import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

# A REST API's integration may take 29 s, or some minutes by a raised quota (gateway-logs.md): the
# lines of one request lie well within this of any one of them.
AROUND_MS = 15 * 60 * 1000
# A request that has no end three hours after its first line has none: API Gateway was cut off, or
# the line was never written.
NEVER_ENDS_MS = 3 * HOUR_MS
# Nobody has looked: that is no reason to give it up after three hours in which nobody could, and a
# day of it a person should know.
NEVER_READ_MS = DAY_MS
PAGE_EVENTS = 10_000  # CloudWatch's most
# A page is a second at worst where the quota (5 calls a second for the whole account) is not used
# up: half an hour of one log stream is a few pages.
READING_SECONDS = 20
_EVENT_ID_DIGITS = 56
_GONE, _DENIED = "ResourceNotFoundException", "AccessDeniedException"
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException"}
# A term in quotes is taken as it stands; of anything else we would have to know the syntax.
_PLAIN_TERM = re.compile(r"[A-Za-z0-9-]+")


class RequestPlace(FromOutside):
    """Where an incomplete request stands, as metering wrote it down."""

    model_config = ConfigDict(strict=True, extra="ignore")

    log_group: str
    log_stream: str
    request_id: str
    extended_request_id: str | None
    first_timestamp: int | None

    def is_same_request(self, other: "RequestPlace") -> bool:
        """A caller chooses the request id; where one of the two has no other, it decides."""
        mine, theirs = self.extended_request_id, other.extended_request_id
        return self.request_id == other.request_id and (not mine or not theirs or mine == theirs)

    def should_have_ended(self, now_ms: int) -> bool:
        return self._is_older(NEVER_ENDS_MS, now_ms)

    def should_have_been_read(self, now_ms: int) -> bool:
        return self._is_older(NEVER_READ_MS, now_ms)

    def _is_older(self, age_ms: int, now_ms: int) -> bool:
        return self.first_timestamp is None or now_ms - self.first_timestamp > age_ms


def read_place(detail: object) -> RequestPlace | None:
    """None where it says no place."""
    try:
        return RequestPlace.model_validate_json(detail) if isinstance(detail, str) else None
    except ValidationError:
        return None


class LogNotReadable(Permanent):
    """Our role may not search this log group."""


class LogBusy(Retryable):
    """CloudWatch throttles us for longer than the client tries again, or is slower than we wait."""


@dataclass(frozen=True, slots=True)
class LogLines:
    """Reads log groups."""

    client: "CloudWatchLogsClient"
    clock: Callable[[], float] = time.monotonic

    def of(self, place: RequestPlace) -> Iterator[Line]:
        """Log events as a delivery holds them, in the log's order, as they are read; none where the
        log is gone. LogNotReadable and LogBusy are of one request: they must not keep out others.
        """
        if place.first_timestamp is None:
            return
        try:
            around = self._around(place, place.first_timestamp)
            for _, moment in groupby(around, key=itemgetter("timestamp")):
                # The filter's own matching is by words: what counts is the line's beginning.
                yield from sorted(
                    (_line(one) for one in moment if line_of(one["message"], place.request_id)),
                    key=_place_in_moment,
                )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _DENIED:
                raise LogNotReadable(place.log_group) from error
            if code in _THROTTLED:
                raise LogBusy(place.log_group) from error
            if code != _GONE:
                raise

    def _around(self, place: RequestPlace, first_ms: int) -> Iterator["FilteredLogEventTypeDef"]:
        asked: dict[str, Any] = {
            "logGroupName": place.log_group,
            "logStreamNames": [place.log_stream],
            "startTime": max(0, first_ms - AROUND_MS),
            "endTime": first_ms + AROUND_MS,
        }
        if _PLAIN_TERM.fullmatch(place.request_id):
            asked["filterPattern"] = f'"{place.request_id}"'
        until = self.clock() + READING_SECONDS
        return each_event(self.client, asked, lambda: self.clock() <= until)


def each_event(
    client: "CloudWatchLogsClient", asked: Mapping[str, Any], is_time_left: Callable[[], bool]
) -> Iterator["FilteredLogEventTypeDef"]:
    """What FilterLogEvents finds, each event once, page by page, and past a full page that names no
    next one. LogBusy where there is more and no time is left.
    """
    asked = dict(asked)
    seen: set[str] = set()
    while True:
        page = client.filter_log_events(**asked)
        events = page.get("events", [])
        fresh = [one for one in events if one["eventId"] not in seen]
        # Of the last page alone: a caller of one id for all its requests has millions of lines.
        seen = {one["eventId"] for one in events} or seen
        yield from fresh
        if token := page.get("nextToken"):
            asked["nextToken"] = token
        elif len(events) >= PAGE_EVENTS and fresh:
            asked["startTime"] = fresh[-1]["timestamp"]
        else:
            return
        if not is_time_left():
            raise LogBusy(asked["logGroupName"])


def _line(event: "FilteredLogEventTypeDef") -> Line:
    return {
        "id": event["eventId"],
        "timestamp": event["timestamp"],
        "message": event["message"],
    }


def _place_in_moment(line: Line) -> str:
    """As metering orders: CloudWatch's ids rise with the log, others say nothing."""
    name = str(line["id"])
    return name if len(name) == _EVENT_ID_DIGITS else ""
