"""What a run is judged by: every way in which the books can differ is said, with its keys."""

from dataclasses import replace

import pytest

from functions.audit.equation import Equation
from tests.kills.differences import NAMED, Found, differences

BILLABLE = {"key-1": "cus_0", "key-2": "cus_1"}
AGREES = Found(
    book=[("key-1", "cus_0"), ("key-2", "cus_1")],
    ledger={"key-1": ("confirmed", "cus_0"), "key-2": ("confirmed", "cus_1")},
    used={"cus_0": 1, "cus_1": 1},
    left={"usage": 0, "the quarantine": 0},
    equation=Equation(confirmed=2, excluded={"status": 1}),
    lines=3,
)


def test_books_that_agree_differ_in_nothing() -> None:
    """Lines that are not billable are the audit's alone."""
    assert differences(BILLABLE, AGREES) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            replace(AGREES, book=AGREES.book[:1]),
            "1 keys billable, and not in Aforo's book: key-2 (ledger: confirmed, cus_1)",
        ),
        (
            replace(AGREES, book=[*AGREES.book, ("key-1", "cus_0")]),
            "1 keys in Aforo's book twice: key-1 (ledger: confirmed, cus_0)",
        ),
        (
            replace(AGREES, book=[*AGREES.book, ("key-3", "cus_1")]),
            "1 keys in Aforo's book, and not billable: key-3 (book: cus_1)",
        ),
        (
            replace(AGREES, book=[("key-1", "cus_1"), ("key-2", "cus_1")]),
            "1 keys of another payer: key-1 (ledger: confirmed, cus_0)",
        ),
        (
            replace(AGREES, ledger={"key-1": ("confirmed", "cus_0")}),
            "1 keys in the book, and not confirmed in the ledger: key-2 (book: cus_1)",
        ),
        (
            replace(AGREES, ledger={**AGREES.ledger, "key-2": ("set_aside", "cus_1")}),
            "1 keys set aside in the ledger: key-2 (ledger: set_aside, cus_1)",
        ),
        (
            replace(AGREES, ledger={**AGREES.ledger, "key-3": ("confirmed", "cus_1")}),
            "1 keys confirmed in the ledger, and not in the book: key-3 (ledger: confirmed, cus_1)",
        ),
        (
            replace(AGREES, used={"cus_0": 1, "cus_1": 2}),
            "counter of cus_1: 2, in the ledger 1",
        ),
        (
            replace(AGREES, used={"cus_0": 1, "cus_1": None}),
            "counter of cus_1: None, in the ledger 1",
        ),
        (
            replace(AGREES, left={"usage": 0, "the quarantine": 4}),
            "4 left in the quarantine",
        ),
        (
            replace(AGREES, equation=Equation(confirmed=1, unaccounted=1, excluded={"status": 1})),
            "{'confirmed': 1, 'excluded': {'status': 1}, 'unaccounted': 1}",
        ),
        (
            replace(AGREES, lines=4),
            "audit of 4 lines, 2 billable: {'confirmed': 2, 'excluded': {'status': 1}}",
        ),
    ],
)
def test_each_difference_is_said_with_its_keys(found: Found, said: str) -> None:
    """And where each key was last seen."""
    assert said in "; ".join(differences(BILLABLE, found))


def test_a_long_difference_names_some_of_its_keys() -> None:
    """A run of a hundred thousand events that lost half of them is still to be read."""
    billable = {f"key-{number:05}": "cus_0" for number in range(1_000)}
    nothing = replace(AGREES, book=[], ledger={}, used={}, equation=Equation(), lines=0)
    (lost, audited) = differences(billable, nothing)
    assert lost.startswith(
        "1000 keys billable, and not in Aforo's book: key-00000 (log), key-00001"
    )
    assert lost.count("key-") == NAMED
    assert "1000 billable" in audited
