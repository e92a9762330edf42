"""Where each request is, of what the gateway served and the ledger settled."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.usage.event import RequestIdentity
from functions.usage.ledger_row import LedgerRow
from tests.local.customers import METER
from tests.local.page.request_book import Billing, RequestBook

ACCOUNT, REGION = "000000000000", "us-east-1"


def served(number: int, status: int = 200) -> dict[str, Any]:
    return {
        "extended_request_id": f"id{number}=",
        "api_id": "api",
        "stage": "demo",
        "method": "GET",
        "path": f"/pets/{number}",
        "resource_path": "/pets/{id}",
        "status": status,
        "customer_id": "cus_acme",
        "request_time_epoch_ms": 1_795_976_000_000 + number,
    }


def row(number: int, outcome: Any) -> LedgerRow:
    identity = RequestIdentity(ACCOUNT, REGION, "api", "demo", f"id{number}=")
    at = "2026-11-29T18:00:00.000Z"
    settled: LedgerRow = {
        "key": identity.event_key(METER),
        "customerId": "cus_acme",
        "meter": METER,
        "quantity": 1,
        "occurredAt": at,
        "outcome": outcome,
        "verified": True,
        "meteredAt": at,
        "queuedAt": at,
        "settledAt": at,
    }
    if outcome == "confirmed":
        return settled
    return {**settled, "setAsideClass": "exhausted", "reason": "outage"}


THINGS = st.lists(
    st.one_of(
        st.tuples(st.just("served"), st.integers(0, 5)),
        st.tuples(st.sampled_from(["confirmed", "set_aside"]), st.integers(0, 7)),
    ),
    unique=True,
)


@given(THINGS)
def test_each_request_is_in_one_state_whatever_comes_first(things: list[tuple[str, int]]) -> None:
    """Confirmed outweighs set aside, and a row may come before its request or after it."""
    book = RequestBook(ACCOUNT, REGION)
    for what, number in things:
        if what == "served":
            book.add_served(served(number))
        else:
            book.add_rows([row(number, what)])
    expected: Counter[Billing] = Counter()
    for number in {number for what, number in things if what == "served"}:
        if ("confirmed", number) in things:
            expected[Billing.BILLED] += 1
        elif ("set_aside", number) in things:
            expected[Billing.SET_ASIDE] += 1
        else:
            expected[Billing.WAITING] += 1
    assert +book.counts == expected


def test_what_was_set_aside_says_why_until_it_is_billed() -> None:
    """Class and reason stand beside the request, and among what waits for a person."""
    book = RequestBook(ACCOUNT, REGION)
    book.add_served(served(1))
    book.add_rows([row(1, "set_aside")])
    assert book.latest(1)[0].why == "exhausted: outage"
    assert book.set_aside() == {("exhausted", "outage"): 1}
    book.add_rows([row(1, "confirmed")])
    assert book.latest(1)[0].why == ""
    assert book.set_aside() == {}


def test_refused_and_unlogged_requests() -> None:
    """A refusal is not billable; what was answered by no stage is nobody's request."""
    book = RequestBook(ACCOUNT, REGION)
    book.add_served(served(1, status=429))
    book.add_served({**served(2), "extended_request_id": None, "stage": None})
    assert +book.counts == {Billing.NOT_BILLABLE: 1}


def test_the_latest_come_first() -> None:
    """By the time of the request, not by when it was answered."""
    book = RequestBook(ACCOUNT, REGION)
    for number in (3, 1, 2):
        book.add_served(served(number))
    assert [one.asked for one in book.latest(2)] == ["GET /pets/3", "GET /pets/2"]
