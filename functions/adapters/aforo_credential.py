"""Aforo's API key: a secret's ARN comes in, the keys to send leave, one after the other.

Guaranteed: the key is never logged and never stands in an error; it is one for the host that it is
sent to; while Secrets Manager is away, the last key read is used; during a rotation both versions
get their chance. Several threads may ask: one reads, the others wait for what it read.
"""

import math
import threading
from collections.abc import Callable, Collection, Iterator
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
# Between two looks at the secret for a key that is not refused: while Aforo refuses everybody, each
# post would read both versions. Who puts a key and starts a replay takes longer than this.
LOOK_SECONDS = 5.0


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
        # Keys; empty: none is known, or of the one in use: all were refused.
        self._current = self._previous = self._in_use = ""
        self._read_at = self._looked_at = -math.inf
        self._lock = threading.Lock()

    def keys_for(self, base_url: str) -> Iterator[str]:
        """The keys to try there: at least one, each once. To ask for the next one says that Aforo
        refused the one before; when there is none, Aforo's answer to the last one stands.

        First the one in use: AWSCURRENT, or what was found when that was refused. Then AWSCURRENT
        if it changed, then AWSPREVIOUS: a rotation may reach us before it reaches Aforo. A version
        that is no key for this host is as if it were absent. After all were refused the next call
        begins with AWSCURRENT, read again.

        Raises before the first key only: Retryable when none was ever read and Secrets Manager does
        not give it; SettingsError when AWSCURRENT is none for this host, and none was before.
        """
        refused: set[str] = set()
        key = self._first(base_url)
        while key:
            check_key_fits_host(key, base_url)  # it may have been read for another host
            yield key
            refused.add(key)
            key = self._other(refused, base_url)

    def _first(self, base_url: str) -> str:
        with self._lock:
            if not self._current:
                self._take_current(self._read(CURRENT, base_url))
            elif not self._in_use:
                self._look(base_url)
            elif self._clock() - self._read_at >= self._ttl:
                self._take_current(self._read_or(self._current, CURRENT, base_url))
            else:
                return self._in_use
            self._in_use = self._current
            return self._in_use

    def _other(self, refused: Collection[str], base_url: str) -> str:
        """Another key than these; empty when there is none."""
        with self._lock:
            if self._in_use in {"", *refused}:  # else another thread has found it meanwhile
                self._look(base_url)
            for key in (self._in_use, self._current, self._previous):
                if key and key not in refused:
                    self._in_use = key
                    return key
            self._in_use = ""
            return ""

    def _look(self, base_url: str) -> None:
        """Read both versions again, unless that was done just now."""
        if self._clock() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = self._clock()
            self._take_current(self._read_or(self._current, CURRENT, base_url))
            self._previous = self._read_or(self._previous, PREVIOUS, base_url)

    def _take_current(self, key: str) -> None:
        self._current, self._read_at = key, self._clock()

    def _read_or(self, known: str, stage: str, base_url: str) -> str:
        try:
            return self._read(stage, base_url)
        except (Retryable, SettingsError):
            return known

    def _read(self, stage: str, base_url: str) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        except (ClientError, BotoCoreError) as error:
            why = (
                error.response["Error"]["Code"]
                if isinstance(error, ClientError)
                else type(error).__name__
            )
            look = "is it there, and may the function's role read it?"
            message = f"secret {self._arn} cannot be read ({stage}): {why}: {look}"
            raise Retryable(message) from error
        try:
            key = _SECRET.validate_json(answer.get("SecretString", ""))["apiKey"].strip()
        except ValidationError:
            key = ""
        if not key.isascii() or not key.isprintable() or not key:
            # `from None`: the validation error would quote the secret.
            message = f'secret {self._arn} ({stage}): store {{"apiKey": "sk_..."}}, in ASCII'
            raise SettingsError(message) from None
        check_key_fits_host(key, base_url)
        return key


def check_key_fits_host(key: str, base_url: str) -> None:
    """SettingsError when a live key would go to a sandbox host or the reverse (aforo-contract.md
    1.1.8): Aforo answers 401, or worse, takes tests for sales. A loopback host takes both.
    """
    host = urlsplit(base_url).hostname or ""
    if not key.startswith((LIVE_KEY, SANDBOX_KEY)):
        fix = "store Aforo's key in the secret, as docs/how-to/rotate-the-key.md says"
        message = f"apiKey starts neither with {LIVE_KEY} nor with {SANDBOX_KEY}: {fix}"
        raise SettingsError(message)
    wanted = SANDBOX_KEY if "sandbox" in host.partition(".")[0] else LIVE_KEY
    if not is_loopback(host) and not key.startswith(wanted):
        message = (
            f"apiKey does not fit AFORO_BASE_URL: {host} takes keys that start with {wanted}: "
            "store such a key, or deploy with the AforoBaseUrl of this one"
        )
        raise SettingsError(message)
