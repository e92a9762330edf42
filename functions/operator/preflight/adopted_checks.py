"""What a removed stack left and this one is to go on with: its ledger, and its configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.operator.preflight.finding import Finding, error, ok
from functions.operator.preflight.intended import Intended

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NOT_THERE = frozenset({"404", "NoSuchBucket"})
_BUCKETS = ("LedgerBucketName", "ConfigurationBucketName")


def check_adopted(s3: "S3Client", intended: Intended) -> Iterator[Finding]:
    """Every finding about LedgerBucketName, LedgerKeyArn and ConfigurationBucketName."""
    for name in _BUCKETS:
        if bucket := intended[name]:
            if not _is_there(s3, bucket):
                yield error(
                    name,
                    f"{bucket} is no bucket of this account",
                    "docs/how-to/remove-the-stack.md (Make it again) says how to find it",
                )
            elif name == "LedgerBucketName":
                yield _key(s3, bucket, intended["LedgerKeyArn"])
            else:
                yield ok(name, bucket)


def _is_there(s3: "S3Client", bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as fault:
        if fault.response["Error"]["Code"] in _NOT_THERE:
            return False
        raise
    return True


def _key(s3: "S3Client", bucket: str, given: str) -> Finding:
    """With another key nothing of the ledger can be read: usage would wait, and be set aside."""
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    found = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    key = next((one["KMSMasterKeyID"] for one in found if "KMSMasterKeyID" in one), "")
    if key != given:
        return error(
            "LedgerKeyArn",
            f"{bucket} is encrypted with {key or 'no key of KMS'}, not with {given or 'nothing'}",
            f"LedgerKeyArn={key}" if key else "that bucket is no ledger of ours",
        )
    return ok("LedgerBucketName", f"{bucket}, with its key")
