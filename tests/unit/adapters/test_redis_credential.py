"""The ElastiCache token, compared with botocore's own signer."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.adapters.aws_signature import AwsCredential, credential_in
from functions.adapters.redis_credential import (
    ElastiCacheCredential,
    ElastiCacheUser,
    connect_token,
    elasticache_credential,
)
from functions.usage.errors import SettingsError

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
USERS = {
    "nodes": ElastiCacheUser("writer", "aforo-counters", "eu-central-1", is_serverless=False),
    "serverless": ElastiCacheUser("writer", "aforo-counters", "us-east-1", is_serverless=True),
    "a name to escape": ElastiCacheUser(
        "w r+t/e", "counters", "us-gov-west-1", is_serverless=False
    ),
}


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
@pytest.mark.parametrize("session_token", ["", "FwoGZXIvYXdzE//+a=b"], ids=["key", "role"])
def test_token_is_what_botocore_signs(user: ElastiCacheUser, session_token: str) -> None:
    """Same parameters and same signature as botocore, with and without a session token."""
    credential = AwsCredential("AKIDEXAMPLE", SECRET, session_token)
    theirs = _botocore_url(user, credential)

    signed_at = datetime.strptime(theirs["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    token = connect_token(user, credential, signed_at)

    address, _, query = token.partition("/?")
    assert address == user.cache_name
    assert parse_qs(query, strict_parsing=True) == theirs


def test_every_connection_gets_a_token_of_its_own_time() -> None:
    """A provider signs when it is asked, so a connection hours later gets a token in force."""
    times = iter([datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC)])
    environment = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": SECRET}
    provider = ElastiCacheCredential(USERS["nodes"], environment, lambda: next(times))

    (user, first), (_, second) = provider.get_credentials(), provider.get_credentials()

    assert user == "writer"
    assert "X-Amz-Date=20261123T080000Z" in first
    assert "X-Amz-Date=20261123T200000Z" in second


def test_a_cache_is_signed_for_as_elasticache_spells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack with capitals in its name still gets a token that its cache takes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    url = "rediss://my-stack-counters-abc.serverless.use1.cache.amazonaws.com:6379"
    provider = elasticache_credential(
        user="writer", cache_name="My-Stack-counters", url=url, region="us-east-1"
    )
    assert provider is not None
    user, token = provider.get_credentials()
    assert user == "writer"
    assert token.startswith("my-stack-counters/?Action=connect&ResourceType=ServerlessCache&")


def test_no_iam_where_both_names_are_empty() -> None:
    """The local cloud and a cache without IAM connect without a token."""
    assert elasticache_credential(user="", cache_name="", url="redis://h:1", region="") is None


@pytest.mark.parametrize(
    ("user", "cache_name", "url", "region", "named"),
    [
        ("u", "", "rediss://h:1", "r", "REDIS_CACHE_NAME"),
        ("", "c", "rediss://h:1", "r", "REDIS_USER"),
        ("u", "c", "redis://h:1", "r", "rediss://"),
        ("u", "c", "rediss://h:1", "", "AWS_REGION"),
    ],
)
def test_half_a_configuration_is_refused(
    user: str, cache_name: str, url: str, region: str, named: str
) -> None:
    """Each way of setting IAM up wrong names the variable."""
    with pytest.raises(SettingsError, match=named):
        elasticache_credential(user=user, cache_name=cache_name, url=url, region=region)


def test_missing_aws_credential_is_named() -> None:
    """Without the runtime's credential the error says which variable is missing."""
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY"):
        credential_in({"AWS_ACCESS_KEY_ID": "AKID"})


def _botocore_url(user: ElastiCacheUser, credential: AwsCredential) -> dict[str, list[str]]:
    parameters = {"Action": "connect", "User": user.name}
    if user.is_serverless:
        parameters["ResourceType"] = "ServerlessCache"
    request = AWSRequest("GET", f"https://{user.cache_name}/", params=parameters)
    keys = Credentials(
        credential.access_key_id, credential.secret_access_key, credential.session_token or None
    )
    SigV4QueryAuth(keys, "elasticache", user.region, expires=900).add_auth(request)
    return parse_qs(urlsplit(str(request.url)).query, strict_parsing=True)
