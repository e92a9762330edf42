"""A deployment and the name of one of its dead-letter queues come in; a look into it leaves."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment
from functions.operator.messages.dead_letters import DeadLetters


class QueueName(StrEnum):
    """Where messages wait for a person."""

    USAGE = "usage"
    COUNTERS = "counters"


type Queue = Annotated[
    QueueName, Parameter(help="usage: UsageDeadLetterQueue; counters: CounterDeadLetterQueue")
]

# As the template has them.
QUEUES = {
    QueueName.USAGE: "UsageDeadLetterQueue",
    QueueName.COUNTERS: "CounterDeadLetterQueue",
}
OUTPUTS = {name: f"{queue}Url" for name, queue in QUEUES.items()}


def open_letters(deployment: Deployment, queue: QueueName) -> DeadLetters:
    """To be used in a `with`: what it received is shown again at its end."""
    client = aws_session(deployment.region).client("sqs")
    return DeadLetters(client, deployment.output(OUTPUTS[queue]))


type OpenLetters = Callable[[Deployment, QueueName], DeadLetters]
# Tests give a queue of their own; no option does.
type Opened = Annotated[OpenLetters, Parameter(parse=False)]
OPEN: OpenLetters = open_letters
