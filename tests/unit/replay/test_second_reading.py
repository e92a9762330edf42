"""An incomplete request, and what the log says of its request id."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.adapters.quarantined_object import QuarantinedLines, read_kept
from functions.metering.execution.source import ExecutionLogSource
from functions.replay.log_lines import (
    AROUND_MS,
    NEVER_ENDS_MS,
    NEVER_READ_MS,
    RequestPlace,
)
from functions.replay.metering_call import Answer, MeteringFailed, RequestTooLarge
from functions.replay.second_reading import (
    LOG_BUSY,
    LOG_NOT_READABLE,
    METERING_FAILED,
    REQUESTS_AT_ONCE,
    STILL_INCOMPLETE,
    Reading,
    SecondReading,
)
from functions.replay.selection import TOO_LARGE
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, subscription_payload
from tests.fakes.execution_log_lines import (
    ACCOUNT,
    GROUP,
    STREAM,
    configured,
    prefixed,
    request_texts,
)
from tests.unit.metering.test_intake import OWN_LOG_GROUP, Stop

KEY = "quarantine/incomplete/2026-11-23/08/x.json"
FIRST_MS = 1_790_000_000_000
DETAIL = json.dumps(
    {
        "logGroup": "group",
        "logStream": "stream",
        "requestId": "chosen",
        "extendedRequestId": None,
        "firstTimestamp": FIRST_MS,
    }
)
ANSWER = Answer(billed=1, excluded={}, quarantined={}, kept=[], incomplete=[], usage=[])


class Log:
    """Lines of these moments, of whatever request of an id."""

    def __init__(self, *moments: int) -> None:
        self._moments = moments

    def of(self, place: RequestPlace) -> list[Mapping[str, Any]]:
        message = f"({place.request_id}) line"
        return [{"id": str(one), "timestamp": one, "message": message} for one in self._moments]


class Metering:
    """Understands everything."""

    def take(self, _: Mapping[str, object], *, from_log: bool = False) -> Answer:
        assert from_log
        return ANSWER


@pytest.mark.parametrize(
    ("moments", "stays"),
    [
        ((FIRST_MS, FIRST_MS + 5, FIRST_MS + 9), ""),
        ((FIRST_MS + 5, FIRST_MS + 9), STILL_INCOMPLETE),  # one of ours is not there yet
        ((FIRST_MS + 400, FIRST_MS + 500), STILL_INCOMPLETE),  # somebody else's
        ((), STILL_INCOMPLETE),
    ],
)
def test_another_request_of_the_same_id_does_not_pass_for_it(
    moments: tuple[int, ...], stays: str
) -> None:
    """A caller chooses the id. Its lines leave the quarantine when the log has all of them."""
    entries = [
        {"timestamp": FIRST_MS + after, "message": "(chosen) line", "detail": DETAIL}
        for after in (0, 5)
    ]
    kept = QuarantinedLines("incomplete", {"logEvents": entries}, entries)
    reading = SecondReading(Metering(), Log(*moments), FIRST_MS + 60_000).read(
        KEY, kept, lambda: True
    )
    assert reading.stays == stays


def test_an_object_of_very_many_requests_takes_several_replays() -> None:
    """The rest stays incomplete, however old: nobody has looked for it yet."""
    details = [json.dumps({**json.loads(DETAIL), "requestId": str(n)}) for n in range(250)]
    entries = [
        {"timestamp": FIRST_MS, "message": f"({n}) line", "detail": detail}
        for n, detail in enumerate(details)
    ]
    kept = QuarantinedLines("incomplete", {"logEvents": entries}, entries)
    later_ms = FIRST_MS + 5 * 3_600_000
    reading = SecondReading(Metering(), Log(FIRST_MS), later_ms).read(KEY, kept, lambda: True)
    assert len(reading.answers) == REQUESTS_AT_ONCE
    (part,) = reading.parts
    assert (part.reason, part.entries) == ("incomplete", entries[REQUESTS_AT_ONCE:])


def requests(number: int) -> QuarantinedLines:
    """Halves of as many requests, of one delivery."""
    entries = [
        {
            "timestamp": FIRST_MS,
            "message": f"({n}) line",
            "detail": json.dumps({**json.loads(DETAIL), "requestId": str(n)}),
        }
        for n in range(number)
    ]
    return QuarantinedLines("incomplete", {"reason": "incomplete", "logEvents": entries}, entries)


class Failing:
    """A log, or metering, that fails for some request ids; `works` is for empty deliveries."""

    def __init__(self, error: type[Exception], *names: str, works: bool = True) -> None:
        self._error = error
        self._names = names
        self._works = works
        self.asked: list[str] = []

    def of(self, place: RequestPlace) -> Iterable[Mapping[str, Any]]:
        self.asked.append(place.request_id)
        if place.request_id in self._names and issubclass(self._error, LogBusy | LogNotReadable):
            raise self._error
        return [{"id": "1", "timestamp": FIRST_MS, "message": f"({place.request_id}) line"}]

    def take(self, _: Mapping[str, object], *, from_log: bool = False) -> Answer:
        if not from_log and not self._works:
            raise MeteringFailed
        is_meant = from_log and self.asked[-1] in self._names
        if is_meant and issubclass(self._error, MeteringFailed):
            raise self._error
        return ANSWER


def look(
    failing: Failing,
    kept: QuarantinedLines,
    age_ms: int = 60_000,
    is_time_left: Callable[[], bool] = lambda: True,
) -> Reading:
    reading = SecondReading(failing, failing, FIRST_MS + age_ms)
    return reading.read(KEY, kept, is_time_left)


FAILURES = [
    (LogNotReadable, LOG_NOT_READABLE, NEVER_ENDS_MS),
    (LogBusy, LOG_BUSY, NEVER_READ_MS),
    (RequestTooLarge, TOO_LARGE, NEVER_ENDS_MS),
    (MeteringFailed, METERING_FAILED, NEVER_ENDS_MS),
]


@pytest.mark.parametrize(("error", "why", "most_ms"), FAILURES)
def test_what_cannot_be_read_says_so_and_is_given_up_in_the_end(
    error: type[Exception], why: str, most_ms: int
) -> None:
    """A schedule looks in silence: for ever, nobody would know that it is not billed."""
    kept = requests(2)
    reading = look(Failing(error, "0", "1"), kept, most_ms)
    assert (reading.stays, reading.parts) == (why, ())
    reading = look(Failing(error, "0", "1"), kept, most_ms + 1)
    assert (reading.stays, reading.given_up) == ("", {why: 2})
    assert [(part.reason, part.entries) for part in reading.parts] == [
        ("never_ended", kept.entries)
    ]
    assert reading.remetered_row["quarantined"] == {"never_ended": 2}
    # By a person, from there: it stays, is not looped, and does not ring again.
    again = QuarantinedLines("never_ended", kept.content, kept.entries)
    reading = look(Failing(error, "0", "1"), again, most_ms + 1)
    assert (reading.stays, reading.given_up) == (why, {})


@pytest.mark.parametrize(("error", "why", "most_ms"), FAILURES)
def test_one_request_that_cannot_be_read_keeps_no_other_waiting(
    error: type[Exception], why: str, most_ms: int
) -> None:
    """Of one object or of the round."""
    kept = requests(3)
    reading = look(Failing(error, "1"), kept, most_ms)
    assert (reading.stays, len(reading.answers)) == ("", 2)
    assert [(part.reason, part.entries) for part in reading.parts] == [
        ("incomplete", kept.entries[1:2])
    ]
    assert look(Failing(error, "1"), kept, most_ms + 1).given_up == {why: 1}


def test_nothing_is_given_up_because_metering_is_broken() -> None:
    """It stays, and the round counts it as a failure: three of them end it, which rings."""
    reading = look(Failing(MeteringFailed, "0", works=False), requests(1), NEVER_ENDS_MS + 1)
    assert (reading.stays, reading.parts) == (METERING_FAILED, ())


def test_an_object_for_which_the_time_is_too_short_takes_several_replays() -> None:
    """Killed in the middle of it, the round would begin with it again, for ever. The first request
    is always looked at: the round asked before it began.
    """
    kept = requests(5)
    ticks = iter([True, True])
    reading = look(
        Failing(LogBusy), kept, NEVER_READ_MS + 1, is_time_left=lambda: next(ticks, False)
    )
    assert len(reading.answers) == 3
    (part,) = reading.parts
    assert (part.reason, part.entries) == ("incomplete", kept.entries[3:])
    assert len(look(Failing(LogBusy), kept, is_time_left=lambda: False).answers) == 1


@pytest.mark.parametrize("half", [slice(9), slice(9, None)])
def test_a_caller_of_one_id_for_all_its_requests_has_the_split_one_billed_once(
    half: slice,
) -> None:
    """Though half an hour of them stands around it, the first and the last cut by its edges: what
    is whole already is not sent again, and what is cut does not keep ours from being whole.
    """
    stop = Stop(configured({}))
    stop.intake._source = ExecutionLogSource(REGION)
    log: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    for number in range(-900, 900):
        texts = prefixed(request_texts(extended_id=f"X{number}="))
        first_ms = REQUEST_TIME_MS + number * AROUND_MS // 899
        of_one = [
            {"id": f"{10**55 + len(log) + n}", "timestamp": first_ms + 10 * n, "message": text}
            for n, text in enumerate(texts)
        ]
        log += of_one
        ours = of_one if number == 0 else ours
    stop.take(delivery(ours[half]))
    ((key, body),) = stop.keeper.objects.items()
    kept = read_kept(key, body)

    class Whole:
        def of(self, _: RequestPlace) -> list[dict[str, Any]]:
            return log[10:-10]

        def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer:
            asked = {"id": "quiet", "dryRun": False, "fromLog": from_log}
            found = stop.intake.take({**payload, "replay": asked}, OWN_LOG_GROUP).answer()
            return Answer.model_validate(json.loads(json.dumps(found)))

    reading = SecondReading(Whole(), Whole(), REQUEST_TIME_MS + 300_000)
    assert reading.read(key, kept, lambda: True).stays == ""
    assert [event["metadata"]["extendedRequestId"] for event in stop.events()] == ["X0="]


def delivery(log_events: list[dict[str, Any]]) -> dict[str, Any]:
    envelope = {"owner": ACCOUNT, "logGroup": GROUP, "logStream": STREAM}
    return subscription_payload([], **envelope, logEvents=log_events)
