"""What the ledger's rows of an hour sum up to, beside the plainest way to say it."""

import json
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.ledger import settled_once
from functions.reconciliation.commands import CloseCommand
from functions.reconciliation.hour_sums import HourSums, Of
from functions.reconciliation.inbox import read_body
from functions.reconciliation.ledger_hours import hour_text, read_hours
from functions.reconciliation.settling import whole_quantity
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
from tests.fakes.hour_totals import totals_of
from tests.fakes.settled_row import settled_row

HOUR_TEXT = "2026-11-23T10"
HOUR = epoch_ms_from_iso(f"{HOUR_TEXT}:00Z") // HOUR_MS


def row(
    number: int,
    *,
    customer: str = "cus_a",
    quantity: float = 1,
    occurred_at: str = f"{HOUR_TEXT}:30:00.000Z",
    set_aside: bool = False,
) -> LedgerRow:
    outcome = {"outcome": "set_aside", "verified": False} if set_aside else {}
    fields = {"customerId": customer, "quantity": quantity, **outcome}
    return settled_row(f"apigw1-{number}", occurred_at, **fields)


@st.composite
def rows(draw: st.DrawFn) -> list[LedgerRow]:
    """Keys that come again, now set aside, now confirmed; whose they are follows from the key."""
    numbers = draw(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60))
    return [
        row(number, customer=f"cus_{number % 3}", quantity=number % 4 + 0.5, set_aside=set_aside)
        for number, set_aside in numbers
    ]


@settings(deadline=None)  # two loaded cores
@given(rows(), st.randoms())
def test_the_sums_are_those_of_every_key_once(rows: list[LedgerRow], random: Random) -> None:
    """Whatever the order: the rows of `settled_once`, in the counters' whole quantities."""
    expected: dict[Of, int] = defaultdict(int)
    for each in settled_once(rows).values():
        expected[Of(each["customerId"], each["meter"])] += whole_quantity(each["quantity"]) or 0
    random.shuffle(rows)
    assert HourSums(HOUR).take(rows).sums() == expected


def test_a_confirmed_row_outweighs_one_that_was_set_aside() -> None:
    """What was replayed for another customer than it was set aside for is that customer's."""
    found = HourSums(HOUR).take([row(1, set_aside=True), row(1, customer="cus_b")]).sums()
    assert found == {Of("cus_a", "api_calls"): 0, Of("cus_b", "api_calls"): 1}


def test_what_the_counters_do_not_count_is_left_out() -> None:
    """No quantity, no time, another hour, a customer that no command could name."""
    odd = [
        row(1, quantity=0),
        row(2, occurred_at="soon"),
        row(3, occurred_at="2026-11-23T10:30:00+02:00"),
        row(4, customer="{no}"),
    ]
    sums = HourSums(HOUR).take([*odd, row(5)])
    assert sums.sums() == {Of("cus_a", "api_calls"): 1}
    assert sums.left_out == 3


def test_memory_is_bounded_by_a_few_bytes_a_row() -> None:
    """The rows of a busy hour pass through; what stays is about 20 bytes of each."""
    size = 50_000

    def passing() -> Iterator[LedgerRow]:
        for number in range(size):
            yield row(number)

    tracemalloc.start()
    try:
        sums = HourSums(HOUR).take(passing())
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sums.sums() == {Of("cus_a", "api_calls"): size}
    assert held < 60 * size


def test_commands_are_read_as_they_are_sent_and_fit_a_message() -> None:
    """Thousands of customers and two hours: messages of at most 64 KB that lose nobody."""
    ledger = {
        hour_text(HOUR + later): [row(i, customer=f"cus_{i}") for i in range(5000)]
        for later in (0, 1)
    }
    ledger[hour_text(HOUR + 1)] = [
        row(i, customer=f"cus_{i}", occurred_at="2026-11-23T11:00:00.000Z") for i in range(3000)
    ]

    def read(prefix: str) -> list[LedgerRow]:
        _, day, hour, _ = prefix.split("/")
        return ledger[f"{day}T{hour}"]

    found = read_hours([HOUR, HOUR + 1], totals_of(read), lambda: 7)
    bodies = [command.model_dump_json(by_alias=True) for command in found.commands()]
    assert all(len(body) < 65_536 for body in bodies)
    said: dict[str, dict[int, int]] = {}
    for body in bodies:
        command = read_body(body)
        assert isinstance(command, CloseCommand)
        assert command.version == 7
        said |= {each.customer_id: dict(each.sums) for each in command.closings}
    assert said["cus_1"] == {HOUR: 1, HOUR + 1: 1}
    assert said["cus_4999"] == {HOUR: 1}
    assert len(said) == 5000
    assert found.units == 8000
    assert json.loads(bodies[0])["kind"] == "close"
