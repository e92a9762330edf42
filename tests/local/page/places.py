"""A running local cloud as the page asks it: one client of each kind, made once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
from redis import Redis

from functions.operator.audits.audit_commands import AUDIT
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.local_cloud import local_cloud
from functions.operator.executions.machine_runs import MachineRuns
from functions.operator.replays.running_replay import REPLAY
from tests.local.aforo.console import Console
from tests.local.deploy import physical_ids
from tests.local.endpoints import FILE_NAME, Endpoints, read_endpoints

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# A page that waits longer than this for one answer is no page of now.
PATIENCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Places:
    """`ids` are the stack's resources, by what the template calls them."""

    endpoints: Endpoints
    deployment: Deployment
    ids: Mapping[str, str]
    alarms: Mapping[str, str]
    sqs: "SQSClient"
    s3: "S3Client"
    logs: "CloudWatchLogsClient"
    cloudwatch: "CloudWatchClient"
    redis: "Redis"
    gateway: httpx.Client
    aforo: Console
    replays: MachineRuns
    audits: MachineRuns

    @property
    def account(self) -> str:
        """As it stands in every ARN of the cloud."""
        return self.endpoints.state_machines["replay"].split(":")[4]

    def witness(self, path: str = "") -> dict[str, Any]:
        """What the gateway served, by its own word."""
        answer = self.gateway.get(f"/_witness{path}").raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def places_of(directory: Path) -> Places:
    """Of the cloud in that folder. From then on boto3 talks to it, and to nothing else."""
    endpoints = read_endpoints(directory)
    os.environ.update(endpoints.aws_environment)
    deployment = local_cloud(directory / FILE_NAME)
    return Places(
        endpoints=endpoints,
        deployment=deployment,
        ids=physical_ids(endpoints.stack_name),
        alarms=physical_ids(endpoints.stack_name, "AWS::CloudWatch::Alarm"),
        sqs=boto3.client("sqs"),
        s3=boto3.client("s3"),
        logs=boto3.client("logs"),
        cloudwatch=boto3.client("cloudwatch"),
        redis=Redis.from_url(
            endpoints.redis_url, decode_responses=True, socket_timeout=PATIENCE_SECONDS
        ),
        gateway=httpx.Client(
            base_url=endpoints.gateway_url, timeout=PATIENCE_SECONDS, trust_env=False
        ),
        aforo=Console(endpoints.aforo_url),
        replays=MachineRuns(deployment, REPLAY),
        audits=MachineRuns(deployment, AUDIT),
    )
