"""The command: seeds come in; each broken promise leaves, with how to see it again."""

import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.run import Outcome, run
from tests.simulation.smaller_run import smaller, told
from tests.simulation.whole import draw_whole

LAST_LINES = 40


def main() -> None:
    """Exit code 1 where a promise was broken."""
    asked = _asked()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # A set's order must not decide what a seed does.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
    logging.disable(logging.CRITICAL)  # a run has a story instead
    sys.exit(_one(asked) if asked.seed is not None else _many(asked))


def _one(asked: Namespace) -> bool:
    scenario = draw_whole(asked.seed)
    if asked.shrink:
        scenario = smaller(scenario, run)
    outcome = run(scenario, lines=0 if asked.story or asked.shrink else LAST_LINES)
    print(told(scenario), outcome.story, line_of(outcome), sep="\n\n")
    return bool(outcome.fault)


def _many(asked: Namespace) -> bool:
    broken, cpu = 0, 0.0
    for outcome in _outcomes(range(asked.first, asked.first + asked.seeds), asked.jobs):
        broken, cpu = broken + bool(outcome.fault), cpu + outcome.cpu_seconds
        if outcome.fault or asked.all:
            print(line_of(outcome), flush=True)
    print(f"{asked.seeds} seeds in {cpu:.0f} s of CPU: {broken} broke a promise")
    return bool(broken)


def one_seed(seed: int) -> Outcome:
    """Without its story: of thousands, nobody reads it."""
    logging.disable(logging.CRITICAL)
    return run(draw_whole(seed), lines=1)


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from map(one_seed, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(one_seed, seeds, chunksize=5)


def line_of(one: Outcome) -> str:
    """What became of a seed, and what it took."""
    return (
        f"seed {one.seed}: {one.fault or 'every promise was kept'} ({one.requests} requests,"
        f" {one.events} events, {one.simulated_hours:.1f} h in {one.cpu_seconds:.2f} s)"
    )


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and tell its end")
    parser.add_argument("--story", action="store_true", help="tell all of it")
    parser.add_argument("--shrink", action="store_true", help="make it as small as it can be")
    parser.add_argument("--seeds", type=int, default=500, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--all", action="store_true", help="a line for every seed")
    return parser.parse_args()
