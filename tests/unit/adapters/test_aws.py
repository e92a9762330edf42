"""boto3 clients must end, one way or the other, before Lambda ends the function."""

import tomllib
from hashlib import sha256
from typing import Any

import pytest
import yaml
from botocore.awsrequest import AWSPreparedRequest

from functions.adapters.aws import lambda_client, s3_client, secrets_client, sqs_client
from tests.local.endpoints import ROOT

# botocore's standard mode waits at most 2^n seconds before try n + 1.
LONGEST_PAUSES_SECONDS = (1, 2)
CLIENTS = (sqs_client, s3_client, secrets_client)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as nothing: only numbers are looked at here."""


_Loader.add_multi_constructor("!", lambda *_: None)


def _timeouts() -> dict[str, int]:
    template = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - derived from SafeLoader
    usual = template["Globals"]["Function"]["Timeout"]
    return {
        name: resource["Properties"].get("Timeout", usual)
        for name, resource in template["Resources"].items()
        # The authorizer is there in 60 ms or not at all, and calls nothing of AWS.
        if resource["Type"] == "AWS::Serverless::Function"
        and not name.startswith(("Authorizer", "Demo"))
    }


@pytest.mark.parametrize("make", CLIENTS)
def test_aws_is_told_who_calls(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one text for all calls: botocore's own costs a seventh of a call."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert make().meta.config.user_agent.split()[0] == project["name"]


@pytest.mark.parametrize("make", CLIENTS)
def test_a_call_that_hangs_ends_before_the_function_does(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tries with their pauses fit into the shortest function timeout."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = make().meta.config
    tries = config.retries["total_max_attempts"]
    assert tries == len(LONGEST_PAUSES_SECONDS) + 1
    longest = tries * (config.connect_timeout + config.read_timeout) + sum(LONGEST_PAUSES_SECONDS)
    assert config.retries["mode"] == "standard"
    assert longest < min(_timeouts().values()), _timeouts()


def test_an_object_is_put_in_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking leave for its body, whose SHA-256 is in the signature."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    sent: list[AWSPreparedRequest] = []

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request)
        raise InterruptedError

    client = s3_client()
    client.meta.events.register("before-send.s3", stop)
    with pytest.raises(InterruptedError):
        client.put_object(Bucket="ledger", Key="rows", Body=b"rows", IfNoneMatch="*")
    [request] = sent
    assert request.url.startswith("https://")
    assert "Expect" not in request.headers
    assert "Transfer-Encoding" not in request.headers
    assert request.headers["X-Amz-Content-SHA256"] == sha256(b"rows").hexdigest().encode()


def test_an_invocation_that_is_waited_for_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that hears nothing cannot know whether the first one is still at work: a second
    would meter beside it.
    """
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config: Any = lambda_client(70).meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout == 70
