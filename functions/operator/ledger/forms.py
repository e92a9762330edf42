"""The forms in which rows of the ledger are shown: those of every command, and sums."""

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Literal, TextIO

from functions.operator.rows import aligned, comma_separated, json_lines, table
from functions.usage.ledger_row import LedgerRow

COLUMNS = tuple(LedgerRow.__annotations__)
_HEAD = ("customer", "meter", "day", "outcome", "events", "quantity")
_NUMBERS = (4, 5)  # set to the right

type LedgerFormat = Literal["json", "csv", "table", "summary"]
type Form = Callable[[Iterable[LedgerRow], TextIO], None]


def sums(rows: Iterable[LedgerRow], out: TextIO) -> None:
    """A line for each customer, meter, day (UTC, of the request) and outcome; the total."""
    events: Counter[tuple[str, str, str, str]] = Counter()
    quantities: dict[tuple[str, str, str, str], Decimal] = {}
    for row in rows:
        line = row["customerId"], row["meter"], row["occurredAt"][:10], _outcome(row)
        events[line] += 1
        # A bill adds up to the last digit: of the number's text, not of its nearest double.
        quantities[line] = quantities.get(line, Decimal(0)) + Decimal(str(row["quantity"]))
    lines = [(*line, f"{events[line]}", f"{quantities[line]:f}") for line in sorted(events)]
    total = sum(quantities.values(), Decimal(0))
    lines.append(("total", "", "", "", f"{events.total()}", f"{total:f}"))
    out.writelines(aligned([_HEAD, *lines], numbers=_NUMBERS))


def _outcome(row: LedgerRow) -> str:
    if row["outcome"] == "set_aside":
        return f"set aside: {row.get('setAsideClass', row['outcome'])}"
    return "confirmed" if row["verified"] else "confirmed, unverified"


FORMS: dict[str, Form] = {
    "json": partial(json_lines, COLUMNS),
    "csv": partial(comma_separated, COLUMNS),
    "table": partial(table, COLUMNS),
    "summary": sums,
}
