"""The report of a replay whose events lie in a very busy hour of the ledger."""

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger, replay_prefix
from functions.replay.book import Bookkeeper, ReportTask
from functions.replay.manifest import Manifests, SentRow
from functions.replay.order import Order
from functions.replay.progress import ReplayProgress
from functions.replay.report_part import ReportPart
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS
from tests.fakes.ledger_reading import beginning_ever as ever
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import NOW_MS, ledger_row, sent_row

if TYPE_CHECKING:
    from functions.replay.waiting_messages import WaitingMessages

REPLAY = "r-1"


class EndlessHour:
    """More objects in an hour than an invocation has time for; the replay's own rows are few."""

    def read_some(
        self, prefix: str, _: Container[bytes], __: datetime | None = None
    ) -> Iterator[LedgerRow]:
        assert prefix == replay_prefix(REPLAY)
        return iter([ledger_row(1, replay_id=REPLAY)])

    def hour_of_keys(
        self, hour: str, _: Collection[str]
    ) -> Iterator[tuple[str, Iterable[LedgerRow]]]:
        return ((f"{hour}/{number}.json.gz", ()) for number in count())


class OneEvent:
    """The manifests of a replay that sent one event."""

    def held(self, _: ReportPart) -> Iterator[Any]:
        return iter(())

    def sent(self, *, dry_run: bool, part: ReportPart) -> Iterator[SentRow]:
        return iter([] if dry_run or part.parts > 1 else [sent_row(1)])

    def remetered(self, *, part: ReportPart) -> Iterator[Any]:
        assert part.parts == 1
        return iter(())

    def put_report(self, _: object) -> str:
        return "s3://ledger/report.json"


def report_task(*, dry_run: bool = False) -> ReportTask:
    return ReportTask(
        replayId=REPLAY,
        order=Order.model_validate({"dryRun": dry_run}),
        startedAt="2026-11-23T12:00:00Z",
        trouble="",
        progress=ReplayProgress(waiting_at_start=1, messages=1),
    )


class EmptyQueue:
    def give_back(self, _: Iterable[str]) -> None: ...

    def depth(self) -> tuple[int, int]:
        return 0, 0


def test_a_report_that_fails_says_at_which_object() -> None:
    """What the state machine shows as the cause names it, among the thousands of an hour."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([ledger_row(2)], "20261123T100000000Z-a")
    (folder,) = {name.rpartition("/")[0] for name in bucket.objects}
    bucket.objects[f"{folder}/"] = b""
    bookkeeper = Bookkeeper(ledger, cast("Manifests", OneEvent()), None, DAY_MS, ever)
    assert bookkeeper.report(report_task(), NOW_MS, lambda: True)["outcome"] == "reported"
    bucket.objects[f"{folder}/20261123T100100000Z-a.json.gz"] = b""
    with pytest.raises(UnreadableObject, match="20261123T100100000Z-a"):
        bookkeeper.report(report_task(), NOW_MS, lambda: True)


def test_a_dry_run_asks_the_ledger_what_is_doubtful() -> None:
    """By the rows that it reads for what was confirmed before: a copy of the event left a doubt."""
    old = "2026-11-20T10:00:00.000Z"
    bucket: Any = FakeBucket()
    ledger, manifests = Ledger(bucket, "bucket"), Manifests(bucket, "bucket", REPLAY)
    sent = [sent_row(number, occurred_at=old) for number in (1, 2, 3)]
    manifests.put_sent("000001-a-000", sent, dry_run=True)
    undecided = ledger_row(1, set_aside_class="exhausted", occurred_at=old)
    rows: list[LedgerRow] = [{**undecided, "maybeBilledSince": old}, ledger_row(2, occurred_at=old)]
    ledger.append(rows, "20261120T100000000Z-a")
    bookkeeper = Bookkeeper(ledger, manifests, None, DAY_MS, ever)
    report = bookkeeper.report(report_task(dry_run=True), NOW_MS, lambda: True)["report"]
    found = {fate: number for fate, number in report["events"].items() if number}
    assert found == {"sent": 3, "needsDecision": 1, "alreadyConfirmed": 1, "replayed": 1}
    assert report["failingClasses"] == {"ambiguous": 1}


def test_a_busy_hour_does_not_cost_the_report() -> None:
    """It ends with what it could read, and says that it could not read all."""
    ticks = iter(range(1_000))
    bookkeeper = Bookkeeper(
        cast("Ledger", EndlessHour()),
        cast("Manifests", OneEvent()),
        cast("WaitingMessages", EmptyQueue()),
        dedup_window_ms=DAY_MS,
        began=ever,
    )
    answer = bookkeeper.report(report_task(), NOW_MS, lambda: next(ticks) < 500)
    assert answer["report"]["ledgerHours"] == {"needed": 1, "read": 0}
    assert answer["report"]["events"]["replayed"] == 1
