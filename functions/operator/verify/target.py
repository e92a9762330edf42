"""What to verify against: a running local cloud, or a deployed stack by name."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.usage.errors import Permanent

LOCAL_ENDPOINTS = Path(".local/endpoints.json")
AUTHORIZATION = "VERIFY_AUTHORIZATION"  # not an option: a command line is seen by everybody

_OUTPUTS = {
    "AccessLogGroups",
    "LedgerBucketName",
    "QuarantineBucketName",
    "UsageQueueUrl",
    "UsageDeadLetterQueueUrl",
    "ReconciliationFunctionArn",
}
_ENDPOINTS = {
    "api_url",
    "region",
    "access_log_group",
    "ledger_bucket",
    "quarantine_bucket",
    "queues",
    "functions",
    "aws_environment",
    "customers",
}


class TargetError(Permanent):
    """What was asked for is not there; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Target:
    """Everything that one request passes."""

    url: str
    headers: dict[str, str]
    region: str
    log_groups: tuple[str, ...]
    ledger_bucket: str
    quarantine_bucket: str
    usage_queue_url: str
    usage_dead_letter_queue_url: str
    reconciliation: str


def local_target(file: Path, customer: str | None, stage: str | None, path: str) -> Target:
    """The local cloud, as one of its demo customers (the first, unless named)."""
    found = _endpoints(file)
    os.environ.update(found["aws_environment"])
    customers = {one["customer_id"]: one for one in found["customers"]}
    chosen = customers.get(customer or next(iter(customers)))
    if chosen is None:
        message = f"--customer {customer}: the local cloud knows {', '.join(customers)}"
        raise TargetError(message)
    return Target(
        url=_with_path(_with_stage(found["api_url"], stage), path),
        headers=chosen["headers"],
        region=found["region"],
        log_groups=(found["access_log_group"], *filter(None, [found.get("execution_log_group")])),
        ledger_bucket=found["ledger_bucket"],
        quarantine_bucket=found["quarantine_bucket"],
        usage_queue_url=found["queues"]["usage"],
        usage_dead_letter_queue_url=found["queues"]["usage_dead_letter"],
        reconciliation=found["functions"]["reconciliation"],
    )


def stack_target(stack: str, api_url: str | None, stage: str | None, path: str) -> Target:
    """A deployed stack, found by its outputs; AWS credentials and Region as for the aws CLI."""
    region, outputs = _described(stack)
    base = api_url or outputs.get("DemoApiUrl")
    authorization = os.environ.get(AUTHORIZATION, "").strip()
    if base is None:
        raise TargetError("--api-url: give the invoke URL of the metered stage, without a path")
    if not (authorization.isascii() and authorization.isprintable() and authorization):
        message = f"{AUTHORIZATION}: put the customer's Authorization header value into it"
        raise TargetError(message)
    return Target(
        url=_with_path(_with_stage(base, stage), path),
        headers={"Authorization": authorization},
        region=region,
        log_groups=_log_groups(stack, outputs["AccessLogGroups"]),
        ledger_bucket=outputs["LedgerBucketName"],
        quarantine_bucket=outputs["QuarantineBucketName"],
        usage_queue_url=outputs["UsageQueueUrl"],
        usage_dead_letter_queue_url=outputs["UsageDeadLetterQueueUrl"],
        reconciliation=outputs["ReconciliationFunctionArn"],
    )


def local_ledger(file: Path) -> tuple[str, str]:
    """The Region and the ledger's bucket of the local cloud; boto3 is pointed at it."""
    found = _endpoints(file)
    os.environ.update(found["aws_environment"])
    return found["region"], found["ledger_bucket"]


def stack_ledger(stack: str) -> tuple[str, str]:
    """The Region and the ledger's bucket of a deployed stack."""
    region, outputs = _described(stack)
    return region, outputs["LedgerBucketName"]


def _endpoints(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        message = f"{file} is not there: start the local cloud with `make local`, or give --stack"
        raise TargetError(message) from None
    except (OSError, ValueError) as error:
        raise TargetError(f"--endpoints {file} cannot be read: {error}") from None
    if not isinstance(found, dict) or not found.keys() >= _ENDPOINTS:
        raise TargetError(f"--endpoints {file} is not what `make local` writes")
    return dict(found)


def _described(stack: str) -> tuple[str, dict[str, str]]:
    """Its Region and its outputs."""
    try:
        session = boto3.Session()
        described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"--stack {stack}: {error}") from None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    if missing := _OUTPUTS - outputs.keys():
        message = (
            f"--stack {stack} is not this application's: no output {', '.join(sorted(missing))}"
        )
        raise TargetError(message)
    return session.region_name, outputs


def _log_groups(stack: str, joined: str) -> tuple[str, ...]:
    groups = tuple(group for group in joined.split(",") if group)
    if not groups:
        message = f"--stack {stack} meters no log group: deploy it with AccessLogGroupName"
        raise TargetError(message)
    return groups


def _with_stage(url: str, stage: str | None) -> str:
    """The stage is the first part of an invoke URL's path."""
    if stage is None:
        return url
    return urlunsplit(urlsplit(url)._replace(path=f"/{stage}"))


def _with_path(url: str, path: str) -> str:
    return f"{url.rstrip('/')}/{path.lstrip('/')}"
