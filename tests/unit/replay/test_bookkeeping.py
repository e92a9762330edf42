"""The report of a replay whose events lie in a very busy hour of the ledger."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from functions.adapters.ledger import Ledger, replay_prefix
from functions.replay.bookkeeping import Bookkeeper, ReportTask
from functions.replay.manifest import Manifests, SentRow
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS
from tests.fakes.unforwarded import NOW_MS, ledger_row, sent_row

if TYPE_CHECKING:
    from functions.replay.waiting_messages import WaitingMessages

REPLAY = "r-1"


class EndlessHour:
    """More rows in an hour than an invocation has time for; the replay's own are few."""

    def read(self, prefix: str) -> Iterator[LedgerRow]:
        if prefix == replay_prefix(REPLAY):
            return iter([ledger_row(1, replay_id=REPLAY)])
        return (ledger_row(1_000 + number) for number in count())


class OneEvent:
    """The manifests of a replay that sent one event."""

    def held(self) -> Iterator[Any]:
        return iter(())

    def sent(self, *, dry_run: bool) -> Iterator[SentRow]:
        return iter([] if dry_run else [sent_row(1)])

    def remetered(self) -> Iterator[Any]:
        return iter(())

    def put_report(self, _: object) -> str:
        return "s3://ledger/report.json"


class EmptyQueue:
    def give_back(self, _: Iterable[str]) -> None: ...

    def depth(self) -> tuple[int, int]:
        return 0, 0


def test_a_busy_hour_does_not_cost_the_report() -> None:
    """It ends with what it could read, and says that it could not read all."""
    ticks = iter(range(1_000))
    bookkeeper = Bookkeeper(
        cast("Ledger", EndlessHour()),
        cast("Manifests", OneEvent()),
        cast("WaitingMessages", EmptyQueue()),
        dedup_window_ms=DAY_MS,
    )
    task = ReportTask(
        step="report",
        replayId=REPLAY,
        dryRun=False,
        startedAt="2026-11-23T12:00:00Z",
        trouble="",
        waitingAtStart=1,
        messagesMoved=1,
        messagesSeen=1,
    )
    answer = bookkeeper.report(task, NOW_MS, lambda: next(ticks) < 500)
    assert answer["report"]["ledgerHours"] == {"needed": 1, "read": 0}
    assert answer["report"]["events"]["replayed"] == 1
