"""Properties of the book and of the choice of faults: what holds for every script."""

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.local.aforo.book import Book
from tests.local.aforo.fault_list import Active, Faults
from tests.local.aforo.faults import AnyFault
from tests.local.aforo.rate import WINDOW_SECONDS, FixedWindow

WINDOW = 100.0
POSTED = st.tuples(
    st.sampled_from(["tenant_a", "tenant_b"]),
    st.integers(0, 5),
    st.integers(1, 3),
    st.floats(0, 40),
)


def an_event(key: int, quantity: int) -> dict[str, Any]:
    return {
        "customerId": f"cus_{key % 2}",
        "metricName": "API Calls",
        "quantity": quantity,
        "occurredAt": "2026-10-02T08:15:30Z",
        "idempotencyKey": f"k{key}",
    }


@given(st.lists(POSTED), st.sampled_from(["first_wins", "last_wins"]))
def test_each_key_is_accepted_once_a_window(
    script: list[tuple[str, int, int, float]], conflict: Any
) -> None:
    """Accepted entries of one tenant and key lie at least a window apart, and all is counted."""
    book, now = Book(), 0.0
    for tenant, key, quantity, pause in script:
        now += pause
        event = an_event(key, quantity)
        book.enter(tenant, event, now=now, window=WINDOW, conflict=conflict)
    received: dict[tuple[str, str], float] = {}
    for entry in book.entries:
        key_of_entry = (entry.tenant, entry.event["idempotencyKey"])
        assert entry.received_at - received.get(key_of_entry, -WINDOW) >= WINDOW
        received[key_of_entry] = entry.received_at
    assert len(book.entries) + book.duplicates == len(script)
    assert book.by_customer.total() == len(book.entries)


@given(st.lists(POSTED), st.sampled_from(["first_wins", "last_wins"]))
def test_usage_is_the_sum_of_the_entries(
    script: list[tuple[str, int, int, float]], conflict: Any
) -> None:
    """What a quota check sees never drifts from what the book holds."""
    book = Book()
    for tenant, key, quantity, _ in script:
        event = an_event(key, quantity)
        book.enter(tenant, event, now=0, window=WINDOW, conflict=conflict)
    for tenant in ("tenant_a", "tenant_b"):
        for customer in ("cus_0", "cus_1"):
            held = [
                entry.event["quantity"]
                for entry in book.entries
                if entry.tenant == tenant and entry.event["customerId"] == customer
            ]
            ask = partial(book.used, tenant, customer, month="2026-10", metric=None)
            assert ask(metrics={}) == sum(held)
            assert ask(metrics={"API Calls": "COUNT"}) == len(held)


@given(st.lists(st.integers(1, 5) | st.none(), max_size=5), st.integers(0, 20))
def test_faults_are_used_up_in_order(counts: list[int | None], posts: int) -> None:
    """A fault never applies more often than its count, nor before the one ahead of it is done."""
    parse = TypeAdapter[AnyFault](AnyFault).validate_python
    faults = Faults([Active(parse({"kind": "empty_2xx", "count": count})) for count in counts])
    applied = [faults.for_post([]) for _ in range(posts)]
    places = [faults.active.index(one) if one else len(counts) for one in applied]
    assert places == sorted(places)
    assert all(a.applied <= (a.fault.count or posts) for a in faults.active)


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 30)), min_size=1))
def test_no_window_lets_more_through_than_its_limit(script: list[tuple[int, float]]) -> None:
    """Whatever the rhythm, what is allowed in one window is at most the limit."""
    rate, now, allowed = FixedWindow(), 0.0, {0: 0}
    for amount, pause in script:
        now += pause
        allowance = rate.take("key", amount, limit=10, now=now)
        window = int(now // WINDOW_SECONDS)
        allowed[window] = allowed.get(window, 0) + amount * allowance.is_allowed
        assert allowance.remaining == 10 - allowed[window]
    assert max(allowed.values()) <= 10
