"""A ledger in memory, as a forwarder writes it, and statements of one customer of it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from typing import Any, cast

import pytest
from hypothesis import strategies as st

from functions.adapters.ledger import Ledger, settled_once
from functions.operator.rows import RowFormat
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.customer_statements import CustomerStatements
from functions.operator.statement.month_progress import MonthProgress
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket
from tests.fakes.settled_row import settled_row

CUSTOMER = "cus_a"
# When the bucket says that everything was written: a closing looks back a quarter of an hour.
NOW_MS = int(WRITTEN_AT.timestamp() * 1000)
AUGUST, SEPTEMBER, OCTOBER = (CalendarMonth(2026, number) for number in (8, 9, 10))

# Few hours and keys: they repeat, confirmed and set aside, in one object and in several.
_HOURS = st.sampled_from(
    [
        AUGUST.end_ms - 1,
        SEPTEMBER.start_ms,
        SEPTEMBER.start_ms + HOUR_MS,
        SEPTEMBER.end_ms - 1,
        OCTOBER.start_ms,
        OCTOBER.end_ms - 1,
        OCTOBER.end_ms,
    ]
)


def _row(number: int, at_ms: int, fields: dict[str, Any], hours_later: int) -> LedgerRow:
    settled = iso_from_epoch_ms(at_ms + hours_later * HOUR_MS)
    quantity = [1, 0.1, 2.5, 1e15][number % 4]
    meter = ["api_calls", "bytes"][number % 2]
    customer = CUSTOMER if number % 5 else "cus_b"
    key = f"key-{number}-{at_ms}"
    moment = iso_from_epoch_ms(at_ms)
    more = {"quantity": quantity, "meter": meter, "customerId": customer, "settledAt": settled}
    return settled_row(key, moment, **more, **fields)


def _set_aside(name: str, doubtful_days: int | None) -> dict[str, Any]:
    found = {"outcome": "set_aside", "verified": False, "setAsideClass": name, "reason": "r"}
    if doubtful_days is not None:
        found["maybeBilledSince"] = iso_from_epoch_ms(NOW_MS - doubtful_days * DAY_MS)
    return found


FIELDS = st.one_of(
    st.just({}),
    st.just({"verified": False}),
    st.just({"replayId": "replay-1"}),
    st.builds(
        _set_aside,
        st.sampled_from(["poison", "ambiguous", "exhausted"]),
        st.sampled_from([None, 0, 3]),
    ),
)
ROWS = st.builds(_row, st.integers(0, 9), _HOURS, FIELDS, st.sampled_from([0, 23, 24, 90]))
WRITES = st.lists(st.lists(ROWS, min_size=1, max_size=6), max_size=5)


@dataclass
class CustomerLedger:
    """One bucket; `say` is what the last command printed on stderr."""

    bucket: FakeBucket = field(default_factory=FakeBucket)
    writes: int = 0
    said: str = ""
    rows: list[LedgerRow] = field(default_factory=list)

    def write(self, invocations: Iterable[Sequence[LedgerRow]]) -> None:
        """Each is an invocation of the forwarder."""
        for rows in invocations:
            self.writes += 1
            writer = f"20261123T120000{self.writes:03d}Z-{self.writes}"
            Ledger(cast("Any", self.bucket), "ledger").append(rows, writer)
            self.rows += rows

    def ask(
        self, asked: str, *words: Any, form: RowFormat = "json", **more: Any
    ) -> tuple[int, str]:
        """An answer's exit status and text."""
        out, err = StringIO(), StringIO()
        client = cast("Any", self.bucket)
        ledger = CustomerObjects(client, "ledger", CUSTOMER, MonthProgress(err))
        statements = CustomerStatements(ledger, form, out, NOW_MS)
        status = getattr(statements, asked)(*words, **more)
        self.said = err.getvalue()
        return status, out.getvalue()

    def close(self, month: CalendarMonth) -> dict[str, Any]:
        """Whatever stands against it; the statement."""
        status, text = self.ask("close", month, even_so=True)
        assert status == 0, self.said
        return cast("dict[str, Any]", json.loads(text)["statement"])

    def verify(self) -> tuple[int, list[dict[str, str]]]:
        status, text = self.ask("verify", None)
        return status, [json.loads(line) for line in text.splitlines()]


type Model = dict[tuple[str, ...], tuple[int, Decimal]]


def modelled(rows: Iterable[LedgerRow], month: CalendarMonth) -> Model:
    """What a statement of the month must say, counted by hand."""
    found: dict[tuple[str, ...], list[Decimal]] = defaultdict(list)
    of_month = [row for row in rows if row["customerId"] == CUSTOMER]
    for row in settled_once(of_month).values():
        at_ms = epoch_ms_from_iso(row["occurredAt"])
        if not month.start_ms <= at_ms < month.end_ms:
            continue
        amount = Decimal(str(row["quantity"]))
        if row["outcome"] == "set_aside":
            found["setAside", row["setAsideClass"], row["meter"]].append(amount)
            since = row.get("maybeBilledSince")
            old = since is not None and NOW_MS - epoch_ms_from_iso(since) > DAY_MS
            if old or row["setAsideClass"] == "ambiguous":
                found["needsDecision", "", row["meter"]].append(amount)
            continue
        found["billed", row["occurredAt"][:10], row["meter"]].append(amount)
        if epoch_ms_from_iso(row["settledAt"]) - at_ms >= DAY_MS:
            found["late", "", row["meter"]].append(amount)
        if not row["verified"]:
            found["unverified", "", row["meter"]].append(amount)
        if "replayId" in row:
            found["replayed", "", row["meter"]].append(amount)
    return {name: (len(ones), sum(ones, Decimal(0))) for name, ones in found.items()}


def stated(usage: dict[str, Any]) -> Model:
    """The same of a statement."""
    found: Model = {}
    for kind, rows in usage.items():
        name = "billed" if kind == "billedByDay" else kind
        for row in rows if kind != "billed" else ():
            part = row.get("day", row.get("class", ""))
            found[name, part, row["meter"]] = row["events"], Decimal(row["quantity"])
    return found


def added(models: Iterable[Model]) -> Model:
    """What they come to together; what comes to nothing is left out."""
    found: Model = {}
    for model in models:
        for name, (events, quantity) in model.items():
            known = found.get(name, (0, Decimal(0)))
            found[name] = known[0] + events, known[1] + quantity
    return {name: amount for name, amount in found.items() if any(amount)}


@pytest.fixture
def customer_ledger() -> CustomerLedger:
    return CustomerLedger()
