"""The clients of AWS that a status asks: impatient ones, for a person waits.

Made one after the other: boto3's sessions are not for several threads.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from functions.operator.aws_session import aws_session

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

# Each part of a status is a few calls of some 50 ms. What takes longer is told as not read.
_IMPATIENT = Config(connect_timeout=2, read_timeout=4, retries={"total_max_attempts": 2})


@dataclass(frozen=True, slots=True)
class StatusClients:
    """One of each."""

    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    logs: "CloudWatchLogsClient"
    s3: "S3Client"
    sqs: "SQSClient"
    stepfunctions: "SFNClient"


def status_clients(region: str | None) -> StatusClients:
    """Of the Region, or the session's own."""
    session = aws_session(region)
    return StatusClients(
        cloudformation=session.client("cloudformation", config=_IMPATIENT),
        cloudwatch=session.client("cloudwatch", config=_IMPATIENT),
        logs=session.client("logs", config=_IMPATIENT),
        s3=session.client("s3", config=_IMPATIENT),
        sqs=session.client("sqs", config=_IMPATIENT),
        stepfunctions=session.client("stepfunctions", config=_IMPATIENT),
    )
