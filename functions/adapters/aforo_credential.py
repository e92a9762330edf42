"""Aforo's API key: a secret's ARN comes in, the key to send leaves.

Guaranteed: the key is never logged and never stands in an error; while Secrets Manager is away,
the last key read is used; during a rotation both versions get their chance (`refreshed`). Several
threads may ask: one reads, the others wait for what it read.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter, ValidationError

from functions.adapters.aforo_http import is_loopback
from functions.usage.errors import Retryable, SettingsError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
LIVE_KEY, SANDBOX_KEY = "sk_live_", "sk_test_"


class _Secret(TypedDict):
    apiKey: str


_SECRET = TypeAdapter(_Secret)


class AforoCredential:
    """The API key in use. `clock` counts seconds, and only forward."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_arn: str,
        clock: Callable[[], float],
        ttl_seconds: float = 300,  # how long a rotation may go unnoticed while both keys work
    ) -> None:
        self._client = client
        self._arn = secret_arn
        self._clock = clock
        self._ttl = ttl_seconds
        self._key: str | None = None
        self._read_at = 0.0
        self._refused: set[str] = set()
        self._lock = threading.Lock()

    def current(self) -> str:
        """The key to send, read again after `ttl_seconds`.

        Retryable when it was never read and Secrets Manager does not give it; SettingsError when
        the secret is not `{"apiKey": "..."}`, unless an earlier key is known.
        """
        with self._lock:
            if self._key is None:
                self._use(self._read(CURRENT))
            elif self._clock() - self._read_at >= self._ttl:
                self._use(self._read_or_none(CURRENT) or self._key)
                self._refused.clear()
            return self._key or ""

    def refreshed(self, refused: str | None = None) -> str | None:
        """Another key to try, after Aforo refused one (by default the one in use); None when there
        is none.

        AWSCURRENT if it changed, else AWSPREVIOUS: a rotation may reach us before it reaches Aforo.
        """
        with self._lock:
            if refused is not None and self._key not in {refused, *self._refused}:
                return self._key  # another thread has found it meanwhile
            return self._another()

    def _another(self) -> str | None:
        if self._key is not None:
            self._refused.add(self._key)
        current = self._read_or_none(CURRENT)
        for key in (current, self._read_or_none(PREVIOUS) if current in self._refused else None):
            if key is not None and key not in self._refused:
                return self._use(key)
        if current is not None:
            self._use(current)
        return None

    def _use(self, key: str) -> str:
        self._key, self._read_at = key, self._clock()
        return key

    def _read_or_none(self, stage: str) -> str | None:
        try:
            return self._read(stage)
        except (Retryable, SettingsError):
            return None

    def _read(self, stage: str) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        except (ClientError, BotoCoreError) as error:
            message = f"secret {self._arn} cannot be read ({stage}): {type(error).__name__}"
            raise Retryable(message) from error
        try:
            key = _SECRET.validate_json(answer.get("SecretString", ""))["apiKey"].strip()
        except ValidationError:
            key = ""
        if not key.isascii() or not key.isprintable() or not key:
            # `from None`: the validation error would quote the secret.
            message = f'secret {self._arn} ({stage}): store {{"apiKey": "sk_..."}}, in ASCII'
            raise SettingsError(message) from None
        return key


def check_key_fits_host(key: str, base_url: str) -> None:
    """SettingsError when a live key would go to a sandbox host or the reverse (aforo-contract.md
    1.1.8): Aforo answers 401, or worse, takes tests for sales. A loopback host takes both.
    """
    host = urlsplit(base_url).hostname or ""
    if not key.startswith((LIVE_KEY, SANDBOX_KEY)):
        message = f"apiKey starts neither with {LIVE_KEY} nor with {SANDBOX_KEY}: is it Aforo's?"
        raise SettingsError(message)
    wanted = SANDBOX_KEY if "sandbox" in host.partition(".")[0] else LIVE_KEY
    if not is_loopback(host) and not key.startswith(wanted):
        message = f"apiKey does not fit AFORO_BASE_URL: {host} takes keys that start with {wanted}"
        raise SettingsError(message)
