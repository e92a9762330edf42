"""What the probe makes of Aforo's answers."""

import pytest

from functions.replay.readiness import ReadinessOutcome, judge_answer, no_answer


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
