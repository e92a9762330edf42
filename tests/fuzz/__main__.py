"""`make fuzz [SECONDS=60] [ONLY=name]`: each target for so many seconds, guided by coverage.

New inputs that take a new branch are kept (tests/fuzz/corpus). Where one breaks a promise, it is
written to .fuzz/, with the promise and the command that shows it again; the exit status is 1 then.
"""

import argparse
from pathlib import Path

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.branches import fewest
from tests.fuzz.fuzz_run import PYTHON, FuzzRun, fuzz
from tests.fuzz.kept_corpus import MOST_BYTES, MOST_INPUTS, keep, kept_inputs
from tests.fuzz.target import Target


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="", help="targets whose name holds this")
    parser.add_argument("--input", type=Path, help="check this input once, without atheris")
    parser.add_argument("--list", action="store_true", help="the targets' names")
    options = parser.parse_args()
    chosen = [target for name, target in TARGETS.items() if options.only in name]
    if options.list or not chosen:
        print("\n".join(TARGETS))
        return 0 if chosen else 1
    if options.input:
        return _check_once(chosen, options.input.read_bytes())
    return _fuzz_all(chosen, options.seconds)


def _check_once(chosen: list[Target], data: bytes) -> int:
    for target in chosen:
        target.check(data)
        print(f"{target.name}: every promise holds")
    return 0


def _fuzz_all(chosen: list[Target], seconds: int) -> int:
    if not PYTHON.exists():
        print("fuzz: atheris is not there: run make fuzz, which installs it")
        return 1
    findings = 0
    for target in chosen:
        run = fuzz(target, seconds)
        kept = _keep_news(target, run)
        _tell(run, kept)
        findings += run.finding is not None
    return 1 if findings else 0


def _keep_news(target: Target, run: FuzzRun) -> int:
    """The fewest of old and new that take every branch are kept; how many they are."""
    short = [one for one in run.inputs if len(one) <= MOST_BYTES]
    chosen = fewest(target.check, [*kept_inputs(target.name), *short], MOST_INPUTS)
    keep(target.name, sorted(chosen))
    return len(chosen)


def _tell(run: FuzzRun, kept: int) -> None:
    pace = run.executions / run.seconds if run.seconds else 0
    print(
        f"{run.target}: {run.executions} executions in {run.seconds:.0f} s ({pace:.0f}/s), "
        f"edges {run.first} -> {run.last}, {kept} inputs kept",
        flush=True,
    )
    if run.finding:
        print(f"  FINDING {run.reason}")
        print(f"  again: .venv/bin/python -m tests.fuzz --only {run.target} --input {run.finding}")


if __name__ == "__main__":
    raise SystemExit(main())
