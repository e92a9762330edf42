"""A month is closed when nothing stands against it, or somebody says so; and then it stays."""

import csv
import json
import re
from io import StringIO
from typing import Any, cast

import pytest

from functions.adapters.json_lines import put_lines
from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AuditWindow, windows_between
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.statement_document import canonical, digest
from functions.operator.statement.statement_rows import COLUMNS
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.settled_row import settled_row
from tests.unit.operator.statement.customer_ledger import (
    AUGUST,
    CUSTOMER,
    OCTOBER,
    SEPTEMBER,
    CustomerLedger,
)

NOVEMBER = OCTOBER.following()
HOUR_SECONDS = HOUR_MS // 1000


def row(month: CalendarMonth, number: int, **fields: Any) -> Any:
    at = iso_from_epoch_ms(month.start_ms + number * HOUR_MS)
    return settled_row(f"{month}-{number}", at, **fields)


def keep(
    ledger: CustomerLedger, window: AuditWindow, equation: Equation, *, closed: bool = True
) -> None:
    """What an audit found in a window: of our customer, of another, and of nobody."""
    end = iso_from_epoch_ms(window.to_ms)
    parts = {CUSTOMER: equation, "cus_b": equation, "": equation}
    record = WindowRecord.model_validate(
        {
            "source": window.source,
            "logGroup": "log",
            "start": iso_from_epoch_ms(window.from_ms),
            "end": end,
            "auditedAt": end,
            "lines": 1,
            "equation": Equation.sum_of(parts.values()).as_json(),
            "customers": {name: part.as_json() for name, part in parts.items()},
        }
    )
    client = cast("Any", ledger.bucket)
    put_lines(client, "ledger", window.object_name(closed=closed), [record.as_json()])


def audited(ledger: CustomerLedger, month: CalendarMonth, without: frozenset[int]) -> None:
    """By the hour."""
    windows = windows_between("deployed", month.start_ms, month.end_ms, seconds=HOUR_SECONDS)
    equation = Equation(confirmed=2, excluded={"health": 1})
    for number, window in enumerate(windows):
        if number not in without:
            keep(ledger, window, equation)


@pytest.fixture
def ledger() -> CustomerLedger:
    """October is whole; in August the customer was there, too."""
    made = CustomerLedger()
    aside = {"outcome": "set_aside", "setAsideClass": "config", "verified": False}
    made.write([[row(OCTOBER, 1), row(OCTOBER, 2, quantity=0.25), row(OCTOBER, 3, **aside)]])
    audited(made, OCTOBER, frozenset())
    return made


def test_a_whole_month_is_closed_without_a_word(ledger: CustomerLedger) -> None:
    """What the audit found and what the ledger has, signed, and put once."""
    status, text = ledger.ask("close", OCTOBER, even_so=False)
    assert status == 0
    document = json.loads(text)
    statement = document["statement"]
    assert document["sha256"] == digest(statement)
    assert ledger.bucket.objects["statements/cus_a/2026-10.json"] == canonical(document) + b"\n"
    assert document["sha256"] in ledger.said
    requests = {name: n for name, n in statement["requests"].items() if n}
    assert requests == {"served": 2232, "confirmed": 1488, "excluded": {"health": 744}}
    assert statement["requestsOfNobody"]["served"] == 2232
    (source,) = statement["audit"]
    assert (source["windows"], source["notAudited"], source["gaps"]) == (744, 0, [])
    assert statement["usage"]["billed"] == [{"meter": "api_calls", "events": 2, "quantity": "1.25"}]
    assert "evenSo" not in statement


def test_a_closed_month_is_shown_as_it_was_closed(ledger: CustomerLedger) -> None:
    """Whatever came to the ledger since; and closing it again is refused."""
    _, closed = ledger.ask("close", OCTOBER, even_so=False)
    before = dict(ledger.bucket.objects)
    ledger.write([[row(OCTOBER, 9)]])
    assert ledger.ask("show", OCTOBER) == (0, closed)
    assert "`aforo-metering statement verify --customer cus_a` compares" in ledger.said
    assert ledger.ask("close", OCTOBER, even_so=True) == (1, closed)
    statements = {n: body for n, body in ledger.bucket.objects.items() if n.startswith("stat")}
    assert statements == {n: body for n, body in before.items() if n.startswith("stat")}


def test_all_that_stands_against_closing_is_said_at_once() -> None:
    """And nothing is written."""
    ledger = CustomerLedger()
    ledger.write([[row(AUGUST, 1)], [row(SEPTEMBER, 1, customerId="cus_b")], [row(NOVEMBER, 1)]])
    audited(ledger, NOVEMBER, frozenset({1, 2, 7}))
    open_window = next(
        windows_between("deployed", NOVEMBER.start_ms + HOUR_MS, NOVEMBER.end_ms, seconds=3600)
    )
    keep(ledger, open_window, Equation(held=1, unaccounted=2), closed=False)
    names = set(ledger.bucket.objects)
    assert ledger.ask("close", NOVEMBER, even_so=False) == (1, "")
    said = [line.removeprefix("statement: ") for line in ledger.said.splitlines()]
    gap = "from 2026-11-01T02:00:00.000Z to 2026-11-01T03:00:00.000Z"
    assert said == [
        "not closed: the month ends at 2026-12-01T00:00:00.000Z",
        "not closed: 2026-08 has usage of this customer and is not closed: close it first",
        f"not closed: deployed: 2 of 539 windows of 60 min were not audited, the first {gap}",
        "not closed: deployed: 1 windows are open: the audit looks again",
        "not closed: 2 requests are unaccounted for: the audit meters them again",
        "not closed: 1 requests are held: wait until they are settled",
        "--even-so closes it all the same, and the statement says so",
    ]
    assert set(ledger.bucket.objects) == names


def test_what_stood_against_it_stands_in_the_statement() -> None:
    """Where somebody closed it even so, for whoever reads it later."""
    ledger = CustomerLedger()
    ledger.write([[row(AUGUST, 1)], [row(SEPTEMBER, 1)]])
    statement = ledger.close(SEPTEMBER)
    assert statement["evenSo"] == [
        "2026-08 has usage of this customer and is not closed: close it first",
        "nothing of the month was audited: `aforo-metering audit` does",
    ]
    late = ledger.close(AUGUST)
    assert (late["number"], late["previous"]["month"]) == (2, "2026-09")
    assert [one["result"] for one in ledger.verify()[1]] == ["unchanged", "unchanged"]


def test_upon_a_broken_chain_nothing_is_closed(ledger: CustomerLedger) -> None:
    """Not even so: put the old text back first."""
    ledger.write([[row(AUGUST, 1)]])
    ledger.close(AUGUST)
    ledger.bucket.objects["statements/cus_a/2026-08.json"] += b" "
    assert ledger.ask("close", OCTOBER, even_so=True) == (1, "")
    assert ledger.said == (
        "statement: not closed: the chain is broken at 2026-08:"
        " the statement's own text was changed\n"
    )


def test_a_closing_that_was_interrupted_is_ended_by_the_next(ledger: CustomerLedger) -> None:
    """Its lists stand there without a statement."""
    ledger.close(OCTOBER)
    del ledger.bucket.objects["statements/cus_a/2026-10.json"]
    status, found = ledger.verify()
    assert (status, found[0]["result"]) == (1, "changed")
    assert "a closing was interrupted (close it again)" in found[0]["detail"]
    ledger.close(OCTOBER)
    assert ledger.verify()[0] == 0


def test_a_customer_that_nobody_knows_is_not_closed(ledger: CustomerLedger) -> None:
    """It says what was searched."""
    for answer in (
        ledger.ask("show", AUGUST),
        ledger.ask("close", AUGUST, even_so=True),
    ):
        assert answer == (1, "")
        assert ledger.said == (
            "statement: 2026-08 has nothing of cus_a: no row and no audited request in 0 objects"
            " of ledger; no closed month\n"
        )


def test_csv_has_every_figure(ledger: CustomerLedger) -> None:
    """A row each, so that a spreadsheet adds them up."""
    late = {"settledAt": "2026-11-20T00:00:00.000Z"}
    ledger.write([[row(SEPTEMBER, 1)]])
    ledger.close(SEPTEMBER)
    ledger.write([[row(SEPTEMBER, 2, **late), row(OCTOBER, 4, replayId="r", **late)]])
    status, text = ledger.ask("show", OCTOBER, form="csv")
    assert status == 0
    rows = list(csv.DictReader(StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    figures = {
        (one["row"], one["month"], one["part"]): (one["events"], one["quantity"]) for one in rows
    }
    expected = {
        ("requests.served", "2026-10", ""): ("2232", ""),
        ("requests.excluded", "2026-10", "health"): ("744", ""),
        ("audit.windows", "2026-10", "deployed"): ("744", ""),
        ("audit.notAudited", "2026-10", "deployed"): ("0", ""),
        ("billed", "2026-10", "2026-10-01"): ("3", "2.25"),
        ("late", "2026-10", ""): ("1", "1"),
        ("replayed", "2026-10", ""): ("1", "1"),
        ("setAside", "2026-10", "config"): ("1", "1"),
        ("settledAfterClosing.billed", "2026-09", "2026-09-01"): ("1", "1"),
        ("settledAfterClosing.late", "2026-09", ""): ("1", "1"),
        ("ledger.objects", "2026-10", ""): ("4", ""),
    }
    assert {name: figures[name] for name in expected} == expected


def test_a_month_that_was_audited_whole_says_so(ledger: CustomerLedger) -> None:
    """On the page of the closed statement, with its digest and what it follows."""
    ledger.write([[row(SEPTEMBER, 1)]])
    ledger.close(SEPTEMBER)
    status, text = ledger.ask("close", OCTOBER, even_so=False, form="table")
    assert status == 0
    assert "  deployed: all 744 windows of 60 min were audited" in text.splitlines()
    (line,) = re.findall(r"^Closed statement 2, after .*$", text, re.MULTILINE)
    assert re.fullmatch(r".* 2026-09 \([0-9a-f]{12}\.\.\.\): SHA-256 [0-9a-f]{64}", line)


def test_a_page_says_the_same_to_a_person(ledger: CustomerLedger) -> None:
    """With what was not audited in plain words, and how Aforo's figure is compared."""
    del ledger.bucket.objects[
        AuditWindow("deployed", OCTOBER.start_ms, OCTOBER.start_ms + HOUR_MS).object_name(
            closed=True
        )
    ]
    status, text = ledger.ask("show", OCTOBER, form="table")
    assert status == 0
    for line in (
        "cus_a, 2026-10 (UTC): not closed",
        "Requests: 2,229 served",
        "  not billable: health    743",
        "  2,229 more requests name no customer",
        "  deployed: 1 of 744 windows of 60 min were not audited",
        "    2026-10-01T00:00:00.000Z to 2026-10-01T01:00:00.000Z",
        "The ledger's objects: 3",
    ):
        assert line in text.splitlines()
    assert re.search(r"^billed +all days +api_calls +2 +1.25$", text, re.MULTILINE)
    assert re.search(r"^set aside +config +api_calls +1 +1$", text, re.MULTILINE)
    assert "`aforo-metering compare bill.csv --from 2026-10-01 --to 2026-11-01`" in text
