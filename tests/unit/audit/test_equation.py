"""The equation of a window: what it adds up to, and how it is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.audit.equation import Equation, Term, WindowRecord

TIMES = st.integers(0, 10_000)
REASONS = st.dictionaries(st.sampled_from(["health", "status", "preflight"]), TIMES)
EQUATIONS = st.builds(
    lambda a, b, c, d, e, excluded, quarantined: Equation.model_validate(
        {
            "confirmed": a,
            "setAside": b,
            "needsDecision": c,
            "held": d,
            "unaccounted": e,
            "excluded": excluded,
            "quarantined": quarantined,
        }
    ),
    *[TIMES] * 5,
    REASONS,
    REASONS,
)


@given(st.lists(EQUATIONS, max_size=5))
def test_a_sum_serves_what_its_parts_served(parts: list[Equation]) -> None:
    """Nothing is lost or doubled by adding windows up, and no reason either."""
    total = Equation.sum_of(parts)
    assert total.served == sum(part.served for part in parts)
    for term in Term:
        assert total.totals()[term] == sum(part.totals()[term] for part in parts)


@given(EQUATIONS)
def test_a_record_is_read_as_it_was_written(equation: Equation) -> None:
    """What is nothing is left out, and means nothing when it is read."""
    record = WindowRecord.model_validate(
        {
            "source": "demo",
            "logGroup": "/aws/demo",
            "start": "2026-11-23T16:10:00.000Z",
            "end": "2026-11-23T16:15:00.000Z",
            "auditedAt": "2026-11-23T16:25:00.000Z",
            "lines": equation.served,
            "equation": equation,
            "customers": {"cus_a": equation},
        }
    )
    assert WindowRecord.model_validate_json(json.dumps(record.as_json())) == record


@given(EQUATIONS)
def test_it_is_closed_when_nothing_is_held_or_unaccounted(equation: Equation) -> None:
    """Quarantined and set-aside requests wait for a person, and stay where they are."""
    assert equation.is_closed == (equation.held + equation.unaccounted == 0)


@pytest.mark.parametrize(
    ("equation", "is_closed"),
    [
        (Equation(), True),
        (Equation.model_validate({"confirmed": 1, "setAside": 1, "needsDecision": 1}), True),
        (Equation(excluded={"status": 1}, quarantined={"no_customer": 1}), True),
        (Equation(confirmed=9, held=1), False),
        (Equation(confirmed=9, unaccounted=1), False),
    ],
)
def test_a_window_is_closed_when_each_request_is_where_it_stays(
    equation: Equation, *, is_closed: bool
) -> None:
    """One that may still come, or that is nowhere, is looked at again."""
    assert equation.is_closed is is_closed


WHOLE = Equation.model_validate(
    {
        "confirmed": 1,
        "setAside": 2,
        "needsDecision": 4,
        "excluded": {"health": 8, "status": 16},
        "quarantined": {"tamper": 32},
        "held": 64,
        "unaccounted": 128,
    }
)


def test_each_term_has_its_own_figure() -> None:
    """By the words of the report; what has reasons is added up."""
    assert WHOLE.totals() == {
        Term.CONFIRMED: 1,
        Term.SET_ASIDE: 2,
        Term.NEEDS_DECISION: 4,
        Term.EXCLUDED: 24,
        Term.QUARANTINED: 32,
        Term.HELD: 64,
        Term.UNACCOUNTED: 128,
    }
    assert WHOLE.served == 255
    assert Equation().served == 0
    assert Equation().as_json() == {}


def test_terms_are_the_words_under_which_an_equation_is_kept() -> None:
    """What a request is counted under by its term is read by the field's name."""
    words = ["confirmed", "setAside", "needsDecision", "excluded", "quarantined"]
    assert [one.value for one in Term] == [*words, "held", "unaccounted"]
    assert [field.alias for field in Equation.model_fields.values()] == list(Term)


def test_a_sum_keeps_each_reason() -> None:
    """Those of one part, and those of several."""
    part = Equation(excluded={"health": 1, "path": 1}, quarantined={"tamper": 1, "torn": 2})
    total = Equation.sum_of([WHOLE, part, part])
    assert total.excluded == {"health": 10, "path": 2, "status": 16}
    assert total.quarantined == {"tamper": 34, "torn": 4}
    assert (total.set_aside, total.needs_decision) == (2, 4)
    assert Equation.sum_of([]) == Equation()


@pytest.mark.parametrize(
    "name", ["confirmed", "setAside", "needsDecision", "held", "unaccounted", "excluded"]
)
def test_fewer_than_none_is_no_figure(name: str) -> None:
    """An object that says so was not written by an audit."""
    with pytest.raises(ValidationError):
        Equation.model_validate({name: {"health": -1} if name == "excluded" else -1})


def test_a_record_that_names_no_customer_is_read() -> None:
    """And one of a window that nobody repaired."""
    when = dict.fromkeys(("start", "end", "auditedAt"), "2026-11-23T16:10:00.000Z")
    told = {"source": "shop", "logGroup": "/aws/shop", "lines": 0, "equation": {}, **when}
    record = WindowRecord.model_validate(told)
    assert (record.customers, record.repairs, record.version) == ({}, 0, 1)


def test_a_record_is_kept_under_the_names_that_reports_read() -> None:
    """Its terms without those that are nothing, those of its customers, too."""
    record = WindowRecord.model_validate(
        {
            "source": "shop",
            "logGroup": "/aws/shop",
            "start": "2026-11-23T16:10:00.000Z",
            "end": "2026-11-23T16:15:00.000Z",
            "auditedAt": "2026-11-23T16:25:00.000Z",
            "lines": 300,
            "equation": WHOLE,
            "customers": {"": {"quarantined": {"tamper": 32}}, "cus_a": {"setAside": 2}},
        }
    )
    assert record.as_json() == {
        "version": 1,
        "source": "shop",
        "logGroup": "/aws/shop",
        "start": "2026-11-23T16:10:00.000Z",
        "end": "2026-11-23T16:15:00.000Z",
        "auditedAt": "2026-11-23T16:25:00.000Z",
        "lines": 300,
        "repairs": 0,
        "equation": {
            "confirmed": 1,
            "setAside": 2,
            "needsDecision": 4,
            "excluded": {"health": 8, "status": 16},
            "quarantined": {"tamper": 32},
            "held": 64,
            "unaccounted": 128,
        },
        "customers": {"": {"quarantined": {"tamper": 32}}, "cus_a": {"setAside": 2}},
    }
