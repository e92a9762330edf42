"""An audit ends, whatever is in its way."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.repair.audit_bounds import (
    LEDGER,
    LONGEST_WAIT_SECONDS,
    MOST_CALLS,
    QUEUE,
    RETRY,
    ROAD,
    wait_seconds,
)
from functions.audit.repair.audit_order import AuditOrder, AuditPlace
from functions.audit.repair.audit_progress import AuditProgress, AuditTask
from functions.audit.repair.audit_round import AuditOutcome, AuditRound
from functions.audit.repair.window_repair import LookedAt
from functions.usage.errors import Permanent, Retryable

STARTED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORDER = AuditOrder.model_validate(
    {
        "sources": [{"name": "orders", "logGroup": "/aws/orders", "kind": "access"}],
        "fromMs": 0,
        "toMs": 40 * 300_000,
        "windowSeconds": 300,
    }
)
IN_THE_WAY = st.sampled_from([ROAD, QUEUE, RETRY, "permanent", "time", "done", "trouble"])


@dataclass
class StubbornWorld:
    """What is in the way of each look, the last for ever; the ledger never has what was sent."""

    looks: list[str]
    settles: bool = False
    looked: int = 0
    settled: int = 0
    seconds: int = 0
    story: list[str] = field(default_factory=list)

    def obstacle(self, order: AuditOrder, place: AuditPlace) -> str:
        return ""

    def look(self, order: AuditOrder, place: AuditPlace) -> LookedAt:
        found = self.looks[min(self.looked, len(self.looks) - 1)]
        self.looked += 1
        self.seconds += 1
        match found:
            case "retry":
                raise Retryable("throttled")
            case "permanent":
                raise Permanent("gone")
            case "time":
                return LookedAt(is_whole=False)
            case "trouble":
                return LookedAt(trouble="metering fails")
            case "done":
                return LookedAt(was_sent=True)
        return LookedAt(obstacle=found)

    def has_arrived(self, progress: AuditProgress) -> bool:
        return self.settles

    def gives_up(self, progress: AuditProgress) -> bool:
        return progress.waited.get(LEDGER, 0) >= LONGEST_WAIT_SECONDS

    def is_over(self, progress: AuditProgress) -> bool:
        return self.settled > 0 or not self.looked

    def settle(self, order: AuditOrder, progress: AuditProgress, has_time: object) -> AuditProgress:
        self.settled += 1
        return progress

    def outcomes(self, *, seconds_a_round: int = 0) -> list[AuditOutcome]:
        """Round after round."""
        progress, found = AuditProgress(), list[AuditOutcome]()
        running = AuditRound(
            repairs=self,
            settlement=self,
            now_ms=lambda: int((STARTED_AT.timestamp() + self.seconds) * 1000),
            has_time=lambda: False,
        )
        while not found or found[-1] in {AuditOutcome.NEXT, AuditOutcome.WAIT}:
            task = AuditTask(runId="x", startedAt=STARTED_AT, order=ORDER, progress=progress)
            result = running.run(task)
            found.append(result.outcome)
            self.story.append(result.trouble)
            progress = result.progress
            self.seconds += result.wait_seconds + seconds_a_round
        return found


@settings(deadline=None, max_examples=30)
@given(
    looks=st.lists(IN_THE_WAY, min_size=1, max_size=60),
    settles=st.booleans(),
    seconds_a_round=st.sampled_from([0, 300]),
)
def test_the_last_round_comes_before_the_history_is_full(
    looks: list[str], *, settles: bool, seconds_a_round: int
) -> None:
    """Also where something is in the way for ever, and where each round takes its whole time."""
    outcomes = StubbornWorld(looks, settles).outcomes(seconds_a_round=seconds_a_round)
    assert len(outcomes) <= MOST_CALLS


@pytest.mark.parametrize(
    ("looks", "end", "said"),
    [
        (["done"], AuditOutcome.FINISHED, ""),
        ([ROAD], AuditOutcome.STOPPED, "for 15 hours usage as old as the window was under way"),
        ([QUEUE], AuditOutcome.STOPPED, "1400 rounds are used up; the rest begins with from"),
        ([RETRY], AuditOutcome.STOPPED, "a window could not be compared: Retryable throttled"),
        (["permanent"], AuditOutcome.STOPPED, "orders could not be read: Permanent gone"),
        (["time"], AuditOutcome.STOPPED, "1400 rounds are used up"),
        (["trouble"], AuditOutcome.STOPPED, "metering fails; the rest begins with from"),
        ([*[RETRY] * 50, "done", *[RETRY] * 50, "done"], AuditOutcome.FINISHED, ""),
    ],
)
def test_an_end_says_why(looks: list[str], end: AuditOutcome, said: str) -> None:
    """And where to go on, where windows are left."""
    world = StubbornWorld(looks, settles=True)
    assert world.outcomes()[-1] is end
    assert world.story[-1].startswith(said)
    assert bool(said) is bool(world.story[-1])


def test_what_the_ledger_never_gets_is_an_end_without_trouble() -> None:
    """After the forwarder's hold there is nothing to wait for: the report says what remains."""
    world = StubbornWorld(["done"])
    assert world.outcomes()[-1] is AuditOutcome.FINISHED
    assert world.seconds >= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("why", "window", "waited", "seconds"),
    [
        (ROAD, 300, 0, 60),
        (ROAD, 3_600, 0, 60),
        (ROAD, 5, 0, 1),
        (ROAD, 2, 0, 1),
        (QUEUE, 300, 0, 30),
        (RETRY, 300, 0, 60),
        (LEDGER, 300, 0, 20),
        (LEDGER, 300, 100, 30),
        (LEDGER, 300, 5_000, 60),
        (LEDGER, 10, 0, 1),
        (LEDGER, 10, 5_000, 2),
    ],
)
def test_waits_are_shares_of_a_window(why: str, window: int, waited: int, seconds: int) -> None:
    """A minute at most; where a window is seconds, so are the waits."""
    assert wait_seconds(why, window, waited) == seconds
