"""What waits for a person: the quarantine by reason, and what was set aside by class.

Bounded, for a status is asked often. To look at a message is to receive it, which hides it for a
moment and counts: SQS leaves one that was received more than three times out of its queue's age. So
messages are looked at again only when there are more or fewer than before, and never beside a
replay.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.quarantined_object import prefixes_of, reason_of
from functions.operator.deployment.deployment import Deployment
from functions.operator.messages.dead_letters import DeadLetters
from functions.operator.messages.queue_message import summary_of
from functions.operator.status.queue_statuses import USAGE_DEAD_LETTERS, queue_url
from functions.operator.status.stack_status import QueueStatus, RunStatus, StackStatus
from functions.replay.quarantine_listing import Quarantine

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

MOST_NAMES = 10_000  # ten calls
MOST_LETTERS = 100  # ten calls
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class CountedKept(NamedTuple):
    """The most frequent first. `left_out` says what was not counted, if anything."""

    by_name: Mapping[str, int]
    left_out: str = ""


def quarantined(client: "S3Client", found: Deployment) -> CountedKept:
    """Objects by reason; those that a replay has dealt with are no longer among them."""
    bucket = found.output("QuarantineBucketName")
    entries = Quarantine(client, bucket).entries(prefixes_of(None), _FOR_EVER)
    reasons = Counter(reason_of(one.key) for one in islice(entries, MOST_NAMES))
    more = next(entries, None) is not None
    return CountedKept(
        dict(reasons.most_common()),
        f"only the first {MOST_NAMES} objects of s3://{bucket} were counted" * more,
    )


def set_aside(
    client: "SQSClient",
    found: Deployment,
    queues: Sequence[QueueStatus],
    replay: RunStatus | None,
    earlier: StackStatus | None,
) -> CountedKept:
    """Messages that show, by class; those of `earlier` while there are as many."""
    visible = sum(one.visible for one in queues if one.name == USAGE_DEAD_LETTERS)
    left_out = f"only {MOST_LETTERS} of {visible} messages were looked at"
    if visible == 0:
        return CountedKept({})
    if earlier and earlier.kept.set_aside_by_class and visible == _visible(earlier):
        return CountedKept(earlier.kept.set_aside_by_class, left_out * (visible > MOST_LETTERS))
    if replay and replay.is_running:
        return CountedKept({}, "a replay is running: a look would hide them from it")
    with DeadLetters(client, queue_url(found, USAGE_DEAD_LETTERS)) as letters:
        seen = letters.messages(min(visible, MOST_LETTERS))
        classes = Counter(str(summary_of(one)["class"]) for one in seen)
    return CountedKept(dict(classes.most_common()), left_out * (visible > MOST_LETTERS))


def _visible(earlier: StackStatus) -> int:
    return earlier.queue(USAGE_DEAD_LETTERS).visible
