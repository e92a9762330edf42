"""What was billed beside what would be billed today."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.trace.billing_difference import differences
from functions.usage.event import UsageEvent
from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import event
from tests.fakes.settled_row import settled_row

EVENT = event(1)
NOTHING = "excluded: throttled"


def row_of(one: UsageEvent, **fields: Any) -> LedgerRow:
    known = {"customerId": one["customerId"], "quantity": one["quantity"]}
    return settled_row(one["idempotencyKey"], one["occurredAt"], **(known | fields))


def test_another_customer_or_quantity_is_said_with_both() -> None:
    """Each event in a sentence."""
    rows = [row_of(EVENT, customerId="cus_b"), row_of(event(2), quantity=3)]
    first, second = differences(rows, [EVENT, event(2)], "event")
    assert first == (
        "the ledger has 1 api_calls for cus_b at 2026-11-23T10:00:00.000Z (confirmed); today's"
        " configuration makes of the line 1 api_calls for cus_a at 2026-11-23T10:00:00.000Z"
    )
    assert second.startswith("the ledger has 3 api_calls for cus_a")


def test_what_is_billed_no_more_and_what_is_billed_anew_is_said() -> None:
    """A meter came, another one went."""
    went, came = differences([row_of(EVENT)], [event(2)], "event")
    assert went.startswith("the ledger has 1 api_calls for cus_a")
    assert came.endswith("which the ledger has not")
    (nothing,) = differences([row_of(EVENT)], [], NOTHING)
    assert nothing.endswith("makes of the line nothing (excluded: throttled)")


@given(st.lists(st.integers(0, 5), unique=True), st.booleans())
def test_the_same_events_differ_in_nothing(numbers: list[int], twice: bool) -> None:  # noqa: FBT001
    """However often they were settled; and while nothing is settled nothing differs."""
    events = [event(number) for number in numbers]
    rows = [row_of(one) for one in events] * (2 if twice else 1)
    assert list(differences(rows, events, "event")) == []
    assert list(differences([], events, "event")) == []
