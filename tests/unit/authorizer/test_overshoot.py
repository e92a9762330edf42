"""The bound of quota.md: nobody is served further beyond its limit, whatever fails."""

import pytest

from tests.bench.overshoot import run
from tests.fakes.overshoot_trial import Result

TRIALS = 10_000
BLIND_TRIALS = 500


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """Rates and limits that change, outages of log delivery, provider and Redis, kept answers,
    several processes; a trial for each seed.
    """
    return [run(seed) for seed in range(TRIALS)]


def test_no_customer_is_served_beyond_the_bound(results: list[Result]) -> None:
    """And the trials come close enough to it to mean something."""
    assert [seed for seed, result in enumerate(results) if result.is_violation] == []
    assert sum(result.overshoot > 0 for result in results) > TRIALS / 5
    assert max(r.overshoot / r.bound for r in results if r.served and r.bound >= 10) > 0.9


def test_where_the_headroom_covers_what_is_in_flight_there_is_no_overshoot(
    results: list[Result],
) -> None:
    """Below the cap the quota is exact: a bound of less than one call is none."""
    exact = [result for result in results if result.bound < 1]
    assert len(exact) > TRIALS / 20
    assert max(result.overshoot for result in exact) <= 0


def test_the_trials_catch_an_authorizer_that_sees_no_lag() -> None:
    """A headroom without the lag breaks the bound that it states, and is found out."""
    found = sum(run(seed, is_blind=True).is_violation for seed in range(BLIND_TRIALS))
    assert found > BLIND_TRIALS / 20
