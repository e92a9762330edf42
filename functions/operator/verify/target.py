"""What to verify against: a running local cloud, or a deployed stack by name."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from functions.operator.configuration_commands.metered_groups import metered_groups
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.local_cloud import local_cloud, read_endpoints_file
from functions.operator.deployment.stack_outputs import deployed_stack

# No options: a command line is seen by everybody.
AUTHORIZATION = "VERIFY_AUTHORIZATION"
API_KEY = "VERIFY_API_KEY"  # for a stack whose CredentialHeader is X-API-Key or Either


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
    cloud, found = local_cloud(file), read_endpoints_file(file)
    customers = {one["customer_id"]: one for one in found.get("customers", [])}
    chosen = customers.get(customer or next(iter(customers), ""))
    if chosen is None:
        message = f"--customer {customer}: the local cloud knows {', '.join(customers)}"
        raise TargetError(message)
    return target_of(
        cloud,
        place=f"--endpoints {file}",
        url=_with_path(_with_stage(found["api_url"], stage), path),
        headers=chosen["headers"],
    )


def stack_target(stack: str, api_url: str | None, stage: str | None, path: str) -> Target:
    """A deployed stack, found by its outputs; AWS credentials and Region as for the aws CLI."""
    found = deployed_stack(stack)
    base = api_url or found.outputs.get("DemoApiUrl")
    if base is None:
        raise TargetError("--api-url: give the invoke URL of the metered stage, without a path")
    return target_of(
        found,
        place=f"--stack {stack}",
        url=_with_path(_with_stage(base, stage), path),
        headers=_credential(),
    )


def _credential() -> dict[str, str]:
    """The header that the environment has a value for."""
    given = {"Authorization": AUTHORIZATION, "X-API-Key": API_KEY}
    found = {header: os.environ.get(name, "").strip() for header, name in given.items()}
    headers = {header: value for header, value in found.items() if value}
    if not headers or not all(one.isascii() and one.isprintable() for one in headers.values()):
        message = f"{AUTHORIZATION}: put the customer's Authorization header value into it"
        raise TargetError(f"{message}, or its API key into {API_KEY} (CredentialHeader X-API-Key)")
    return headers


def target_of(found: Deployment, *, place: str, url: str, headers: dict[str, str]) -> Target:
    """A deployment and how it is called; `place` is its option. TargetError: it lacks something."""
    return Target(
        url=url,
        headers=headers,
        region=found.region or "",
        log_groups=_log_groups(found, place),
        ledger_bucket=found.output("LedgerBucketName"),
        quarantine_bucket=found.output("QuarantineBucketName"),
        usage_queue_url=found.output("UsageQueueUrl"),
        usage_dead_letter_queue_url=found.output("UsageDeadLetterQueueUrl"),
        reconciliation=found.output("ReconciliationFunctionArn"),
    )


def _log_groups(found: Deployment, place: str) -> tuple[str, ...]:
    groups = metered_groups(found)
    if not groups:
        message = "declare one in sources of the configuration, or give AccessLogGroupName"
        raise TargetError(f"{place} meters no log group: {message}")
    return groups


def _with_stage(url: str, stage: str | None) -> str:
    """The stage is the first part of an invoke URL's path."""
    if stage is None:
        return url
    return urlunsplit(urlsplit(url)._replace(path=f"/{stage}"))


def _with_path(url: str, path: str) -> str:
    return f"{url.rstrip('/')}/{path.lstrip('/')}"
