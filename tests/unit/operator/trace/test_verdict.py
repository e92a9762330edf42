"""The sentence that ends a trace: the ledger's word first, then who holds it, then the line's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.trace.verdict import Known, verdict
from functions.usage.ledger_row import LedgerRow
from tests.fakes.settled_row import settled_row

AT = "2026-11-29T14:03:09.218Z"
SETTLED = "2026-11-29T14:03:12.318Z"
LETTER = {"class": "config", "reason": "unknown_metric"}
KEPT = {"reason": "no_customer", "leftBy": None}


def row(key: str = "k", **fields: Any) -> LedgerRow:
    return settled_row(key, AT, **({"settledAt": SETTLED} | fields))


ASIDE = {"outcome": "set_aside", "setAsideClass": "config", "reason": "unknown_metric"}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (
            Known(rows=[row()]),
            "billed once to cus_a: 1 api_calls, confirmed 14:03:12Z (3.1 s after the request)",
        ),
        (Known(rows=[row(), row()]), "billed once to cus_a: 1 api_calls, confirmed 14:03:12Z"),
        (
            Known(rows=[row("a"), row("b", meter="bytes", quantity=512)]),
            "billed once to cus_a: 1 api_calls, 512 bytes, confirmed ",
        ),
        (Known(rows=[row(**ASIDE), row()]), "billed once to cus_a: 1 api_calls"),
        (
            Known(rows=[row("a"), row("b")]),  # the source's apiId was declared otherwise before
            "billed 2 times to cus_a: 1 api_calls, 1 api_calls, confirmed ",
        ),
        (
            Known(rows=[row("a"), row("b", meter="bytes"), row("c", meter="bytes")]),
            "billed 2 times to cus_a: ",
        ),
        (
            Known(rows=[row(**ASIDE)]),
            "not billed: 1 api_calls of cus_a set aside as config: unknown_metric. Create at Aforo",
        ),
        (Known(rows=[row(**ASIDE, maybeBilledSince=AT)]), "maybe billed: 1 api_calls of cus_a"),
        (Known(rows=[row(**(ASIDE | {"setAsideClass": "newer"}))]), "not billed: 1 api_calls"),
        (Known(letters=[LETTER]), "not billed yet: set aside in UsageDeadLetterQueue (config: "),
        (
            Known(quarantined=[KEPT], unbilled="quarantined (no_customer)"),
            "not billed: quarantined (no_customer); mend its cause",
        ),
        (Known(unbilled="excluded (status 429)"), "not billed: excluded (status 429)"),
        (Known(is_billable=True, not_told=["ledger"]), "not known: ledger could not be asked"),
        (Known(unbilled="excluded (x)", not_told=["ledger"]), "not known: ledger could not be"),
        (Known(quarantined=[KEPT], not_told=["ledger", "counters"]), "not known: ledger, counters"),
        (Known(letters=[LETTER], not_told=["ledger"]), "not known: ledger could not be asked"),
        (Known(is_billable=True), "not known: UsageQueue could not be asked"),
        (Known(is_billable=True, waiting=3, age_seconds=1), "not billed yet: nothing else knows"),
        (Known(is_billable=True, waiting=0, age_seconds=40), "not billed yet: it was made 40 s"),
        (Known(is_billable=True, waiting=0, age_seconds=4000), "not billed: billable, and neither"),
        (Known(), "not known: nothing holds it"),
    ],
)
def test_the_first_that_knows_says_it(known: Known, said: str) -> None:
    """With who pays, how much, and how long it took."""
    assert verdict(known).startswith(said)


def test_an_answer_that_did_not_say_what_was_taken_is_no_plain_yes() -> None:
    """Two empty 2xx answers of Aforo."""
    assert verdict(Known(rows=[row(verified=False)])).endswith("; Aforo did not say what it took")


def test_some_of_a_requests_events_may_be_billed_and_others_not() -> None:
    """Both are said."""
    said = verdict(Known(rows=[row("a"), row("b", meter="bytes", **ASIDE)]))
    assert "billed once to cus_a: 1 api_calls, confirmed" in said
    assert "; not billed: 1 bytes of cus_a set aside as config" in said


@given(
    rows=st.lists(
        st.sampled_from(
            [
                row("a"),
                row("b", meter="bytes"),
                row("a", **ASIDE),
                row("b", meter="bytes", **ASIDE),
            ]
        )
    ),
    letters=st.lists(st.just(LETTER), max_size=1),
    quarantined=st.lists(st.just(KEPT), max_size=1),
    is_billable=st.booleans(),
    waiting=st.none() | st.integers(0, 2),
)
def test_billed_is_said_exactly_where_the_ledger_confirmed(
    rows: list[LedgerRow],
    letters: list[dict[str, str]],
    quarantined: list[dict[str, str | None]],
    is_billable: bool,  # noqa: FBT001 - Hypothesis gives it by name
    waiting: int | None,
) -> None:
    """Whatever else is known; and always one line."""
    said = verdict(
        Known(
            rows=rows,
            letters=letters,
            quarantined=quarantined,
            is_billable=is_billable,
            waiting=waiting,
        )
    )
    assert said.startswith("billed once") == any(one["outcome"] == "confirmed" for one in rows)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("rows", [[row("a")], [row("a", **ASIDE)]])
def test_of_a_request_that_is_there_in_part_the_rest_is_named(rows: list[LedgerRow]) -> None:
    """One of two meters was billed: that is not all of the request."""
    said = verdict(Known(rows=rows, is_billable=True, not_settled=["512 bytes"]))
    assert said.endswith("; not in the ledger: 512 bytes")
