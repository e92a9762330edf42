"""One bench as a program: `python -m tests.bench.<name> [--small] [--json FILE]`.

What it found is printed as a table or, for `tests.bench`, written to a file.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.figure import Figure, table
from tests.bench.rounds import Scale

type Bench = Callable[[Scale], Iterator[Figure]]


def run_alone(bench: Bench, what: str | None) -> None:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--small", action="store_true", help="once, at the smallest size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there instead")
    options = parser.parse_args()
    found = list(bench(Scale(options.small)))
    if options.json:
        options.json.write_text(json.dumps([one.as_json() for one in found]))
        return
    for line in table(found):
        print(line)
