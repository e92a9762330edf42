"""boto3, imported by the first call to AWS: half of the time that a help would take to show."""

import os
from typing import TYPE_CHECKING

from functions.operator.web_page import refuse_web_page

if TYPE_CHECKING:
    from boto3 import Session


def aws_session(region: str | None = None) -> "Session":
    """Credentials, and the Region unless one is given, are those of the aws CLI."""
    import boto3  # noqa: PLC0415 - see above

    session = boto3.Session(region_name=region or region_of_environment())
    session.events.register("before-parse", refuse_web_page)
    return session


def region_of_environment() -> str | None:
    """boto3 reads AWS_DEFAULT_REGION alone; the aws CLI and people set AWS_REGION, too."""
    return os.environ.get("AWS_REGION") or None
