"""The running local cloud: what `make local` wrote about it comes in, a deployment leaves.

boto3 is pointed at it: from then on this process talks to nothing else.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.local_liveness import fault_of

LOCAL_ENDPOINTS = Path(".local/endpoints.json")
START = "start the local cloud with `make local`, or give --stack"

# Where the file says what an output of the template says.
_OUTPUTS = {
    "UsageQueueUrl": ("queues", "usage"),
    "UsageDeadLetterQueueUrl": ("queues", "usage_dead_letter"),
    "SettledUsageQueueUrl": ("queues", "settled"),
    "CounterDeadLetterQueueUrl": ("queues", "counter_dead_letter"),
    "LedgerBucketName": ("ledger_bucket",),
    "QuarantineBucketName": ("quarantine_bucket",),
    "ConfigurationBucketName": ("configuration_bucket",),
    "DeployedSources": ("deployed_sources",),
    "ReconciliationFunctionArn": ("functions", "reconciliation"),
    "ReconciliationFetchFunctionArn": ("functions", "reconciliation-fetch"),
    "ReplayStateMachineArn": ("state_machines", "replay"),
    "AuditStateMachineArn": ("state_machines", "audit"),
}
_ALWAYS = {"api_url", "region", "ledger_bucket", "queues", "functions", "aws_environment"}


def local_cloud(file: Path) -> Deployment:
    """TargetError when none is running, or not all of it."""
    found = read_endpoints_file(file)
    outputs = {name: text for name, path in _OUTPUTS.items() if (text := _at(found, path))}
    lack = f"--endpoints {file} is not what `make local` writes"
    return Deployment(found["region"], outputs, lack, found.get("stack_name"), is_local=True)


def read_endpoints_file(file: Path) -> dict[str, Any]:
    """The file's content, once it is certain that its processes run and its servers answer."""
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        raise TargetError(f"{file} is not there: {START}") from None
    except (OSError, ValueError):
        raise TargetError(f"--endpoints {file} is not what `make local` writes: {START}") from None
    if not isinstance(found, dict) or not found.keys() >= _ALWAYS:
        raise TargetError(f"--endpoints {file} is not what `make local` writes: {START}")
    if fault := fault_of(found, file.with_name("processes.json")):
        raise TargetError(fault)
    os.environ.update(found["aws_environment"])
    return found


def _at(found: object, path: tuple[str, ...]) -> str | None:
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return str(found)
