"""What signs after a start from a snapshot: the keys that Lambda's own server tells."""

from datetime import UTC, datetime

import pytest

from functions.adapters.aws_signature import AwsCredential, credential_in
from functions.adapters.redis_credential import ElastiCacheCredential, ElastiCacheUser
from functions.usage.errors import Retryable, SettingsError
from tests.fakes.http_answers import Answer, answering

KEYS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "made-up",
    "Token": "session/token",
    "Expiration": "2026-11-29T14:00:00Z",
}


def environment(url: str) -> dict[str, str]:
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/2021-04-23/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in",
    }


def test_keys_are_asked_for_where_the_environment_has_none() -> None:
    """With the token that the server wants, and anew each time: they change."""
    later = KEYS | {"AccessKeyId": "ASIALATER"}
    with answering(Answer(body=KEYS), Answer(body=later)) as server:
        found = [credential_in(environment(server.url)) for _ in range(2)]
    assert found[0] == AwsCredential("ASIAEXAMPLE", "made-up", "session/token")
    assert found[1].access_key_id == "ASIALATER"
    path, headers, _ = server.asked[0]
    assert path == "/2021-04-23/credentials"
    assert headers["Authorization"] == "let me in"


def test_a_snapshot_signs_in_to_elasticache() -> None:
    """Else everybody would be refused as soon as SnapStart is on."""
    user = ElastiCacheUser("reader", "counters", "us-east-1", is_serverless=True)
    with answering(Answer(body=KEYS)) as server:
        signed_by = ElastiCacheCredential(
            user, environment(server.url), lambda: datetime(2026, 11, 29, tzinfo=UTC)
        )
        name, token = signed_by.get_credentials()
    assert name == "reader"
    assert "X-Amz-Credential=ASIAEXAMPLE%2F" in token
    assert "X-Amz-Security-Token=session%2Ftoken" in token


def test_keys_in_the_environment_come_first() -> None:
    """Nobody is asked."""
    with answering(Answer(status=500)) as server:
        given = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "made-up"}
        assert credential_in(environment(server.url) | given).access_key_id == "AKID"
    assert server.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500, body=KEYS),
        Answer(body="no json"),
        Answer(body={"AccessKeyId": "ASIAEXAMPLE"}),
        Answer(body=["made-up"]),
        Answer(body=KEYS | {"Token": None}),
    ],
)
def test_an_answer_without_keys_may_be_better_next_time(answer: Answer) -> None:
    """And says nothing of what it held."""
    with answering(answer) as server, pytest.raises(Retryable) as raised:
        credential_in(environment(server.url))
    assert "made-up" not in str(raised.value)


def test_nobody_there_may_be_better_next_time() -> None:
    """A connection that is refused is no reason to fail for ever."""
    with answering(Answer()) as server:
        url = server.url
    with pytest.raises(Retryable):
        credential_in(environment(url))


def test_neither_keys_nor_a_server_is_named() -> None:
    """A process that can never sign says which variables it looked for."""
    with pytest.raises(SettingsError, match=r"AWS_ACCESS_KEY_ID, AWS_CONTAINER_CREDENTIALS"):
        credential_in({})
