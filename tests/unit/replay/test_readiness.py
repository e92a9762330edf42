"""What the probe makes of Aforo's answers."""

import pytest

from functions.replay.order import Order
from functions.replay.progress import ReplayProgress
from functions.replay.readiness import Readiness, ReadinessOutcome, judge_answer, no_answer
from functions.replay.round_decision import (
    AFORO_WAITS,
    RoundOutcome,
    RoundResult,
    after_asking,
    waits_for_aforo,
)


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome", "seconds"),
    [
        (200, None, ReadinessOutcome.READY, 0),
        (202, None, ReadinessOutcome.READY, 0),
        (400, None, ReadinessOutcome.READY, 0),  # it is up and knows us: the question may be wrong
        (404, None, ReadinessOutcome.READY, 0),  # another host may serve the quota check
        (422, None, ReadinessOutcome.READY, 0),
        (301, None, ReadinessOutcome.REFUSED, 0),
        (401, None, ReadinessOutcome.REFUSED, 0),
        (403, None, ReadinessOutcome.REFUSED, 0),
        (408, None, ReadinessOutcome.DOWN, 30),
        (429, None, ReadinessOutcome.WAIT, 60),
        (429, "7", ReadinessOutcome.WAIT, 7),
        (429, "0", ReadinessOutcome.WAIT, 1),
        (429, "86400", ReadinessOutcome.WAIT, 300),
        (429, "99999999999999999999", ReadinessOutcome.WAIT, 60),
        (429, "-5", ReadinessOutcome.WAIT, 60),
        (429, "soon", ReadinessOutcome.WAIT, 60),
        (429, "²", ReadinessOutcome.WAIT, 60),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", ReadinessOutcome.WAIT, 60),
        (500, None, ReadinessOutcome.DOWN, 30),
        (503, "3", ReadinessOutcome.DOWN, 3),
    ],
)
def test_each_status_has_one_meaning(
    status: int, retry_after: str | None, outcome: ReadinessOutcome, seconds: int
) -> None:
    """Waits are whole seconds from 1 to 300, as Aforo says or by default."""
    headers = {"retry-after": retry_after} if retry_after else {}
    readiness = judge_answer(status, headers)
    assert (readiness.outcome, readiness.retry_after_seconds) == (outcome, seconds)
    assert readiness.status == status
    assert readiness.reason


def test_no_answer_is_an_outage() -> None:
    """It is waited for like one."""
    readiness = no_answer("timeout")
    assert (readiness.outcome, readiness.retry_after_seconds) == (ReadinessOutcome.DOWN, 30)


@pytest.mark.parametrize(
    ("outcome", "waits", "what_follows"),
    [
        (ReadinessOutcome.READY, 0, None),
        (ReadinessOutcome.READY, AFORO_WAITS, None),
        (ReadinessOutcome.WAIT, 0, RoundOutcome.WAIT),
        (ReadinessOutcome.DOWN, AFORO_WAITS - 1, RoundOutcome.WAIT),
        (ReadinessOutcome.WAIT, AFORO_WAITS, RoundOutcome.STOPPED),
        (ReadinessOutcome.DOWN, AFORO_WAITS, RoundOutcome.STOPPED),
        (ReadinessOutcome.REFUSED, 0, RoundOutcome.STOPPED),
    ],
)
def test_usage_is_moved_only_when_aforo_takes_it(
    outcome: ReadinessOutcome, waits: int, what_follows: RoundOutcome | None
) -> None:
    """Nothing is fed into an outage: a round waits as long as it is told, and not for ever."""
    progress = ReplayProgress(waiting_at_start=5, aforo_waits=waits)
    found = after_asking(progress, Readiness(outcome, "told", None, 7))
    if what_follows is None:
        assert found == progress
        return
    assert isinstance(found, RoundResult)
    is_wait = what_follows is RoundOutcome.WAIT
    assert (found.outcome, found.wait_seconds) == (what_follows, 7 if is_wait else 0)
    assert found.progress.aforo_waits == waits + is_wait


@pytest.mark.parametrize(
    ("order", "is_asked"),
    [
        ({"source": "usage"}, True),
        ({"source": "usage", "dryRun": True}, False),  # it sends nothing
        ({"source": "quarantine"}, False),  # what metering sends waits as fresh usage does
        ({"source": "counters"}, False),  # that is no business of Aforo's
    ],
)
def test_aforo_is_asked_before_usage_is_moved(order: dict[str, object], *, is_asked: bool) -> None:
    """And by no other replay."""
    assert waits_for_aforo(Order.model_validate(order)) is is_asked
