"""Of an object's rows those of one customer, whatever it and the others are called."""

import gzip
from io import StringIO
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from functions.adapters.json_lines import UnreadableObject, put_lines
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.month_progress import MonthProgress
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.settled_row import settled_row
from tests.unit.operator.statement.customer_ledger import OCTOBER, CustomerLedger

NAME = "ledger/2026-10-01/00/20261001T000000000Z-1.json.gz"
AT = "2026-10-01T00:00:00.000Z"
# Few, so that one is often the beginning of another; with what JSON escapes.
CUSTOMERS = st.text('ab\\"\n\u00e9\U0001f600', min_size=1, max_size=3)


def objects(bucket: FakeBucket, customer: str) -> CustomerObjects:
    client = cast("Any", bucket)
    return CustomerObjects(client, "ledger", customer, MonthProgress(StringIO()))


@given(CUSTOMERS, st.lists(CUSTOMERS, max_size=8))
def test_every_row_of_the_customer_is_given_and_no_other(customer: str, others: list[str]) -> None:
    """A meter may be called as a customer is."""
    bucket = FakeBucket()
    rows = [
        settled_row(f"key-{number}", AT, customerId=one, meter=customer)
        for number, one in enumerate([customer, *others, customer])
    ]
    put_lines(cast("Any", bucket), "ledger", NAME, rows)
    (found,) = objects(bucket, customer).read([NAME])
    assert found.rows == [row for row in rows if row["customerId"] == customer]


def test_a_customer_that_somebody_wrote_with_escapes_is_found() -> None:
    """JSON has two ways to write a sign."""
    bucket, line = FakeBucket(), to_json(settled_row("key", AT, customerId="cus_a"))
    escaped = line.replace(b"cus_a", b"\\u0063us_a")
    bucket.objects[NAME] = gzip.compress(escaped)
    (found,) = objects(bucket, "cus_a").read([NAME])
    assert [row["customerId"] for row in found.rows] == ["cus_a"]


def test_what_is_no_row_is_named() -> None:
    """By its object; what it says stands nowhere."""
    bucket = FakeBucket()
    put_lines(cast("Any", bucket), "ledger", NAME, [{"customerId": "cus_a", "secret": "s"}])
    with pytest.raises(UnreadableObject, match=f"{NAME}: no row of a ledger: key") as raised:
        list(objects(bucket, "cus_a").read([NAME]))
    assert "secret" not in str(raised.value)


def test_what_no_forwarder_names_so_is_passed_over() -> None:
    """Such as the marker of a folder, and the mark of the ledger's beginning."""
    ledger = CustomerLedger()
    ledger.write([[settled_row("key", AT)]])
    (name,) = ledger.bucket.objects
    for other in ("ledger/began.json", "ledger/2026-10-01/", "ledger/2026-10-01/x.json.gz"):
        ledger.bucket.objects[other] = b"no row"
    assert list(objects(ledger.bucket, "cus_a").names(OCTOBER.ledger_prefix)) == [name]


def test_it_is_said_what_takes_long_before_it_begins_and_meanwhile() -> None:
    """Every two seconds, and for more than a hundred thousand objects."""
    now, out = [0.0], StringIO()
    progress = MonthProgress(out, clock=lambda: now[0])
    progress.announce(100_000)
    progress.announce(400_000)
    for _ in range(5):
        now[0] += 0.9
        progress.tell(NAME)
    announced, told = out.getvalue().splitlines()
    assert announced.startswith(
        "statement: 400,000 objects to read, of all customers: about 22 min"
    )
    assert announced.endswith(" $0.16 of GET requests")
    assert told == "statement: 3 objects, now ledger/2026-10-01/00"
