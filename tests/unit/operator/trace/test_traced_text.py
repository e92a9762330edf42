"""What a person reads of a traced request, and what a program does."""

import json

from functions.operator.trace.traced_request import TracedRequest
from functions.operator.trace.waypoint import Waypoint, looked
from functions.usage.errors import Retryable

TRACED = TracedRequest(
    head={"requestId": "r-1", "status": None, "keys": ["k1", "k2"]},
    waypoints=(
        Waypoint(
            "log",
            (
                {"time": "T", "logGroup": "g", "logStream": "s", "message": "a\x1b[31m\nb"},
                {"time": "U", "logGroup": "g", "logStream": "s", "message": "c"},
                {"time": "V", "logGroup": "h", "logStream": "s", "message": "d"},
            ),
        ),
        Waypoint("quarantine", absent="searched here"),
        Waypoint("ledger", ({"key": "k1", "seconds": {"metered": 1.5}, "verified": True},)),
        Waypoint("counters", not_told="AWS does not answer"),
    ),
    differs=("one", "two"),
    verdict="billed once",
)


def test_the_text_goes_along_the_road() -> None:
    """Nothing of a log line can command the terminal."""
    assert TRACED.as_text().splitlines() == [
        "request requestId r-1, keys k1 k2",
        "  log",
        "    logGroup g, logStream s",
        "    T a?[31m b",
        "    U c",
        "    logGroup h, logStream s",
        "    V d",
        "  quarantine",
        "    not there: searched here",
        "  ledger",
        "    key k1, seconds (metered 1.5), verified yes",
        "  counters",
        "    not all can be told: AWS does not answer",
        "  DIFFERS: one",
        "  DIFFERS: two",
        "  billed once",
    ]


def test_a_program_gets_one_line_with_the_same() -> None:
    """Rows where there are some, words where there are none."""
    (line,) = TRACED.as_json().splitlines()
    said = json.loads(line)
    assert said["road"]["quarantine"] == {"notThere": "searched here"}
    assert said["road"]["counters"] == {"notTold": "AWS does not answer"}
    assert said["road"]["ledger"][0]["key"] == "k1"
    assert (said["verdict"], said["differs"]) == ("billed once", ["one", "two"])


def test_what_a_place_gave_before_it_failed_stays() -> None:
    """With why there is not more."""

    def look():  # type: ignore[no-untyped-def]  # noqa: ANN202 - a generator of rows
        yield {"a": 1}
        raise Retryable("some are hidden")

    found = looked("queue", "nothing", look)
    assert found == Waypoint("queue", ({"a": 1},), not_told="some are hidden")
    assert found.as_json() == {"notTold": "some are hidden", "rows": ({"a": 1},)}
