"""What is always true of a replay's rounds, whatever they learn."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.replay.limits import Moved
from functions.replay.readiness import Readiness, ReadinessOutcome
from functions.replay.round_decision import (
    AFORO_WAITS,
    EMPTY_LOOKS,
    HOUR_MS,
    LEDGER_WAITS,
    LEDGER_WAITS_OF_A_ROUND,
    LEDGER_WAITS_OF_THE_QUARANTINE,
    LONGEST_LEDGER_WAIT_SECONDS,
    MOST_CALLS,
    MOST_HELD,
    MOST_HOURS,
    MOST_ROUNDS,
    SHOWN_AGAIN_SECONDS,
    RoundOutcome,
    RoundResult,
    ledger_wait_seconds,
)
from tests.unit.replay.played_replay import CLAIM_SECONDS, MOVED, PlayedReplay

WORDS = st.sampled_from(ReadinessOutcome)
READINESS = st.builds(
    lambda outcome, seconds: Readiness(outcome, "told", None, seconds), WORDS, st.integers(1, 300)
)
MOVES = st.builds(
    Moved,
    messages=st.integers(0, 3),
    events=st.integers(0, 40),
    seen=st.integers(0, 3),
    held=st.integers(0, 3),
    is_queue_empty=st.booleans(),
)
ORDERS = st.fixed_dictionaries(
    {"source": st.sampled_from(["usage", "quarantine", "counters"]), "dryRun": st.booleans()},
    optional={"maxMessages": st.integers(1, 50)},
)
REPLAYS = st.builds(
    PlayedReplay,
    order=ORDERS,
    waiting=st.integers(1, 60),
    moves=st.lists(MOVES, min_size=1, max_size=8),
    looks=st.lists(st.sampled_from([0, 0, 3]), min_size=1, max_size=12),
    aforo=st.lists(READINESS, min_size=1, max_size=6),
    move_seconds=st.sampled_from([1, 300]),
    most_rounds=st.sampled_from([1, 2, 7, MOST_ROUNDS]),
)


@given(played=REPLAYS)
def test_a_replay_always_ends(played: PlayedReplay) -> None:
    """With a word that the machine knows, each execution before its history is full; and no
    execution hands on that has neither seen nor moved anything.
    """
    results = list(played.results())
    execution: list[RoundResult] = []
    for one in results:
        execution.append(one)
        assert len(execution) <= MOST_CALLS
        if one.outcome is RoundOutcome.HAND_ON:
            assert any(moved.made and moved.made.moved != Moved() for moved in execution)
            execution = []
    assert results[-1].outcome in {RoundOutcome.FINISHED, RoundOutcome.STOPPED}
    assert all(bool(one.trouble) is (one.outcome is RoundOutcome.STOPPED) for one in results)


@given(played=REPLAYS)
def test_progress_never_goes_back_and_no_move_may_do_more_than_is_left(
    played: PlayedReplay,
) -> None:
    """What is counted stays counted; a move has something to look for, and a limit."""
    *_, last = results = list(played.results())
    counts = [
        (one.progress.rounds, one.progress.seen, one.progress.messages, one.progress.events)
        for one in results
    ]
    assert counts == sorted(counts)
    assert all(task.see_at_most > 0 and task.move_at_most > 0 for task in played.limits)
    assert [task.round for task in played.limits] == list(range(1, last.progress.rounds + 1))


@given(played=REPLAYS)
def test_usage_is_moved_only_when_aforo_is_ready_and_the_last_move_is_settled(
    played: PlayedReplay,
) -> None:
    """It is not fed into an outage; who does not wait for Aforo does not ask it."""
    waits_for_aforo = played.order["source"] == "usage" and not played.order["dryRun"]
    list(played.results())
    assert waits_for_aforo or not played.asked
    is_settled, last = True, ""
    for happened in played.story:
        if happened.startswith("sent") and waits_for_aforo:
            assert is_settled
            assert last == "ready"
        is_settled = happened == "settled" or (is_settled and happened != "sent")
        last = happened


@pytest.mark.parametrize(
    "told",
    [
        {"moves": [Moved(messages=1, events=1, seen=1)], "looks": [1, 1, 0]},
        {"moves": [Moved(messages=1, events=1, seen=1, is_queue_empty=True)]},
        {"moves": [Moved(is_queue_empty=True), Moved(seen=1, is_queue_empty=True)] * 300},
    ],
)
def test_the_most_calls_are_no_more_than_what_they_are_made_of(
    told: dict[str, Any],
) -> None:
    """Rounds that settle slowly, and that find the queue empty each time."""
    said = PlayedReplay(waiting=10_000, **told).told()
    executions: list[list[str]] = [[]]
    for one in said:
        executions[-1].append(one)
        if one == "hand_on":
            executions.append([])
    most_waits = MOST_ROUNDS + LEDGER_WAITS + AFORO_WAITS
    for calls in executions:
        assert sum(one.startswith("wait") for one in calls) <= most_waits
        assert len(calls) <= MOST_CALLS


def test_waits_for_the_ledger_grow_to_a_minute() -> None:
    """A move is settled in seconds, or Aforo is away for minutes."""
    waits = [ledger_wait_seconds(number) for number in range(240)]
    assert waits[:6] == [2, 2, 3, 4, 6, 8]
    assert waits == sorted(waits)
    assert max(waits) == 60
    assert 3 < sum(waits) / 3_600 < 4.5


def test_what_a_killed_move_had_claimed_is_waited_for_longer_than_it_is_hidden() -> None:
    """Else the second look would find nothing, and the replay would end."""
    first, second, *_ = PlayedReplay(moves=[Moved(is_queue_empty=True), MOVED]).results()
    assert (first.outcome, second.outcome) == (RoundOutcome.MOVED, RoundOutcome.WAIT)
    assert second.wait_seconds > CLAIM_SECONDS


def test_the_bounds_are_those_that_the_execution_and_sqs_have_room_for() -> None:
    """Each with its reason beside it in the code; the most calls are their sum: rounds, a wait for
    messages to show after each, all waits for ledger and Aforo, and the last one.
    """
    assert (MOST_ROUNDS, MOST_HELD, MOST_HOURS) == (250, 80_000, 40)
    assert (AFORO_WAITS, LEDGER_WAITS, LEDGER_WAITS_OF_A_ROUND) == (120, 600, 230)
    assert (LEDGER_WAITS_OF_THE_QUARANTINE, LONGEST_LEDGER_WAIT_SECONDS) == (8, 60)
    assert (EMPTY_LOOKS, SHOWN_AGAIN_SECONDS, HOUR_MS) == (1, 5, 60 * 60 * 1000)
    assert MOST_CALLS == 250 + 250 + 600 + 120 + 1


def test_the_words_of_a_round_are_those_that_the_machine_chooses_by() -> None:
    """Another word would fail the execution."""
    assert [one.value for one in RoundOutcome] == [
        "moved",
        "wait",
        "finished",
        "hand_on",
        "stopped",
    ]
