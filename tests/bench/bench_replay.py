"""What a replay's bill takes of an event: of the rows that were sent and of the ledger's, each seen
once: `python -m tests.bench.bench_replay`.

CPU of this process alone. The floor is looking at each row of both by its key.
"""

from collections.abc import Callable, Iterator, Sequence

from functions.replay.bill import bill_of, once
from functions.replay.manifest import SentRow
from functions.usage.ledger_row import LedgerRow
from tests.bench.alone import run_alone
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Scale, cpu_us, in_turns
from tests.fakes.set_aside_messages import ledger_row, sent_row

STAGE, UNIT = "replay", "us an event"
EVENTS, ROUNDS, CUSTOMERS = 20_000, 9, 500
FLOOR = "each row by its key"


def replayed(events: int) -> tuple[list[SentRow], list[LedgerRow]]:
    """What was sent, and what the ledger says of it."""
    sent = [sent_row(number, customer=f"cus_{number % CUSTOMERS}") for number in range(events)]
    return sent, [ledger_row(number) for number in range(events)]


def billing(sent: Sequence[SentRow], settled: Sequence[LedgerRow]) -> Callable[[], None]:
    def run() -> None:
        assert bill_of(once(sent), settled, set()).sent == len(sent)

    return run


def figures(scale: Scale) -> Iterator[Figure]:
    events = scale.count(EVENTS)
    sent, settled = replayed(events)

    def by_key() -> None:
        known = {row["key"]: row for row in settled}
        assert all(row["key"] in known for row in sent)

    works = {FLOOR: cpu_us(by_key, events), "bill": cpu_us(billing(sent, settled), events)}
    yield from figures_of(STAGE, events, UNIT, in_turns(works, scale, ROUNDS), FLOOR)


if __name__ == "__main__":
    run_alone(figures, __doc__)
