"""A name of the template comes in, of an output or of a resource; what stands there leaves."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.place import Place, find_deployment

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_UNKNOWN = "ValidationError"


def place_named(place: Place, name: str) -> str:
    """An output's value, else a resource's physical id. TargetError where there is neither."""
    found = find_deployment(place)
    if name in found.outputs:
        return found.outputs[name]
    client = aws_session(found.region).client("cloudformation")
    # The local cloud deploys the template as a stack, too.
    stack = found.stack or ""
    outputs = _outputs(client, stack) if found.is_local else {}
    return outputs.get(name) or _resource(client, found, stack, name)


def _outputs(client: "CloudFormationClient", stack: str) -> dict[str, str]:
    """Those that the local cloud's file does not repeat."""
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def _resource(client: "CloudFormationClient", found: Deployment, stack: str, name: str) -> str:
    try:
        said = client.describe_stack_resource(StackName=stack, LogicalResourceId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != _UNKNOWN:
            raise TargetError(f"{name}: {in_plain_words(error)}") from None
        known = ", ".join(sorted(found.outputs))
        raise TargetError(
            f"{name}: stack {stack} has no output and no resource of that name; outputs: {known}"
        ) from None
    return said["StackResourceDetail"].get("PhysicalResourceId", "")
