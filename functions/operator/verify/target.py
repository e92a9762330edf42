"""What to verify against: a running local cloud, or a deployed stack by name."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from functions.operator.configuration_commands.metered_groups import metered_groups
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.local_cloud import local_cloud, read_endpoints_file
from functions.operator.deployment.stack_outputs import deployed_stack
from functions.operator.verify.refusal_advice import WhoCalls

# Not options: a command line is seen by everybody.
AUTHORIZATION, API_KEY = "VERIFY_AUTHORIZATION", "VERIFY_API_KEY"
# The header in which the API takes it (the stack's parameter CredentialHeader).
_HEADERS = {AUTHORIZATION: "Authorization", API_KEY: "X-API-Key"}


@dataclass(frozen=True, slots=True)
class Target:
    """Everything that one request passes. `credential` says in words whose it is; `customer` is
    None where nobody says who that is.
    """

    url: str
    headers: dict[str, str]
    region: str
    log_groups: tuple[str, ...]
    ledger_bucket: str
    quarantine_bucket: str
    usage_queue_url: str
    usage_dead_letter_queue_url: str
    reconciliation: str
    credential: str = "the credential"
    customer: str | None = None
    deployment: Deployment | None = None  # None: what metering makes of it cannot be asked

    @property
    def is_local(self) -> bool:
        return self.deployment is not None and self.deployment.is_local

    @property
    def caller(self) -> WhoCalls:
        return WhoCalls(self.url, self.credential, self.customer)


def local_target(file: Path, customer: str | None, stage: str | None, path: str) -> Target:
    """The local cloud, with the credential of the environment, or as one of its demo customers (the
    first, unless named).
    """
    cloud, found = local_cloud(file), read_endpoints_file(file)
    given = _given_credential()
    if given and customer:
        raise TargetError(f"--customer: {given.name} says who calls: give one of the two")
    if given is None:
        given = _demo_credential(found.get("customers", []), customer)
    return target_of(
        cloud,
        place=f"--endpoints {file}",
        url=_with_path(_with_stage(found["api_url"], stage), path),
        credential=given,
    )


def stack_target(
    stack: str, api_url: str | None, stage: str | None, path: str, customer: str | None = None
) -> Target:
    """A deployed stack, found by its outputs; AWS credentials and Region as for the aws CLI.
    `customer` only says whose the credential is.
    """
    found = deployed_stack(stack)
    base = api_url or found.outputs.get("DemoApiUrl")
    if base is None:
        raise TargetError("--api-url: give the invoke URL of the metered stage, without a path")
    given = _given_credential()
    if given is None:
        message = f"{AUTHORIZATION}: put the customer's Authorization header value into it"
        raise TargetError(f"{message}, or its key into {API_KEY} where the API takes x-api-key")
    return target_of(
        found,
        place=f"--stack {stack}",
        url=_with_path(_with_stage(base, stage), path),
        credential=given._replace(customer=customer),
    )


class Credential(NamedTuple):
    """`name` says in words whose it is."""

    name: str
    headers: dict[str, str]
    customer: str | None = None


def _given_credential() -> Credential | None:
    """TargetError for one that is no header's value, or two of them; it is never shown."""
    given = {name: os.environ.get(name, "").strip() for name in _HEADERS}
    names = [name for name, text in given.items() if text]
    if len(names) > 1:
        raise TargetError(f"{' and '.join(names)} are set: give one of the two")
    for name in names:
        if not (given[name].isascii() and given[name].isprintable()):
            message = f"{name}: put the customer's credential into it, as a header has it"
            raise TargetError(f"{message}: visible ASCII only")
        return Credential(f"the credential in {name}", {_HEADERS[name]: given[name]})
    return None


def _demo_credential(known: list[dict[str, Any]], customer: str | None) -> Credential:
    customers = {one["customer_id"]: one for one in known}
    chosen = customers.get(customer or next(iter(customers), ""))
    if chosen is None:
        message = f"--customer {customer}: the local cloud knows {', '.join(customers)}"
        raise TargetError(message)
    name = chosen["customer_id"]
    return Credential(f"the credential of {name}, a demo customer", chosen["headers"], name)


def target_of(found: Deployment, *, place: str, url: str, credential: Credential) -> Target:
    """A deployment and how it is called; `place` is its option. TargetError: it lacks something."""
    return Target(
        url=url,
        headers=credential.headers,
        region=found.region or "",
        log_groups=_log_groups(found, place),
        ledger_bucket=found.output("LedgerBucketName"),
        quarantine_bucket=found.output("QuarantineBucketName"),
        usage_queue_url=found.output("UsageQueueUrl"),
        usage_dead_letter_queue_url=found.output("UsageDeadLetterQueueUrl"),
        reconciliation=found.output("ReconciliationFunctionArn"),
        credential=credential.name,
        customer=credential.customer,
        deployment=found,
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
