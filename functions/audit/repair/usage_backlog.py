"""How much waits on UsageQueue."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class UsageBacklog(NamedTuple):
    """What is held is hidden: it does not count, and does not stand in the way."""

    client: "SQSClient"
    url: str

    def waiting(self) -> int:
        """Messages that a forwarder could take now."""
        answer = self.client.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])
