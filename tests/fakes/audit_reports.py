"""An audit's state machine that only reports: its last states, with what its function would say."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import boto3

from functions.audit.repair.audit_progress import AuditProgress
from functions.operator.audits.audit_progress_lines import ROUND, START
from tests.unit.audit.audit_world import AuditWorld, Fate, PlayedAudit

REPORTED: dict[str, Any] = {"Type": "Pass", "End": True}
FORGOTTEN = [[Fate.CONFIRMED, Fate.LOST, Fate.KEPT], [Fate.OLD, Fate.EXCLUDED]]
REPAIRED = [[Fate.CONFIRMED, Fate.LOST, Fate.KEPT], [Fate.EXCLUDED]]


def played_audit(fates: list[list[Fate]], name: str) -> tuple[PlayedAudit, dict[str, Any]]:
    """An audit that was carried out in memory, by the machine's own code, and its report."""
    world = AuditWorld(fates)
    audit = PlayedAudit(world, name, world.order())
    audit.run()
    audit.report()
    return audit, json.loads(world.bucket.objects[f"audit-runs/{name}/report.json"])


def reporting_machine(
    ledger: str, fates: list[list[Fate]] = REPAIRED, last: Mapping[str, Any] = REPORTED
) -> str:
    """The machine's ARN. `last` is its last state; a Pass that ends has the report."""
    audit, report = played_audit(fates, "played")
    uri = f"'s3://{ledger}/audit-runs/' & $states.context.Execution.Name & '/report.json'"
    output = {"outcome": "audit_finished", "report": report, "reportUri": f"{{% {uri} %}}"}
    told = {"Output": output} if last == REPORTED else {}
    order = json.loads(audit.order.model_dump_json(by_alias=True, exclude_none=True))
    states = {
        START: _answering({"outcome": "start", "order": order}, ROUND),
        ROUND: _answering({"outcome": "finished", "progress": _said(audit.progress)}, "Last"),
        "Last": {**last, **told},
    }
    name = f"audits-{uuid4().hex[:12]}"
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    made = boto3.client("stepfunctions").create_state_machine(
        name=name,
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": START, "States": states}),
        roleArn=role["Role"]["Arn"],
    )
    return made["stateMachineArn"]


def _said(progress: AuditProgress) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(progress.as_json()))
    return told


def _answering(payload: Mapping[str, Any], then: str) -> dict[str, Any]:
    return {"Type": "Pass", "Output": {"Payload": payload}, "Next": then}
