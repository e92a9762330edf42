"""When the secret is read, and what its text may be."""

import json
import threading

import pytest

from functions.adapters import redis_secret
from functions.adapters.redis_secret import LOOK_SECONDS, PAUSE_SECONDS, RedisSecret
from functions.usage.errors import Retryable, SettingsError
from tests.fakes.settable_clock import SettableClock

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:redis-AbCdEf"


class Vault:
    """One secret's text; `is_down` refuses every reading."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_down = False
        self.reads = 0

    def read(self, arn: str) -> str:
        assert arn == ARN
        self.reads += 1
        if self.is_down:
            raise Retryable("Secrets Manager cannot be reached")
        return self.text


def secret_of(vault: Vault, clock: SettableClock | None = None) -> RedisSecret:
    return RedisSecret(ARN, vault.read, clock or SettableClock())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"username": "app", "password": "pa ss"}', ("app", "pa ss")),
        ('{"password": "word", "engine": "redis"}', ("default", "word")),
        ("word\n", ("default", "word")),
    ],
)
def test_a_secret_is_json_or_the_password(text: str, found: tuple[str, str]) -> None:
    """Other members are left alone; without a user it is the one without a name."""
    assert secret_of(Vault(text)).get_credentials() == found


@pytest.mark.parametrize(
    "text", ['{"password": ""}', '{"user": "s3cret"', '{"password": ["s3cret"]}']
)
def test_a_secret_that_is_none_says_what_to_store(text: str) -> None:
    """And does not quote what stands there."""
    with pytest.raises(SettingsError, match=r"store .+username") as raised:
        secret_of(Vault(text)).get_credentials()
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_it_is_read_once() -> None:
    """For all connections of a process, and not before the first."""
    vault = Vault("word")
    secret = secret_of(vault)
    assert vault.reads == 0
    assert [secret.get_credentials() for _ in range(3)] == [("default", "word")] * 3
    assert vault.reads == 1


def test_a_refused_password_is_read_again_once() -> None:
    """Not for each caller while Redis refuses, and not while it was read just now."""
    vault, clock = Vault("old"), SettableClock()
    secret = secret_of(vault, clock)
    secret.get_credentials()
    vault.text = "new"
    assert not secret.renew()
    clock.advance(LOOK_SECONDS)
    assert secret.renew()
    assert secret.get_credentials() == ("default", "new")
    assert not secret.renew()
    clock.advance(LOOK_SECONDS)
    assert not secret.renew()  # it is the same: nothing is to be tried again
    assert vault.reads == 3


def test_a_password_that_works_outlives_secrets_manager() -> None:
    """What is known stays known while it cannot be read again."""
    vault, clock = Vault("word"), SettableClock()
    secret = secret_of(vault, clock)
    secret.get_credentials()
    vault.is_down = True
    clock.advance(LOOK_SECONDS)
    assert not secret.renew()
    assert secret.get_credentials() == ("default", "word")


def test_one_caller_in_a_while_asks_for_what_cannot_be_read() -> None:
    """The others are told at once: each of them waiting would be an outage of its own."""
    vault, clock = Vault("word"), SettableClock()
    vault.is_down = True
    secret = secret_of(vault, clock)
    for _ in range(3):
        with pytest.raises(Retryable):
            secret.get_credentials()
    assert vault.reads == 1
    vault.is_down = False
    clock.advance(PAUSE_SECONDS)
    assert secret.get_credentials() == ("default", "word")


def test_an_answer_that_comes_late_is_the_next_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who began has waited long enough; whoever comes meanwhile does not wait, and asks nothing."""
    monkeypatch.setattr(redis_secret, "PATIENCE_SECONDS", 0.01)
    come, there = threading.Event(), threading.Event()
    reads = []

    def read(arn: str) -> str:
        reads.append(arn)
        come.wait()
        there.set()
        return json.dumps({"password": "word"})

    secret = RedisSecret(ARN, read, SettableClock())
    for _ in range(3):
        with pytest.raises(Retryable, match="in time"):
            secret.get_credentials()
    come.set()
    there.wait()
    while True:
        try:
            found = secret.get_credentials()
        except Retryable:
            continue
        break
    assert (found, reads) == (("default", "word"), [ARN])


def test_an_answer_that_never_comes_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was frozen in the middle of it, or a bug ended it."""
    monkeypatch.setattr(redis_secret, "PATIENCE_SECONDS", 0.01)
    clock, texts = SettableClock(), iter(["", "word"])

    def read(arn: str) -> str:
        text = next(texts)
        if not text:
            threading.Event().wait()  # a daemon thread: it ends with the process
        return text

    secret = RedisSecret(ARN, read, clock)
    with pytest.raises(Retryable):
        secret.get_credentials()
    monkeypatch.setattr(redis_secret, "PATIENCE_SECONDS", 30.0)
    clock.advance(PAUSE_SECONDS)
    assert secret.get_credentials() == ("default", "word")
