"""Deleting the stack: it ends, and what holds money stays."""

from botocore.exceptions import ClientError

from functions.operator.smoke.claim import Claim, DidNotHold, NotTried
from functions.operator.smoke.subject import Subject

DELETED_SECONDS = 3_600  # Lambda's network interfaces take 20 to 40 minutes
_QUEUES = (
    "UsageQueueUrl",
    "UsageDeadLetterQueueUrl",
    "SettledUsageQueueUrl",
    "CounterDeadLetterQueueUrl",
)
_BUCKETS = ("LedgerBucketName", "QuarantineBucketName", "ConfigurationBucketName")


def what_holds_money_stays(subject: Subject) -> str:
    """Queues, buckets and the secret are asked for after the stack is gone."""
    if subject.is_local:
        raise NotTried("it would delete the local cloud's stack under its feet")
    if not subject.may_delete:
        raise NotTried("give --delete-stack, where the stack was made for this")
    _delete(subject)
    sqs, s3 = subject.session.client("sqs"), subject.session.client("s3")
    lost = []
    for name in _QUEUES:
        try:
            sqs.get_queue_attributes(QueueUrl=subject.output(name), AttributeNames=["QueueArn"])
        except ClientError:
            lost.append(name)
    for name in _BUCKETS:
        try:
            s3.head_bucket(Bucket=subject.output(name))
        except ClientError:
            lost.append(name)
    secret = subject.output("AforoSecretArn")
    try:
        subject.session.client("secretsmanager").describe_secret(SecretId=secret)
    except ClientError:
        lost.append("AforoSecretArn")
    if lost:
        raise DidNotHold(f"gone with the stack: {', '.join(lost)}")
    kept = ", ".join([*(subject.output(name) for name in (*_QUEUES, *_BUCKETS)), secret])
    return f"the stack is gone; these stay, and cost until you delete them: {kept}"


def _delete(subject: Subject) -> None:
    client = subject.session.client("cloudformation")
    stack_id = client.describe_stacks(StackName=subject.stack)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=stack_id)

    def ended() -> str | None:
        status = client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return None if status == "DELETE_IN_PROGRESS" else status

    status = subject.wait(ended, DELETED_SECONDS)
    if status != "DELETE_COMPLETE":
        raise DidNotHold(f"{status or 'still being deleted after an hour'}: see the stack's events")


DELETION_CLAIM = Claim(
    "deletion", "Deleting the stack leaves usage, ledger and configuration.", what_holds_money_stays
)
