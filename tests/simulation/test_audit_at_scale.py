"""At up to 10,000 requests a second the count keeps up under CloudWatch's quotas, with the shards
that docs/explanation/audit-at-scale.md recommends; with fewer it does not.
"""

import logging
from collections.abc import Iterator

import pytest

from functions.audit.log.log_pace import SHARE, account_quotas
from tests.simulation.audit_at_scale import BEGIN, AuditAtScale

# Ten minutes of delay, at most five to the next run (here less than two) and five of the run.
MOST_MINUTES = 16.7
HOURS = 1.5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hours of logs are of no use to anybody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("requests_a_second", "region", "shards"),
    [
        (1, "eu-central-1", 1),
        (100, "eu-central-1", 1),
        (2_000, "eu-central-1", 2),
        (6_000, "eu-central-1", 6),
        (8_000, "us-west-2", 8),
        (10_000, "eu-west-2", 10),
        (10_000, "us-east-1", 10),
    ],
)
def test_the_count_keeps_up(requests_a_second: float, region: str, shards: int) -> None:
    """Each window has its record soon after its end, by the share of the quotas that is
    ours. Figures of streams are an hour late all the time: the hardest case.
    """
    streams = 500 if requests_a_second > 100 else 5
    audit = AuditAtScale(requests_a_second, region, shards, streams)
    audit.run(HOURS)
    delays = audit.delays()
    assert len(delays) > 15
    assert max(delays) <= MOST_MINUTES
    assert audit.timed_out == audit.failed == 0
    seconds = audit.world.now - BEGIN
    for call, quota in account_quotas(region).items():
        assert audit.quotas.made[call] <= quota * SHARE * seconds
    assert audit.quotas.throttled <= sum(audit.quotas.made.values()) / 500


@pytest.mark.parametrize(("region", "shards"), [("us-east-1", 1), ("eu-central-1", 10)])
def test_with_too_few_shards_or_calls_it_falls_behind(region: str, shards: int) -> None:
    """One process works and waits in turns; and the quotas of some Regions have no room for it."""
    audit = AuditAtScale(10_000, region, shards)
    audit.run(2.5)
    assert max(audit.delays()) > 60


def test_processes_that_do_not_share_the_pace_throttle_the_account() -> None:
    """Each at the whole pace, they would take all of the quota, and others would get nothing."""
    audit = AuditAtScale(10_000, "eu-west-2", 10, pace_of=1)
    audit.run(1)
    assert audit.quotas.throttled > sum(audit.quotas.made.values()) / 10
    assert audit.failed > 0


@pytest.mark.parametrize(
    ("requests_a_second", "region"), [(2_000, "eu-central-1"), (10_000, "us-east-1")]
)
def test_losses_in_each_window_are_found_all_the_same(
    requests_a_second: float, region: str
) -> None:
    """Its log is then read a second time, and two runs of a shard are at work."""
    shards = int(requests_a_second // 1_000)
    audit = AuditAtScale(requests_a_second, region, shards, has_losses=True)
    audit.run(1)
    assert max(audit.delays()) <= 20
    assert audit.timed_out == audit.failed == 0


@pytest.mark.parametrize(("requests_a_second", "shards", "hours"), [(100, 1, 0.4), (2_000, 2, 3.3)])
def test_three_hours_without_the_audit_are_caught_up_with(
    requests_a_second: float, shards: int, hours: float
) -> None:
    """No window is left out, and then it is as soon as ever. At 100 requests a second it takes two
    runs, at 2,000 as long as the audit was away.
    """
    audit = AuditAtScale(requests_a_second, "us-east-1", shards, streams=50, away=(0.5, 3.5))
    audit.run(3.5 + hours + 1)
    delays = audit.delays()
    assert max(delays) > 180
    assert max(delays[-11:]) <= MOST_MINUTES
