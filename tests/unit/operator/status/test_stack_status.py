"""How a deployment is, as JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.status.queue_statuses import USAGE
from functions.operator.status.stack_status import (
    KeptStatus,
    QueueStatus,
    as_json,
)
from tests.fakes.statuses import alarm, queues, run, status

COUNTS = st.dictionaries(st.text(), st.integers(0))


@given(COUNTS, COUNTS, st.none() | st.floats(0, allow_nan=False, allow_infinity=False))
def test_it_is_always_json(
    reasons: dict[str, int], classes: dict[str, int], lag: float | None
) -> None:
    """With every figure as it was, whatever reasons and classes are called."""
    kept = KeptStatus(sum(reasons.values()), reasons, classes)
    found = json.loads(json.dumps(as_json(status(kept=kept, lag_seconds=lag))))
    assert found["kept"]["quarantinedByReason"] == reasons
    assert found["kept"]["setAsideByClass"] == classes
    assert found["lagSeconds"] == lag


def test_its_fields_are_in_camel_case() -> None:
    """As in every other JSON of the command line."""
    found = as_json(status(last_replay=run(moved=3)))
    assert found["takenAt"] == "2026-11-29T03:00:00.000Z"
    assert found["lastReplay"] == {
        "name": "one",
        "status": "SUCCEEDED",
        "startedAt": "2026-11-29T03:00:00.000Z",
        "stoppedAt": "2026-11-29T03:00:00.000Z",
        "summary": {"moved": 3},
    }


def test_a_queue_is_found_by_name() -> None:
    """One that was not read is empty."""
    assert status(queues=queues(UsageQueue=2)).queue(USAGE) == QueueStatus(USAGE, 2, 0)
    assert status(queues=()).queue(USAGE).messages == 0


def test_only_what_is_in_alarm_rings() -> None:
    """Neither OK nor without data."""
    found = status(alarms=(alarm("A"), alarm("B", "OK"), alarm("C", "INSUFFICIENT_DATA")))
    assert [one.name for one in found.ringing] == ["A"]
