"""The command: seeds come in; each broken promise leaves, with how to see it again."""

import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.drawing import draw
from tests.simulation.run import Outcome, run


def main() -> None:
    """Exit code 1 where a promise was broken."""
    asked = _asked()
    if asked.seed is not None:
        outcome = run(draw(asked.seed), lines=0 if asked.story else 40)
        print(outcome.story)
        _tell(outcome)
        sys.exit(bool(outcome.fault))
    broken = 0
    for outcome in _outcomes(range(asked.first, asked.first + asked.seeds), asked.jobs):
        broken += bool(outcome.fault)
        if outcome.fault or asked.all:
            _tell(outcome)
    print(f"{asked.seeds} seeds, {broken} broke a promise")
    sys.exit(bool(broken))


def one_seed(seed: int) -> Outcome:
    """Of many: what the modules log is of use to nobody."""
    logging.disable(logging.CRITICAL)
    return run(draw(seed))


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from map(one_seed, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(one_seed), seeds, chunksize=10)


def _tell(one: Outcome) -> None:
    what = one.fault or "every promise was kept"
    print(
        f"seed {one.seed}: {what} ({one.requests} requests, {one.events} events,"
        f" {one.simulated_hours:.1f} h in {one.cpu_seconds:.2f} s)",
        flush=True,
    )


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and tell its end")
    parser.add_argument("--story", action="store_true", help="tell all of it")
    parser.add_argument("--seeds", type=int, default=500, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--all", action="store_true", help="a line for every seed")
    return parser.parse_args()
