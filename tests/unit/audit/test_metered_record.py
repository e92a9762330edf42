"""What an audit metered again is on record, once."""

from datetime import timedelta
from typing import Any, cast

from functions.audit.equation import Equation, WindowRecord
from functions.audit.repair.metered_record import MeteredRecord, head_of, mark_of, marks_of, row_of
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket
from tests.unit.audit.audit_world import LoggedRequest

EVENTS = [("k-1", "calls", 1, "2026-11-23T11:00:00.000Z")]
LINE = {"id": "1", "timestamp": 1, "message": "line"}
BEFORE = WindowRecord(
    source="orders",
    logGroup="/aws/orders",
    start="2026-11-23T11:00:00.000Z",
    end="2026-11-23T11:05:00.000Z",
    auditedAt="2026-11-23T12:00:00.000Z",
    lines=3,
    equation=Equation(unaccounted=3),
)
BILLED = LoggedRequest("cus_a", "s", [LINE], EVENTS, "")
REFUSED = LoggedRequest("", "s", [LINE], [], "tamper")


def record(bucket: FakeBucket, run: str = "run", days_later: int = 0) -> MeteredRecord:
    return MeteredRecord(cast("Any", bucket), "ledger", run, WRITTEN_AT + timedelta(days_later))


def test_what_is_put_is_read_and_known_again() -> None:
    """A request by its keys; one without any by its stream and first line."""
    kept = record(FakeBucket())
    assert kept.put(7, 0, head_of("a", "window", BEFORE, 2), [BILLED])
    assert kept.put(7, 1, head_of("a", "window", BEFORE, 2), [REFUSED])
    assert list(kept.rows(7)) == list(kept.rows()) == [row_of(BILLED), row_of(REFUSED)]
    assert marks_of(row_of(BILLED)) == {"k-1"}
    assert marks_of(row_of(REFUSED)) == {mark_of(REFUSED)}
    assert mark_of(REFUSED) != mark_of(REFUSED._replace(log_stream="t"))
    assert kept.known(7) == (2, {"k-1", mark_of(REFUSED)})
    assert kept.places(after=-1) == [7]
    assert kept.places(after=7) == []
    head = kept.head(7)
    assert head is not None
    assert Equation.model_validate(head["before"]) == BEFORE.equation
    assert head["repairs"] == 2


def test_of_two_tries_of_one_round_one_sends() -> None:
    """A try that Lambda no longer waits for may still be at work: whoever read the record before
    the other put is refused, with the same requests, too.
    """
    bucket = FakeBucket()
    one, other = record(bucket), record(bucket)
    number, _ = other.known(0)
    assert one.put(0, one.known(0).number, head_of("a", "window", BEFORE, 0), [BILLED])
    assert not other.put(0, number, head_of("b", "window", BEFORE, 0), [BILLED])
    assert list(other.rows(0)) == [row_of(BILLED)]


def test_a_put_whose_answer_was_lost_is_the_same_put() -> None:
    """The SDK asks a second time."""
    kept = record(FakeBucket())
    assert kept.put(0, 0, head_of("a", "window", BEFORE, 0), [BILLED])
    assert kept.put(0, 0, head_of("a", "window", BEFORE, 0), [BILLED])
    assert len(list(kept.rows())) == 1


def test_an_audit_that_had_the_name_before_is_another_one() -> None:
    """Step Functions gives a name free after 90 days; what that one sent stands in no way."""
    bucket = FakeBucket()
    record(bucket).put(0, 0, head_of("a", "window", BEFORE, 0), [BILLED])
    later = record(bucket, days_later=90)
    assert later.known(0) == (1, set())
    assert later.places(after=-1) == []
    assert later.put(0, 1, head_of("b", "window", BEFORE, 0), [BILLED])


def test_what_metering_did_not_take_is_counted_once() -> None:
    """However often it is told."""
    kept = record(FakeBucket())
    for _ in range(2):
        kept.put_failed(0, [BILLED, REFUSED], "KeyError")
    kept.put_failed(1, [REFUSED], "KeyError")
    assert kept.failed() == 3
