"""Whatever is asked, the answer is what counting the whole ledger once would give."""

from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import put_lines
from functions.adapters.ledger import Ledger, settled_once
from functions.operator.ledger.question import LedgerQuery
from functions.operator.ledger.reading_progress import ReadingProgress
from functions.usage.ledger_row import LedgerRow
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import ledger_row

HOURS = ("2026-11-21T09", "2026-11-21T23", "2026-11-22T00", "2026-11-23T10")
CUSTOMERS = ("cus_a", "cus_b")
METERS = ("api_calls", "bytes")


def row(number: int, set_aside_class: str = "", replay_id: str = "") -> LedgerRow:
    """A key has one hour, customer and meter, as in life."""
    made = ledger_row(
        number,
        set_aside_class=set_aside_class,
        replay_id=replay_id,
        occurred_at=f"{HOURS[number % 4]}:20:30.000Z",
    )
    return {**made, "customerId": CUSTOMERS[number // 4 % 2], "meter": METERS[number // 8 % 2]}


KEY = st.integers(0, 23).map(lambda number: row(number)["key"])
ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 23),
        st.sampled_from(["", "", "poison", "late"]),
        st.sampled_from(["", "", "replay-1", "replay-2"]),
    ),
    max_size=12,
)
QUESTIONS = st.builds(
    LedgerQuery,
    since=st.sampled_from(["", *HOURS]),
    until=st.sampled_from(["2026-11-22T01", *HOURS, "2026-12-01T00"]),
    customer_id=st.sampled_from([None, *CUSTOMERS]),
    meter=st.sampled_from([None, *METERS]),
    keys=st.just(frozenset[str]()) | st.frozensets(KEY, min_size=1, max_size=3),
    replay_id=st.sampled_from([None, None, "replay-1"]),
    outcome=st.sampled_from([None, "confirmed", "set_aside"]),
)


def ledger_of(invocations: Iterable[list[LedgerRow]]) -> Ledger:
    bucket: Any = FakeBucket(page=2)
    ledger = Ledger(bucket, "bucket")
    for number, rows in enumerate(invocations):
        ledger.append(rows, f"20261123T1015{number:02}000Z-x")
    return ledger


def answer(ledger: Ledger, question: LedgerQuery) -> list[LedgerRow]:
    return list(question.answer(ledger, ReadingProgress(StringIO())))


def is_asked_for(row: LedgerRow, question: LedgerQuery) -> bool:
    return (
        question.since <= row["occurredAt"][:13] < question.until
        and (question.customer_id is None or row["customerId"] == question.customer_id)
        and (question.meter is None or row["meter"] == question.meter)
        and (not question.keys or row["key"] in question.keys)
        and (question.replay_id is None or row.get("replayId") == question.replay_id)
    )


@given(st.lists(ROWS, max_size=8), QUESTIONS)
def test_the_answer_is_that_of_the_whole_ledger(
    invocations: list[list[LedgerRow]], question: LedgerQuery
) -> None:
    """Each key once, confirmed if it ever was, in each hour, for each filter."""
    rows = [one for rows in invocations for one in rows if is_asked_for(one, question)]
    expected = {
        key: one["outcome"]
        for key, one in settled_once(rows).items()
        if question.outcome in {None, one["outcome"]}
    }
    said = answer(ledger_of(invocations), question)
    assert {one["key"]: one["outcome"] for one in said} == expected
    assert len(said) == len(expected)
    assert all(one in rows for one in said)


@given(st.lists(ROWS, max_size=8))
def test_outcomes_and_hours_are_parts_of_the_whole(invocations: list[list[LedgerRow]]) -> None:
    """Asked for in parts, nothing is missing and nothing twice."""
    ledger = ledger_of(invocations)
    whole = sorted(one["key"] for one in answer(ledger, LedgerQuery()))
    outcomes = [answer(ledger, LedgerQuery(outcome=one)) for one in ("confirmed", "set_aside")]
    assert sorted(one["key"] for part in outcomes for one in part) == whole
    bounds = ["", *HOURS, LedgerQuery().until]
    hours = [LedgerQuery(since=a, until=b) for a, b in pairwise(bounds)]
    assert sorted(one["key"] for hour in hours for one in answer(ledger, hour)) == whole


def busy_hour(objects: int, rows_each: int) -> tuple[FakeBucket, Ledger]:
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    for number in range(objects):
        rows = [row(4 * (number * rows_each + n)) for n in range(rows_each)]
        ledger.append(rows, f"20261123T{number:06}000Z-x")
    return bucket, ledger


def test_an_hour_is_streamed() -> None:
    """The first row comes when one object is read and the next few are on their way."""
    bucket, ledger = busy_hour(200, 3)
    rows = LedgerQuery(since=HOURS[0]).answer(ledger, ReadingProgress(StringIO()))
    assert next(iter(rows)) == row(0)
    assert len(bucket.names_read) <= 20
    assert sum(1 for _ in rows) == 599


def test_a_key_costs_the_names_and_a_few_objects() -> None:
    """Of 500 objects, the one that has it, and the one or two that their names do not rule out."""
    bucket, ledger = busy_hour(500, 20)
    one = row(4 * 7_777)
    assert answer(ledger, LedgerQuery(keys=frozenset({one["key"]}))) == [one]
    assert len(bucket.names_read) < 15


@pytest.mark.parametrize(
    ("question", "is_wide"),
    [
        (LedgerQuery(), True),
        (LedgerQuery(until=HOURS[1]), True),
        (LedgerQuery(since=HOURS[1]), False),
        (LedgerQuery(replay_id="replay-1"), False),
    ],
)
def test_a_question_without_a_beginning_is_wide(*, question: LedgerQuery, is_wide: bool) -> None:
    """Whoever asks is told that it takes long."""
    assert question.is_wide is is_wide


def test_other_objects_of_the_bucket_are_not_the_ledger() -> None:
    """Replays keep copies, people put files beside it."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([row(1, replay_id="replay-1")], "20261123T101500000Z-x")
    put_lines(bucket, "bucket", "taken-out/1.json.gz", [{"not": "a row"}])
    assert answer(ledger, LedgerQuery()) == [row(1, replay_id="replay-1")]
    assert answer(ledger, replace(LedgerQuery(), replay_id="replay-2")) == []


def test_progress_is_told_now_and_then() -> None:
    """Not for every object; the clock decides."""
    _, ledger = busy_hour(30, 1)
    out, seconds = StringIO(), iter(range(1000))
    progress = ReadingProgress(out, lambda: next(seconds) / 4)
    assert len(list(LedgerQuery().answer(ledger, progress))) == 30
    told = out.getvalue().splitlines()
    assert 2 <= len(told) <= 5
    assert all(line.endswith("objects, now ledger/2026-11-21/09") for line in told)
    assert (progress.objects, progress.events) == (30, 30)


def test_what_aforo_never_said_it_took_can_be_asked_for() -> None:
    """A confirmed row without a proof: a proxy's empty answer looks like that."""
    unproven: LedgerRow = {**row(2), "verified": False}
    set_aside: LedgerRow = {**row(3, "poison"), "verified": False}
    ledger = ledger_of([[row(1), unproven, set_aside]])
    assert answer(ledger, LedgerQuery(outcome="unverified")) == [unproven]
