"""`make kills [EVENTS=100000 KILLS=220 SEED=1]`: real processes are killed under traffic, and every
book must agree afterwards.

The local cloud runs with the unmodified template deployed. Usage goes through it while `kill -9`
hits metering, the forwarder and reconciliation at work, Valkey and the stand-in for Aforo, whose
book is on disk. What AWS does and ministack does not, this test does itself and says so. Exit
status 1: something differs, and is named.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.kill_report import kills_table, usage_table
from tests.kills.kill_run import Asked, KillRun
from tests.kills.killable_cloud import VISIBILITY_SECONDS, killable_cloud
from tests.kills.log_deliveries import WAITS_SECONDS
from tests.local.demo.stage import Stage

# Some of a dozen hit nobody at work: so that 200 do.
EVENTS, KILLS, SEED = 100_000, 220, 1
# In the place of AWS, all through public APIs.
INSTEAD = (
    f"a log delivery that failed is tried again after {WAITS_SECONDS} s, on AWS after 60 and 120",
    "after the third try this test puts the object of the OnFailure destination, as Lambda does",
    f"a killed worker's messages are back after {VISIBILITY_SECONDS} s, on AWS after 780 and 361",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make kills", description=__doc__)
    parser.add_argument("events", nargs="?", type=int, default=EVENTS, help="billable, at least")
    parser.add_argument("kills", nargs="?", type=int, default=KILLS, help="at least")
    parser.add_argument("seed", nargs="?", type=int, default=SEED)
    parser.add_argument("--losses", type=int, default=2, help="of the counters (default 2)")
    parser.add_argument("--directory", type=Path, help="where the cloud keeps its files")
    options = parser.parse_args()
    stage = Stage()
    stage.act(f"{options.events:,} events, {options.kills} kills, seed {options.seed}")
    for line in INSTEAD:
        stage.say(line)
    asked = Asked(options.events, options.kills, options.seed, options.losses)
    if options.directory:
        return _run(stage, options.directory, asked)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return _run(stage, Path(folder), asked)


def _run(stage: Stage, directory: Path, asked: Asked) -> int:
    with killable_cloud(directory, asked.window_seconds, stage.say) as cloud:
        figures, told = KillRun(stage, cloud, asked).run()
        # Before the cloud is stopped: with its thousands of files that takes a while.
        stage.console.print(kills_table(figures), usage_table(figures))
        for line in told:
            stage.console.print(f"DIFFERS: {line}", markup=False)
        if not told:
            stage.say("each billable event is billed once, to its payer, and every book agrees")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
