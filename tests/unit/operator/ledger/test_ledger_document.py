"""ledger.md says what the ledger has: the columns are those of the rows, and its queries give
what counting by hand gives. Athena is not here: SQLite runs them, with the functions that it lacks.
"""

import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from functions.operator.ledger.forms import COLUMNS
from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import ledger_row
from tests.local.endpoints import ROOT

DOCUMENT = (ROOT / "docs" / "reference" / "ledger.md").read_text()
TABLE, VIEW, *QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
BILL, SET_ASIDE, REPEATED, LATE, REPLAY = QUERIES
TYPES = {"quantity": "double", "verified": "boolean"}


def row(number: int, settled_at: str, **more: Any) -> LedgerRow:
    made = ledger_row(number, occurred_at="2026-10-02T08:15:30.412Z", **more)
    return {**made, "settledAt": settled_at}


SOON, LATER = "2026-10-02T08:16:00.000Z", "2026-10-04T00:00:00.000Z"
ROWS = [
    row(1, SOON),
    row(1, LATER),
    row(2, SOON, set_aside_class="config"),
    row(2, LATER, replay_id="replay-1"),
    row(3, SOON, set_aside_class="poison"),
    row(3, LATER, set_aside_class="poison", replay_id="replay-1"),
]
KEYS = [one["key"] for one in ROWS]


class MinBy:
    """Trino's min_by(value, by)."""

    def __init__(self) -> None:
        self.least: tuple[Any, Any] | None = None

    def step(self, value: Any, by: Any) -> None:
        if self.least is None or by < self.least[0]:
            self.least = (by, value)

    def finalize(self) -> Any:
        return self.least and self.least[1]


class Arbitrary:
    """Trino's arbitrary(value)."""

    def step(self, value: Any) -> None:
        self.value = value

    def finalize(self) -> Any:
        return self.value


def hours_between(_unit: str, first: str, last: str) -> int:
    gone = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    return int(gone.total_seconds() // 3600)


@pytest.fixture
def athena() -> Iterator[sqlite3.Connection]:
    """A ledger, with the columns of the document's table."""
    connection = sqlite3.connect(":memory:")
    connection.create_aggregate("arbitrary", 1, Arbitrary)
    connection.create_aggregate("min_by", 2, MinBy)  # type: ignore[arg-type]
    connection.create_function("date_diff", 3, hours_between)
    connection.create_function("from_iso8601_timestamp", 1, str)
    names = [*columns(), "day", "hour"]
    connection.execute(f"CREATE TABLE aforo_ledger ({', '.join(names)})")
    for one in ROWS:
        values = {name.lower(): value for name, value in one.items()}
        values |= {"day": one["occurredAt"][:10], "hour": one["occurredAt"][11:13]}
        connection.execute(
            f"INSERT INTO aforo_ledger VALUES ({', '.join('?' * len(names))})",  # noqa: S608
            [values.get(name) for name in names],
        )
    connection.execute(VIEW.replace("OR REPLACE ", ""))
    yield connection
    connection.close()


def columns() -> dict[str, str]:
    """The names and types of the document's table, without its partitions."""
    return dict(re.findall(r"^  `(\w+)` (\w+)", TABLE, re.MULTILINE))


def test_the_table_has_the_fields_of_the_rows() -> None:
    """In their order; Athena knows no capitals."""
    assert columns() == {name.lower(): TYPES.get(name, "string") for name in COLUMNS}
    assert list(columns()) == [name.lower() for name in COLUMNS]


def test_every_column_is_described() -> None:
    """In the order of the rows."""
    described = DOCUMENT.split("## Columns")[1].split("## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", described, re.MULTILINE)) == COLUMNS


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (BILL, [("2026-10-02", "api_calls", 2, 2)]),
        (SET_ASIDE, [("poison", "unknown_metric", "cus_a", 1, 1)]),
        (
            REPEATED,
            [
                (KEYS[0], SOON, "confirmed", None, None),
                (KEYS[0], LATER, "confirmed", None, None),
                (KEYS[2], SOON, "set_aside", "config", None),
                (KEYS[2], LATER, "confirmed", None, "replay-1"),
                (KEYS[4], SOON, "set_aside", "poison", None),
                (KEYS[4], LATER, "set_aside", "poison", "replay-1"),
            ],
        ),
        (
            REPLAY,
            [
                ("cus_a", "api_calls", "confirmed", None, 1),
                ("cus_a", "api_calls", "set_aside", "poison", 1),
            ],
        ),
    ],
)
def test_a_query_gives_what_counting_gives(
    athena: sqlite3.Connection, query: str, expected: list[tuple[Any, ...]]
) -> None:
    """Each key once where money is meant, each row where rows are."""
    assert athena.execute(query).fetchall() == expected


def test_late_usage_is_what_was_settled_late(athena: sqlite3.Connection) -> None:
    """The one that was set aside in time and confirmed two days later; the other was repeated."""
    athena.execute("DELETE FROM aforo_ledger WHERE key = ? AND settledat = ?", [KEYS[0], LATER])
    assert athena.execute(LATE).fetchall() == [("cus_a", "api_calls", "2026-10-02", 1, 1)]
