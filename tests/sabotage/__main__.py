"""`make sabotage`: each sabotage of the lists, one at a time in a copy of the tree, and whether the
tests that must catch it do. Exit status 0: all were caught.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tests.local.endpoints import LOCAL, ROOT
from tests.sabotage.every import every_sabotage
from tests.sabotage.sabotage import Sabotage
from tests.sabotage.tree import Ran, copy_tree, run_sabotaged, run_tests
from tests.sabotage.verdict import Tried, Verdict

# Beyond it a sabotage is no catch: whoever works at the code would not have waited.
RUN_SECONDS = 240.0
BASELINE_SECONDS = 900.0


def main(given: Sequence[str] | None = None) -> int:
    options = _options(given)
    chosen = [
        one for one in every_sabotage() if options.only in one.name or options.only in one.file
    ]
    if options.list:
        for one in chosen:
            print(f"{one.name:<72} {one.file:<46} {' '.join(one.caught_by)}")
        return 0
    if not chosen:
        print(f"no sabotage has {options.only!r} in its name or its file", file=sys.stderr)
        return 2
    began = time.monotonic()
    with ExitStack() as stack:
        trees = _trees(stack, options.jobs)
        if not _is_baseline_green(chosen, trees):
            return 2
        tried = _try_each(chosen, trees)
    _report(tried, options.json, time.monotonic() - began)
    return 0 if all(one.verdict is Verdict.CAUGHT for one in tried) else 1


def _options(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sabotage", description=__doc__)
    parser.add_argument("--only", default="", help="part of a name or of a file's path")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree at work at once")
    parser.add_argument("--list", action="store_true", help="only say what would be tried")
    parser.add_argument("--json", type=Path, default=LOCAL / "sabotage.json", help="the results")
    return parser.parse_args(given)


def _trees(stack: ExitStack, count: int) -> SimpleQueue[Path]:
    trees: SimpleQueue[Path] = SimpleQueue()
    for _ in range(count):
        tree = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sabotage-")))
        copy_tree(ROOT, tree)
        trees.put(tree)
    return trees


def _in_a_tree[Found](trees: SimpleQueue[Path], work: Callable[[Path], Found]) -> Found:
    tree = trees.get()
    try:
        return work(tree)
    finally:
        trees.put(tree)


def _is_baseline_green(chosen: Iterable[Sabotage], trees: SimpleQueue[Path]) -> bool:
    """A test that fails anyway would catch everything."""
    arguments = sorted({argument for one in chosen for argument in one.caught_by})
    print(f"baseline: {len(arguments)} arguments of pytest without a sabotage", flush=True)
    jobs = trees.qsize()
    shares = [share for share in (arguments[job::jobs] for job in range(jobs)) if share]

    def unharmed(share: list[str]) -> Ran:
        return _in_a_tree(trees, lambda tree: run_tests(tree, share, BASELINE_SECONDS))

    with ThreadPoolExecutor(jobs) as pool:
        failed = [ran for ran in pool.map(unharmed, shares) if ran.status != 0]
    for ran in failed:
        print(f"the tests fail without any sabotage (status {ran.status}):\n{ran.said}")
    return not failed


def _try_each(chosen: Sequence[Sabotage], trees: SimpleQueue[Path]) -> list[Tried]:
    def attempt(one: Sabotage) -> Tried:
        ran = _in_a_tree(trees, lambda tree: run_sabotaged(tree, one, RUN_SECONDS))
        return Tried(one, ran)

    tried = []
    with ThreadPoolExecutor(trees.qsize()) as pool:
        for done in as_completed([pool.submit(attempt, one) for one in chosen]):
            tried.append(found := done.result())
            print(f"{len(tried):>4}/{len(chosen)}  {found.as_row()}", flush=True)
    return sorted(tried, key=lambda one: chosen.index(one.sabotage))


def _report(tried: Sequence[Tried], file: Path, seconds: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([one.as_json() for one in tried], indent=1))
    print()
    for one in tried:
        print(one.as_row())
    for one in tried:
        if one.verdict is not Verdict.CAUGHT:
            print(f"\n{one.verdict}: {one.sabotage.name}\n{one.ran.said}")
    caught = sum(one.verdict is Verdict.CAUGHT for one in tried)
    quick = sum(one.ran.seconds < 10 for one in tried if one.verdict is Verdict.CAUGHT)
    print(
        f"\n{caught} of {len(tried)} caught, {quick} of them in under 10 s; {seconds:.0f} s in all"
    )


if __name__ == "__main__":
    sys.exit(main())
