"""What AWS or boto3 says went wrong comes in; one line that a person can act on leaves."""

import os
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)

_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})
_SIGN_IN: Final = "set AWS_PROFILE, or sign in (`aws sso login`, `aws configure`)"
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_NOT_KNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"}
)


def in_plain_words(error: BotoCoreError | ClientError) -> str:
    """The cause, and what to do about it where that is always the same."""
    if isinstance(error, ClientError):
        return _refusal(error)
    match error:
        case NoRegionError():
            return "no AWS Region is set: set AWS_REGION, or give the profile a region"
        case NoCredentialsError() | PartialCredentialsError() | SSOError():
            return f"no AWS credentials are set: {_SIGN_IN}"
        case ProfileNotFound():
            return f"AWS_PROFILE: {error}: name one that `aws configure list-profiles` shows"
        case ConnectionError() | HTTPClientError():  # it did not connect, or stopped answering
            return _silence(error)
        case _:
            return _one_line(str(error))


def _silence(error: BotoCoreError) -> str:
    local = os.environ.get("AWS_ENDPOINT_URL")
    if local:
        return f"the local cloud at {local} does not answer: run `make local`"
    url = f" at {error.kwargs.get('endpoint_url')}" * isinstance(error, EndpointConnectionError)
    return f"AWS{url} does not answer: check the Region (AWS_REGION) and the network"


def _refusal(error: ClientError) -> str:
    code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    asked = error.operation_name
    if code in _REFUSED:
        return f"AWS does not let you call {asked}: {_one_line(said)}"
    if code in _EXPIRED:
        return f"your AWS credentials have expired: {_SIGN_IN}"
    if code in _NOT_KNOWN:
        return f"AWS does not know your credentials: {_SIGN_IN}"
    return f"{asked}: {_one_line(said) or 'refused'} ({code})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
