"""The events of one invocation: young ones are posted before the ledger is asked about old ones."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.parallel import Parallel
from functions.forwarder.posting import Posted, Posting
from functions.forwarder.rate_share import RateShare
from functions.forwarder.screening import Screening
from functions.forwarder.tries import Doubts
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS
from functions.usage.outcome import Confirmed, Held
from tests.fakes.forwarding import NOW_MS, ScriptedAforo, accepted, key, usage_event
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settled_row import settled_row

OLD_MS = NOW_MS - 48 * HOUR_MS


@dataclass
class BusyLedger:
    """An hour of very many rows: each one read costs 10 ms of the invocation."""

    remaining_ms: int

    def read_hour(self, _: str) -> Iterator[LedgerRow]:
        while True:
            self.remaining_ms -= 10
            assert self.remaining_ms > 0, "Lambda ended the invocation"
            yield settled_row("another", "")

    def spare_seconds(self) -> float:
        return (self.remaining_ms - 30_000) / 1000


def run(aforo: ScriptedAforo, ledger: BusyLedger) -> Posted:
    posting = Posting(
        screening=Screening(by_reading(ledger.read_hour), ever, 86_400),
        breaker=Breaker(SettableClock(0), 50_400),
        post=aforo.post,
        share=RateShare(1e9, time.monotonic),
        parallel=Parallel(1),
        most_events=100,
        most_bytes=1_048_576,
    )
    events = [usage_event(1, occurred_ms=OLD_MS), usage_event(2)]
    return posting.run(events, doubts=Doubts(), now_ms=NOW_MS, spare_seconds=ledger.spare_seconds)


def test_a_ledger_hour_that_takes_too_long_holds_the_old_events_alone() -> None:
    """Its young neighbours are posted, the invocation lives, and the old event backs off: trying
    at once would read the same hour again and again.
    """
    aforo = ScriptedAforo(accepted)
    posted = run(aforo, BusyLedger(remaining_ms=60_000))
    assert posted.outcomes == {key(1): Held("ledger_unreadable", 0), key(2): Confirmed()}
    assert aforo.blocks == [[key(2)]]


def test_without_time_for_the_ledger_old_events_are_not_tried() -> None:
    """The next invocation has the time."""
    posted = run(ScriptedAforo(accepted), BusyLedger(remaining_ms=29_000))
    assert posted.outcomes[key(1)] == Held("out_of_time", 0)
