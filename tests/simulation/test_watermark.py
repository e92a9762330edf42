"""Whenever usage older than T waits anywhere on the road, the watermark is not younger than T."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.road import (
    Road,
)
from tests.simulation.untold import DEATH_SECONDS, LOSS_SECONDS, TELLING_SECONDS

# In each of them some stop that would not tell of what it holds is found out.
SEEDS = (5, 10, 22, 23, 29)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Two hours of logs are of no use to anybody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_watermark_is_never_younger_than_what_waits(seed: int) -> None:
    """The real modules of metering, forwarder and reconciliation, three processes each: deliveries
    late, repeated, failing and tried again; a configuration that is bad for those that start; S3,
    either queue, Aforo or Redis away; processes that die. An hour of it, and an hour of calm, in
    which all is counted and heartbeats come through again.
    """
    broken: list[str] = []
    road = Road(seed, broken.append)
    road.run(2)
    assert broken == []
    assert road.watched > 1_000
    late = [line for line in road.waiting.values() if line.at < road.sky.clock() - 300]
    assert late == []
    assert road.sky.clock() - road.counters.watermark_ms() / 1000 < 200


def test_quota_md_says_what_nobody_could_tell_of() -> None:
    """The exceptions that the simulation grants are those that the bound names."""
    quota = (Path(__file__).parents[2] / "docs" / "explanation" / "quota.md").read_text(
        encoding="utf-8"
    )
    told = re.findall(r"^  \| .* \| (\d+) s \|$", quota, re.MULTILINE)
    granted = [*DEATH_SECONDS.values(), LOSS_SECONDS, TELLING_SECONDS]
    assert told == [f"{seconds:.0f}" for seconds in granted]
