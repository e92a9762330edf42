"""The operator's command against a deployed stack."""

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from functions.operator.command_line import main
from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.stack import find_stack
from functions.reconciliation.inbox import RefusedBody, read_body
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

TEMPLATE = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Configuration": {"Type": "AWS::S3::Bucket"},
        "Ledger": {"Type": "AWS::S3::Bucket"},
    },
    "Outputs": {
        "SettledUsageQueueUrl": {"Value": {"Ref": "Queue"}},
        "ReconciliationFunctionArn": {
            "Value": "arn:aws:lambda:us-east-1:000000000000:function:nobody"
        },
        "ConfigurationBucketName": {"Value": {"Ref": "Configuration"}},
        "LedgerBucketName": {"Value": {"Ref": "Ledger"}},
    },
}
GRANT = ["grant", "--customer", "cust_1", "--limit", "9", "--rate", "1", "--burst", "2"]


@pytest.fixture
def sqs(on_ministack: Ministack) -> "SQSClient":
    """The emulator in this process's environment, with a stack `with-outputs` and one without."""
    cloudformation = boto3.client("cloudformation")
    known = {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]}
    for name, template in (
        ("with-outputs", TEMPLATE),
        ("without-outputs", {**TEMPLATE, "Outputs": {}}),
    ):
        if name not in known:
            cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
            cloudformation.get_waiter("stack_create_complete").wait(
                StackName=name, WaiterConfig={"Delay": 1}
            )
    return boto3.client("sqs")


def test_a_command_arrives_as_the_function_reads_it(
    sqs: "SQSClient", capsys: pytest.CaptureFixture[str]
) -> None:
    """What the operator says stands in the register and in the stack's queue, and is understood
    there.
    """
    assert main(["counters", *GRANT, "--period", "month", "--stack", "with-outputs"]) == 0
    stack = find_stack("with-outputs")
    (message,) = sqs.receive_message(QueueUrl=stack.queue_url, WaitTimeSeconds=2)["Messages"]
    found = read_body(message["Body"])
    assert not isinstance(found, RefusedBody)
    assert list(Register(boto3.client("s3"), stack.configuration_bucket).commands()) == [found]
    assert message["MessageId"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([*GRANT, "--period", "month", "--stack", "nothing-there"], "--stack nothing-there"),
        ([*GRANT, "--period", "month", "--stack", "without-outputs"], "SettledUsageQueueUrl"),
        (["show", "--customer", "c", "--stack", "with-outputs"], "reconciliation function"),
    ],
)
def test_what_is_missing_is_named(
    sqs: "SQSClient", words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stack that is not there or not ours, or a function that cannot be asked, says so."""
    assert main(["counters", *words]) == 2
    assert named in capsys.readouterr().err
