"""What an invocation tells in metrics: each outcome by its own name, in the units of its name."""

import json
from collections.abc import Mapping

import pytest

from functions.adapters.telemetry import FORWARDED
from functions.forwarder.settled_rows import counted_once
from functions.usage.metric import NAMESPACE
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import (
    METERED_AT,
    NOW_MS,
    Answer,
    accepted,
    always,
    in_turn,
    key,
    refusing,
    said,
    sqs_record,
    usage_event,
    usage_message,
)
from tests.fakes.settled_row import settled_row
from tests.local.metric_series import read_series, series_of


def told(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Mapping[tuple[str, str], float]:
    """The figures of the last flush, by metric and reason."""
    capsys.readouterr()
    bench.telemetry.flush()
    series = read_series(capsys.readouterr().out.splitlines())
    return {
        (one.metric, dict(one.dimensions).get("reason", "")): points[0].value
        for one, points in series.items()
    }


def record(*numbers: int, message_id: str = "a", age_ms: int = 0) -> dict[str, object]:
    message = usage_message([usage_event(n) for n in numbers])
    return sqs_record(message, message_id=message_id, sent_ms=NOW_MS - age_ms)


@pytest.mark.parametrize(
    ("down", "place"),
    [
        ("usage_dead_letter", "UsageDeadLetterQueue"),
        ("ledger", "ledger"),
        ("settled", "SettledUsageQueue"),
    ],
)
def test_a_place_that_fails_is_counted_by_its_name(
    down: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage comes back until it is mended: an alarm watches the count."""
    bench = Bench(refusing({0}))
    bench.places.down = {down}
    bench.forward([record(0, 1)])
    figures = told(bench, capsys)
    assert figures["SettlingFailed", ""] == figures["SettlingFailed", place] == 1


def test_what_two_empty_answers_confirmed_is_not_counted_as_confirmed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An old ingestor says nothing: somebody should know how much rests on that."""
    bench = Bench(always(said(200)))
    bench.forward([record(0, 1)])
    figures = told(bench, capsys)
    assert figures["EventsUnverified", ""] == 2
    assert ("EventsConfirmed", "") not in figures
    assert figures["Posts", ""] == 2


def test_unreadable_bodies_and_conflicting_keys_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both are faults of whoever wrote them, and nothing else tells of them."""
    bench = Bench(accepted)
    other = sqs_record(usage_message([usage_event(0, customer="cus_2")]), message_id="b")
    bench.forward([record(0), other, sqs_record("{", message_id="odd")])
    figures = told(bench, capsys)
    assert figures["KeyConflicts", ""] == figures["MessagesUnreadable", ""] == 1


def test_the_oldest_of_what_is_held_is_told_in_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """HeldUsageAgeAlarm compares it with the hold."""
    bench = Bench(always(said(429)))
    bench.forward([record(0, message_id="young"), record(1, message_id="old", age_ms=90_000)])
    assert told(bench, capsys)["OldestHeldAge", ""] == 90


def test_heartbeats_that_wait_or_are_dropped_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A lag that grows has its reason beside it."""
    bench = Bench(always(said(503)))
    beats = [
        sqs_record({"version": 1, "heartbeatAtMs": NOW_MS - age_ms, "logGroup": "group"})
        for age_ms in (0, 1_000, 3_600_000)
    ]
    bench.forward([*beats, record(0)])
    figures = told(bench, capsys)
    assert (figures["HeartbeatsHeld", ""], figures["HeartbeatsDropped", ""]) == (2, 1)


def test_the_report_of_an_invocation_counts_its_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """How many came, how many come back, and how many of those as new ones; and what was held."""
    bench = Bench(in_turn(accepted, said(429)), most_events=1)
    stays = sqs_record(usage_message([usage_event(3)]), message_id="stays", receives=2)
    odd = sqs_record("{", message_id="odd")
    bench.forward([record(0), record(1, message_id="b"), record(2, message_id="c"), stays, odd])
    capsys.readouterr()
    bench.telemetry.flush()
    (report,) = [
        line
        for line in map(json.loads, capsys.readouterr().out.splitlines())
        if line.get("message") == FORWARDED
    ]
    names = ("messages", "messages_returning", "messages_put_back", "messages_unreadable", "posts")
    assert [report[name] for name in names] == [4, 3, 2, 1, 2]
    assert report["stopped"] == "rate_limited"
    assert report["outcomes"] == {"EventsConfirmed": 1, "EventsHeld:rate_limited": 3}


def test_a_key_that_was_settled_twice_is_counted_once() -> None:
    """By two messages, of which a replay put one back: two rows of the ledger, one of usage."""
    row = settled_row(key(0), METERED_AT)
    again = settled_row(key(0), METERED_AT, replayId="replay-1")
    assert [one["key"] for one in counted_once([row, again])] == [key(0)]


@pytest.mark.parametrize(
    ("answer", "billed"),
    [
        (accepted, [1.5, 90]),
        (always(said(200)), [1.5, 90]),  # twice empty: billed, as far as anybody knows
        (refusing({1}), [1.5]),
        (always(said(429)), []),
        (always(said(503)), []),
    ],
)
def test_how_long_a_request_took_to_be_billed_is_told_of_what_aforo_confirmed(
    answer: Answer, billed: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """From the request on, however young the message is: what was held before is late by then."""
    bench = Bench(answer)
    events = [
        usage_event(0, occurred_ms=NOW_MS - 1_500),
        usage_event(1, occurred_ms=NOW_MS - 90_000),
    ]
    bench.forward([sqs_record(usage_message(events), sent_ms=NOW_MS)])
    capsys.readouterr()
    bench.telemetry.flush()
    series = read_series(capsys.readouterr().out.splitlines())
    asked = series_of(NAMESPACE, "RequestToBilled", service="forwarder")
    assert [point.value for point in series.get(asked, [])] == billed
