"""The template's policy of the ledger's bucket, on a bucket: nobody deletes under `ledger/`."""

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.adapters.ledger import Ledger
from tests.fakes.set_aside_messages import ledger_row
from tests.template.stack import template

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def resolved(node: Any, arn: str) -> Any:
    """The template's part with the bucket's ARN in its place."""
    match node:
        case {"Fn::GetAtt": "LedgerBucket.Arn"}:
            return arn
        case {"Fn::Sub": str(text)}:
            return text.replace("${LedgerBucket.Arn}", arn)
        case dict():
            return {name: resolved(value, arn) for name, value in node.items()}
        case list():
            return [resolved(one, arn) for one in node]
    return node


@pytest.fixture
def administrator(s3: "S3Client", bucket: str) -> "S3Client":
    """Who may do everything that the bucket's policy does not deny."""
    document = template()["Resources"]["LedgerBucketTlsOnly"]["Properties"]["PolicyDocument"]
    policy = resolved(document, f"arn:aws:s3:::{bucket}")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    iam, name = boto3.client("iam"), f"administrator-{uuid4()}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "s3",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def is_denied(call: Any, **asked: Any) -> bool:
    try:
        call(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return True
    return False


def test_an_administrator_deletes_nothing_of_the_ledger(
    administrator: "S3Client", bucket: str
) -> None:
    """Neither an object nor a version of one; beside the ledger as always."""
    ledger = Ledger(administrator, bucket)
    ledger.append([ledger_row(1)], "20261123T100100000Z-a")
    (name,) = ledger.names("ledger/")
    assert is_denied(administrator.delete_object, Bucket=bucket, Key=name)
    assert is_denied(administrator.delete_object, Bucket=bucket, Key=name, VersionId="null")
    rule = {"ID": "soon", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    assert is_denied(
        administrator.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [rule]},
    )
    assert list(ledger.read("ledger/")) == [ledger_row(1)]
    administrator.put_object(Bucket=bucket, Key="sums/2026-11-23/10.json.gz", Body=b"")
    assert not is_denied(
        administrator.delete_object, Bucket=bucket, Key="sums/2026-11-23/10.json.gz"
    )


def test_an_administrator_gets_out_by_the_policy(administrator: "S3Client", bucket: str) -> None:
    """As ledger.md says: the policy off, what has to be done, the policy on again."""
    ledger = Ledger(administrator, bucket)
    ledger.append([ledger_row(1)], "20261123T100100000Z-a")
    (name,) = ledger.names("ledger/")
    saved = administrator.get_bucket_policy(Bucket=bucket)["Policy"]
    administrator.delete_bucket_policy(Bucket=bucket)
    assert not is_denied(administrator.delete_object, Bucket=bucket, Key=name)
    administrator.put_bucket_policy(Bucket=bucket, Policy=saved)
    ledger.append([ledger_row(2)], "20261123T100100000Z-b")
    (name,) = ledger.names("ledger/")
    assert is_denied(administrator.delete_object, Bucket=bucket, Key=name)
