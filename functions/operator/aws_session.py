"""boto3, imported by the first call to AWS: half of the time that a help would take to show."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boto3 import Session


def aws_session(region: str | None = None) -> "Session":
    """Credentials, and the Region unless one is given, are those of the aws CLI."""
    import boto3  # noqa: PLC0415 - see above

    return boto3.Session(region_name=region)
