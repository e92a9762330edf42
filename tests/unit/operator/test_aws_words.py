"""What AWS says went wrong, as one line with what to do."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from functions.operator.aws_words import in_plain_words


def refused(code: str, message: str = "It says\n why") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetThing")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoRegionError(), "no AWS Region is set: set AWS_REGION"),
        (NoCredentialsError(), "no AWS credentials are set: set AWS_PROFILE"),
        (ProfileNotFound(profile="x"), "AWS_PROFILE: there is no profile x"),
        (EndpointConnectionError(endpoint_url="https://sqs.x"), "AWS at https://sqs.x does not"),
        (
            ConnectTimeoutError(endpoint_url="https://sqs.x"),
            "AWS does not answer: check the Region",
        ),
        (refused("AccessDenied"), "AWS does not let you call GetThing: It says why"),
        (refused("ExpiredToken"), "your AWS credentials have expired: set AWS_PROFILE"),
        (refused("InvalidClientTokenId"), "AWS does not know your credentials"),
        (refused("NoSuchThing"), "GetThing: It says why (NoSuchThing)"),
        (refused("404", ""), "GetThing: refused (404)"),
    ],
)
def test_the_cause_and_the_next_step_are_named(
    error: BotoCoreError | ClientError, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of it in boto3's own words, where it has words of its own for the cause."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    told = in_plain_words(error)
    assert told.startswith(said)
    assert "\n" not in told


def test_a_local_cloud_that_is_gone_is_to_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    told = in_plain_words(EndpointConnectionError(endpoint_url="https://127.0.0.1:9"))
    assert told == "the local cloud at https://127.0.0.1:9 does not answer: run `make local`"
