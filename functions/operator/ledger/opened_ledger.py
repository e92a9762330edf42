"""A deployment or a bucket's name comes in, its ledger leaves: once it is certain that it can be
read.
"""

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.ledger import Ledger
from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.place import Place, find_deployment


def ledger_bucket(place: Place, bucket: str | None) -> tuple[str | None, str]:
    """The Region, if it is told, and the bucket's name."""
    if place.stack and bucket:
        raise TargetError("--bucket: give it, or --stack")
    if bucket:
        return None, bucket
    found = find_deployment(place)
    return found.region, found.output("LedgerBucketName")


def open_ledger(region: str | None, bucket: str) -> Ledger:
    """TargetError for a bucket that is not there, or not ours to read."""
    try:
        client = aws_session(region).client("s3")
        client.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        message = f"the bucket {bucket} cannot be read: {in_plain_words(error)}"
        raise TargetError(message) from None
    return Ledger(client, bucket)
