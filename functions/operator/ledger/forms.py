"""The forms in which rows are shown: JSON lines, CSV, or sums."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TextIO

from pydantic_core import to_json

from functions.usage.ledger_row import LedgerRow

COLUMNS = tuple(LedgerRow.__annotations__)
_HEAD = ("customer", "meter", "day", "outcome", "events", "quantity")
_NUMBERS = 2  # the last columns are set to the right

type Form = Callable[[Iterable[LedgerRow], TextIO], None]


def json_lines(rows: Iterable[LedgerRow], out: TextIO) -> None:
    """As they stand in the ledger."""
    out.writelines(to_json(row).decode() + "\n" for row in rows)


def comma_separated(rows: Iterable[LedgerRow], out: TextIO) -> None:
    """A column for each field, in the order of `LedgerRow`; empty where a row has none."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "verified": str(row["verified"]).lower()} for row in rows)


def sums(rows: Iterable[LedgerRow], out: TextIO) -> None:
    """A line for each customer, meter, day (UTC, of the request) and outcome; the total."""
    events: Counter[tuple[str, str, str, str]] = Counter()
    quantities: dict[tuple[str, str, str, str], Decimal] = {}
    for row in rows:
        outcome = row.get("setAsideClass", row["outcome"])
        if row["outcome"] == "set_aside":
            outcome = f"set aside: {outcome}"
        line = row["customerId"], row["meter"], row["occurredAt"][:10], outcome
        events[line] += 1
        # A bill adds up to the last digit: of the number's text, not of its nearest double.
        quantities[line] = quantities.get(line, Decimal(0)) + Decimal(str(row["quantity"]))
    table = [(*line, f"{events[line]}", f"{quantities[line]:f}") for line in sorted(events)]
    total = sum(quantities.values(), Decimal(0))
    table.append(("total", "", "", "", f"{events.total()}", f"{total:f}"))
    out.writelines(_aligned([_HEAD, *table]))


def _aligned(table: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        words = [
            word.rjust(width) if at >= len(line) - _NUMBERS else word.ljust(width)
            for at, (word, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(words).rstrip() + "\n"


FORMS: dict[str, Form] = {"jsonl": json_lines, "csv": comma_separated, "summary": sums}
