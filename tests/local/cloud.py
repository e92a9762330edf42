"""`python -m tests.local.cloud start|stop|status`: the local cloud.

Valkey, ministack, the stand-in for Aforo, our REST API Gateway, the alarms and the page, with the
unmodified template deployed, another team's API beside it and three customers provisioned. It stays
up until it is stopped; `.local/endpoints.json` says where everything runs.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from functions.operator.counter_commands.stack import find_stack
from tests.local import customers as provisioning
from tests.local import process_list
from tests.local.aforo.settings import DEFAULT_TENANT
from tests.local.deploy import DeployError
from tests.local.endpoints import FILE_NAME, LOCAL, Endpoints
from tests.local.greeting import greeting
from tests.local.process_list import let_outlive_us, read_processes
from tests.local.running_cloud import running_cloud
from tests.local.second_api import make_second_api
from tests.local.server_start import ServerError
from tests.local.started_walk import Say, WalkOptions, start_remembered, start_walk, step

STACK = "aforo-local"
# On AWS 14 hours. Here a person wants to see usage being set aside, and still have time to look.
HOLD_SECONDS = 60
# Each put is delivered by itself and may start a metering process of its own, as on AWS; here they
# share two cores, and ministack does not retry a delivery. So: few streams in each of the two log
# groups, lines gathered longer.
LOG_OPTIONS = ("--log-streams", "2", "--flush-seconds", "1.0")


class AuditPace(NamedTuple):
    """How long the audit's windows are, and how long after its end one is looked at: on AWS 5 and
    10 minutes. The schedule of 5 minutes is the same everywhere.
    """

    window_seconds: int
    delay_seconds: int


# Ten windows of both sources for a run of the schedule, and a person waits for no more than that.
AUDIT_PACE = AuditPace(60, 20)
# Of tests and demos, which start the count by themselves. Within the delay usage reaches the
# ledger, on two loaded cores, too.
QUICK_AUDIT = AuditPace(5, 10)


def start(
    directory: Path = LOCAL,
    *,
    hold_seconds: int = HOLD_SECONDS,
    audit: AuditPace = AUDIT_PACE,
    say: Say = print,
) -> Endpoints:
    """Start and deploy; the endpoints, also written to `directory`. Stops all of it on failure, and
    all of it ends with this process, unless it is told to outlive it.

    The environment of this process then points at the cloud: boto3 needs nothing more.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stop(directory)
    try:
        return _start(directory, hold_seconds, audit, say)
    except BaseException:
        stop(directory)
        raise


def stop(directory: Path = LOCAL) -> int:
    """Stop every process that `start` left running; how many there were."""
    processes = read_processes(directory)
    for process in reversed(processes):  # clients before what they talk to
        process.stop()
    for name in (process_list.FILE_NAME, FILE_NAME):
        (directory / name).unlink(missing_ok=True)
    # ministack unpacks every Lambda process's code here and, stopped at once, leaves it behind:
    # 30,000 files after a demo, for which shutil.rmtree takes five times the CPU.
    subprocess.run(["rm", "-rf", str(directory / "tmp")], check=False)
    return len(processes)


@contextmanager
def running(
    directory: Path, *, hold_seconds: int, audit: AuditPace = AUDIT_PACE, say: Say = print
) -> Iterator[Endpoints]:
    """A cloud for the length of a `with`."""
    try:
        yield start(directory, hold_seconds=hold_seconds, audit=audit, say=say)
    finally:
        stop(directory)


def _start(directory: Path, hold_seconds: int, audit: AuditPace, say: Say) -> Endpoints:
    # First of all, so that somebody can watch it come up.
    page_url = start_remembered(directory, "tests.local.page", ["--directory", str(directory)])
    say(f"  look at it: {page_url}")
    parameters = {
        "HoldSeconds": str(hold_seconds),
        "AuditWindowSeconds": str(audit.window_seconds),
        "AuditDelaySeconds": str(audit.delay_seconds),
    }
    walk = start_walk(directory, STACK, WalkOptions(parameters=parameters), say=say)
    with step(say, "API Gateway, alarms"):
        options = ["--stack", STACK, *LOG_OPTIONS]
        gateway_url = start_remembered(directory, "tests.local.gateway", options)
        start_remembered(directory, "tests.local.alarms", ["--stack", STACK])
    with step(say, "another team's API"):
        second_api = make_second_api(gateway_url)
    with step(say, "customers"):
        customers = provisioning.provision(
            provisioning.DEMO_PLANS,
            tenant=DEFAULT_TENANT,
            aforo_url=walk.aforo_url,
            stack=find_stack(STACK),
        )
    endpoints = walk.endpoints(
        gateway_url=gateway_url, page_url=page_url, second_api=second_api, customers=customers
    )
    endpoints.write(directory)
    return endpoints


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.local.cloud", description=__doc__)
    parser.add_argument("action", choices=["start", "stop"])
    parser.add_argument("--directory", type=Path, default=LOCAL, help="where it keeps its files")
    parser.add_argument(
        "--hold-seconds",
        type=int,
        default=HOLD_SECONDS,
        help=f"how long usage waits for Aforo before it is set aside (default {HOLD_SECONDS})",
    )
    parser.add_argument(
        "--audit-window-seconds",
        type=int,
        default=AUDIT_PACE.window_seconds,
        help=f"how much of a log is audited at a time (default {AUDIT_PACE.window_seconds})",
    )
    parser.add_argument(
        "--audit-delay-seconds",
        type=int,
        default=AUDIT_PACE.delay_seconds,
        help=f"how long after its end a window is audited (default {AUDIT_PACE.delay_seconds})",
    )
    parser.add_argument("--replace", action="store_true", help="instead of one that runs")
    options = parser.parse_args()
    if options.action == "stop":
        count = stop(options.directory)
        print(f"stopped {count} processes" if count else "the local cloud was not running")
        return 0
    if runs := running_cloud(options.directory):
        if not (runs.fault or options.replace):
            print(f"local: {runs.refusal()}", file=sys.stderr)
            return 1
        print(f"stopping the local cloud of {runs.since}" + f": {runs.fault}" * bool(runs.fault))
    print("starting the local cloud")
    try:
        endpoints = start(
            options.directory,
            hold_seconds=options.hold_seconds,
            audit=AuditPace(options.audit_window_seconds, options.audit_delay_seconds),
        )
        let_outlive_us(options.directory)
    except (DeployError, ServerError) as error:
        print(f"local: {error}", file=sys.stderr)
        return 1
    print(greeting(endpoints, options.directory / FILE_NAME))
    return 0


if __name__ == "__main__":
    sys.exit(main())
