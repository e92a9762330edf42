"""The place of a request in an execution log comes in; all lines of its request id leave.

The log group is the durable store: what was not in one delivery is there. Read-only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from functions.usage.moment import HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

# A REST API's integration may take 29 s, or some minutes by a raised quota (gateway-logs.md): the
# lines of one request lie well within this of any one of them.
AROUND_MS = 15 * 60 * 1000
# A request that has no end three hours after its first line has none: API Gateway was cut off, or
# the line was never written.
NEVER_ENDS_MS = 3 * HOUR_MS
PAGE_EVENTS = 10_000  # CloudWatch's most
# A term in quotes is taken as it stands; of anything else we would have to know the syntax.
_NOT_READABLE = {"ResourceNotFoundException", "AccessDeniedException"}
_PLAIN_TERM = re.compile(r"[A-Za-z0-9-]+")


class Place(BaseModel):
    """Where an incomplete request stands, as metering wrote it down."""

    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel)

    log_group: str
    log_stream: str
    request_id: str
    extended_request_id: str | None
    first_timestamp: int | None

    def is_same_request(self, other: "Place") -> bool:
        """A caller chooses the request id; where one of the two has no other, it decides."""
        mine, theirs = self.extended_request_id, other.extended_request_id
        return self.request_id == other.request_id and (not mine or not theirs or mine == theirs)

    def should_have_ended(self, now_ms: int) -> bool:
        return self.first_timestamp is None or now_ms - self.first_timestamp > NEVER_ENDS_MS


def read_place(detail: object) -> Place | None:
    """None where it says no place."""
    try:
        return Place.model_validate_json(detail) if isinstance(detail, str) else None
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class LogLines:
    """Reads log groups."""

    client: "CloudWatchLogsClient"

    def of(self, place: Place) -> list[Mapping[str, Any]]:
        """Log events as a delivery holds them, in the log's order; none where the log is gone, or
        is no longer a metered one.
        """
        if place.first_timestamp is None:
            return []
        prefix = f"({place.request_id})"
        try:
            return [
                {"id": one["eventId"], "timestamp": one["timestamp"], "message": one["message"]}
                for one in self._around(place, place.first_timestamp)
                # The filter's own matching is by words: what counts is the line's beginning.
                if one["message"].startswith(prefix)
            ]
        except ClientError as error:
            # Of one log group: it must not keep out the requests of the others.
            if error.response["Error"]["Code"] not in _NOT_READABLE:
                raise
            return []

    def _around(self, place: Place, first_ms: int) -> Iterator["FilteredLogEventTypeDef"]:
        """Each event once, page by page, and past a full page that names no next one."""
        seen: set[str] = set()
        asked: dict[str, Any] = {
            "logGroupName": place.log_group,
            "logStreamNames": [place.log_stream],
            "startTime": max(0, first_ms - AROUND_MS),
            "endTime": first_ms + AROUND_MS,
        }
        if _PLAIN_TERM.fullmatch(place.request_id):
            asked["filterPattern"] = f'"{place.request_id}"'
        while True:
            page = self.client.filter_log_events(**asked)
            fresh = [one for one in page.get("events", []) if one["eventId"] not in seen]
            seen.update(one["eventId"] for one in fresh)
            yield from fresh
            if token := page.get("nextToken"):
                asked["nextToken"] = token
            elif len(page.get("events", [])) >= PAGE_EVENTS and fresh:
                asked["startTime"] = fresh[-1]["timestamp"]
            else:
                return
