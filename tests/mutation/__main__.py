"""`python -m tests.mutation [--only PART,...] [--jobs 2] [--again]`.

The mutants of the parts come in, one by one; a table a module leaves, and `.local/mutation/`, one
file a part with what lived. It fails where a part is killed by less than 90 %, where a mutant lives
that nobody reviewed (`survivors.toml`), and where one is reviewed that does not live.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.local.endpoints import LOCAL, ROOT
from tests.mutation.killers import NotGreenError, verdicts_of
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.parts import PARTS, Part
from tests.mutation.reviewed import reviewed
from tests.mutation.score import HEAD, Score
from tests.mutation.verdict import ALIVE, Tell, Verdict

KEPT = LOCAL / "mutation"
LEAST = 0.9


def main() -> int:
    arguments = _arguments()
    only = arguments.only.split(",") if arguments.only else [part.name for part in PARTS]
    parts = [part for part in PARTS if part.name in only]
    if not parts:
        print(f"no such part: {arguments.only}; there are {', '.join(one.name for one in PARTS)}")
        return 2
    KEPT.mkdir(parents=True, exist_ok=True)
    sys.dont_write_bytecode = False  # many processes import the product: it is compiled once
    sys.pycache_prefix = str(KEPT / "bytecode")
    begun, faults, scores = time.monotonic(), [], []
    for part in parts:
        try:
            found, of_part = _judged(part, arguments.jobs, is_again=arguments.again)
        except NotGreenError as error:
            print(f"{part.name}: the tests fail without any mutant\n{error}")
            return 1
        scores += found
        faults += of_part
    print(HEAD)
    _print_table(scores)
    print(f"{time.monotonic() - begun:.0f} s")
    print("\n".join(faults) or "mutation: ok")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("--only", default="", help="parts, with commas between them")
    parser.add_argument("--jobs", type=int, default=2)
    again = "only what lived in the last run of the part, to see what new tests kill"
    parser.add_argument("--again", action="store_true", help=again)
    return parser.parse_args()


def _judged(part: Part, jobs: int, *, is_again: bool) -> tuple[list[Score], list[str]]:
    """The scores of a part's modules, and what is wrong with it."""
    mutants = [one for module in part.modules for one in mutants_of(module, _text(module))]
    kept = KEPT / f"{part.name}.json"
    if is_again and kept.exists():
        lived = {tuple(key) for key in json.loads(kept.read_text())}
        mutants = [one for one in mutants if one.key in lived]
    print(f"{part.name}: {len(mutants)} mutants", flush=True)
    verdicts = verdicts_of(part, mutants, jobs, _telling(mutants))
    alive = {
        one.key: one for one, verdict in zip(mutants, verdicts, strict=True) if verdict in ALIVE
    }
    kept.write_text(json.dumps(list(alive), indent=1))
    known = {one.key for one in reviewed() if one.module in part.modules}
    scores = Score.of_modules(mutants, verdicts)
    faults = [f"not reviewed: {_told(one)}" for key, one in alive.items() if key not in known]
    if not is_again:
        faults += [f"reviewed, and killed: {' '.join(key)}" for key in known - alive.keys()]
        rate = Score.sum_of(part.name, scores).rate
        if rate < LEAST:
            faults.append(f"{part.name}: {rate:.1%} killed, less than {LEAST:.0%}")
    return scores, faults


def _text(module: str) -> str:
    return Path(ROOT / module).read_text()


def _told(mutant: Mutant) -> str:
    was, now = (text.replace("\n", "\n      ") for text in (mutant.was, mutant.now))
    place = f"{mutant.module}:{mutant.lines.start} {mutant.place}"
    return f"{place}\n    - {was}\n    + {now}"


def _telling(mutants: Sequence[Mutant]) -> Tell:
    """Prints what lives, also from a process whose own output nobody reads."""
    known = {one.key for one in reviewed()}
    out = os.dup(sys.stdout.fileno())

    def tell(place: int, verdict: Verdict) -> None:
        if verdict in ALIVE and mutants[place].key not in known:
            os.write(out, f"  {verdict} {_told(mutants[place])}\n".encode())

    return tell


def _print_table(scores: Sequence[Score]) -> None:
    for one in (*scores, Score.sum_of("all", scores)):
        print(one.row())


if __name__ == "__main__":
    sys.exit(main())
