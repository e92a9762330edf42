"""A report that is counted part after part says what one that held everything would."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.ledger import Ledger
from functions.replay.book import Bookkeeper, ReportTask
from functions.replay.manifest import HeldRow, Manifests, RemeteredRow, SentRow
from functions.replay.progress import ReplayProgress
from functions.replay.report_part import (
    EVENTS_OF_A_PART,
    MESSAGES_OF_A_PART,
    WHOLE,
    ReportPart,
    part_of,
)
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS
from tests.fakes.ledger_reading import beginning_ever as ever
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import NOW_MS, ledger_row, sent_row

REPLAY, STARTED_AT = "r-1", "2026-11-23T12:00:00Z"
KINDS = st.sampled_from(["", "config", "ambiguous"])
SENT = st.tuples(st.integers(0, 30), st.booleans())
SCENES = st.fixed_dictionaries(
    {
        # In which order, and how often, events were sent, settled, and confirmed before.
        "sent": st.lists(SENT, max_size=60),
        "settled": st.lists(st.tuples(st.integers(0, 30), KINDS), max_size=60),
        "before": st.sets(st.integers(0, 30)),
        "held": st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["own", "not_chosen"]))),
        "objects": st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=12),
    }
)


def customer(number: int) -> str:
    return f"cus_{number % 3}"


def day(number: int) -> str:
    return f"2026-11-{20 + number % 3}T10:00:00.000Z"


def scene(found: Mapping[str, Any]) -> tuple[Any, Manifests, Ledger]:
    """What a chain of executions and a forwarder have left in the bucket."""
    bucket: Any = FakeBucket()
    ledger, manifests = Ledger(bucket, "bucket"), Manifests(bucket, "bucket", REPLAY)
    for name, (number, is_dry) in enumerate(found["sent"]):
        sent = sent_row(number, customer=customer(number), occurred_at=day(number))
        manifests.put_sent(f"{name:06}-a-000", [sent], dry_run=is_dry)
    for name, (number, why) in enumerate(found["held"]):
        manifests.put_held(f"{name:06}-a-000", [held(number, why)])
    for name, (number, billed) in enumerate(found["objects"]):
        manifests.put_remetered(f"{name:06}-a-000", [remetered(number, billed)])
    rows = [settled(number, kind) for number, kind in found["settled"]]
    rows += [ledger_row(number, occurred_at=day(number)) for number in sorted(found["before"])]
    for name, row in enumerate(rows):
        ledger.append([row], f"20261123T1200{name:05}Z-a")
    return bucket, manifests, ledger


def held(number: int, why: str) -> HeldRow:
    return {
        "messageId": f"m-{number}",
        "receiptHandle": f"r-{number}",
        "why": why,
        "setAsideClass": "config",
        "events": number,
        "reason": "unknown_metric" if number % 2 else "",
        "sentAtMs": NOW_MS - 1,
    }


def remetered(number: int, billed: int) -> RemeteredRow:
    return {
        "object": f"quarantine/no_customer/{number}.json",
        "reason": "no_customer",
        "outcome": "left",
        "billed": billed,
        "excluded": {"monitor": 1} if billed else {},
        "quarantined": {"no_customer": number} if number else {},
    }


def settled(number: int, kind: str) -> LedgerRow:
    row = ledger_row(number, replay_id=REPLAY, set_aside_class=kind, occurred_at=day(number))
    return {**row, "customerId": customer(number)}


def told(
    found: Mapping[str, Any], events_of_a_part: int, *, dry_run: bool = False
) -> tuple[dict[str, Any], int]:
    """The report in S3, and in how many parts it was counted."""
    bucket, manifests, ledger = scene(found)
    bookkeeper = Bookkeeper(
        ledger, manifests, None, DAY_MS, ever, events_of_a_part=events_of_a_part
    )
    progress = ReplayProgress(waiting_at_start=90, messages=12, events=len(found["sent"]))
    part = parts = 0
    while True:
        asked = {"replayId": REPLAY, "startedAt": STARTED_AT, "trouble": "", "part": part}
        order = {"source": "usage", "dryRun": dry_run}
        task = ReportTask.model_validate({**asked, "order": order, "progress": progress})
        answer = bookkeeper.report(task, NOW_MS, lambda: True)
        parts += 1
        if answer["outcome"] == "reported":
            return json.loads(bucket.objects[f"replays/{REPLAY}/report.json"]), parts
        part = answer["part"]


@settings(deadline=None)
@given(found=SCENES, dry_run=st.booleans())
def test_the_parts_add_up_to_the_whole(found: dict[str, Any], dry_run: bool) -> None:  # noqa: FBT001
    """Every event, message and object is counted once, whichever row of it stands where."""
    whole, parts = told(found, 1_000, dry_run=dry_run)
    assert parts == 1
    sliced, parts = told(found, 7, dry_run=dry_run)
    assert parts == max(1, -(-len(found["sent"]) // 7))
    named = {one["messageId"] for one in whole["leftMessages"]}
    assert {one["messageId"] for one in sliced.pop("leftMessages")} == named
    whole.pop("leftMessages")
    assert sliced == whole


def test_a_thousand_parts_of_a_few_events_each() -> None:
    """Far more than one part holds: an event that was sent twice is one event."""
    found: dict[str, Any] = {
        "sent": [(n % 1_500, False) for n in range(2_000)],
        "settled": [],
        "held": [],
    }
    found |= {"before": set(range(0, 1_500, 2)), "objects": []}
    account, parts = told(found, 50)
    assert parts == 40
    assert (account["events"]["sent"], account["events"]["alreadyConfirmed"]) == (1_500, 750)
    assert account["ledgerHours"] == {"needed": 3, "read": 3}
    assert sum(sum(line["events"].values()) for line in account["bill"]) == 1_500


def test_an_hour_that_one_part_could_not_read_counts_as_not_read() -> None:
    """Some of `replayed` may have been confirmed before."""
    found = {"sent": [(n, False) for n in range(60)], "settled": [], "held": []}
    bucket, manifests, ledger = scene({**found, "before": set(), "objects": []})
    ticks = iter([True] * 5 + [False] * 1_000)
    bookkeeper = Bookkeeper(ledger, manifests, None, DAY_MS, ever, events_of_a_part=30)
    progress = ReplayProgress(waiting_at_start=90, events=60)
    for part in range(2):
        asked = {"replayId": REPLAY, "startedAt": STARTED_AT, "trouble": "", "part": part}
        task = ReportTask.model_validate({**asked, "order": {}, "progress": progress})
        bookkeeper.report(task, NOW_MS, lambda: next(ticks))
    account = json.loads(bucket.objects[f"replays/{REPLAY}/report.json"])
    assert account["ledgerHours"]["needed"] == 3
    assert account["ledgerHours"]["read"] < 3


@given(names=st.sets(st.binary(max_size=8), max_size=40), parts=st.integers(1, 9))
def test_a_name_is_in_exactly_one_part(names: set[bytes], parts: int) -> None:
    """Whoever asks, and whenever."""
    split = [ReportPart(number, parts) for number in range(parts)]
    assert all(sum(name in part for part in split) == 1 for name in names)
    assert [part.is_last for part in split] == [False] * (parts - 1) + [True]


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        ({}, 1),
        ({"events": EVENTS_OF_A_PART}, 1),
        ({"events": EVENTS_OF_A_PART + 1}, 2),
        ({"events": 50 * EVENTS_OF_A_PART}, 50),
        ({"seen": 3 * MESSAGES_OF_A_PART}, 3),
        ({"messages": 3 * MESSAGES_OF_A_PART + 1}, 4),
    ],
)
def test_there_are_as_many_parts_as_memory_asks_for(counts: dict[str, int], parts: int) -> None:
    """Of events, and of messages or objects, whichever are more; the same whenever it is asked."""
    progress = ReplayProgress(waiting_at_start=0, **counts)
    assert part_of(progress, 0, EVENTS_OF_A_PART) == ReportPart(0, parts)
    assert b"anything" in WHOLE


def rows(manifests: Manifests, part: ReportPart) -> Iterator[str]:
    yield from (row["key"] for row in manifests.sent(part=part))


def test_a_name_with_an_escape_is_in_its_part() -> None:
    """What JSON spells otherwise is found by its value."""
    bucket: Any = FakeBucket()
    manifests = Manifests(bucket, "bucket", REPLAY)
    row: SentRow = {**sent_row(1), "key": 'a "key" \n é'}
    manifests.put_sent("000001-a-000", [row, sent_row(2)])
    split = [list(rows(manifests, ReportPart(number, 5))) for number in range(5)]
    assert sorted(key for part in split for key in part) == sorted([row["key"], sent_row(2)["key"]])
