"""The state machines, as AWS itself reads them."""

import json
import time
from uuid import uuid4

from functions.audit.window import AUDITS_PREFIX
from functions.operator.configuration_commands.metered_groups import metered_groups
from functions.operator.smoke.claim import Claim, DidNotHold
from functions.operator.smoke.subject import Subject
from functions.usage.heartbeat import HEARTBEAT_STREAM

REPLAY_SECONDS = 300
BEAT_SECONDS = 240  # one a minute, and a new stack makes its stream first


def heartbeats_are_put(subject: Subject) -> str:
    """Each source's log group gets a line a minute from the reconcile machine."""
    logs, begun = subject.session.client("logs"), time.time_ns() // 1_000_000
    groups = metered_groups(subject.deployment)

    def late() -> list[str]:
        return [group for group in groups if _newest(group) < begun]

    def _newest(group: str) -> int:
        found = logs.filter_log_events(
            logGroupName=group, logStreamNames=[HEARTBEAT_STREAM], startTime=begun
        )
        return max((event["timestamp"] for event in found["events"]), default=0)

    if not subject.wait(lambda: None if late() else True, BEAT_SECONDS):
        raise DidNotHold(f"no heartbeat in {', '.join(late())} within {BEAT_SECONDS} s")
    return f"in {len(groups)} log groups"


def a_replay_runs(subject: Subject) -> str:
    """A dry run of the queue and one of the quarantine: nothing is moved."""
    machine, steps = (
        subject.output("ReplayStateMachineArn"),
        subject.session.client("stepfunctions"),
    )
    seen = []
    for source in ("usage", "quarantine"):
        order = json.dumps({"source": source, "dryRun": True})
        started = steps.start_execution(
            stateMachineArn=machine, name=f"smoke-{uuid4().hex[:12]}", input=order
        )
        arn = started["executionArn"]

        def ended(arn: str = arn) -> str | None:
            status = steps.describe_execution(executionArn=arn)["status"]
            return None if status == "RUNNING" else status

        status = subject.wait(ended, REPLAY_SECONDS)
        if status != "SUCCEEDED":
            raise DidNotHold(f"{source}: {status or 'still running'}: {arn}")
        output = json.loads(steps.describe_execution(executionArn=arn)["output"])
        seen.append(f"{source}: {output.get('outcome', '?')}")
    return ", ".join(seen)


def the_audit_compares(subject: Subject) -> str:
    """A run that is asked for ends well, and the windows of the log are kept. The walk's own window
    is due a quarter of an hour after its request: that is left to UnaccountedRequestsAlarm.
    """
    answer = subject.session.client("lambda").invoke(
        FunctionName=subject.resources["AuditCountFunction"], Payload="{}"
    )
    said = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        raise DidNotHold(f"AuditCountFunction: {said[:300]}")
    done = json.loads(said)
    if done["behind"]:
        raise DidNotHold(f"{done['behind']} windows are due and were not looked at")
    kept = subject.session.client("s3").list_objects_v2(
        Bucket=subject.output("LedgerBucketName"), Prefix=AUDITS_PREFIX
    )
    if not kept.get("Contents"):
        raise DidNotHold(f"no window under {AUDITS_PREFIX} of the ledger's bucket")
    return f"none behind, {kept['KeyCount']} kept; {done['unaccounted']} requests unaccounted"


MACHINE_CLAIMS = (
    Claim(
        "heartbeat",
        "The schedule starts the EXPRESS machine, which may put lines into each log group.",
        heartbeats_are_put,
    ),
    Claim(
        "replay",
        "Step Functions reads the JSONata of the replay machine as it was tried here.",
        a_replay_runs,
    ),
    Claim(
        "audit",
        "The audit reads the log with FilterLogEvents, asks metering, and keeps its windows.",
        the_audit_compares,
    ),
)
