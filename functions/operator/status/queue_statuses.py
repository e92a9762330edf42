"""How many messages are in each queue of a deployment."""

from typing import TYPE_CHECKING

from functions.operator.deployment.deployment import Deployment
from functions.operator.status.stack_status import QueueStatus

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

USAGE, SETTLED = "UsageQueue", "SettledUsageQueue"
USAGE_DEAD_LETTERS, COUNTER_DEAD_LETTERS = "UsageDeadLetterQueue", "CounterDeadLetterQueue"
# In the order of the walk.
QUEUES = (USAGE, USAGE_DEAD_LETTERS, SETTLED, COUNTER_DEAD_LETTERS)
_VISIBLE = "ApproximateNumberOfMessages"
# In a consumer's hands, and put back to be seen later.
_HIDDEN = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


def queue_url(found: Deployment, queue: str) -> str:
    """TargetError where the deployment does not say it."""
    return found.output(f"{queue}Url")


def queue_statuses(client: "SQSClient", found: Deployment) -> tuple[QueueStatus, ...]:
    """Without their ages: SQS itself does not tell them."""
    return tuple(_status(client, name, queue_url(found, name)) for name in QUEUES)


def _status(client: "SQSClient", name: str, url: str) -> QueueStatus:
    said = client.get_queue_attributes(QueueUrl=url, AttributeNames=[_VISIBLE, *_HIDDEN])  # type: ignore[list-item]
    figures = {str(attribute): int(text) for attribute, text in said["Attributes"].items()}
    hidden = sum(figures.get(attribute, 0) for attribute in _HIDDEN)
    return QueueStatus(name, figures[_VISIBLE], hidden)
