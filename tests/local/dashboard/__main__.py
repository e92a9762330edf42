"""`python -m tests.local.dashboard`: the deployed dashboard, drawn of what the local cloud did.

Starts a cloud of its own, lets it live some minutes (traffic, an outage, a replay), reads the
dashboard's body from it and draws dashboard.png. With --running it draws what the cloud of
`make local` has done and does for some seconds, into .local/dashboard.svg.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from tests.local import cloud
from tests.local.browser.browser import BrowserError
from tests.local.dashboard.collecting import collected
from tests.local.dashboard.converting import convert
from tests.local.dashboard.graph import Board, Window
from tests.local.dashboard.paper import svg_of
from tests.local.dashboard.queue_samples import QueueSamples
from tests.local.dashboard.story import live, looking
from tests.local.demo.stage import DemoError, Stage
from tests.local.deploy import DeployError, physical_ids
from tests.local.endpoints import LOCAL, ROOT, Endpoints, NotRunningError, read_endpoints
from tests.local.server_start import ServerError

PNG = ROOT / "docs" / "pictures" / "dashboard.png"
SVG = LOCAL / "dashboard.svg"
PERIOD_SECONDS = 5  # on AWS 60: here some minutes are the whole story
HOLD_SECONDS = 20


def main() -> int:
    options = _parser().parse_args()
    try:
        if options.running:
            endpoints = read_endpoints(options.directory)
            os.environ.update(endpoints.aws_environment)
            _watched(endpoints, lambda: time.sleep(options.seconds), options.minutes * 60)
            print(f"drawn: {SVG}")
        else:
            _told()
            convert(SVG, PNG)
            print(f"drawn: {PNG.relative_to(ROOT)}")
    except (BrowserError, DemoError, DeployError, NotRunningError, ServerError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    return 0


def _told() -> None:
    stage = Stage()
    with cloud.running(
        LOCAL / "dashboard",
        hold_seconds=HOLD_SECONDS,
        audit=cloud.QUICK_AUDIT,
        say=stage.console.print,
    ) as endpoints:
        _watched(endpoints, lambda: live(stage, endpoints))


def _watched(endpoints: Endpoints, something: Callable[[], None], past_seconds: int = 0) -> None:
    """Draw what was while `something` went on, and before it."""
    start_ms = _now_ms() - past_seconds * 1000
    queues = QueueSamples(boto3.client("sqs"), tuple(endpoints.queues.values()), _now_ms)
    with looking(queues.look):
        something()
    window = Window(start_ms, _now_ms(), PERIOD_SECONDS * 1000)
    board = Board({**collected(endpoints, window.end_ms - 1), **queues.found}, window)
    SVG.parent.mkdir(exist_ok=True)
    SVG.write_text(svg_of(deployed_body(endpoints.stack_name), board))


def deployed_body(stack: str) -> dict[str, Any]:
    """As CloudWatch shows it."""
    (name,) = physical_ids(stack, "AWS::CloudWatch::Dashboard").values()
    answer = boto3.client("cloudwatch").get_dashboard(DashboardName=name)
    body: dict[str, Any] = json.loads(answer["DashboardBody"])
    return body


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.local.dashboard", description=__doc__)
    parser.add_argument("--running", action="store_true", help="of the cloud of `make local`")
    parser.add_argument("--directory", type=Path, default=LOCAL, help="of that cloud")
    parser.add_argument("--seconds", type=int, default=30, help="how long to watch its queues")
    parser.add_argument("--minutes", type=int, default=5, help="how far back its logs are read")
    return parser


if __name__ == "__main__":
    sys.exit(main())
