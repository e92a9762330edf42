"""What the readers of the ledger take of a row: looking keys up, summing an hour for the repair,
and validating every row: `python -m tests.bench.bench_ledger`.

CPU of this process alone, over one object whose bytes are in memory. The floor is unpacking it and
splitting it into lines, which no reading of an object avoids.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from functions.adapters.json_lines import READ_BYTES, lines_of
from functions.adapters.ledger import Ledger, hour_prefix
from functions.reconciliation.hour_sums import HourSums
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
from tests.bench.alone import run_alone
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Scale, cpu_us, in_turns
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import OCCURRED_AT, ledger_row

STAGE, UNIT = "ledger", "us a row"
ROWS, ROUNDS, WANTED = 100_000, 9, 100
HOUR = OCCURRED_AT[:13]
EPOCH_HOUR = epoch_ms_from_iso(OCCURRED_AT) // HOUR_MS
FLOOR = "unpack and split"


def ledger_of(rows: Sequence[LedgerRow], objects: int = 1) -> tuple[Ledger, FakeBucket]:
    """One hour of them, in so many objects."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    for number in range(objects):
        ledger.append(rows[number::objects], f"20261123T1001{number:08}Z-a")
    return ledger, bucket


def look_up(ledger: Ledger, wanted: set[str]) -> Callable[[], None]:
    def run() -> None:
        assert len({row["key"] for row in ledger.rows_of(HOUR, wanted)}) == len(wanted)

    return run


def sum_up(ledger: Ledger, rows: int) -> Callable[[], None]:
    """As the repair does where the hour's objects are not those that it knows."""

    def run() -> None:
        totals = HourSums(EPOCH_HOUR).take(ledger.read(hour_prefix(HOUR))).totals()
        assert sum(totals.sums.values()) == rows

    return run


def figures(scale: Scale) -> Iterator[Figure]:
    rows = scale.count(ROWS)
    written = [ledger_row(number) for number in range(rows)]
    ledger, bucket = ledger_of(written)
    (body,) = bucket.objects.values()
    wanted = {row["key"] for row in written[:: rows // WANTED]}

    def split() -> None:
        chunks = (body[at : at + READ_BYTES] for at in range(0, len(body), READ_BYTES))
        assert sum(1 for _ in lines_of(chunks)) == rows

    def validate() -> None:
        assert sum(1 for _ in ledger.read(hour_prefix(HOUR))) == rows

    actions = {
        FLOOR: split,
        f"look up {WANTED} keys": look_up(ledger, wanted),
        "validate every row": validate,
        "sum an hour, for the repair": sum_up(ledger, rows),
    }
    works = {name: cpu_us(action, rows) for name, action in actions.items()}
    yield from figures_of(STAGE, rows, UNIT, in_turns(works, scale, ROUNDS), FLOOR)


if __name__ == "__main__":
    run_alone(figures, __doc__)
