"""What an apply that ended half way leaves on record, and what is left to do of it."""

import json

import pytest

from functions.operator.adopt.adoption_record import (
    AdoptionRecord,
    AdoptionRecords,
    ChangeState,
    RecordedChange,
    continued,
)
from functions.operator.adopt.planned_change import (
    NEW_DEPLOYMENT,
    ChangeKind,
    PlannedChange,
)
from functions.usage.errors import Permanent
from tests.fakes.adopting import RecordBucket

PLANNED, BEGUN, DONE = ChangeState.PLANNED, ChangeState.BEGUN, ChangeState.DONE
MODE = PlannedChange(ChangeKind.MODE, {"name": "aforoMode"}, None, {"value": "shadow"})
ANSWER = PlannedChange(ChangeKind.ANSWER, {"name": "ACCESS_DENIED"}, None, {"statusCode": "429"})
DEPLOYMENT = PlannedChange(
    ChangeKind.DEPLOYMENT, {"name": "prod"}, {"deploymentId": "old"}, NEW_DEPLOYMENT
)


def record(*changes: tuple[PlannedChange, ChangeState]) -> AdoptionRecord:
    kept = tuple(RecordedChange(*one) for one in changes)
    return AdoptionRecord("adoptions/a/prod/1.json", "shadow", "1", None, kept)


def test_what_was_there_first_stays_on_record() -> None:
    """A change that is made again keeps the value from before the first time."""
    again = PlannedChange(MODE.kind, MODE.target, {"value": "half"}, MODE.after)
    found = continued(record((MODE, BEGUN), (DEPLOYMENT, PLANNED)), [again])
    (first, state), *_ = found.changes
    assert (first.before, first.after, state) == (None, MODE.after, PLANNED)


def test_a_deployment_that_was_not_made_is_due_whatever_is_seen() -> None:
    """What callers meet is not always told; and it comes last."""
    found = continued(record((MODE, DONE), (DEPLOYMENT, PLANNED)), [ANSWER])
    assert [(one.kind, state) for one, state in found.changes] == [
        (ChangeKind.MODE, DONE),
        (ChangeKind.ANSWER, PLANNED),
        (ChangeKind.DEPLOYMENT, PLANNED),
    ]


def test_what_nobody_touched_and_nobody_wants_is_dropped() -> None:
    """It would be made though it is not asked for."""
    found = continued(record((MODE, DONE), (ANSWER, PLANNED)), [])
    assert [one.kind for one, _ in found.changes] == [ChangeKind.MODE]
    assert found.is_whole


def test_a_record_is_read_as_it_was_put() -> None:
    """The newest first."""
    records = AdoptionRecords(RecordBucket(), "b", "a", "prod")  # type: ignore[arg-type]
    first = record((MODE, DONE), (DEPLOYMENT, BEGUN))
    second = AdoptionRecord(records.key_at("2"), "enforce", "2", "me", ())
    records.put(first)
    records.put(second)
    assert list(records.newest_first()) == [second, first]


def test_a_record_of_another_version_is_told() -> None:
    """With its place, and nothing is guessed."""
    bucket = RecordBucket()
    bucket.objects["adoptions/a/prod/1.json"] = json.dumps({"changes": [{}]}).encode()
    records = AdoptionRecords(bucket, "b", "a", "prod")  # type: ignore[arg-type]
    with pytest.raises(Permanent, match=r"s3://b/adoptions/a/prod/1\.json is no record"):
        list(records.newest_first())
