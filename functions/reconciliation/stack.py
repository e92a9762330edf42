"""A deployed stack as the operator's command needs it: where commands go, and whom to ask."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from functions.reconciliation.commands import Command


class Stack(NamedTuple):
    """One stack, by the outputs of its template."""

    queue_url: str
    function_arn: str

    def send(self, command: "Command") -> str:
        """Put a command on SettledUsageQueue; the SQS message id."""
        body = command.model_dump_json(by_alias=True, exclude_none=True)
        try:
            sent = boto3.client("sqs").send_message(QueueUrl=self.queue_url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise Permanent(f"the command was not sent: {error}") from error
        return sent["MessageId"]

    def inspect(self, question: Mapping[str, object]) -> str:
        """What the counters say, as JSON text."""
        payload = json.dumps({"inspect": question}).encode()
        try:
            answer = boto3.client("lambda").invoke(FunctionName=self.function_arn, Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise Permanent(f"the reconciliation function was not asked: {error}") from error
        text = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            raise Permanent(f"the reconciliation function failed: {text}")
        return text


def find_stack(name: str) -> Stack:
    """The stack called `name`, in the region and account of the environment. Permanent says what
    is missing.
    """
    try:
        (found,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise Permanent(f"--stack {name}: cannot be read: {error}") from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    try:
        return Stack(outputs["SettledUsageQueueUrl"], outputs["ReconciliationFunctionArn"])
    except KeyError as missing:
        raise Permanent(f"--stack {name}: has no output {missing.args[0]}") from None
