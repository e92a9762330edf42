"""Each decision of a round by itself: what is learned, and what follows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.replay.limits import Moved, MoveMade
from functions.replay.order import Order
from functions.replay.progress import ReplayProgress, UnsettledMove
from functions.replay.round_decision import (
    HOUR_MS,
    LEDGER_WAITS,
    LEDGER_WAITS_OF_A_ROUND,
    LEDGER_WAITS_OF_THE_QUARANTINE,
    MOST_HELD,
    MOST_HOURS,
    MOST_ROUNDS,
    SHOWN_AGAIN_SECONDS,
    RoundOutcome,
    RoundResult,
    RoundSurroundings,
    after_looking,
    after_moving,
    is_there_more,
    ledger_wait_seconds,
)

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLAIM_SECONDS = 240
AROUND = RoundSurroundings(0, CLAIM_SECONDS)


def order(**given: Any) -> Order:
    return Order.model_validate(given)


def progress(**given: Any) -> ReplayProgress:
    return ReplayProgress(waiting_at_start=100, **given)


def unsettled(waits: int) -> UnsettledMove:
    return UnsettledMove(move_id="000001-move", started_at=BEGAN, waits=waits)


@pytest.mark.parametrize("source", ["usage", "quarantine", "counters"])
def test_a_move_that_is_settled_is_waited_for_no_more(source: str) -> None:
    """The ledger has a row of each of its events: the next move may begin."""
    one = unsettled(3)
    found = after_looking(order(source=source), progress(unsettled=one), one, 0)
    assert found == progress(unsettled=None)


@pytest.mark.parametrize(
    ("source", "waits", "all_waits", "follows"),
    [
        ("usage", 0, 0, RoundOutcome.WAIT),
        ("usage", LEDGER_WAITS_OF_A_ROUND - 1, 300, RoundOutcome.WAIT),
        ("usage", LEDGER_WAITS_OF_A_ROUND, 300, RoundOutcome.STOPPED),
        ("usage", 0, LEDGER_WAITS, RoundOutcome.STOPPED),
        ("quarantine", LEDGER_WAITS_OF_THE_QUARANTINE - 1, 0, RoundOutcome.WAIT),
        ("quarantine", LEDGER_WAITS_OF_THE_QUARANTINE, 0, None),
        ("quarantine", 0, LEDGER_WAITS, None),
    ],
)
def test_a_move_that_is_under_way_is_waited_for(
    source: str, waits: int, all_waits: int, follows: RoundOutcome | None
) -> None:
    """For hours at most; what metering sent waits on UsageQueue as all usage does, and its replay
    goes on.
    """
    one = unsettled(waits)
    before = progress(unsettled=one, ledger_waits=all_waits, rounds=2)
    found = after_looking(order(source=source), before, one, 3)
    if follows is None:
        assert found == before.but(unsettled=None)
        return
    assert isinstance(found, RoundResult)
    assert found.outcome is follows
    if follows is RoundOutcome.WAIT:
        assert found.wait_seconds == ledger_wait_seconds(waits + 1)
        assert found.progress.ledger_waits == all_waits + 1
        assert found.progress.unsettled == unsettled(waits + 1)
    else:
        assert "3 events of round 2" in found.trouble


@pytest.mark.parametrize(
    ("reached", "word"),
    [
        ({"held": MOST_HELD}, "left and hidden"),
        ({"rounds": MOST_ROUNDS}, "250 rounds are used up, and no message was seen"),
    ],
)
def test_a_replay_stops_at_each_of_its_bounds(reached: dict[str, int], word: str) -> None:
    """And just before it goes on."""
    found = is_there_more(order(), progress(**reached), AROUND)
    assert isinstance(found, RoundResult)
    assert (found.outcome, word in found.trouble) == (RoundOutcome.STOPPED, True)
    less = {name: number - 1 for name, number in reached.items()}
    assert is_there_more(order(), progress(**less), AROUND) == progress(**less)


@pytest.mark.parametrize("reached", [{"rounds": MOST_ROUNDS}, {"rounds": 4, "rounds_before": 1}])
@pytest.mark.parametrize("got_on", [{"seen": 3}, {"messages": 3}])
def test_an_execution_hands_on_at_each_of_its_bounds(
    reached: dict[str, int], got_on: dict[str, int]
) -> None:
    """Once it has seen or moved something since it began; the next one has its own patience."""
    most = reached["rounds"] - reached.get("rounds_before", 0)
    around = RoundSurroundings(0, CLAIM_SECONDS, most)
    before = progress(**reached, **got_on, done_before=2, aforo_waits=7, ledger_waits=9)
    found = is_there_more(order(), before, around)
    assert isinstance(found, RoundResult)
    assert (found.outcome, found.trouble) == (RoundOutcome.HAND_ON, "")
    handed = {"executions_before": 1, "rounds_before": reached["rounds"], "done_before": 3}
    assert found.progress == before.but(**handed, aforo_waits=0, ledger_waits=0)
    assert is_there_more(order(), found.progress, around) == found.progress
    nothing_new = is_there_more(order(), before.but(done_before=3), around)
    assert isinstance(nothing_new, RoundResult)
    assert nothing_new.outcome is RoundOutcome.STOPPED


def test_an_execution_ends_when_its_hours_are_over() -> None:
    """The last round may still pace and wait for the forwarder."""
    last = is_there_more(order(), progress(seen=1), hours(MOST_HOURS * HOUR_MS))
    assert last == progress(seen=1)
    over = is_there_more(order(), progress(seen=1), hours(MOST_HOURS * HOUR_MS + 1))
    assert isinstance(over, RoundResult)
    assert over.outcome is RoundOutcome.HAND_ON
    in_vain = is_there_more(order(), progress(), hours(MOST_HOURS * HOUR_MS + 1))
    assert isinstance(in_vain, RoundResult)
    assert (in_vain.outcome, in_vain.trouble[:8]) == (RoundOutcome.STOPPED, "40 hours")


def hours(elapsed_ms: int) -> RoundSurroundings:
    return RoundSurroundings(elapsed_ms, CLAIM_SECONDS)


@pytest.mark.parametrize(
    ("seen", "waits", "follows"),
    [
        (3, 0, RoundOutcome.HAND_ON),
        (3, LEDGER_WAITS_OF_A_ROUND - 1, RoundOutcome.HAND_ON),
        (3, LEDGER_WAITS_OF_A_ROUND, RoundOutcome.STOPPED),
        (2, 0, RoundOutcome.STOPPED),
    ],
)
def test_looks_that_are_used_up_are_handed_on(seen: int, waits: int, follows: RoundOutcome) -> None:
    """The move is looked for by the next execution, as often as one may be in all."""
    one = unsettled(waits)
    before = progress(unsettled=one, ledger_waits=LEDGER_WAITS, seen=seen, done_before=2)
    found = after_looking(order(), before, one, 3)
    assert isinstance(found, RoundResult)
    assert (found.outcome, found.progress.unsettled) == (follows, one)


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ({}, {"seen": 100}),
        ({}, {"messages": 100}),
        ({"maxMessages": 7}, {"messages": 7}),
        ({"source": "quarantine"}, {"is_queue_empty": True}),
        ({}, {"is_queue_empty": True, "empty_looks": 1}),
    ],
)
def test_a_replay_is_done(given: dict[str, Any], reached: dict[str, Any]) -> None:
    """When all was seen, or all that was asked for was moved, or nothing shows any more."""
    found = is_there_more(order(**given), progress(**reached), AROUND)
    assert isinstance(found, RoundResult)
    assert found.outcome is RoundOutcome.FINISHED


@pytest.mark.parametrize(
    ("given", "reached"), [({}, {"seen": 99}), ({"maxMessages": 7}, {"messages": 6})]
)
def test_a_replay_is_not_done_before(given: dict[str, Any], reached: dict[str, Any]) -> None:
    """The last message is one, too."""
    found = is_there_more(order(**given), progress(**reached), AROUND)
    assert found == progress(**reached)


def test_a_queue_that_seems_empty_is_looked_at_once_more() -> None:
    """A killed round has claimed the rest: it shows again after the last second of its claim."""
    found = is_there_more(order(), progress(is_queue_empty=True), AROUND)
    assert isinstance(found, RoundResult)
    assert (found.outcome, found.wait_seconds) == (
        RoundOutcome.WAIT,
        CLAIM_SECONDS + SHOWN_AGAIN_SECONDS,
    )
    assert found.progress == progress(is_queue_empty=False, empty_looks=1)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, ledger_wait_seconds(0)),
        ({"eventsPerSecond": 0.5}, 14),  # seven events
        ({"eventsPerSecond": 100}, ledger_wait_seconds(0)),
        ({"eventsPerSecond": 0.5, "dryRun": True}, 0),
    ],
)
def test_what_was_moved_counts_and_the_pace_is_held(given: dict[str, Any], seconds: int) -> None:
    """The longer of the pace and the forwarder's moment; a dry run waits for nothing."""
    before = progress(rounds=1, seen=10, messages=8, events=80, held=2, empty_looks=1)
    moved = Moved(messages=4, events=7, seen=5, held=1, is_queue_empty=True)
    made = MoveMade("0002-move", BEGAN, moved, "quarantine/x")
    found = after_moving(order(**given), before, made)
    assert (found.outcome, found.wait_seconds, found.made) == (RoundOutcome.MOVED, seconds, made)
    awaited = UnsettledMove(move_id="0002-move", started_at=BEGAN)
    assert found.progress == progress(
        rounds=2,
        seen=15,
        messages=12,
        events=87,
        held=3,
        marker="quarantine/x",
        is_queue_empty=True,
        unsettled=None if given.get("dryRun") else awaited,
    )
