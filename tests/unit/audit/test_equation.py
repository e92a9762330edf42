"""The equation of a window: what it adds up to, and how it is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
