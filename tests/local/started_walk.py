"""The walk itself, without anybody who calls it: a folder and a stack's name come in; Valkey,
ministack and the stand-in for Aforo run, and the unmodified template is deployed.

Each process is in the folder's list, and ends with this one. The environment of this process then
points at the cloud: boto3 needs nothing more.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.local import deploy
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.endpoints import DemoCustomer, Endpoints, SecondApi
from tests.local.ministack import start_ministack
from tests.local.process_list import remember
from tests.local.server_process import STOP_AT_ONCE_SECONDS, ServerProcess, start_server
from tests.local.valkey import start_valkey

type Say = Callable[[str], None]

AFORO = "tests.local.aforo"
VALKEY = "valkey"


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """What is not as in `make local`: words of command lines, and parameters of the template."""

    valkey: Sequence[str] = ()
    aforo: Sequence[str] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


AS_IN_LOCAL = WalkOptions()


class StartedWalk(NamedTuple):
    """Where it runs, and what the stack says of itself."""

    stack: str
    environment: dict[str, str]  # all that an AWS client needs
    aforo_url: str
    redis_url: str
    outputs: dict[str, str]

    def endpoints(
        self,
        *,
        gateway_url: str,
        page_url: str,
        second_api: SecondApi,
        customers: list[DemoCustomer],
    ) -> Endpoints:
        """With those who call it and look at it."""
        outputs, ids = self.outputs, deploy.physical_ids(self.stack)
        return Endpoints(
            api_url=f"{gateway_url}/demo",
            aforo_url=self.aforo_url,
            aws_endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region=self.environment["AWS_REGION"],
            redis_url=self.redis_url,
            gateway_url=gateway_url,
            page_url=page_url,
            stack_name=self.stack,
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
            aws_environment=self.environment,
            tenant_id=DEFAULT_TENANT,
            second_api=second_api,
            customers=customers,
        )


def start_walk(
    directory: Path, stack: str, options: WalkOptions = AS_IN_LOCAL, *, say: Say = print
) -> StartedWalk:
    """Build, start and deploy; the secret holds the stand-in's key."""
    with step(say, "sam build"):
        deploy.build(directory / "sam.log")
    with step(say, "Valkey, ministack, Aforo stand-in"):
        redis_url = start_counters(directory, options.valkey)
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
        aforo_url = start_remembered(directory, AFORO, options.aforo)
    with step(say, "sam deploy"):
        outputs = deploy.deploy(
            stack,
            {
                "Architecture": deploy.architecture(),
                "AforoTenantId": DEFAULT_TENANT,
                "AforoEnvironment": "sandbox",
                "AforoBaseUrl": aforo_url,
                "AforoPricingUrl": aforo_url,
                "AforoJwksUrl": f"{aforo_url}/.well-known/jwks.json",
                "AforoAllowedHosts": "127.0.0.1",
                "RedisUrl": redis_url,
                "DemoApi": "true",
                "ForwarderConcurrency": "2",
                "AuthorizerDeployment": "AllAtOnce",
                **options.parameters,
            },
            ministack.env,
            directory / "sam.log",
        )
        deploy.put_aforo_key(outputs["AforoSecretArn"], DEFAULT_API_KEY)
    return StartedWalk(stack, ministack.env, aforo_url, redis_url, outputs)


def start_counters(directory: Path, options: Sequence[str], port: int | None = None) -> str:
    """Valkey's URL. In the list it takes the place of the one that is no more."""
    valkey = start_valkey(directory, port, options)
    started = ServerProcess(VALKEY, valkey.pid, VALKEY, patience_seconds=STOP_AT_ONCE_SECONDS)
    remember(directory, started)
    return valkey.url


def start_remembered(directory: Path, module: str, options: Sequence[str]) -> str:
    """A server of our own; its URL. In the list it takes the place of the one that is no more."""
    url, process = start_server(module, options, directory, {})
    remember(directory, process)
    return url


@contextmanager
def step(say: Say, title: str) -> Iterator[None]:
    """Tells what was done, and how long it took."""
    started = time.monotonic()
    yield
    say(f"  {title:<36} {time.monotonic() - started:5.1f} s")
