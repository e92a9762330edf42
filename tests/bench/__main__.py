"""`make bench`: every bench, one after the other, each in a process of its own.

A table is printed, and `.bench/` gets figures.json and the pictures. With `--publish` they go where
docs/explanation/performance.md has them, and its tables are written anew: both peers must be there
(tests.bench.peers.peer). `--small` does everything once, to see that it works.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.bench.figure import Figure, table
from tests.bench.goals import told
from tests.bench.page import PICTURES, write
from tests.bench.peers.peer import ENVIRONMENT
from tests.bench.pictures import pictures
from tests.bench.published import MEASURED
from tests.cost.page import main as write_cost
from tests.local.endpoints import ROOT

OUT = ROOT / ".bench"
BENCHES = (
    "walk",
    "metering",
    "execution_log",
    "forwarder",
    "ledger",
    "reconciliation",
    "audit",
    "replay",
    "growth",
    "memory",
    "artifacts",
    "authorizer",
)


def run_bench(name: str, *, is_small: bool = False) -> list[Figure]:
    """What one of them found."""
    with tempfile.NamedTemporaryFile() as file:
        words = [sys.executable, "-m", f"tests.bench.bench_{name}", "--json", file.name]
        subprocess.run([*words, *["--small"] * is_small], cwd=ROOT, check=True)
        return [Figure.from_json(one) for one in json.loads(file.read())]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--small", action="store_true", help="everything once")
    parser.add_argument("--publish", action="store_true", help="write performance.md anew")
    options = parser.parse_args()
    names = options.names or BENCHES
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"no bench is called {', '.join(unknown)}")
    absent = [name for name in ENVIRONMENT if name not in os.environ]
    if options.publish and (absent or options.names or options.small):
        parser.error(f"what is published is a whole run with both peers; {absent} missing")
    began = time.monotonic()
    figures = list(_all(names, is_small=options.small))
    print("\n".join(told(figures)))
    _write(figures, is_published=options.publish)
    print(f"\n{len(figures)} figures in {time.monotonic() - began:.0f} s")
    return 0


def _all(names: Sequence[str], *, is_small: bool) -> Iterator[Figure]:
    for name in names:
        found = run_bench(name, is_small=is_small)
        print("\n".join(table(found)), flush=True)
        yield from found


def _write(figures: Sequence[Figure], *, is_published: bool) -> None:
    svgs, to = (PICTURES, MEASURED) if is_published else (OUT, OUT / "figures.json")
    OUT.mkdir(exist_ok=True)
    to.write_text(as_text(figures))
    for name, svg in pictures(figures).items():
        (svgs / f"{name}.svg").write_text(svg)
    if is_published:
        write()
        write_cost()
    print(f"\nwritten: {to.relative_to(ROOT)}, and pictures in {svgs.relative_to(ROOT)}/")


def as_text(figures: Sequence[Figure]) -> str:
    """A figure a line."""
    head: dict[str, Any] = {
        "measuredOn": datetime.now(UTC).date().isoformat(),
        "cpus": os.cpu_count(),
        "python": sys.version.split()[0],
    }
    lines = ",\n".join(f"  {json.dumps(one.as_json())}" for one in figures)
    return f'{json.dumps(head)[:-1]}, "figures": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    sys.exit(main())
