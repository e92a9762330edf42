"""How many messages are in each queue of a deployment."""

from typing import TYPE_CHECKING

from functions.operator.deployment.deployment import Deployment
from functions.operator.messages.queue_depth import queue_depth
from functions.operator.status.stack_status import QueueStatus

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

USAGE, SETTLED = "UsageQueue", "SettledUsageQueue"
USAGE_DEAD_LETTERS, COUNTER_DEAD_LETTERS = "UsageDeadLetterQueue", "CounterDeadLetterQueue"
# In the order of the walk.
QUEUES = (USAGE, USAGE_DEAD_LETTERS, SETTLED, COUNTER_DEAD_LETTERS)


def queue_url(found: Deployment, queue: str) -> str:
    """TargetError where the deployment does not say it."""
    return found.output(f"{queue}Url")


def queue_statuses(client: "SQSClient", found: Deployment) -> tuple[QueueStatus, ...]:
    """Without their ages: SQS itself does not tell them."""
    return tuple(QueueStatus(name, *queue_depth(client, queue_url(found, name))) for name in QUEUES)
