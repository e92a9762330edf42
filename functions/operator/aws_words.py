"""What AWS or boto3 says went wrong comes in; one line that a person can act on leaves."""

import os
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionError,  # noqa: A004 - botocore's own
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
)

_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})
_SIGN_IN: Final = "set AWS_PROFILE, or sign in (`aws sso login`, `aws configure`)"
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_NOT_KNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"}
)
_AWS_S_OWN = 500
_WAIT = "AWS asks to call less often: try again in a minute"
_CLOCK = "the clock of this machine is not AWS's: set it (date -u), and try again"
_SIGNED = f"AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID: {_SIGN_IN}"
_BY_CODE: Final = {
    "SignatureDoesNotMatch": _SIGNED,
    "InvalidSignatureException": _SIGNED,
    "RequestTimeTooSkewed": _CLOCK,
    "Throttling": _WAIT,
    "ThrottlingException": _WAIT,
    "TooManyRequestsException": _WAIT,
    "SlowDown": _WAIT,
}


def in_plain_words(error: BotoCoreError | ClientError) -> str:
    """The cause, and what to do about it where that is always the same."""
    if isinstance(error, ClientError):
        return _refusal(error)
    match error:
        case NoCredentialsError() | PartialCredentialsError() | SSOError():
            return f"no AWS credentials are set: {_SIGN_IN}"
        case SSLError():
            fix = "set AWS_CA_BUNDLE to the certificates of the proxy that signs here"
            return f"the certificate of AWS is not trusted: {fix}"
        case ConnectionError() | HTTPClientError():  # it did not connect, or stopped answering
            return _silence(error)
        case _:
            return _settings(error) or _one_line(str(error))


def _settings(error: BotoCoreError) -> str:
    """What is wrong with the Region or the profile; empty where it is neither."""
    match error:
        case NoRegionError():
            return "no AWS Region is set: set AWS_REGION, or give the profile a region"
        case InvalidRegionError():
            given = error.kwargs.get("region_name")
            return f"AWS_REGION: {given!r} is no name of a Region: write it as eu-central-1"
        case ProfileNotFound():
            name = error.kwargs.get("profile")
            return f"AWS_PROFILE: there is no profile {name}: `aws configure list-profiles` has all"
        case ConfigParseError():
            path = error.kwargs.get("path")
            return f"AWS_CONFIG_FILE: {path} cannot be read as the aws CLI's file: correct it"
        case _:
            return ""


def _silence(error: BotoCoreError) -> str:
    local = os.environ.get("AWS_ENDPOINT_URL")
    if local:
        return f"the local cloud at {local} does not answer: run `make local`"
    url = f" at {error.kwargs.get('endpoint_url')}" * isinstance(error, EndpointConnectionError)
    return f"AWS{url} does not answer: check the Region (AWS_REGION), HTTPS_PROXY and the network"


def _refusal(error: ClientError) -> str:
    code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    asked = error.operation_name
    if code in _REFUSED:
        fix = "give that right to whom you sign in as, or set AWS_PROFILE to another"
        return f"AWS does not let you call {asked}: {_one_line(said)}: {fix}"
    if code in _EXPIRED:
        return f"your AWS credentials have expired: {_SIGN_IN}"
    if code in _NOT_KNOWN:
        return f"AWS does not know your credentials: {_SIGN_IN}"
    if words := _BY_CODE.get(code):
        return words
    return f"{asked}: {_one_line(said) or 'refused'} ({code}){_after(error)}"


def _after(error: ClientError) -> str:
    """What may be done about whatever it is."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return ": AWS is in trouble, try again in a minute" if status >= _AWS_S_OWN else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
