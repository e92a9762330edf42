"""The simulation keeps every promise on many seeds, and a seed always gives the same run."""

import os
import subprocess
import sys

import pytest

from tests.local.endpoints import ROOT
from tests.simulation.run import run
from tests.simulation.whole import draw_whole

SEEDS = os.environ.get("SIMULATION_SEEDS", "500")
STORY = (
    "import logging; logging.disable(logging.CRITICAL)\n"
    "from tests.simulation.run import run\n"
    "from tests.simulation.whole import draw_whole\n"
    "outcome = run(draw_whole({seed}), lines=0)\n"
    "print(outcome.story, outcome.events, outcome.fault)"
)


@pytest.mark.timeout(1800)  # a machine may be three times as slow as it was
def test_no_seed_breaks_a_promise() -> None:
    """Each is a run of at least a thousand requests and events; the command tells which broke."""
    words = ["-m", "tests.simulation", "--seeds", SEEDS, "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
    assert f"{SEEDS} seeds, " in done.stdout


@pytest.mark.parametrize("seed", [3, 11])
def test_a_seed_gives_the_same_run(seed: int) -> None:
    """Word for word, whatever order sets have in a process."""
    told = [
        subprocess.run(
            [sys.executable, "-c", STORY.format(seed=seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for order in ("0", "1")
    ]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) > 10


def test_a_run_is_large_enough() -> None:
    """A thousand requests, and a thousand events that happen in their order."""
    outcome = run(draw_whole(5), lines=1)
    assert outcome.requests >= 1_000
    assert outcome.events >= 1_000
