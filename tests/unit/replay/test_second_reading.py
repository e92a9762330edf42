"""An incomplete request, and what the log says of its request id."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions.replay.kept import KeptLines
from functions.replay.log_lines import Place
from functions.replay.metering_call import Answer
from functions.replay.second_reading import REQUESTS_AT_ONCE, STILL_INCOMPLETE, SecondReading

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
    """Lines of these moments, of whatever request."""

    def __init__(self, *moments: int) -> None:
        self._moments = moments

    def of(self, _: Place) -> list[Mapping[str, Any]]:
        return [
            {"id": str(one), "timestamp": one, "message": "(chosen) line"} for one in self._moments
        ]


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
    kept = KeptLines("incomplete", {"logEvents": entries}, entries)
    reading = SecondReading(Metering(), Log(*moments), FIRST_MS + 60_000).read(KEY, kept)
    assert reading.stays == stays


def test_an_object_of_very_many_requests_takes_several_replays() -> None:
    """The rest stays incomplete, however old: nobody has looked for it yet."""
    details = [json.dumps({**json.loads(DETAIL), "requestId": str(n)}) for n in range(250)]
    entries = [
        {"timestamp": FIRST_MS, "message": "(n) line", "detail": detail} for detail in details
    ]
    kept = KeptLines("incomplete", {"logEvents": entries}, entries)
    later_ms = FIRST_MS + 5 * 3_600_000
    reading = SecondReading(Metering(), Log(FIRST_MS), later_ms).read(KEY, kept)
    assert len(reading.answers) == REQUESTS_AT_ONCE
    (part,) = reading.parts
    assert (part.reason, part.entries) == ("incomplete", entries[REQUESTS_AT_ONCE:])
