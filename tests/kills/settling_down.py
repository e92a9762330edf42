"""The end: nobody is killed any more. What waits arrives, what left the road is replayed from every
source by the real state machine, hours that are over are closed, and the log is audited.
"""

import json
import time
from collections.abc import Mapping

import boto3

from functions.audit.equation import Equation
from functions.usage.moment import iso_from_epoch_ms
from tests.kills.killable_cloud import STACK, KillableCloud
from tests.local.demo.depth import waiting
from tests.local.demo.executions import start_execution, wait_for_execution
from tests.local.demo.stage import Stage
from tests.local.deploy import physical_ids
from tests.statemachine.quick_ministack import wait_less

# A message that was received often waits minutes for its next try.
DRAIN_SECONDS = 900.0
REPLAY_SECONDS = 900.0
AUDIT_SECONDS = 900.0
SLACK_SECONDS = 30.0
# What a state machine waits there takes that part of the time.
WAIT_SCALE = 0.1
SOURCES = ("quarantine", "usage", "counters")
ENDED = frozenset({"replay_finished", "nothing_to_replay"})


def drain(stage: Stage, cloud: KillableCloud) -> None:
    """Until nothing is on its way, being worked on or held."""

    def look() -> tuple[bool, str]:
        usage, settled = (waiting(cloud.endpoints, name) for name in ("usage", "settled"))
        return not usage and not settled, f"{usage} usage and {settled} settled messages left"

    stage.wait("everything on its way has arrived", look, DRAIN_SECONDS)


def replay_all(stage: Stage, cloud: KillableCloud) -> dict[str, Mapping[str, int]]:
    """What became of the events of each source, in the words of the report."""
    endpoints = cloud.endpoints
    wait_less(endpoints.aws_endpoint_url, endpoints.aws_environment["AWS_CA_BUNDLE"], WAIT_SCALE)
    return {source: _replay(stage, cloud, source) for source in SOURCES}


def close_hours(cloud: KillableCloud) -> None:
    """The repair, as its schedule starts it."""
    function = physical_ids(STACK)["ReconciliationRepairFunction"]
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    if answer.get("FunctionError"):
        raise RuntimeError(f"the repair failed: {answer['Payload'].read()!r}")


def audit(stage: Stage, cloud: KillableCloud, from_ms: int) -> Equation:
    """Of everything since then; it changes nothing."""
    _look_at_once()
    window_ms = cloud.window_seconds * 1000
    to_ms = _now_ms() - _now_ms() % window_ms + window_ms

    def is_due() -> tuple[bool, str]:
        return _now_ms() > to_ms + 2_000, f"ends at {iso_from_epoch_ms(to_ms)}"

    stage.wait("the window of the last line", is_due, cloud.window_seconds + SLACK_SECONDS)
    asked = {
        "from": iso_from_epoch_ms(from_ms - from_ms % window_ms),
        "to": iso_from_epoch_ms(to_ms),
        "dryRun": True,
    }
    execution = start_execution(cloud.endpoints.state_machines["audit"], asked)
    report = wait_for_execution(stage, "audit", execution, AUDIT_SECONDS)["report"]
    if report["windows"]["left"]:
        raise RuntimeError(f"the audit left windows: {report}")
    return Equation.model_validate(report["before"]["all"])


def _replay(stage: Stage, cloud: KillableCloud, source: str) -> Mapping[str, int]:
    machine = cloud.endpoints.state_machines["replay"]
    while True:
        execution = start_execution(machine, {"source": source})
        output = wait_for_execution(stage, f"replay of {source}", execution, REPLAY_SECONDS)
        if output["outcome"] in ENDED:
            events: Mapping[str, int] = output.get("report", {"events": {}})["events"]
            return events
        if output["outcome"] != "another_replay_is_running":  # a schedule's own: it ends
            raise RuntimeError(f"replay of {source}: {json.dumps(output)}")


def _look_at_once() -> None:
    """The audit's delay, which kept the schedule's out of the run, is over: as a deploy does it."""
    client, ids = boto3.client("lambda"), physical_ids(STACK)
    for name in ("AuditStepFunction", "AuditCountFunction"):
        found = client.get_function_configuration(FunctionName=ids[name])
        variables = found["Environment"]["Variables"] | {"AUDIT_DELAY_SECONDS": "1"}
        client.update_function_configuration(
            FunctionName=ids[name], Environment={"Variables": variables}
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=ids[name])


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
