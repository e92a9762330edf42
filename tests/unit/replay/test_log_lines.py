"""The lines of a request, out of a log group that pages and matches as it likes."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.adapters.log_events import PAGE_EVENTS, LogBusy, LogNotReadable
from functions.replay.log_lines import (
    AROUND_MS,
    NEVER_ENDS_MS,
    READING_SECONDS,
    LogLines,
    RequestPlace,
    read_place,
)
from tests.fakes.execution_log_lines import vended, vended_columns

PLACE = RequestPlace(
    logGroup="group",
    logStream="stream",
    requestId="abc-1",
    extendedRequestId="X=",
    firstTimestamp=1_000_000_000,
)


class Pages:
    """FilterLogEvents, answering from a script."""

    def __init__(self, *pages: dict[str, Any] | Exception) -> None:
        self._pages = iter(pages)
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        page = next(self._pages)
        if isinstance(page, Exception):
            raise page
        return page


def lines_of(pages: Pages, place: RequestPlace = PLACE) -> list[str]:
    return [one["message"] for one in LogLines(cast("Any", pages)).of(place)]


def event(number: int, message: str = "(abc-1) line") -> dict[str, Any]:
    return {"eventId": str(number), "timestamp": number, "message": message}


def test_only_the_lines_of_the_request_id_are_taken() -> None:
    """The service matches by words: what counts is the beginning."""
    others = [
        "(ABC-1) x",
        "(abc-1",
        "text with (abc-1) inside",
        "(abc-12) x",
        "(abc-1)x",
        vended("(abc-12) (abc-1) x"),
        '{"payload": "(abc-1) x", "payload": "(abc-1) y"}',
    ]
    events = [event(1), *(event(n, text) for n, text in enumerate(others, 2))]
    pages = Pages({"events": events})
    assert lines_of(pages) == ["(abc-1) line"]
    wrapped = [vended("(abc-1) line"), vended_columns("(abc-1) line")]
    assert lines_of(Pages({"events": [event(n, one) for n, one in enumerate(wrapped)]})) == wrapped
    assert pages.asked == [
        {
            "logGroupName": "group",
            "logStreamNames": ["stream"],
            "startTime": 1_000_000_000 - AROUND_MS,
            "endTime": 1_000_000_000 + AROUND_MS,
            "filterPattern": '"abc-1"',
        }
    ]


def test_every_page_is_read_and_each_line_once() -> None:
    """By token; and past a full page without one, from its last time on."""
    full = [event(n) for n in range(PAGE_EVENTS)]
    last = PAGE_EVENTS - 1
    pages = Pages(
        {"events": full[:3], "nextToken": "t"},
        {"events": full},
        {"events": [full[last], event(PAGE_EVENTS)]},
    )
    assert len(lines_of(pages)) == PAGE_EVENTS + 1
    assert pages.asked[1]["nextToken"] == "t"
    assert pages.asked[2]["startTime"] == last


def test_an_id_that_could_be_a_pattern_is_looked_for_in_code() -> None:
    """A caller chooses it (gateway-logs.md 2.4)."""
    pages = Pages({"events": [event(1, '(a"b) line'), event(2, "(ab) line")]})
    assert lines_of(pages, PLACE.model_copy(update={"request_id": 'a"b'})) == ['(a"b) line']
    assert "filterPattern" not in pages.asked[0]


@pytest.mark.parametrize(
    ("mine", "theirs", "request_id", "is_same"),
    [
        ("X=", "X=", "abc-1", True),
        ("X=", "Y=", "abc-1", False),
        (None, "Y=", "abc-1", True),
        ("X=", None, "abc-1", True),
        ("X=", "X=", "other", False),
    ],
)
def test_the_extended_id_tells_requests_of_one_id_apart(
    mine: str | None,
    theirs: str | None,
    request_id: str,
    is_same: bool,  # noqa: FBT001
) -> None:
    """Where it is known of both."""
    one = PLACE.model_copy(update={"extended_request_id": mine})
    other = PLACE.model_copy(update={"extended_request_id": theirs, "request_id": request_id})
    assert one.is_same_request(other) is is_same


def test_after_three_hours_no_end_is_waited_for() -> None:
    """Nor for a line that says no time."""
    first = PLACE.first_timestamp or 0
    assert not PLACE.should_have_ended(first + NEVER_ENDS_MS)
    assert PLACE.should_have_ended(first + NEVER_ENDS_MS + 1)
    timeless = PLACE.model_copy(update={"first_timestamp": None})
    assert timeless.should_have_ended(0)
    assert lines_of(Pages(), timeless) == []


@pytest.mark.parametrize("detail", [None, 3, "", "{}", '{"logGroup": "g"}', "null"])
def test_what_says_no_place_has_none(detail: object) -> None:
    """It is treated as a request that never ended: a person looks."""
    assert read_place(detail) is None


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "FilterLogEvents")


def test_a_log_group_that_is_gone_holds_no_lines() -> None:
    """Its requests must not keep those of the other groups in the quarantine."""
    assert lines_of(Pages(error("ResourceNotFoundException"))) == []


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("AccessDeniedException", LogNotReadable),
        ("ThrottlingException", LogBusy),
        ("ServiceUnavailableException", ClientError),
    ],
)
def test_a_log_that_cannot_be_read_is_not_an_empty_one(code: str, raised: type[Exception]) -> None:
    """Denied and throttled are of this request; of anything else another try of the round."""
    with pytest.raises(raised):
        lines_of(Pages(error(code)))


def test_a_search_that_takes_too_long_ends_in_time() -> None:
    """FilterLogEvents may be slow, and a caller of one id may have any number of lines."""
    ticks = iter([0.0, READING_SECONDS, READING_SECONDS + 1])
    pages = Pages(*({"events": [event(n)], "nextToken": "t"} for n in range(3)))
    lines = LogLines(cast("Any", pages), lambda: next(ticks)).of(PLACE)
    assert next(lines)["id"] == "0"
    with pytest.raises(LogBusy):
        list(lines)
    assert len(pages.asked) == 2


def test_lines_of_one_moment_stand_in_the_order_in_which_metering_reads_them() -> None:
    """Else one of them could go to the request before, and be missed in ours."""
    ids = [f"{n:056}" for n in (3, 1, 2)]
    same = [{**event(1), "eventId": one, "message": f"(abc-1) {one}"} for one in ids]
    assert lines_of(Pages({"events": same[:2], "nextToken": "t"}, {"events": same[2:]})) == [
        f"(abc-1) {one}" for one in sorted(ids)
    ]
