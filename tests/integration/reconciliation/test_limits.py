"""Limits that Aforo states, in real counters: what is news, and whose word stands."""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    Tenant,
    event,
    hours_before,
)

MINUTE_MS = 60_000


def limit(number: int, asked_ms: int) -> dict[str, object]:
    """What Aforo said when it was asked then."""
    return {
        "kind": "limit",
        "customerId": CUSTOMER,
        "meter": METER,
        "limit": number,
        "version": asked_ms,
    }


def granted(tenant: Tenant, number: int, at_ms: int = START_MS) -> dict[str, object]:
    """A monthly grant stated then."""
    return tenant.grant_body(number, version=at_ms)


def at(tenant: Tenant, minutes: int, *bodies: dict[str, object]) -> int:
    """Deliver bodies so many minutes after the start; the limit then in force."""
    tenant.now_ms = START_MS + minutes * MINUTE_MS
    assert tenant.take(*bodies) == []
    return tenant.allowance().limit


def test_a_top_up_is_in_force_at_once(tenant: Tenant) -> None:
    """With what was used before, and for the next period too; nothing else of the grant moves."""
    assert at(tenant, 0, granted(tenant, 60)) == 60
    tenant.settle(event("a"), event("b", hours_before(30)))
    before = tenant.state()
    assert at(tenant, 1, limit(200, START_MS + MINUTE_MS)) == 200
    state = tenant.state()
    assert (tenant.used(), tenant.allowance().remaining) == (2, 198)
    assert state.upcoming is not None
    assert state.upcoming.limit == 200
    assert (state.rate_per_second, state.burst, state.lag_seconds, state.recurrence) == (
        before.rate_per_second,
        before.burst,
        before.lag_seconds,
        before.recurrence,
    )
    assert tenant.fields()[f"{METER}:remaining"] == "198"


def test_a_lowered_limit_is_in_force_too(tenant: Tenant) -> None:
    """Also below what is used already."""
    at(tenant, 0, granted(tenant, 60))
    tenant.settle(event("a"), event("b"))
    assert at(tenant, 1, limit(1, START_MS + MINUTE_MS)) == 1
    assert tenant.allowance().remaining == -1


def test_an_operators_grant_stands_until_aforo_says_something_else(tenant: Tenant) -> None:
    """Aforo's old word, repeated each minute, is no news; a new one is."""
    at(tenant, 0, granted(tenant, 60))
    assert at(tenant, 1, limit(60, START_MS + MINUTE_MS)) == 60
    assert at(tenant, 2, granted(tenant, 5000, START_MS + 2 * MINUTE_MS)) == 5000
    for minute in (3, 4):
        assert at(tenant, minute, limit(60, START_MS + minute * MINUTE_MS)) == 5000
    assert at(tenant, 5, limit(70, START_MS + 5 * MINUTE_MS)) == 70


def test_an_answer_that_was_asked_for_before_the_grant_does_not_undo_it(tenant: Tenant) -> None:
    """Nor is it news a minute later: the operator knew more than it."""
    at(tenant, 0, granted(tenant, 60))
    at(tenant, 2, granted(tenant, 5000, START_MS + 2 * MINUTE_MS))
    assert at(tenant, 2, limit(70, START_MS + MINUTE_MS)) == 5000
    assert at(tenant, 3, limit(70, START_MS + 3 * MINUTE_MS)) == 5000
    assert at(tenant, 4, limit(80, START_MS + 4 * MINUTE_MS)) == 80


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_answers_do_not_go_back(tenant: Tenant, order: tuple[int, ...]) -> None:
    """In whatever order three answers arrive, the one asked for last stands."""
    at(tenant, 0, granted(tenant, 60))
    said = [limit(100 + minute, START_MS + (1 + minute) * MINUTE_MS) for minute in range(3)]
    for place in (*order, *order):
        last = at(tenant, 10, said[place])
    assert last == 102


def test_a_grant_that_comes_late_keeps_the_limit_that_aforo_stated_since(tenant: Tenant) -> None:
    """Its rate and burst hold, its limit is older than Aforo's."""
    at(tenant, 0, granted(tenant, 60))
    at(tenant, 3, limit(200, START_MS + 3 * MINUTE_MS))
    late = {**granted(tenant, 90, START_MS + MINUTE_MS), "burst": 7}
    assert at(tenant, 4, late) == 200
    assert tenant.state().burst == 7
    assert tenant.state().upcoming is not None
    assert tenant.state().upcoming.limit == 200  # type: ignore[union-attr]


def test_an_operators_clock_that_is_ahead_silences_aforo_for_no_longer(tenant: Tenant) -> None:
    """A version is believed as a time only up to now: a top-up after the grant is news."""
    at(tenant, 0, granted(tenant, 60, START_MS + 600 * MINUTE_MS))
    assert at(tenant, 1, limit(200, START_MS + MINUTE_MS)) == 200


@pytest.mark.parametrize("period", ["day", "hour"])
def test_only_a_month_is_compared_with_aforos_month(tenant: Tenant, period: str) -> None:
    """Aforo's answer does not say of which period it is; a day's allowance is ours alone."""
    tenant.take(tenant.grant_body(60, period=period, version=START_MS))
    assert at(tenant, 1, limit(2000, START_MS + MINUTE_MS)) == 60


def test_without_a_grant_there_is_nothing_to_change(tenant: Tenant) -> None:
    """Aforo does not know rate, burst and period: a limit alone is no grant."""
    assert tenant.take(limit(2000, START_MS)) == []
    assert tenant.fields() == {}


def test_a_limit_of_aforos_lives_on_into_the_next_period(tenant: Tenant) -> None:
    """The rollover takes it over."""
    at(tenant, 0, granted(tenant, 60))
    at(tenant, 1, limit(200, START_MS + MINUTE_MS))
    months = 65 * 24 * 60
    assert at(tenant, months) == 200
    tenant.settle(event("later", tenant.now_ms))
    assert (tenant.allowance().limit, tenant.used()) == (200, 1)


WORDS = st.lists(st.tuples(st.sampled_from(["grant", "answer"]), st.integers(0, 3)), max_size=12)


# Each example empties the server itself.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, repeats=st.integers(1, 2))
def test_the_last_new_word_stands(
    tenant: Tenant, words: list[tuple[str, int]], repeats: int
) -> None:
    """Whatever operator and Aforo say, minute by minute: a grant is always news, an answer only
    when it is another than the one before; and saying a thing twice says it once.
    """
    tenant.client.flushall()
    in_force, said = 0, -1
    assert at(tenant, 0, granted(tenant, in_force)) == in_force
    for minute, (who, number) in enumerate(words, start=1):
        asked_ms = START_MS + minute * MINUTE_MS
        is_grant = who == "grant"
        body = granted(tenant, number, asked_ms) if is_grant else limit(number, asked_ms)
        if is_grant or number != said:
            in_force = number
        said = said if is_grant else number
        assert at(tenant, minute, *[body] * repeats) == in_force
