"""A queue's URL comes in; how many messages it has leaves, as far as SQS knows: approximate."""

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_VISIBLE: Final = "ApproximateNumberOfMessages"
# In a consumer's hands, and put back to be seen later: held usage is among both.
_HIDDEN: Final = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
_ASKED: "list[QueueAttributeNameType]" = [_VISIBLE, *_HIDDEN]


class QueueDepth(NamedTuple):
    """`hidden` are in somebody's hands, or held and not yet shown."""

    visible: int
    hidden: int

    @property
    def messages(self) -> int:
        return self.visible + self.hidden


def queue_depth(client: "SQSClient", url: str) -> QueueDepth:
    """Of one queue, in one call."""
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=_ASKED)["Attributes"]
    return QueueDepth(int(told[_VISIBLE]), sum(int(told.get(name, 0)) for name in _HIDDEN))
