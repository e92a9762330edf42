"""How a stack is, read from real queues, buckets, logs, alarms and machines of the emulator."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.operator.command_line import main
from functions.operator.deployment.deployment import Deployment
from functions.operator.status.queue_statuses import QUEUES, USAGE, USAGE_DEAD_LETTERS
from functions.operator.status.reading_status import read_status
from functions.usage.message import to_body
from tests.fakes.set_aside_messages import event, message, record
from tests.local.ministack import REGION, Ministack
from tests.local.waiting import until

ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmDescription": "It rings. https://runbook/alarms#ringsalarm https://console#dashboards",
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
    },
}
LOG_GROUP = {"Type": "AWS::Logs::LogGroup"}
RESOURCES = {
    "RingsAlarm": ALARM,
    "QuietAlarm": ALARM,
    "ForwarderLogGroup": LOG_GROUP,
    "ReconciliationLogGroup": LOG_GROUP,
    **{name: {"Type": "AWS::SQS::Queue"} for name in QUEUES},
    "QuarantineBucket": {"Type": "AWS::S3::Bucket"},
    "LedgerBucket": {"Type": "AWS::S3::Bucket"},
}
OUTPUTS = {
    **{f"{name}Url": {"Value": {"Ref": name}} for name in QUEUES},
    "QuarantineBucketName": {"Value": {"Ref": "QuarantineBucket"}},
    "LedgerBucketName": {"Value": {"Ref": "LedgerBucket"}},
}


@dataclass
class World:
    """A stack, and the physical ids of what is in it."""

    found: Deployment
    ids: dict[str, str]

    def log(self, group: str, *lines: object) -> None:
        logs = boto3.client("logs")
        name, at_ms = self.ids[group], time.time_ns() // 1_000_000
        stream = uuid4().hex
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        events: Any = [{"timestamp": at_ms + n, "message": one} for n, one in enumerate(texts)]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)

    def set_aside(self, *classes: str) -> None:
        for number, one in enumerate(classes):
            body = to_body(message([event(number)], record(one)))
            boto3.client("sqs").send_message(
                QueueUrl=self.found.output("UsageDeadLetterQueueUrl"), MessageBody=body
            )


@pytest.fixture
def world(on_ministack: Ministack) -> Iterator[World]:
    """Nothing waits, nothing rings, and nothing was run."""
    stack, client = f"status-{uuid4().hex[:8]}", boto3.client("cloudformation")
    machines = {f"{name}StateMachineArn": {"Value": machine()} for name in ("Replay", "Audit")}
    template = {"Resources": RESOURCES, "Outputs": {**OUTPUTS, **machines}}
    client.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0, "MaxAttempts": 200}
    )
    made = client.describe_stack_resources(StackName=stack)["StackResources"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}
    (told,) = client.describe_stacks(StackName=stack)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}
    yield World(Deployment(REGION, outputs, "lack", stack), ids)
    client.delete_stack(StackName=stack)


def machine() -> str:
    """It reports what a replay reports."""
    name = f"status-{uuid4().hex[:8]}"
    report = {
        "dryRun": False,
        "messages": {"moved": 3, "waitingNow": 0, "left": []},
        "events": {"sent": 7},
    }
    output = {"outcome": "finished", "report": report}
    states = {"Done": {"Type": "Pass", "Result": output, "End": True}}
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    made = boto3.client("stepfunctions").create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "Done", "States": states}),
        roleArn=role["Role"]["Arn"],
    )
    return made["stateMachineArn"]


def test_of_a_calm_stack_all_was_read_and_nothing_is_wrong(world: World) -> None:
    """None of what nobody says is made up."""
    found = read_status(world.found)
    assert found.not_read == ()
    assert found.place == f"stack {world.found.stack}"
    assert [one.name for one in found.queues] == list(QUEUES)
    assert {one.messages for one in found.queues} == {0}
    assert [one.name for one in found.alarms] == ["QuietAlarm", "RingsAlarm"]
    assert found.ringing == ()
    assert found.forwarder is not None
    assert (found.forwarder.at, found.lag_seconds) == (None, None)
    assert (found.last_replay, found.last_audit) == (None, None)


def test_depths_are_counted_with_what_is_in_hands(world: World) -> None:
    """A message that somebody has received is hidden, not gone."""
    sqs, url = boto3.client("sqs"), world.found.output("UsageQueueUrl")
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=60)
    queue = read_status(world.found).queue(USAGE)
    assert (queue.visible, queue.hidden) == (2, 1)


def test_an_alarm_rings_with_the_section_that_explains_it(world: World) -> None:
    """By the template's name; the first of those in the list."""
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName=world.ids["RingsAlarm"], StateValue="ALARM", StateReason="it is 3"
    )
    (ringing,) = read_status(world.found).ringing
    assert (ringing.name, ringing.reason) == ("RingsAlarm", "it is 3")
    assert ringing.section_url == "https://runbook/alarms#ringsalarm"
    assert ringing.since


def test_the_forwarder_s_last_work_is_told_and_not_its_heartbeats(world: World) -> None:
    """Between them and after it are lines of Lambda's own."""
    report = {"message": "usage.forwarded", "messages": 2, "outcomes": {"EventsHeld:outage": 2}}
    world.log(
        "ForwarderLogGroup",
        {"message": "usage.forwarded", "messages": 1, "outcomes": {"EventsConfirmed": 1}},
        {**report, "stopped": "outage", "OldestHeldAge": 61.5},
        "REPORT RequestId: 1",
        {"message": "usage.forwarded"},
    )
    found = read_status(world.found).forwarder
    assert found is not None
    assert (found.messages, found.stopped) == (2, "outage")
    assert (found.outcomes, found.oldest_held_seconds) == ({"EventsHeld:outage": 2}, 61.5)
    assert found.at is not None


def test_the_lag_is_the_log_s_where_cloudwatch_has_none(world: World) -> None:
    """The newest of it."""
    world.log("ReconciliationLogGroup", {"Lag": 4.0}, {"HeartbeatAge": 2}, {"Lag": 0.25})
    assert read_status(world.found).lag_seconds == 0.25


def test_the_lag_is_cloudwatch_s_where_it_has_it(world: World) -> None:
    """In the stack's own namespace."""
    dimensions: Any = [{"Name": "service", "Value": "reconciliation"}]
    boto3.client("cloudwatch").put_metric_data(
        Namespace=f"AforoMetering/{world.found.stack}",
        MetricData=[{"MetricName": "Lag", "Value": 7.5, "Dimensions": dimensions}],
    )
    assert read_status(world.found).lag_seconds == 7.5


def test_what_is_kept_is_told_by_reason_and_class(world: World) -> None:
    """What a replay has dealt with is not among it; what was looked at shows again."""
    s3, bucket = boto3.client("s3"), world.found.output("QuarantineBucketName")
    names = ["no_customer/2026-11-29/03/a.json", "no_customer/2026-11-29/04/b.json", "tamper/c"]
    for key in [*(f"quarantine/{name}" for name in names), "replayed/r/quarantine/x/d", "other"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    world.set_aside("config", "ambiguous", "config")
    found = read_status(world.found)
    assert found.kept.quarantined_objects == 3
    assert found.kept.quarantined_by_reason == {"no_customer": 2, "tamper": 1}
    assert found.kept.set_aside_by_class == {"config": 2, "ambiguous": 1}
    assert read_status(world.found).queue(USAGE_DEAD_LETTERS).visible == 3


def test_messages_are_not_received_again_while_there_are_as_many(world: World) -> None:
    """Each look counts as a receive, and a screen that is redrawn would look all night."""
    world.set_aside("config")
    first = read_status(world.found)
    kept = replace(first.kept, set_aside_by_class={"as it was": 1})
    again = read_status(world.found, replace(first, kept=kept))
    assert again.kept.set_aside_by_class == {"as it was": 1}
    world.set_aside("late")
    later = read_status(world.found, again)
    assert later.kept.set_aside_by_class == {"config": 1, "late": 1}


def test_beside_a_replay_no_message_is_looked_at(world: World) -> None:
    """It would not see what a look has in its hands."""
    world.set_aside("config")
    states = {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}
    client, arn = boto3.client("stepfunctions"), world.found.output("ReplayStateMachineArn")
    client.update_state_machine(
        stateMachineArn=arn, definition=json.dumps({"StartAt": "Wait", "States": states})
    )
    run = client.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    found = read_status(world.found)
    client.stop_execution(executionArn=run)
    assert found.last_replay is not None
    assert found.last_replay.is_running
    assert found.kept.set_aside_by_class == {}
    assert found.not_read == (
        "what was set aside, by class: a replay is running: a look would hide them from it",
    )


def test_the_last_run_has_its_counts(world: World) -> None:
    """A count of nothing, and what is no count, is left out."""
    client, arn = boto3.client("stepfunctions"), world.found.output("ReplayStateMachineArn")
    run = client.start_execution(stateMachineArn=arn, name="night", input="{}")["executionArn"]
    until(lambda: client.describe_execution(executionArn=run)["status"] == "SUCCEEDED")
    found = read_status(world.found).last_replay
    assert found is not None
    assert (found.name, found.status) == ("night", "SUCCEEDED")
    assert found.summary == {"outcome": "finished", "messages.moved": 3, "events.sent": 7}
    assert found.stopped_at is not None


def test_a_run_that_found_nothing_hides_none_that_did(world: World) -> None:
    """A schedule starts one each five minutes; alone it is told."""
    client, arn = boto3.client("stepfunctions"), world.found.output("ReplayStateMachineArn")

    def run(name: str) -> None:
        one = client.start_execution(stateMachineArn=arn, name=name, input="{}")["executionArn"]
        until(lambda: client.describe_execution(executionArn=one)["status"] == "SUCCEEDED")

    did = client.describe_state_machine(stateMachineArn=arn)["definition"]
    nothing = {"Type": "Pass", "Result": {"outcome": "nothing_to_replay"}, "End": True}
    idle = json.dumps({"StartAt": "Done", "States": {"Done": nothing}})
    names = []
    for name, definition in (("idle", idle), ("night", did), ("again", idle)):
        client.update_state_machine(stateMachineArn=arn, definition=definition)
        run(name)
        last = read_status(world.found).last_replay
        assert last is not None
        names.append(last.name)
    assert names == ["idle", "night", "night"]


def test_what_cannot_be_read_is_told_and_stops_nothing_else(world: World) -> None:
    """Each with its cause; no part is an exception."""
    outputs = {**world.found.outputs, "QuarantineBucketName": "nobody-s-bucket"}
    del outputs["AuditStateMachineArn"]
    found = read_status(replace(world.found, outputs=outputs, stack=None))
    assert len(found.queues) == len(QUEUES)
    told = dict(one.split(": ", 1) for one in found.not_read)
    assert told.keys() == {
        "alarms",
        "the forwarder",
        "lag and ages",
        "the quarantine",
        "the last audit",
    }
    assert told["alarms"] == "the stack's name is not known"
    assert told["the last audit"] == "lack: no output AuditStateMachineArn"
    assert "NoSuchBucket" in told["the quarantine"]


def test_the_command_shows_it_and_what_to_do(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a screen, and as one object."""
    world.set_aside("config")
    assert main(["status", "--stack", str(world.found.stack)]) == 0
    out = capsys.readouterr().out
    assert f"stack {world.found.stack} in {REGION} at " in out
    step = f"aforo-metering replay start --dry-run --stack {world.found.stack}"
    assert step in out
    assert main(["status", "--stack", str(world.found.stack), "--format", "json"]) == 0
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert told["kept"]["setAsideByClass"] == {"config": 1}
    assert [one["command"] for one in told["next"]] == [step]


def test_it_is_watched_until_it_is_gone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Each look is a whole screen; a stack that was removed meanwhile is one line."""
    stack, client = str(world.found.stack), boto3.client("cloudformation")

    def remove(seconds: float) -> None:
        assert seconds == 0.25
        client.delete_stack(StackName=stack)
        client.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 0, "MaxAttempts": 200}
        )

    assert main(["status", "--stack", stack, "--watch", "0.25"], pause=remove) == 2
    out, err = capsys.readouterr()
    assert out.count("next:") == 1
    assert err.splitlines()[-1].startswith(f"status: --stack {stack}: ")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_pace_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line that names the option."""
    assert main(["status", "--watch", seconds]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("status: ")
    assert "--watch" in line
