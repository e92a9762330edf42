"""The running local cloud: what `make local` wrote about it comes in, a deployment leaves.

boto3 is pointed at it: from then on this process talks to nothing else.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.operator.deployment.deployment import Deployment, TargetError

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
    return Deployment(
        found["region"], outputs, f"--endpoints {file} is not what `make local` writes"
    )


def read_endpoints_file(file: Path) -> dict[str, Any]:
    """The file's content, once it is certain that its processes run."""
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        raise TargetError(f"{file} is not there: {START}") from None
    except (OSError, ValueError):
        raise TargetError(f"--endpoints {file} is not what `make local` writes: {START}") from None
    if not isinstance(found, dict) or not found.keys() >= _ALWAYS:
        raise TargetError(f"--endpoints {file} is not what `make local` writes: {START}")
    _check_alive(file.with_name("processes.json"))
    os.environ.update(found["aws_environment"])
    return found


def _check_alive(file: Path) -> None:
    """A cloud of which one process is gone answers some questions wrongly and others never."""
    try:
        processes = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    for process in processes:
        try:
            os.kill(process["pid"], 0)
        except ProcessLookupError:
            gone = f"{process['name']} (process {process['pid']}) is gone"
            raise TargetError(f"the local cloud is half dead, {gone}: run `make local`") from None
        except PermissionError:
            continue


def _at(found: object, path: tuple[str, ...]) -> str | None:
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return str(found)
