"""What the table of a customer's requests says of the ledger."""

import pytest

from functions.operator.trace.customer_requests import customer_verdict, ledger_words
from functions.operator.trace.request_question import RequestQuestion
from tests.fakes.settled_row import settled_row

AT = "2026-11-29T14:03:09.218Z"
ROWS = {
    "calls": settled_row("calls", AT),
    "aside": settled_row("aside", AT, outcome="set_aside", setAsideClass="config"),
}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([], None),
        (["calls"], "confirmed"),
        (["calls", "aside"], "confirmed, set aside: config"),
        (["calls", "bytes"], "confirmed, not there"),
        (["bytes"], "not there"),
    ],
)
def test_each_event_of_a_request_has_its_word(keys: list[str], said: str | None) -> None:
    """One that is confirmed does not hide one that the ledger has not."""
    assert ledger_words(keys, ROWS) == said


def test_a_request_that_is_there_in_part_is_not_counted_as_confirmed() -> None:
    """It is one that is not in the ledger."""
    words = ["confirmed", "confirmed, not there", "confirmed, set aside: config", None]
    words += ["confirmed: 1 api_calls"]  # of the ledger, without a line
    question = RequestQuestion(customer="cus_a", at_ms=60_000, now_ms=0)
    said = customer_verdict([{"ledger": one} for one in words], question)
    assert said.endswith(": 2 confirmed, 1 billable and not in the ledger")
