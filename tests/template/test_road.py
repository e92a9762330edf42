"""The road of usage in the template: which place is whose, how it is kept, and for how long.

A swapped queue or a lifecycle rule of a few days deploys without an error and loses revenue later.
"""

from typing import Any

import pytest

from tests.template.stack import functions, most, resources, template, timeout, variables

QUEUES = resources("AWS::SQS::Queue")
BUCKETS = resources("AWS::S3::Bucket")
FUNCTIONS = functions()
ROAD = {"UsageQueue": "UsageDeadLetterQueue", "SettledUsageQueue": "CounterDeadLetterQueue"}


def test_a_variable_names_the_queue_that_it_is_called_after() -> None:
    """The forwarder would settle into its own dead letters, and no type could tell."""
    named = {
        (function, name): value
        for function, one in FUNCTIONS.items()
        for name, value in variables(one).items()
        if name.endswith("_QUEUE_URL")
    }
    assert len(named) > 5
    for (_, name), value in named.items():
        queue = name.removesuffix("_URL").title().replace("_", "")
        assert value == {"Ref": queue}, name


def test_each_queue_has_dead_letters_of_its_own() -> None:
    """A replay knows usage and commands apart by the queue that they lie in."""
    found = {
        name: queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
        for name, queue in QUEUES.items()
        if "RedrivePolicy" in queue["Properties"]
    }
    assert found == {name: {"Fn::GetAtt": f"{dead}.Arn"} for name, dead in ROAD.items()}


def test_each_stop_is_invoked_by_its_own_queue() -> None:
    """With as many messages as make few posts of many deliveries, and from the first deploy on."""
    sources = resources("AWS::Lambda::EventSourceMapping")
    found = {
        one["Properties"]["FunctionName"]["Ref"]: one["Properties"] for one in sources.values()
    }
    assert {name: one["EventSourceArn"] for name, one in found.items()} == {
        "ForwarderFunction": {"Fn::GetAtt": "UsageQueue.Arn"},
        "ReconciliationFunction": {"Fn::GetAtt": "SettledUsageQueue.Arn"},
    }
    assert {name: one["BatchSize"] for name, one in found.items()} == {
        "ForwarderFunction": 100,
        "ReconciliationFunction": 50,
    }
    assert all(one.get("Enabled", True) for one in found.values())


@pytest.mark.parametrize(
    ("source", "queue"),
    [("ForwarderSource", "UsageQueue"), ("ReconciliationSource", "SettledUsageQueue")],
)
def test_what_a_crash_held_is_back_within_minutes(source: str, queue: str) -> None:
    """No longer invisible than AWS's rule wants: a crash would cost the counters an hour."""
    event = resources("AWS::Lambda::EventSourceMapping")[source]["Properties"]
    function = FUNCTIONS[event["FunctionName"]["Ref"]]
    rule = 6 * timeout(function) + most(event["MaximumBatchingWindowInSeconds"])
    assert QUEUES[queue]["Properties"]["VisibilityTimeout"] == rule


def test_lambda_keeps_trying_a_delivery_for_as_long_as_it_can() -> None:
    """Six hours of throttling must not drop what no try was made of."""
    config = FUNCTIONS["MeteringFunction"]["Properties"]["EventInvokeConfig"]
    assert config["MaximumEventAgeInSeconds"] == 21_600


def test_the_road_is_encrypted_with_our_key_and_the_failure_path_with_aws_s() -> None:
    """The key turns over each year."""
    key = {"Fn::GetAtt": "DataKey.Arn"}
    for name in ROAD:
        assert QUEUES[name]["Properties"]["KmsMasterKeyId"] == {"Ref": "DataKey"}
        assert QUEUES[name]["Properties"]["KmsDataKeyReusePeriodSeconds"] == 3600
    for name in ROAD.values():
        assert QUEUES[name]["Properties"]["SqsManagedSseEnabled"] is True
    assert _encryption("LedgerBucket") == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert _encryption("QuarantineBucket") == {"SSEAlgorithm": "AES256"}
    assert template()["Resources"]["DataKey"]["Properties"]["EnableKeyRotation"] is True
    assert template()["Resources"]["AforoSecret"]["Properties"]["KmsKeyId"] == key


def _encryption(bucket: str) -> dict[str, Any]:
    (rule,) = BUCKETS[bucket]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    found: dict[str, Any] = rule["ServerSideEncryptionByDefault"]
    return found


@pytest.mark.parametrize("name", ["LedgerBucket", "QuarantineBucket", "ConfigurationBucket"])
def test_a_bucket_keeps_versions_and_is_nobody_else_s(name: str) -> None:
    """An object that is written over or deleted can be had again; no policy makes it public."""
    properties = BUCKETS[name]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_nothing_expires_before_its_time() -> None:
    """The ledger after 400 days, the quarantine after 180, every configuration that billed never;
    only the markers of incomplete requests that have left go sooner.
    """
    rules = {
        (name, rule.get("Prefix", "")): rule.get("ExpirationInDays")
        for name in ("LedgerBucket", "QuarantineBucket")
        for rule in BUCKETS[name]["Properties"]["LifecycleConfiguration"]["Rules"]
    }
    assert rules == {
        ("LedgerBucket", ""): 400,
        ("QuarantineBucket", ""): 180,
        ("QuarantineBucket", "quarantine/incomplete/"): None,
    }
    assert "LifecycleConfiguration" not in BUCKETS["ConfigurationBucket"]["Properties"]
    assert template()["Parameters"]["LogRetentionDays"]["Default"] == 90


def test_no_queue_is_spoken_to_in_the_clear_or_purged() -> None:
    """All four of them; one click would lose revenue."""
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    assert [one["Ref"] for one in policy["Properties"]["Queues"]] == [
        "UsageQueue",
        "UsageDeadLetterQueue",
        "SettledUsageQueue",
        "CounterDeadLetterQueue",
    ]
    tls, purge = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {tls["Effect"], purge["Effect"]} == {"Deny"}
    assert {tls["Principal"], purge["Principal"]} == {"*"}
    assert (tls["Action"], purge["Action"]) == ("sqs:*", "sqs:PurgeQueue")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "Condition" not in purge


@pytest.mark.parametrize("bucket", ["LedgerBucket", "QuarantineBucket", "ConfigurationBucket"])
def test_no_bucket_is_spoken_to_in_the_clear(bucket: str) -> None:
    """Neither the bucket nor its objects, whoever asks."""
    policy = template()["Resources"][f"{bucket}TlsOnly"]["Properties"]
    assert policy["Bucket"] == {"Ref": bucket}
    deny = policy["PolicyDocument"]["Statement"][0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    whole, objects = {"Fn::GetAtt": f"{bucket}.Arn"}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}
    assert deny["Resource"] == [whole, objects]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_posts_are_as_large_as_aforo_takes_them() -> None:
    """Larger ones are refused whole and halved each time, smaller ones cost a call each."""
    forwarder = variables(FUNCTIONS["ForwarderFunction"])
    assert (forwarder["EVENTS_PER_POST"], forwarder["POST_BYTES"]) == ("100", "1048576")


def test_metering_reads_the_configuration_that_its_role_may_read() -> None:
    """Another name would be a bucket without a configuration: the default would bill."""
    metering = variables(FUNCTIONS["MeteringFunction"])
    assert metering["CONFIGURATION_KEY"] == "configuration/metering.json"
    assert metering["QUARANTINE_BUCKET"] == {"Ref": "QuarantineBucket"}
    assert template()["Parameters"]["TenantHeader"]["Default"] == "tenant"
