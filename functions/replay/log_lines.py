"""The place of a request in an execution log comes in; all lines of its request id leave, in order.

The log group is the durable store: what was not in one delivery is there. Read-only.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ConfigDict, ValidationError

from functions.adapters.log_events import (
    LogBusy,
    filtered_pages,
    is_gone,
    line_of_event,
    place_in_moment,
    reading,
)
from functions.replay.one_request import Line, line_of
from functions.usage.from_outside import FromOutside
from functions.usage.moment import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilterLogEventsResponseTypeDef

# A REST API's integration may take 29 s, or some minutes by a raised quota (gateway-logs.md): the
# lines of one request lie well within this of any one of them.
AROUND_MS = 15 * 60 * 1000
# A request that has no end three hours after its first line has none: API Gateway was cut off, or
# the line was never written.
NEVER_ENDS_MS = 3 * HOUR_MS
# Nobody has looked: that is no reason to give it up after three hours in which nobody could, and a
# day of it a person should know.
NEVER_READ_MS = DAY_MS
# A page is a second at worst where the quota (5 calls a second for the whole account) is not used
# up: half an hour of one log stream is a few pages.
READING_SECONDS = 20
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
            with reading(place.log_group):
                around = self._around(place, place.first_timestamp)
                for _, moment in groupby(around, key=itemgetter("timestamp")):
                    # The filter's own matching is by words: what counts is the line's beginning.
                    yield from sorted(
                        (one for one in moment if line_of(one["message"], place.request_id)),
                        key=place_in_moment,
                    )
        except ClientError as error:
            if not is_gone(error):
                raise

    def _around(self, place: RequestPlace, first_ms: int) -> Iterator[Line]:
        asked: dict[str, Any] = {
            "logGroupName": place.log_group,
            "logStreamNames": [place.log_stream],
            "startTime": max(0, first_ms - AROUND_MS),
            "endTime": first_ms + AROUND_MS,
        }
        if _PLAIN_TERM.fullmatch(place.request_id):
            asked["filterPattern"] = f'"{place.request_id}"'
        for page in filtered_pages(self._in_time(place.log_group), asked):
            yield from map(line_of_event, page)

    def _in_time(
        self, log_group: str
    ) -> Callable[[dict[str, Any]], "FilterLogEventsResponseTypeDef"]:
        """Asks for pages while there is time for them."""
        began = self.clock()
        asks = 0

        def ask(asked: dict[str, Any]) -> "FilterLogEventsResponseTypeDef":
            nonlocal asks
            if asks and self.clock() - began > READING_SECONDS:
                raise LogBusy(log_group)
            asks += 1
            return self.client.filter_log_events(**asked)

        return ask
