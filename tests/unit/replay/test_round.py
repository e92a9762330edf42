"""What rounds come to, one after the other, with everything that they learn told by a script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from functions.replay.limits import Moved
from functions.replay.round_decision import RoundOutcome
from tests.unit.replay.played_replay import (
    CLAIM_SECONDS,
    DOWN,
    EMPTY,
    LAST,
    MOVED,
    READY,
    REFUSED,
    PlayedReplay,
)

SETTLES = ["moved 2"]  # what was sent is looked for two seconds later
FINISHED = ["finished"]
LET_SHOW = [f"wait {CLAIM_SECONDS + 5}"]
QUARANTINE = {"source": "quarantine"}
TOO_MANY_HIDDEN = (
    "stopped 80000 messages are left and hidden, and more cannot be: the rest was not looked at. "
    "Choose less by filter, or take out what is left"
)
HAND_ON = ["hand_on"]
NOTHING_CHOSEN = replace(LAST, messages=0, events=0)


@dataclass(frozen=True)
class Case:
    """What is told, and the rounds that follow."""

    rounds: list[str]
    told: Mapping[str, Any] = field(default_factory=dict)


CASES = {
    "everything at once": Case([*SETTLES, *FINISHED]),
    "one event is waited for as many are": Case(
        [*SETTLES, *FINISHED], {"moves": [replace(LAST, events=1)]}
    ),
    "round after round, until the depth at the start is seen": Case(
        [*SETTLES, *SETTLES, *FINISHED], {"moves": [MOVED]}
    ),
    "round after round, until as many are moved as there were at the start": Case(
        [*SETTLES, *SETTLES, *FINISHED], {"moves": [replace(MOVED, messages=3, seen=0)]}
    ),
    "no more than maxMessages": Case(
        [*SETTLES, *FINISHED], {"moves": [MOVED], "order": {"maxMessages": 2}}
    ),
    "more than waits was allowed": Case(
        [*SETTLES, *SETTLES, *FINISHED], {"moves": [MOVED], "order": {"maxMessages": 99}}
    ),
    "at a pace, which holds up what is to come and nothing else": Case(
        ["moved 10", *SETTLES, *FINISHED],
        {"moves": [MOVED, LAST], "order": {"eventsPerSecond": 2}},
    ),
    "at a pace, when all is seen and little of it moved": Case(
        [*SETTLES, *FINISHED], {"moves": [LAST], "order": {"eventsPerSecond": 2}}
    ),
    "at a pace, until maxMessages are moved": Case(
        ["moved 10", *SETTLES, *FINISHED],
        {"moves": [MOVED], "waiting": 8, "order": {"eventsPerSecond": 2, "maxMessages": 4}},
    ),
    "a pace faster than the ledger": Case(
        [*SETTLES, *SETTLES, *FINISHED],
        {"moves": [MOVED, LAST], "order": {"eventsPerSecond": 1_000}},
    ),
    "a dry run asks nobody and waits for nothing": Case(
        ["moved", "moved", *FINISHED],
        {"moves": [MOVED], "order": {"dryRun": True, "eventsPerSecond": 1}, "aforo": [REFUSED]},
    ),
    "nothing that the filter chooses": Case(["moved", *FINISHED], {"moves": [NOTHING_CHOSEN]}),
    "what a killed move had claimed shows again": Case(
        ["moved", *LET_SHOW, *SETTLES, *FINISHED], {"moves": [EMPTY, LAST]}
    ),
    "in a dry run, too": Case(
        ["moved", *LET_SHOW, "moved", *FINISHED],
        {"moves": [EMPTY, LAST], "order": {"dryRun": True}},
    ),
    "the count was too high": Case(
        [*SETTLES, *LET_SHOW, "moved", *FINISHED],
        {"moves": [replace(MOVED, is_queue_empty=True), EMPTY]},
    ),
    "moves are killed again and again": Case(
        ["moved", *LET_SHOW, *SETTLES, *LET_SHOW, *SETTLES, *FINISHED],
        {"moves": [EMPTY, replace(MOVED, is_queue_empty=True), LAST]},
    ),
    "more stays than SQS hides": Case(
        [
            *SETTLES,
            TOO_MANY_HIDDEN,
        ],
        {"moves": [replace(MOVED, held=80_000)]},
    ),
    "more events than a report holds at a time": Case(
        [*SETTLES, *SETTLES, *FINISHED],
        {"moves": [replace(MOVED, events=1_000_000)]},
    ),
    "Aforo comes back": Case(["wait 30", *SETTLES, *FINISHED], {"aforo": [DOWN, READY]}),
    "Aforo stays away": Case(
        [
            *["wait 30"] * 120,
            "stopped Aforo does not take usage now: down, outage (waited 120 times)",
        ],
        {"aforo": [DOWN]},
    ),
    "Aforo refuses the key": Case(
        ["stopped Aforo does not take usage now: refused, credential_refused (waited 0 times)"],
        {"aforo": [REFUSED]},
    ),
    "Aforo goes away between two rounds": Case(
        [*SETTLES, "wait 30", *SETTLES, *FINISHED],
        {"aforo": [READY, DOWN, READY], "moves": [MOVED]},
    ),
    "Aforo goes away in the middle of a round": Case(
        [*SETTLES, "wait 2", "wait 3", *FINISHED], {"looks": [7, 7, 0]}
    ),
    "more than one execution may do": Case(
        [
            *SETTLES * 250,
            *HAND_ON,
            *SETTLES * 250,
            *FINISHED,
        ],
        {"moves": [replace(MOVED, seen=1)], "waiting": 1_000},
    ),
    "a hundred times what one execution may do": Case(
        [*[*SETTLES, *SETTLES, *HAND_ON] * 99, *SETTLES, *SETTLES, *FINISHED],
        {"moves": [replace(MOVED, messages=1, seen=1)], "waiting": 200, "most_rounds": 2},
    ),
    "an execution that sees nothing hands nothing on": Case(
        [
            *[*SETTLES, *SETTLES, *HAND_ON],
            *["moved", "moved"],
            "stopped 2 rounds are used up, and no message was seen: start another",
        ],
        {"moves": [MOVED, MOVED, Moved()], "waiting": 99, "most_rounds": 2},
    ),
    "Aforo has as much patience with each execution": Case(
        [*["wait 30"] * 100, *SETTLES, *HAND_ON, *["wait 30"] * 100, *SETTLES, *FINISHED],
        {
            "aforo": [*[DOWN] * 100, READY] * 2,
            "moves": [MOVED, LAST],
            "most_rounds": 1,
        },
    ),
    "a replay that takes longer than two days may": Case(
        [
            *[*SETTLES, *SETTLES, *HAND_ON],
            *[*SETTLES, *SETTLES, *HAND_ON],
            *SETTLES,
            *FINISHED,
        ],
        {"moves": [replace(MOVED, messages=1, seen=1)], "move_seconds": 20 * 3_600},
    ),
    "the quarantine does not wait for Aforo": Case(
        [*SETTLES, *SETTLES, *FINISHED],
        {"order": QUARANTINE, "moves": [MOVED, LAST], "aforo": [REFUSED]},
    ),
    "of the quarantine the end is known": Case(
        [*SETTLES, *FINISHED],
        {"order": QUARANTINE, "moves": [replace(MOVED, is_queue_empty=True)]},
    ),
    "a dry run of the quarantine": Case(
        ["moved", *FINISHED], {"order": {**QUARANTINE, "dryRun": True}}
    ),
    "the quarantine waits for the forwarder for a minute": Case(
        [*SETTLES, *(f"wait {seconds}" for seconds in (2, 3, 4, 6, 8, 11, 14, 18)), *FINISHED],
        {"order": QUARANTINE, "looks": [7]},
    ),
    "what waits for the counters asks nobody and waits for nothing": Case(
        ["moved", "moved", *FINISHED],
        {
            "order": {"source": "counters"},
            "moves": [replace(MOVED, events=0), replace(LAST, events=0)],
            "aforo": [REFUSED],
        },
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_rounds_of(case: Case) -> None:
    """One after the other, to the one that ends it."""
    assert PlayedReplay(**case.told).told() == case.rounds


def test_the_forwarder_never_settles_a_round() -> None:
    """Almost four hours, then the replay says what is on its way."""
    played = PlayedReplay(looks=[7])
    told = played.told()
    stopped = "stopped 7 events of round 1 are on their way and not settled yet"
    assert told[:2] + told[-2:] == ["moved 2", "wait 2", "wait 60", stopped]
    assert len(told) == 1 + 230 + 1
    assert 3.5 < played.seconds / 3_600 < 4.5


def test_rounds_settle_so_slowly_that_all_looks_are_used_up() -> None:
    """600 of all rounds of an execution: the next one looks on; of the quarantine the rounds go on
    without.
    """
    slow = [7] * 100 + [0]
    slowly = PlayedReplay(
        moves=[replace(MOVED, seen=1, messages=1)], waiting=8, looks=slow * 7 + [0]
    )
    told = slowly.told()
    assert (told.count("moved 2"), told.count("hand_on"), told[-1]) == (8, 1, "finished")
    assert told.index("hand_on") == 6 + 600 + 1
    played = PlayedReplay(order=QUARANTINE, moves=[replace(MOVED, seen=1)], waiting=200, looks=[7])
    assert played.told()[-1] == "finished"
    assert (len(played.limits), len(played.looked_for)) == (100, 75 * 9 + 25)


def test_a_move_is_told_what_the_rounds_before_it_left_of_the_limits() -> None:
    """Of what waited at the start, and of maxMessages; of the quarantine where the last ended."""
    played = PlayedReplay(order={"maxMessages": 7}, moves=[MOVED, replace(LAST, seen=2)])
    assert played.told()[-1] == "finished"
    limits = [(one.round, one.see_at_most, one.move_at_most) for one in played.limits]
    assert limits == [(1, 5, 7), (2, 2, 5)]
    assert [one.marker for one in played.limits] == ["", "name-1"]
    assert [one.move_id for one in played.looked_for] == ["0001-a", "0002-a"]


def test_what_a_replay_has_done_is_summed_up() -> None:
    """The report is of all rounds."""
    *_, last = PlayedReplay(moves=[MOVED], waiting=9).results()
    progress = last.progress
    assert (progress.rounds, progress.seen, progress.messages) == (3, 9, 6)
    assert (progress.events, progress.held, progress.waiting_at_start) == (60, 3, 9)


@pytest.mark.parametrize("moved", [MOVED, EMPTY, Moved()])
def test_a_round_whose_answer_was_lost_is_the_same_round_again(moved: Moved) -> None:
    """Its move has the same number and the same limits, so its records are found by it; a look and
    a question change nothing.
    """
    played = PlayedReplay(moves=[MOVED, moved], waiting=99)
    rounds = played.results()
    before = next(rounds).progress
    next(rounds)
    again = PlayedReplay(moves=[moved], waiting=99)
    assert next(again.results(before)).outcome is RoundOutcome.MOVED
    assert again.limits == [played.limits[1]]
