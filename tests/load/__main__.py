"""`make load [RATE=100 MINUTES=5 THROUGH=gateway|logs]`: requests at a rate, through a local cloud
of its own with the unmodified template deployed.

It prints what was served and billed, how old usage was when it was billed and counted, hop by hop
and whose time that was, the CPU of each function, and dollars. Exit status 1: billed is not served,
or the rate was missed.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.load.load_cloud import Through, load_cloud
from tests.load.load_figures import LoadFigures, figures_of
from tests.load.load_report import tables
from tests.load.load_run import Asked, LoadRun
from tests.local.demo.stage import DemoError, Stage
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL
from tests.local.server_start import ServerError


def main() -> int:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument(
        "--rate",
        type=float,
        nargs="+",
        default=[100.0],
        help="requests a second (default 100); several: one after the other",
    )
    parser.add_argument("--minutes", type=float, default=5, help="default 5")
    parser.add_argument(
        "--through",
        type=Through,
        choices=[*Through],
        default=Through.GATEWAY,
        help="gateway (default): calls over HTTP; logs: lines put into the access log",
    )
    parser.add_argument("--json", type=Path, help="write the figures into this file, too")
    parser.add_argument(
        "--directory", type=Path, default=LOCAL / "load", help="where the cloud keeps its files"
    )
    options = parser.parse_args()
    stage = Stage()
    asked = [Asked(rate, options.minutes * 60) for rate in options.rate]
    try:
        with load_cloud(options.directory, options.through, stage.console.print) as cloud:
            run = LoadRun(stage, cloud)
            found = [_load(stage, run, one) for one in asked]
    except (DemoError, DeployError, ServerError) as error:
        stage.console.print(f"load: {error}", markup=False)
        return 1
    if options.json:
        options.json.write_text(json.dumps([one.as_json() for one in found], indent=1) + "\n")
    return 1 if any(one.account.faults for one in found) else 0


def _load(stage: Stage, run: LoadRun, asked: Asked) -> LoadFigures:
    stage.act(f"{asked.rate:g} requests a second for {asked.seconds / 60:g} minutes")
    figures = figures_of(run, run.run(asked))
    for table in tables(figures):
        stage.console.print(table)
    for fault in figures.account.faults:
        stage.console.print(f"DIFFERS: {fault}", markup=False)
    if not figures.account.faults:
        stage.say("billed = served")
    return figures


if __name__ == "__main__":
    sys.exit(main())
