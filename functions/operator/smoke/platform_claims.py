"""What the platform says of itself."""

from botocore.exceptions import ClientError

from functions.operator.smoke.claim import Claim, DidNotHold, NotTried
from functions.operator.smoke.subject import Subject


def counters_take_iam(subject: Subject) -> str:
    """The cache of the stack wants IAM, and reconciliation has just talked to it."""
    cache = subject.resources.get("Counters")
    if not cache:
        raise NotTried("this stack uses a Redis of its owner's: deploy one without RedisUrl")
    found = subject.session.client("elasticache").describe_users(
        UserId=subject.resources["ReconciliationRedisUser"]
    )
    kinds = {user["Authentication"]["Type"] for user in found["Users"]}
    if kinds != {"iam"}:
        raise DidNotHold(f"its users authenticate by {', '.join(sorted(kinds))}")
    return f"{cache}: iam; the walk's `counted` hop went through it"


def queues_are_encrypted_by_our_key(subject: Subject) -> str:
    """And the walk went through them."""
    sqs, seen = subject.session.client("sqs"), []
    for output in ("UsageQueueUrl", "SettledUsageQueueUrl"):
        found = sqs.get_queue_attributes(
            QueueUrl=subject.output(output), AttributeNames=["KmsMasterKeyId"]
        )
        key = found.get("Attributes", {}).get("KmsMasterKeyId", "")
        if subject.resources["DataKey"] not in key:
            raise DidNotHold(f"{output}: encrypted by {key or 'no key of ours'}")
        seen.append(output)
    return f"{len(seen)} queues by {subject.resources['DataKey']}"


def nobody_purges_a_queue(subject: Subject) -> str:
    """Tried on a dead-letter queue that is empty, by whoever runs this."""
    sqs, queue = subject.session.client("sqs"), subject.output("CounterDeadLetterQueueUrl")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    if found["Attributes"]["ApproximateNumberOfMessages"] != "0":
        raise NotTried("CounterDeadLetterQueue is not empty: replay it first")
    try:
        sqs.purge_queue(QueueUrl=queue)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"AccessDenied", "AccessDeniedException"}:
            return f"{code} for you, too"
        raise
    raise DidNotHold("the queue's policy let you purge it")


def snap_start_is_on(subject: Subject) -> str:
    """Where the stack was deployed with it."""
    found = subject.session.client("lambda").get_function_configuration(
        FunctionName=subject.output("AuthorizerAliasArn")  # only a version has a snapshot
    )
    snap = found.get("SnapStart", {})
    if snap.get("ApplyOn") != "PublishedVersions":
        raise NotTried("this stack was deployed without SnapStart")
    if snap.get("OptimizationStatus") != "On":
        raise DidNotHold(f"OptimizationStatus is {snap.get('OptimizationStatus')}")
    return "On for the published version"


PLATFORM_CLAIMS = (
    Claim("iam sign-in", "ElastiCache takes the IAM token as a password.", counters_take_iam),
    Claim("kms", "Queues are encrypted by the stack's key.", queues_are_encrypted_by_our_key),
    Claim("purge", "A queue's policy denies PurgeQueue to everybody.", nobody_purges_a_queue),
    Claim("snapstart", "Lambda keeps a snapshot of the authorizer.", snap_start_is_on),
)
