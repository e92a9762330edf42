"""The reconcile state machine, read as a document."""

from math import ceil
from typing import Any

import pytest

from functions.metering.configuration.source_declaration import MOST_SOURCES
from functions.metering.source_list import asks_for_sources
from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from functions.usage.metric import Metric
from tests.statemachine.definition import targets
from tests.statemachine.reconcile_stage import machine
from tests.template.stack import resources

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
    put, create = (
        STATES[name]["TimeoutSeconds"]
        for name in ("Put the heartbeat line", "Create the heartbeat stream")
    )
    waves = ceil(MOST_SOURCES / machine()["States"]["Put the heartbeats"]["MaxConcurrency"])
    assert tasks + waves * (put + create + put) <= machine()["TimeoutSeconds"] < 300


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
    writing = [
        one
        for policy in policies["Policies"]
        for one in policy.get("Statement", [])
        if "logs:PutLogEvents" in one["Action"]
    ]
    (statement,) = writing
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    place = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
    assert statement["Resource"] == {"Fn::Sub": f"{place}:log-stream:{HEARTBEAT_STREAM}"}


def test_a_heartbeat_is_put_wherever_requests_are_metered() -> None:
    """The machine asks metering for its list, in the words that metering knows, and may."""
    question = STATES["List the sources"]["Arguments"]["Payload"]
    assert asks_for_sources(question)
    policies = resources("AWS::Serverless::StateMachine")["ReconcileStateMachine"]["Properties"]
    given = policies["DefinitionSubstitutions"]["MeteringFunctionArn"]
    assert given == {"Fn::GetAtt": "MeteringFunction.Arn"}
    (invoking,) = [
        one
        for policy in policies["Policies"]
        for one in policy.get("Statement", [])
        if one["Action"] == "lambda:InvokeFunction"
    ]
    assert given in invoking["Resource"]


def test_a_heartbeat_that_nobody_can_tell_of_rings() -> None:
    """No figure is the worst figure: the machine, its function or the counters are away."""
    alarm = resources("AWS::CloudWatch::Alarm")["HeartbeatLateAlarm"]
    assert "Condition" not in alarm
    assert alarm["Properties"]["TreatMissingData"] == "breaching"
    assert alarm["Properties"]["MetricName"] == Metric.HEARTBEAT_AGE
