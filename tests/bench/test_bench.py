"""Every bench works: run once at its smallest, in a process of its own, as `make bench` does."""

import math

import pytest

from tests.bench.__main__ import BENCHES, run_bench
from tests.bench.peers.peer import ENVIRONMENT


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_tells_figures(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without peers; each figure is a number that can be, and each ratio is beside a case."""
    for peer in ENVIRONMENT:
        monkeypatch.delenv(peer, raising=False)
    found = run_bench(name, is_small=True)
    assert found
    values = [value for one in found for value in (*one.value, *(one.ratio or ()))]
    assert all(math.isfinite(value) and value >= 0 for value in values)
    assert all(one.reference for one in found if one.ratio)
    assert all(min(one.value) > 0 for one in found if one.ratio)
