"""Who signs in to an own Redis: a secret comes in, its user and password leave.

Guaranteed: the password is in memory alone; it is read when a connection first wants it and, once,
when Redis refuses it (it was rotated); nobody waits longer than `PATIENCE_SECONDS`, and while the
secret cannot be read, only one caller in `PAUSE_SECONDS` does. One thread asks.
"""

import json
import math
import queue
import threading
import time
from collections.abc import Callable

from functions.adapters.secret_text import read_secret_text
from functions.usage.errors import Retryable, SettingsError, UsageError

# As long as a sign-in may take (redis_link.py): a cold start mostly waits for a connection anyway.
PATIENCE_SECONDS = 1.5
PAUSE_SECONDS = 30.0
# Between two looks at a secret that Redis refuses: a rotation takes seconds to minutes.
LOOK_SECONDS = 5.0
# The user of a Redis that has a password and no names.
DEFAULT_USER = "default"

type _Answer = tuple[str, str] | UsageError


class RedisSecret:
    """Has the shape of redis-py's `CredentialProvider`, without importing it."""

    def __init__(
        self,
        arn: str,
        read: Callable[[str], str] = read_secret_text,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arn = arn
        self._read = read
        self._clock = clock
        self._known: tuple[str, str] | None = None
        self._asked: queue.SimpleQueue[_Answer] | None = None
        self._asked_at = self._read_at = self._failed_at = -math.inf

    def get_credentials(self) -> tuple[str, str]:
        """(user, password). Retryable while it cannot be read; SettingsError for a bad secret."""
        if self._known is None:
            self._known = self._look()
        return self._known

    def renew(self) -> bool:
        """After Redis refused the password: whether another is known now."""
        if self._clock() - self._read_at < LOOK_SECONDS:
            return False
        try:
            found = self._look()
        except UsageError:
            return False
        is_other = found != self._known
        self._known = found
        return is_other

    def _look(self) -> tuple[str, str]:
        now = self._clock()
        if now - self._failed_at < PAUSE_SECONDS:
            raise Retryable(f"secret {self._arn} could not be read just now")
        is_pending = self._asked is not None and now - self._asked_at < PAUSE_SECONDS
        patience = 0.0 if is_pending else PATIENCE_SECONDS
        asked = self._asked if self._asked and is_pending else self._ask()
        try:
            found = asked.get(timeout=patience) if patience else asked.get_nowait()
        except queue.Empty:
            raise Retryable(f"secret {self._arn} was not read in time") from None
        self._asked = None
        if isinstance(found, UsageError):
            self._failed_at = self._clock()
            raise found
        self._read_at = self._clock()
        return found

    def _ask(self) -> "queue.SimpleQueue[_Answer]":
        # In a thread: no socket keeps a limit for a silent resolver or a server that drips. Whoever
        # comes while it is unanswered looks whether it is there, and does not wait for it.
        self._asked_at = self._clock()
        answer: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        threading.Thread(target=self._put_answer, args=(answer,), daemon=True).start()
        self._asked = answer
        return answer

    def _put_answer(self, answer: "queue.SimpleQueue[_Answer]") -> None:
        try:
            answer.put(_sign_in_of(self._read(self._arn), self._arn))
        except UsageError as error:
            answer.put(error)


def _sign_in_of(text: str, arn: str) -> tuple[str, str]:
    """The user and the password in a secret's text, which is JSON or the password itself."""
    if not text.lstrip().startswith("{"):
        return DEFAULT_USER, text.strip()
    fix = 'store {"username": "...", "password": "..."}, or the password alone'
    fault = f"secret {arn}: names no user and password: {fix}"
    try:
        document = json.loads(text)
    except ValueError:
        # `from None`: the parser's error would quote the secret.
        raise SettingsError(fault) from None
    user, password = document.get("username", DEFAULT_USER), document.get("password")
    if not (isinstance(user, str) and isinstance(password, str) and user and password):
        raise SettingsError(fault)
    return user, password
