"""A question to AWS comes in; its answer leaves, or None where AWS knows no such thing."""

from collections.abc import Callable

from botocore.exceptions import ClientError

# As API Gateway says it, and CloudWatch Logs and Lambda.
_NOT_THERE = frozenset({"NotFoundException", "ResourceNotFoundException"})


def or_none[Found](ask: Callable[[], Found]) -> Found | None:
    """Any other refusal raises: it says nothing of what was asked for."""
    try:
        return ask()
    except ClientError as error:
        if is_not_there(error):
            return None
        raise


def is_not_there(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing."""
    return error.response["Error"]["Code"] in _NOT_THERE
