"""The command: seeds come in; each broken promise leaves, with how to see it again."""

import gc
import json
import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulation.catalogue import never, summed, table
from tests.simulation.planted import PLANTED, Planted, found_by
from tests.simulation.run import Outcome, run
from tests.simulation.smaller_run import smaller, told
from tests.simulation.whole import draw_whole

LAST_LINES, MOST_LETTERS = 40, 130
ALL_REACHED = 500  # seeds, in which each failure of the catalogue is to be met


def main() -> None:
    """Exit code 1 where a promise was broken."""
    asked = _asked()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # A set's order must not decide what a seed does.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
    logging.disable(logging.CRITICAL)  # a run has a story instead
    if asked.planted:
        sys.exit(_planted())
    sys.exit(_one(asked) if asked.seed is not None else _many(asked))


def _planted() -> bool:
    """Each old defect by itself, in the scenario that finds it."""
    missed = [one for one in PLANTED if not _is_found(one)]
    print(f"{len(PLANTED)} defects planted, {len(missed)} not found")
    return bool(missed)


def _is_found(one: Planted) -> bool:
    outcome = found_by(one)
    story = "\n".join(short(line) for line in outcome.story.splitlines())
    print(f"{one.name}: {one.what}", told(one.scenario), story, line_of(outcome), "", sep="\n")
    return one.breaks in outcome.fault


def short(line: str) -> str:
    """As much of a line of the story as fits on a screen."""
    return line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}..."


def _one(asked: Namespace) -> bool:
    scenario = draw_whole(asked.seed)
    if asked.shrink:
        scenario = smaller(scenario, run)
    outcome = run(scenario, lines=0 if asked.story or asked.shrink else LAST_LINES)
    print(told(scenario), outcome.story, line_of(outcome), sep="\n\n")
    return bool(outcome.fault)


def _many(asked: Namespace) -> bool:
    if asked.jobs > 1:
        outcomes = _by_others(asked)
    else:
        outcomes = list(_told(asked.first, asked.seeds, is_all=asked.all))
    if asked.write:
        Path(asked.write).write_text(json.dumps([asdict(one) for one in outcomes]))
        return False
    cpu, events = sum(o.cpu_seconds for o in outcomes), sum(o.events for o in outcomes)
    requests, broken = sum(o.requests for o in outcomes), [o for o in outcomes if o.fault]
    print(
        f"{len(outcomes)} seeds, {requests} requests, {events} events in {cpu:.0f} s of CPU:"
        f" {len(broken)} broke a promise"
    )
    found = summed(one.reached for one in outcomes)
    print(table(len(outcomes), found))
    unreached = never(found) if len(outcomes) >= ALL_REACHED else []
    if unreached:
        print(f"never reached: {', '.join(unreached)}")
    return bool(broken or unreached)


def _told(first: int, seeds: int, *, is_all: bool) -> Iterator[Outcome]:
    """Each is told as soon as it is over. What is imported is no garbage, and what a run leaves is
    collected after it, not while it goes on.
    """
    gc.freeze()
    gc.disable()
    for seed in range(first, first + seeds):
        gc.collect()
        outcome = run(draw_whole(seed), lines=1)  # of thousands, nobody reads the story
        if outcome.fault or is_all:
            print(line_of(outcome), flush=True)
        yield outcome


def _by_others(asked: Namespace) -> list[Outcome]:
    """Each job is this command again, and so has a Valkey of its own, which ends with it."""
    share = -(-asked.seeds // asked.jobs)
    with TemporaryDirectory(prefix="simulation-") as folder:
        files, jobs = [], []
        for first in range(asked.first, asked.first + asked.seeds, share):
            files.append(Path(folder) / f"{first}.json")
            seeds = min(share, asked.first + asked.seeds - first)
            words = ["--first", str(first), "--seeds", str(seeds), "--write", str(files[-1])]
            words += ["--all"] if asked.all else []
            jobs.append(Popen([sys.executable, "-m", "tests.simulation", *words]))
        if max(job.wait() for job in jobs):  # all of them: none is left behind
            sys.exit("a job ended before its time")
        return [_read(one) for file in files for one in json.loads(file.read_text())]


def _read(one: dict[str, Any]) -> Outcome:
    return Outcome(**{**one, "reached": tuple(one["reached"])})


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
    parser.add_argument("--planted", action="store_true", help="find defects of old versions")
    parser.add_argument("--write", help="put the outcomes there, and judge none")
    return parser.parse_args()
