"""boto3 clients with the timeouts and retries that fit inside a Lambda invocation."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.handlers import add_expect_header

from functions.usage.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

# boto3's defaults wait 60 s for a connection and 60 s for an answer: longer than our functions
# may run. Three tries of at most 2 + 8 s end inside the shortest function timeout (60 s).
CONNECT_SECONDS = 2
READ_SECONDS = 8
TRIES = 3
_BACKOFF_SECONDS = 3  # "standard": at most 1 s before the second try, 2 s before the third
CALL_SECONDS = TRIES * (CONNECT_SECONDS + READ_SECONDS) + _BACKOFF_SECONDS
# Who is calling, in CloudTrail. botocore's own text is made anew for each call, at a seventh of the
# call's CPU.
_USER_AGENT = "aforo-aws-metering"
_CONFIG = Config(
    user_agent=_USER_AGENT,
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": TRIES},
)


def signing_credentials() -> Credentials:
    """The function's own, by which it signs what no client of AWS's sends."""
    found = boto3.DEFAULT_SESSION or boto3.Session()
    credentials = found.get_credentials()
    if credentials is None:
        raise SettingsError("AWS_ACCESS_KEY_ID: is not set, nothing can be signed")
    return credentials


def sqs_client() -> "SQSClient":
    return boto3.client("sqs", config=_CONFIG)


def s3_client() -> "S3Client":
    """Puts an object in one round trip: no leave is asked before some kilobytes are sent, and their
    SHA-256, which is signed, is checksum enough.
    """
    config = _CONFIG.merge(Config(request_checksum_calculation="when_required"))
    client = boto3.client("s3", config=config)
    client.meta.events.unregister("before-call.s3", add_expect_header)
    return client


def secrets_client() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_CONFIG)


def lambda_client(answer_seconds: int) -> "LambdaClient":
    """For an invocation that is waited for; never sent twice by the client, who cannot know whether
    the first one is still at work.
    """
    config = Config(
        connect_timeout=2, read_timeout=answer_seconds, retries={"total_max_attempts": 1}
    )
    return boto3.client("lambda", config=config)


def stepfunctions_client() -> "SFNClient":
    return boto3.client("stepfunctions", config=_CONFIG)


def apigateway_client() -> "APIGatewayClient":
    return boto3.client("apigateway", config=_CONFIG)


def cloudwatch_client() -> "CloudWatchClient":
    return boto3.client("cloudwatch", config=_CONFIG)


def logs_client() -> "CloudWatchLogsClient":
    return boto3.client("logs", config=_CONFIG)
