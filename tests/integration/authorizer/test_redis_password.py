"""An own Redis with a password: a real Valkey and the local cloud's Secrets Manager."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import boto3
import pytest
import redis

from functions.adapters import redis_secret
from functions.adapters.redis_secret import RedisSecret
from functions.adapters.secret_text import read_secret_text
from functions.authorizer.handler import link_to
from functions.authorizer.redis_address import RedisAddress
from functions.authorizer.redis_link import LinkError, RedisLink
from functions.authorizer.settings import read_settings
from functions.reconciliation.counters.redis_scripts import Call, Script, connect, run
from functions.usage.errors import Retryable, SettingsError
from tests.fakes.settable_clock import SettableClock
from tests.integration.authorizer.conftest import environment_at
from tests.local.ministack import Ministack
from tests.local.valkey import Valkey, start_valkey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from redis.credentials import CredentialProvider

ENOUGH_SECONDS = 30.0
ASKED = [("GET", "a")]
ADVANCE = Call(Script.ADVANCE, ["watermark"], ["/group", 5, "stall:"])


def soon() -> float:
    return time.monotonic() + ENOUGH_SECONDS


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are tested, not this machine's speed."""
    monkeypatch.setattr(redis_secret, "PATIENCE_SECONDS", ENOUGH_SECONDS)
    monkeypatch.setattr("functions.authorizer.redis_link.ANSWER_SECONDS", ENOUGH_SECONDS)
    monkeypatch.setattr("functions.authorizer.redis_link.SIGN_IN_SECONDS", ENOUGH_SECONDS)


@pytest.fixture
def secrets(on_ministack: Ministack) -> "SecretsManagerClient":
    return boto3.client("secretsmanager")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey that wants a password of everybody."""
    with start_valkey(tmp_path) as server:
        with redis.Redis.from_url(server.url) as admin:
            admin.config_set("requirepass", "of-the-first-day")
        yield server


def change_password(server: Valkey, old: str, new: str) -> None:
    with redis.Redis.from_url(server.url, password=old) as admin:
        admin.config_set("requirepass", new)
        # A connection that signed in before stays signed in, on AWS too, until it is closed.
        admin.client_kill_filter(_type="normal", skipme=True)


def stored(client: "SecretsManagerClient", text: str) -> str:
    return client.create_secret(Name=f"redis-{uuid4()}", SecretString=text)["ARN"]


def store_again(client: "SecretsManagerClient", arn: str, text: str) -> None:
    client.put_secret_value(SecretId=arn, SecretString=text)


def test_the_authorizer_signs_in_and_follows_a_rotation(
    guarded: Valkey, secrets: "SecretsManagerClient"
) -> None:
    """Wired from its environment, which holds the ARN alone; the changed password is found within
    the question that met it.
    """
    arn = stored(secrets, "of-the-first-day")
    environment = environment_at(guarded.url, "acme") | {"REDIS_SECRET_ARN": arn}
    assert "of-the-first-day" not in str(environment)
    with closing(link_to(read_settings(environment))) as link:
        assert link.exchange(ASKED, soon()) == [None]
    clock = SettableClock()
    secret = RedisSecret(arn, clock=clock)
    with closing(RedisLink(RedisAddress.parse(guarded.url), secret, secret.renew)) as link:
        assert link.exchange(ASKED, soon()) == [None]
        change_password(guarded, "of-the-first-day", "of-the-second")
        store_again(secrets, arn, json.dumps({"password": "of-the-second"}))
        clock.advance(redis_secret.LOOK_SECONDS)
        assert link.exchange(ASKED, soon()) == [None]


def test_a_password_that_nobody_stored_is_refused(
    guarded: Valkey, secrets: "SecretsManagerClient"
) -> None:
    """Said as such, after one more look; without a secret at all, too."""
    arn = stored(secrets, "another")
    secret = RedisSecret(arn, clock=SettableClock())
    with (
        closing(RedisLink(RedisAddress.parse(guarded.url), secret, secret.renew)) as link,
        pytest.raises(LinkError, match="redis_wrongpass"),
    ):
        link.exchange(ASKED, soon())
    with (
        closing(link_to(read_settings(environment_at(guarded.url, "acme")))) as link,
        pytest.raises(LinkError, match="redis_noauth"),
    ):
        link.exchange(ASKED, soon())


def test_a_user_of_an_access_list(guarded: Valkey, secrets: "SecretsManagerClient") -> None:
    """With its name in the secret, and no more rights than it has."""
    with redis.Redis.from_url(guarded.url, password="of-the-first-day") as admin:
        admin.execute_command("ACL", "SETUSER", "app", "on", ">word", "~*", "+get")
    secret = RedisSecret(stored(secrets, '{"username": "app", "password": "word"}'))
    with closing(RedisLink(RedisAddress.parse(guarded.url), secret, secret.renew)) as link:
        assert link.exchange(ASKED, soon()) == [None]
        with pytest.raises(LinkError, match="redis_noperm"):
            link.exchange([("SET", "a", "1")], soon())


def test_reconciliation_signs_in_and_follows_a_rotation(
    guarded: Valkey, secrets: "SecretsManagerClient"
) -> None:
    """With redis-py, in the same way."""
    arn, clock = stored(secrets, "of-the-first-day"), SettableClock()
    credential = cast("CredentialProvider", RedisSecret(arn, clock=clock))
    with connect(guarded.url, credential) as client:
        assert run(client, [ADVANCE]) == [1]
        change_password(guarded, "of-the-first-day", "of-the-second")
        (refused,) = run(client, [ADVANCE])
        assert isinstance(refused, Retryable)
        store_again(secrets, arn, "of-the-second")
        clock.advance(redis_secret.LOOK_SECONDS)
        assert run(client, [ADVANCE]) == [0]


def test_without_a_password_reconciliation_tries_again_later(
    guarded: Valkey, secrets: "SecretsManagerClient"
) -> None:
    """Nothing of a batch is done, and each of it has an answer; the connection is not believed."""
    arn, clock = stored(secrets, "word"), SettableClock()
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    with connect(guarded.url, cast("CredentialProvider", RedisSecret(arn, clock=clock))) as client:
        for _ in range(2):
            answers = run(client, [ADVANCE] * 30)
            assert [str(each).rpartition(":")[0] != "" for each in answers] == [True] * 30
            assert all(isinstance(each, Retryable) for each in answers)


def test_what_cannot_be_read_says_why(
    secrets: "SecretsManagerClient", on_ministack: Ministack
) -> None:
    """No such secret, nobody there, no ARN; never the text of a secret."""
    arn = stored(secrets, "word")
    assert read_secret_text(arn) == "word"
    with pytest.raises(Retryable, match="ResourceNotFoundException"):
        read_secret_text(f"{arn}-not")
    away = {**on_ministack.env, "AWS_ENDPOINT_URL": "https://127.0.0.1:9"}
    with pytest.raises(Retryable, match="ConnectionRefusedError"):
        read_secret_text(arn, away)
    distrusted = {name: value for name, value in on_ministack.env.items() if "CA_" not in name}
    with pytest.raises(Retryable, match="SSLCertVerificationError"):
        read_secret_text(arn, distrusted)
    for wrong in ("redis-secret", "arn:aws:s3:::bucket"):
        with pytest.raises(SettingsError, match="REDIS_SECRET_ARN"):
            read_secret_text(wrong)


def test_without_a_secret_nothing_more_is_imported() -> None:
    """Wired and all, in a process of its own: the price of the password is its owner's."""
    code = (
        "import sys; from functions.authorizer import handler; handler._wired(); "
        "print([name for name in sys.modules if name.startswith('functions.adapters.')])"
    )
    url = "redis://127.0.0.1:9/0"
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:redis-AbCdEf"
    for more, loaded in (({}, False), ({"REDIS_SECRET_ARN": arn}, True)):
        found = subprocess.run(
            [sys.executable, "-c", code],
            env=environment_at(url, "acme") | more,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("redis_secret" in found.stdout) is loaded
        assert ("secret_text" in found.stdout) is loaded
