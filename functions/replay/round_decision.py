"""What a round does next: how far the replay is and what was just learned come in; how far it is
now leaves, and then the round goes on, or the round's result, and then it is over. Pure.

Guaranteed, whatever is learned: the last of at most MOST_CALLS rounds of an execution says
`finished`, `stopped` or `hand_on`; and it says `hand_on` only if the execution has seen or moved
something, so that a chain of them ends.
"""

from dataclasses import dataclass
from enum import StrEnum

from functions.replay.limits import MoveMade, pace_seconds
from functions.replay.order import Order, Source
from functions.replay.progress import ReplayProgress, UnsettledMove
from functions.replay.readiness import Readiness, ReadinessOutcome

# Of an execution: 250,000 messages, or 4 hours at a pace. What remains is handed on to the next.
MOST_ROUNDS = 250
# SQS hides 120,000 messages of a queue at most; after that it seems empty, and an end like that
# would be a lie.
MOST_HELD = 80_000
# An execution has 48; the last round may still pace for 4.2 h and wait for the forwarder.
MOST_HOURS = 40
AFORO_WAITS = 120  # 1 h by the usual 30 s, 10 h at most
LEDGER_WAITS = 600  # of all rounds of an execution: 10 h by the longest
LEDGER_WAITS_OF_A_ROUND = 230  # 3.7 h: after the longest pace, and inside the execution's time
# A minute: what metering sent is on its way like all usage, and the quarantine waits for nobody.
LEDGER_WAITS_OF_THE_QUARANTINE = 8
LONGEST_LEDGER_WAIT_SECONDS = 60
# A move that was killed has claimed the rest. Once: then the count at the start was too high.
EMPTY_LOOKS = 1
# After the last second of a claim.
SHOWN_AGAIN_SECONDS = 5
# Calls of a round: those that move; those that wait, for messages to show (once after a move at
# most), for the ledger or for Aforo; and the last one. The execution's history has room for them.
MOST_CALLS = 2 * MOST_ROUNDS + LEDGER_WAITS + AFORO_WAITS + 1
HOUR_MS = 3_600_000


class RoundOutcome(StrEnum):
    """What the state machine decides on."""

    MOVED = "moved"
    WAIT = "wait"
    FINISHED = "finished"
    HAND_ON = "hand_on"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RoundResult:
    """The round is over. `trouble` is why it stopped, else empty."""

    outcome: RoundOutcome
    progress: ReplayProgress
    wait_seconds: int = 0
    trouble: str = ""
    made: MoveMade | None = None


type Decision = ReplayProgress | RoundResult


def after_looking(
    order: Order, progress: ReplayProgress, unsettled: UnsettledMove, outstanding: int
) -> Decision:
    """`outstanding`: so many events of the last move are not in the ledger yet."""
    go_on = progress.but(unsettled=None)
    may_wait = progress.ledger_waits < LEDGER_WAITS
    if not outstanding:
        return go_on
    if order.source is Source.QUARANTINE:
        if not may_wait or unsettled.waits >= LEDGER_WAITS_OF_THE_QUARANTINE:
            return go_on
    elif not may_wait and progress.has_got_on and unsettled.waits < LEDGER_WAITS_OF_A_ROUND:
        return _handed_on(progress)
    elif not may_wait or unsettled.waits >= LEDGER_WAITS_OF_A_ROUND:
        round_ = progress.rounds
        return _stopped(
            progress, f"{outstanding} events of round {round_} are on their way and not settled yet"
        )
    waited = unsettled.but(waits=unsettled.waits + 1)
    return RoundResult(
        RoundOutcome.WAIT,
        progress.but(unsettled=waited, ledger_waits=progress.ledger_waits + 1),
        ledger_wait_seconds(waited.waits),
    )


def ledger_wait_seconds(waits: int) -> int:
    """2, 2, 3, 4, 6 ... 60: a move is settled in seconds, or Aforo is away for minutes."""
    return min(LONGEST_LEDGER_WAIT_SECONDS, 2 + waits * waits // 4)


@dataclass(frozen=True, slots=True)
class RoundSurroundings:
    """`elapsed_ms` is of the execution; `claim_seconds`: for so long the messages that a killed
    move had claimed do not show.
    """

    elapsed_ms: int
    claim_seconds: int
    most_rounds: int = MOST_ROUNDS


def is_there_more(order: Order, progress: ReplayProgress, around: RoundSurroundings) -> Decision:
    """Whether another move is due, now that the last one is settled."""
    if _is_done(order, progress):
        return RoundResult(RoundOutcome.FINISHED, progress)
    if progress.held >= MOST_HELD:
        return _stopped(
            progress,
            f"{progress.held} messages are left and hidden, and more cannot be: the rest was not "
            "looked at. Choose less by filter, or take out what is left",
        )
    if used_up := _used_up(progress, around):
        if progress.has_got_on:
            return _handed_on(progress)
        return _stopped(progress, f"{used_up} are used up, and no message was seen: start another")
    if progress.is_queue_empty:
        empty_looks = progress.empty_looks + 1
        looks_again = progress.but(empty_looks=empty_looks, is_queue_empty=False)
        seconds = around.claim_seconds + SHOWN_AGAIN_SECONDS
        return RoundResult(RoundOutcome.WAIT, looks_again, seconds)
    return progress


def _is_done(order: Order, progress: ReplayProgress) -> bool:
    # What a filter leaves of a moved message is seen later, or never: all may be moved before all
    # is seen.
    return (
        progress.seen >= progress.waiting_at_start
        or progress.messages >= min(progress.waiting_at_start, progress.most_messages(order))
        or (
            progress.is_queue_empty
            and (order.source is Source.QUARANTINE or progress.empty_looks >= EMPTY_LOOKS)
        )
    )


def _used_up(progress: ReplayProgress, around: RoundSurroundings) -> str:
    """What the execution has no more of; empty when it has."""
    if progress.rounds - progress.rounds_before >= around.most_rounds:
        return f"{around.most_rounds} rounds"
    return f"{MOST_HOURS} hours" if around.elapsed_ms > MOST_HOURS * HOUR_MS else ""


def _handed_on(progress: ReplayProgress) -> RoundResult:
    return RoundResult(RoundOutcome.HAND_ON, progress.handed_on())


def waits_for_aforo(order: Order) -> bool:
    """Usage is not fed into an outage. A dry run sends nothing, what metering sends waits on
    UsageQueue as all fresh usage does, and counters have nothing to do with Aforo.
    """
    return order.source is Source.USAGE and not order.dry_run


def after_asking(progress: ReplayProgress, readiness: Readiness) -> Decision:
    """What Aforo said decides whether usage is moved now."""
    if readiness.outcome is ReadinessOutcome.READY:
        return progress
    if readiness.outcome is ReadinessOutcome.REFUSED or progress.aforo_waits >= AFORO_WAITS:
        return _stopped(
            progress,
            f"Aforo does not take usage now: {readiness.outcome}, {readiness.reason} "
            f"(waited {progress.aforo_waits} times)",
        )
    waited = progress.but(aforo_waits=progress.aforo_waits + 1)
    return RoundResult(RoundOutcome.WAIT, waited, readiness.retry_after_seconds)


def after_moving(order: Order, before: ReplayProgress, made: MoveMade) -> RoundResult:
    """What was moved counts; then the pace is held, and the forwarder gets a moment."""
    moved = made.moved
    is_awaited = moved.events > 0 and not order.dry_run
    unsettled = UnsettledMove(move_id=made.move_id, started_at=made.started_at)
    progress = before.but(
        rounds=before.rounds + 1,
        seen=before.seen + moved.seen,
        messages=before.messages + moved.messages,
        events=before.events + moved.events,
        held=before.held + moved.held,
        marker=made.marker,
        is_queue_empty=moved.is_queue_empty,
        empty_looks=0 if moved.seen else before.empty_looks,
        unsettled=unsettled if is_awaited else None,
    )
    most = min(progress.waiting_at_start, progress.most_messages(order))
    has_more = progress.seen < progress.waiting_at_start and progress.messages < most
    pace = pace_seconds(order, moved.events) if has_more else 0
    ledger = ledger_wait_seconds(0) if is_awaited else 0
    return RoundResult(RoundOutcome.MOVED, progress, max(pace, ledger), made=made)


def _stopped(progress: ReplayProgress, trouble: str) -> RoundResult:
    return RoundResult(RoundOutcome.STOPPED, progress, trouble=trouble)
