"""`python -m tests.local.cloud start|stop|status`: the local cloud.

Valkey, ministack, the stand-in for Aforo, our REST API Gateway, the alarms and the page, with the
unmodified template deployed, another team's API beside it and three customers provisioned. It stays
up until it is stopped; `.local/endpoints.json` says where everything runs.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from functions.operator.counter_commands.stack import find_stack
from tests.local import customers as provisioning
from tests.local import deploy, process_list
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.deploy import DeployError
from tests.local.endpoints import FILE_NAME, LOCAL, DemoCustomer, Endpoints, SecondApi
from tests.local.greeting import greeting
from tests.local.ministack import start_ministack
from tests.local.process_list import let_outlive_us, read_processes, remember
from tests.local.running_cloud import running_cloud
from tests.local.second_api import make_second_api
from tests.local.server_process import (
    STOP_AT_ONCE_SECONDS,
    ServerProcess,
    start_server,
)
from tests.local.server_start import ServerError
from tests.local.valkey import start_valkey

STACK = "aforo-local"
# On AWS 14 hours. Here a person wants to see usage being set aside, and still have time to look.
HOLD_SECONDS = 60
# Each put is delivered by itself and may start a metering process of its own, as on AWS; here they
# share two cores, and ministack does not retry a delivery. So: few streams in each of the two log
# groups, lines gathered longer.
LOG_OPTIONS = ("--log-streams", "2", "--flush-seconds", "1.0")

type Say = Callable[[str], None]


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
    page_url = _server(directory, "tests.local.page", ["--directory", str(directory)])
    say(f"  look at it: {page_url}")
    with _step(say, "sam build"):
        deploy.build(directory / "sam.log")
    with _step(say, "Valkey, ministack, Aforo stand-in"):
        valkey = start_valkey(directory)
        remember(
            directory,
            ServerProcess("valkey", valkey.pid, "valkey", patience_seconds=STOP_AT_ONCE_SECONDS),
        )
        ministack = start_ministack(directory)
        remember(
            directory,
            ServerProcess(
                "ministack",
                ministack.pid,
                "ministack",
                group=True,
                patience_seconds=STOP_AT_ONCE_SECONDS,
            ),
        )
        os.environ.update(ministack.env)
        aforo_url = _server(directory, "tests.local.aforo", [])
    with _step(say, "sam deploy"):
        outputs = deploy.deploy(
            STACK,
            {
                "Architecture": deploy.architecture(),
                "AforoTenantId": DEFAULT_TENANT,
                "AforoEnvironment": "sandbox",
                "AforoBaseUrl": aforo_url,
                "AforoPricingUrl": aforo_url,
                "AforoJwksUrl": f"{aforo_url}/.well-known/jwks.json",
                "AforoAllowedHosts": "127.0.0.1",
                "RedisUrl": valkey.url,
                "HoldSeconds": str(hold_seconds),
                "AuditWindowSeconds": str(audit.window_seconds),
                "AuditDelaySeconds": str(audit.delay_seconds),
                "DemoApi": "true",
                "ForwarderConcurrency": "2",
                "AuthorizerDeployment": "AllAtOnce",
            },
            ministack.env,
            directory / "sam.log",
        )
        deploy.put_aforo_key(outputs["AforoSecretArn"], DEFAULT_API_KEY)
    with _step(say, "API Gateway, alarms"):
        gateway_url = _server(directory, "tests.local.gateway", ["--stack", STACK, *LOG_OPTIONS])
        _server(directory, "tests.local.alarms", ["--stack", STACK])
    with _step(say, "another team's API"):
        second_api = make_second_api(gateway_url)
    with _step(say, "customers"):
        customers = provisioning.provision(
            provisioning.DEMO_PLANS,
            tenant=DEFAULT_TENANT,
            aforo_url=aforo_url,
            stack=find_stack(STACK),
        )
    endpoints = _endpoints(
        outputs=outputs,
        environment=ministack.env,
        gateway_url=gateway_url,
        aforo_url=aforo_url,
        redis_url=valkey.url,
        page_url=page_url,
        second_api=second_api,
        customers=customers,
    )
    endpoints.write(directory)
    return endpoints


def _endpoints(
    *,
    outputs: dict[str, str],
    environment: dict[str, str],
    gateway_url: str,
    aforo_url: str,
    redis_url: str,
    page_url: str,
    second_api: SecondApi,
    customers: list[DemoCustomer],
) -> Endpoints:
    ids = deploy.physical_ids(STACK)
    return Endpoints(
        api_url=f"{gateway_url}/demo",
        aforo_url=aforo_url,
        aws_endpoint_url=environment["AWS_ENDPOINT_URL"],
        region=environment["AWS_REGION"],
        redis_url=redis_url,
        gateway_url=gateway_url,
        page_url=page_url,
        stack_name=STACK,
        access_log_group=ids["DemoAccessLogGroup"],
        zero_touch_url=f"{gateway_url}/{ids['DemoZeroTouchStage']}",
        execution_log_group=ids["DemoExecutionLogGroup"],
        deployed_sources=outputs["DeployedSources"],
        queues={
            "usage": outputs["UsageQueueUrl"],
            "usage_dead_letter": outputs["UsageDeadLetterQueueUrl"],
            "settled": outputs["SettledUsageQueueUrl"],
            "counter_dead_letter": outputs["CounterDeadLetterQueueUrl"],
        },
        state_machines={
            "replay": outputs["ReplayStateMachineArn"],
            "reconcile": outputs["ReconcileStateMachineArn"],
            "audit": outputs["AuditStateMachineArn"],
        },
        functions={
            name: outputs[f"{name.capitalize()}FunctionArn"]
            for name in ("metering", "forwarder", "reconciliation", "authorizer")
        }
        | {
            "audit-count": ids["AuditCountFunction"],
            "reconciliation-fetch": ids["ReconciliationFetchFunction"],
        },
        ledger_bucket=outputs["LedgerBucketName"],
        quarantine_bucket=outputs["QuarantineBucketName"],
        configuration_bucket=outputs["ConfigurationBucketName"],
        alarms={name: ids[name] for name in ("UsageDeadLetterAlarm", "CounterDeadLetterAlarm")},
        aws_environment=environment,
        tenant_id=DEFAULT_TENANT,
        second_api=second_api,
        customers=customers,
    )


@contextmanager
def _step(say: Say, title: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"  {title:<36} {time.monotonic() - started:5.1f} s")


def _server(directory: Path, module: str, options: list[str]) -> str:
    url, process = start_server(module, options, directory, {})
    remember(directory, process)
    return url


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
