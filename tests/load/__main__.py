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
from tests.load.load_figures import figures_of
from tests.load.load_report import tables
from tests.load.load_run import Asked, LoadRun
from tests.local.demo.stage import DemoError, Stage
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL
from tests.local.server_start import ServerError


def main() -> int:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="requests a second (default 100)")
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
    asked = Asked(options.rate, options.minutes * 60, options.through)
    stage = Stage()
    stage.act(f"{asked.rate:g} requests a second for {options.minutes:g} minutes")
    try:
        return _run(stage, options.directory, asked, options.json)
    except (DemoError, DeployError, ServerError) as error:
        stage.console.print(f"load: {error}", markup=False)
        return 1


def _run(stage: Stage, directory: Path, asked: Asked, file: Path | None) -> int:
    with load_cloud(directory, asked.through, stage.console.print) as cloud:
        run = LoadRun(stage, cloud, asked)
        figures = figures_of(run, run.run())
    for table in tables(figures):
        stage.console.print(table)
    if file:
        file.write_text(json.dumps(figures.as_json(), indent=1) + "\n")
    for fault in figures.account.faults:
        stage.console.print(f"DIFFERS: {fault}", markup=False)
    if not figures.account.faults:
        stage.say("billed = served")
    return 1 if figures.account.faults else 0


if __name__ == "__main__":
    sys.exit(main())
