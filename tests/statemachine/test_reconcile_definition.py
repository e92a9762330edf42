"""The reconcile state machine, read as a document."""

from typing import Any

import pytest

from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from functions.usage.metric import Metric
from tests.statemachine.definition import targets
from tests.statemachine.reconcile_stage import machine
from tests.template.stack import resources, template

HEARTBEATS = machine()["States"]["Put the heartbeats"]["ItemProcessor"]
MACHINES = {"reconcile": machine(), "put the heartbeats": HEARTBEATS}
STATES: dict[str, dict[str, Any]] = {**machine()["States"], **HEARTBEATS["States"]}
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
LAMBDAS = [name for name in TASKS if STATES[name]["Resource"].endswith("lambda:invoke")]
FUNCTION_SECONDS = 60


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached_and_every_target_exists(name: str) -> None:
    """A state nobody leads to is a branch somebody believes in."""
    states = MACHINES[name]["States"]
    waiting, reached = [MACHINES[name]["StartAt"]], set[str]()
    while waiting:
        here = waiting.pop()
        reached.add(here)
        waiting += targets(states[here]) - reached
    assert reached == set(states)


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_waited_for_without_a_limit_and_nothing_fails_unseen(name: str) -> None:
    """A task has a timeout, and every error of it leads somewhere."""
    assert STATES[name]["TimeoutSeconds"] <= FUNCTION_SECONDS + 5
    assert STATES[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_it_ends_before_aws_ends_it() -> None:
    """An EXPRESS execution lives five minutes; all its tasks' timeouts fit into its own."""
    tasks = sum(STATES[name]["TimeoutSeconds"] for name in LAMBDAS)
    assert tasks + 3 * 20 <= machine()["TimeoutSeconds"] < 300


def test_the_heartbeat_is_the_one_that_metering_reads() -> None:
    """The machine cannot import the line's form: its text is compared."""
    put = STATES["Put the heartbeat line"]["Arguments"]
    assert put["LogStreamName"] == HEARTBEAT_STREAM
    before, _, after = heartbeat_line(1_795_000_000_000).partition("1795000000000")
    (event,) = put["LogEvents"]
    assert event["Message"] == f"{{% '{before}' & $string($millis()) & '{after}' %}}"


def test_the_role_may_write_heartbeats_and_nothing_else() -> None:
    """A role that may write request lines may bill anybody."""
    policies = resources("AWS::Serverless::StateMachine")["ReconcileStateMachine"]["Properties"]
    statement = policies["Policies"][1]["Fn::If"][1]["Statement"][0]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    allowed = [one["Fn::If"][1]["Fn::Sub"] for one in statement["Resource"]]
    assert allowed
    assert all(arn.endswith(f":log-stream:{HEARTBEAT_STREAM}") for arn in allowed)


def test_a_heartbeat_is_put_wherever_requests_are_metered() -> None:
    """The groups of the output, of the machine and of its role are the same."""
    machine_ = resources("AWS::Serverless::StateMachine")["ReconcileStateMachine"]["Properties"]
    given = machine_["DefinitionSubstitutions"]["MeteredLogGroups"]
    assert given == template()["Outputs"]["AccessLogGroups"]["Value"]
    subscribed = resources("AWS::Logs::SubscriptionFilter")
    statement = machine_["Policies"][1]["Fn::If"][1]["Statement"][0]
    assert len(subscribed) == len(given["Fn::Join"][1]) == len(statement["Resource"])


def test_a_heartbeat_that_nobody_can_tell_of_rings() -> None:
    """No figure is the worst figure: the machine, its function or the counters are away."""
    alarm = resources("AWS::CloudWatch::Alarm")["HeartbeatLateAlarm"]
    assert alarm["Condition"] == "HasMeteredLogGroup"
    assert alarm["Properties"]["TreatMissingData"] == "breaching"
    assert alarm["Properties"]["MetricName"] == Metric.HEARTBEAT_AGE
