"""A log group is searched: the pace, the end of the time, and what is one request's."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.adapters.log_events import LogBusy
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.operator.trace.log_search import PACE_SECONDS, LogSearch
from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.fakes.execution_log_lines import prefixed, request_texts
from tests.fakes.settable_clock import SettableClock

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

ACCESS = SourceDeclaration(name="orders", logGroup="orders", kind="access")
EXECUTION = SourceDeclaration(
    name="zero", logGroup="API-Gateway-Execution-Logs_a1b2c3d4e5/prod", kind="execution"
)


class Pages:
    """Answers with one page after the other; the last has no token."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        number = int(asked.get("nextToken", 0))
        more = {"nextToken": str(number + 1)} if number + 1 < len(self._pages) else {}
        return {"events": self._pages[number], **more}


def found(number: int, message: str, stream: str = "s") -> dict[str, Any]:
    return {
        "eventId": f"{number:056}",
        "timestamp": number,
        "message": message,
        "logStreamName": stream,
    }


def searching(pages: Pages, clock: SettableClock, seconds: float = 100.0) -> LogSearch:
    def sleep(early: float) -> None:
        clock.now += early

    client = cast("CloudWatchLogsClient", pages)
    return LogSearch(client, "123456789012", clock.now + seconds, clock, sleep)


def test_calls_keep_their_distance() -> None:
    """Five a second is the quota of the account, and others have it, too."""
    pages, clock = Pages([found(1, "a")], [], [found(2, "a")]), SettableClock()
    search, began = searching(pages, clock), clock.now
    (delivery,) = search.deliveries(ACCESS, 0, 10, "a")
    assert len(delivery.log_events) == 2
    list(search.deliveries(ACCESS, 0, 10))
    assert len(pages.asked) == 6
    assert clock.now - began == pytest.approx(PACE_SECONDS * 5)


def test_the_search_ends_with_the_time() -> None:
    """What there is more of was not looked at, and that is no `not there`."""
    pages = Pages([found(1, "a")], [found(2, "a")])
    search = searching(pages, SettableClock(), seconds=PACE_SECONDS)
    deliveries = search.deliveries(ACCESS, 0, 10)
    assert len(next(deliveries).log_events) == 1
    with pytest.raises(LogBusy):
        next(deliveries)
    assert len(pages.asked) == 1


def test_heartbeats_and_lines_that_only_look_alike_are_left_out() -> None:
    """The filter of CloudWatch goes by words."""
    events = [found(1, "id-1"), found(2, "id"), found(3, "id-1", HEARTBEAT_STREAM)]
    pages = Pages(events)
    (delivery,) = searching(pages, SettableClock()).deliveries(ACCESS, 0, 10, "id-1")
    assert [one["id"] for one in delivery.log_events if isinstance(one, dict)] == [f"{1:056}"]
    assert pages.asked[0]["filterPattern"] == '"id-1"'


def test_one_line_of_an_execution_log_brings_all_of_its_request() -> None:
    """An extended id stands in its first line alone."""
    lines = prefixed(request_texts())
    every = [found(number, line) for number, line in enumerate(lines)]
    pages = Pages(every)
    hit = "Extended Request Id: AyD6_FHMvHcECIA="
    (delivery,) = searching(pages, SettableClock()).deliveries(EXECUTION, 0, 10, hit)
    assert [one["message"] for one in delivery.log_events if isinstance(one, dict)] == lines
