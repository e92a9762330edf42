"""A deployment as the counters' commands need it: where commands go, and whom to ask."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.counter_commands.register import Register
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.place import Place, find_deployment
from functions.reconciliation.commands import (
    CloseCommand,
    GrantCommand,
    LimitCommand,
    OpenCommand,
    RebuildCommand,
    body_of,
)
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

    from functions.reconciliation.commands import Command


@dataclass
class Stack:
    """One stack, by the outputs of its template. A client is made once: who waits asks often."""

    queue_url: str
    function_arn: str
    configuration_bucket: str
    ledger_bucket: str

    @cached_property
    def register(self) -> Register:
        """What was stated of customers."""
        return Register(aws_session().client("s3"), self.configuration_bucket)

    @cached_property
    def _lambdas(self) -> "LambdaClient":
        return aws_session().client("lambda")

    def send(self, command: "Command") -> str:
        """Put a command on SettledUsageQueue, recorded first if it is one to stand; the SQS message
        id.
        """
        body = body_of(command)
        try:
            if not isinstance(command, OpenCommand | LimitCommand | CloseCommand | RebuildCommand):
                self.register.record(command)
            sent = (
                aws_session().client("sqs").send_message(QueueUrl=self.queue_url, MessageBody=body)
            )
        except (BotoCoreError, ClientError) as error:
            raise Permanent(f"the command was not sent: {in_plain_words(error)}") from error
        return sent["MessageId"]

    def inspect(self, question: Mapping[str, object]) -> str:
        """What the counters say, as JSON text."""
        return self._ask({"inspect": question})

    def tenant_findings(self) -> str:
        """What is not one customer's, as JSON text."""
        return self._ask({"tenant": {}})

    def has_granted(self) -> bool:
        """Whether the register holds a grant."""
        return any(isinstance(one, GrantCommand) for one in self.register.commands())

    def parts_done(self, rebuild: int) -> int:
        """How many parts of the rebuild of a version have been carried out."""
        return int(json.loads(self._ask({"rebuild": rebuild}))["parts"])

    def in_force(self, question: Mapping[str, object]) -> str:
        """What of many customers and API keys is in force, as JSON text."""
        return self._ask({"inForce": question})

    def _ask(self, question: Mapping[str, object]) -> str:
        payload = json.dumps(question).encode()
        try:
            answer = self._lambdas.invoke(FunctionName=self.function_arn, Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise Permanent(
                f"the reconciliation function was not asked: {in_plain_words(error)}"
            ) from error
        text = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            raise Permanent(f"the reconciliation function failed: {text}")
        return text


def find_stack(name: str) -> Stack:
    """The stack called `name`, in the region and account of the environment. Permanent says what
    is missing.
    """
    return find_counters(Place(stack=name))


def find_counters(place: Place) -> Stack:
    """The deployment that the options name."""
    return counters_of(find_deployment(place))


def counters_of(found: Deployment) -> Stack:
    """A deployment, by its outputs. TargetError names one that it does not have."""
    return Stack(
        queue_url=found.output("SettledUsageQueueUrl"),
        function_arn=found.output("ReconciliationFunctionArn"),
        configuration_bucket=found.output("ConfigurationBucketName"),
        ledger_bucket=found.output("LedgerBucketName"),
    )
