"""What looking up old keys costs, in one run: `python -m tests.bench.bench_ledger [rows]`.

CPU of this process alone, a row, over one object whose bytes are in memory; best of several runs.
The unit is unpacking it and splitting it into lines, which no reading of an object avoids.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from functions.adapters.json_lines import READ_BYTES, lines_of
from functions.adapters.ledger import Ledger, hour_prefix
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import OCCURRED_AT, ledger_row

RUNS = 5
WANTED = 100
HOUR = OCCURRED_AT[:13]
MOST_MICROSECONDS = 2.0
# Measured 1.51 to 1.58: the comparison took a quarter of a microsecond.
MOST_RATIO = 1.8


def cost(work: Callable[[], int], rows: int) -> float:
    """Microseconds a row."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) / rows * 1e6


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([ledger_row(number) for number in range(rows)], "20261123T100100000Z-a")
    ((name, body),) = bucket.objects.items()
    wanted = {ledger_row(number)["key"] for number in range(0, rows, rows // WANTED)}

    def split() -> int:
        chunks = (body[at : at + READ_BYTES] for at in range(0, len(body), READ_BYTES))
        return sum(1 for _ in lines_of(chunks))

    def look_up() -> int:
        return sum(1 for _, found in ledger.read_keys([name], wanted) for _ in found)

    def validate() -> int:
        return sum(row["key"] in wanted for row in ledger.read(hour_prefix(HOUR)))

    assert look_up() == validate() == len(wanted)
    unit, ours, every = (cost(work, rows) for work in (split, look_up, validate))
    print(f"unpack and split     {unit:5.2f} us a row  1.00 x")
    print(f"look up {len(wanted)} keys     {ours:5.2f} us a row  {ours / unit:.2f} x")
    print(f"validate every row   {every:5.2f} us a row  {every / unit:.2f} x")
    is_good = ours <= MOST_MICROSECONDS and ours <= MOST_RATIO * unit
    print("good" if is_good else f"more than {MOST_MICROSECONDS} us, or than {MOST_RATIO} x")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
