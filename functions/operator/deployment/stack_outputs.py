"""A stack's name comes in; its outputs leave. Credentials and Region are those of the aws CLI."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import Deployment, TargetError

if TYPE_CHECKING:
    from boto3 import Session


def deployed_stack(name: str) -> Deployment:
    """TargetError when there is no such stack, or nobody who may ask."""
    session = aws_session()
    try:
        (found,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise TargetError(f"--stack {name}: {in_plain_words(error)}") from None
        said = error.response["Error"]["Message"]
        if "constraint" in said:
            said = "no stack can have this name"
        where = f"in {session.region_name}, {_account(session)}"
        fix = "give the name of a stack there, or set AWS_PROFILE or AWS_REGION to where it is"
        raise TargetError(f"--stack {name}: {said} {where}: {fix}") from None
    except BotoCoreError as error:
        raise TargetError(f"--stack {name}: {in_plain_words(error)}") from None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    fix = "give the name of the stack that `make deploy` made"
    lack = f"--stack {name} is not this application's, {fix}"
    return Deployment(session.region_name, outputs, lack, name)


def _account(session: "Session") -> str:
    try:
        return f"account {session.client('sts').get_caller_identity()['Account']}"
    except (BotoCoreError, ClientError):
        return "an account that AWS does not tell"
