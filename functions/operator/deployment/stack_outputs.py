"""A stack's name comes in; its outputs leave. Credentials and Region are those of the aws CLI."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import Deployment, TargetError


def deployed_stack(name: str) -> Deployment:
    """TargetError when there is no such stack, or nobody who may ask."""
    session = boto3.Session()
    try:
        (found,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise TargetError(f"--stack {name}: {in_plain_words(error)}") from None
        said = error.response["Error"]["Message"]
        where = f"in {session.region_name}, {_account(session)}"
        fix = "give the name of a stack there, or set AWS_PROFILE or AWS_REGION to where it is"
        raise TargetError(f"--stack {name}: {said} {where}: {fix}") from None
    except BotoCoreError as error:
        raise TargetError(f"--stack {name}: {in_plain_words(error)}") from None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    lack = f"--stack {name} is not this application's"
    return Deployment(session.region_name, outputs, lack)


def _account(session: boto3.Session) -> str:
    try:
        return f"account {session.client('sts').get_caller_identity()['Account']}"
    except (BotoCoreError, ClientError):
        return "an account that AWS does not tell"
