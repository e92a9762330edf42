"""One kept connection to Redis: commands go out in one write, all their replies come back.

Guaranteed: an answer or an error by the deadline (and the time of a TLS handshake and of signing
in, which have limits of their own); never a reply to an earlier question, because whatever goes
wrong closes the connection. Only a sign-in is left open, for the next call to finish.

hiredis and a socket instead of redis-py: its import would double the cold start, and its timeouts
are per read, so a server that drips bytes outlasts them (performance.md 2, 4).
"""

import ssl
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import hiredis

from functions.authorizer.redis_address import RedisAddress, connect
from functions.authorizer.redis_connection import Command, Connection, packed
from functions.usage.errors import UsageError

# A TLS handshake costs CPU, of which a small Lambda has little. A limit that it could never meet
# would leave the state unknown for ever, so connecting with TLS has a limit of its own.
TLS_CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.05
# ElastiCache looks at an IAM token when a connection signs in; nobody says for how long. This is
# as long as a cold start, which whoever opens the connection mostly waits for anyway, and far below
# the function's 10 s. It is waited for on a connection that stands: a dead Redis is known before.
SIGN_IN_SECONDS = 1.0
# A Redis that takes connections and answers nothing costs a process a long wait in 30 s, no more.
# Who calls meanwhile has the usual time, and finds the answer when it is there.
BETWEEN_LONG_WAITS_SECONDS = 30.0
# Customers and credentials whose questions are kept packed: some hundred bytes each.
_KEPT_QUESTIONS = 4096

# By which Redis refuses a sign-in, and whoever did not sign in.
_REFUSALS = ("WRONGPASS", "NOAUTH")

type Reply = str | int | list[str | None] | None


class LinkError(Exception):
    """No usable answer: `reason` is a slug, the cause is chained where there is one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CredentialProvider(Protocol):
    """Signs in anew for every connection."""

    def get_credentials(self) -> tuple[str, str]: ...


class RedisLink:
    """RESP2 over one connection, opened when first needed and kept between invocations. `renew` is
    asked when Redis refuses the credential: whether there is another now.
    """

    def __init__(
        self,
        address: RedisAddress,
        credential: CredentialProvider | None = None,
        renew: Callable[[], bool] = lambda: False,
    ) -> None:
        self._address = address
        self._credential = credential
        self._renew = renew
        self._encryption = ssl.create_default_context() if address.is_encrypted else None
        self._kept: Connection | None = None
        self._grace_until = 0.0
        self._patient_from = 0.0

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        """The replies in order, by `deadline` (time.monotonic). LinkError, nothing else; its reason
        `signing_in` means that the answer to that is on its way still.

        An error in place of a reply spoils the exchange; of the last `forgiven` it is read as None.
        """
        try:
            return self._exchange_renewed(commands, deadline, forgiven)
        except TimeoutError as error:
            raise LinkError("timeout") from error
        except OSError as error:
            raise LinkError("unreachable") from error
        except hiredis.ProtocolError as error:
            raise LinkError("not_redis") from error
        except hiredis.ReplyError as error:
            # The first word is the kind: NOAUTH, NOPERM, LOADING, MOVED, WRONGTYPE.
            raise LinkError(f"redis_{str(error).partition(' ')[0].lower()}") from error
        except UsageError as error:
            raise LinkError("no_credential") from error

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _exchange_renewed(
        self, commands: Sequence[Command], deadline: float, forgiven: int
    ) -> list[Reply]:
        """Once more, with a limit of its own, where a password was changed meanwhile."""
        try:
            return self._exchange(commands, deadline, forgiven)
        except hiredis.ReplyError as error:
            if not str(error).startswith(_REFUSALS) or not self._renew():
                raise
        return self._exchange(commands, self._start_anew(), forgiven)

    def _exchange(self, commands: Sequence[Command], deadline: float, forgiven: int) -> list[Reply]:
        request = _packed_once(tuple(commands))
        deadline = max(deadline, self._grace_until)
        if self._kept is not None and self._kept.is_fresh():
            try:
                replies = self._ask(self._kept, request, len(commands), deadline)
            except (ConnectionError, ssl.SSLError):
                # Closed while this environment was frozen: says nothing about the server's
                # health, and a read may be asked twice. A timeout is not asked again.
                pass
            else:
                return self._believed(replies, forgiven)
        self.close()
        self._kept = self._open(deadline)
        replies = self._ask(self._kept, request, len(commands), max(deadline, self._grace_until))
        return self._believed(replies, forgiven)

    def _open(self, deadline: float) -> Connection:
        greeting: list[Command] = []
        if self._credential is not None:
            greeting.append(("AUTH", *self._credential.get_credentials()))
        if self._address.database:
            greeting.append(("SELECT", str(self._address.database)))
        if self._encryption is not None:
            deadline = max(deadline, time.monotonic() + TLS_CONNECT_SECONDS)
        connection = Connection(connect(self._address, deadline, self._encryption))
        if self._encryption is not None:
            deadline = max(deadline, self._start_anew())
        try:
            connection.greet(greeting, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    def _ask(
        self, connection: Connection, request: bytes, count: int, deadline: float
    ) -> list[object]:
        try:
            if not connection.is_greeted:
                deadline = self._hear_greeting(connection, deadline)
            return connection.ask(request, count, deadline)
        except LinkError:
            # Signing in goes on: begun anew each time, a slow one would never end.
            raise
        except BaseException:
            # Half an answer may still be on its way: it must not be read as the next one's.
            self.close()
            raise

    def _hear_greeting(self, connection: Connection, deadline: float) -> float:
        """Until when may be asked what had to wait for it. LinkError while it is unanswered."""
        now = time.monotonic()
        is_patient = self._credential is not None and now >= self._patient_from
        try:
            connection.hear_greeting(
                max(deadline, now + SIGN_IN_SECONDS) if is_patient else deadline
            )
        except TimeoutError as error:
            if is_patient:
                self._patient_from = now + BETWEEN_LONG_WAITS_SECONDS
            raise LinkError("signing_in") from error
        return max(deadline, self._start_anew())

    def _start_anew(self) -> float:
        """What connecting took must not be missing for the questions that waited for it."""
        self._grace_until = time.monotonic() + ANSWER_SECONDS
        return self._grace_until

    def _believed(self, replies: list[object], forgiven: int) -> list[Reply]:
        """What came, where nothing but the last `forgiven` replies is an error."""
        strict = len(replies) - forgiven
        for place, reply in enumerate(replies):
            if isinstance(reply, hiredis.ReplyError):
                if place < strict:
                    self.close()
                    raise reply
                replies[place] = None
        # RESP2 has nothing else but nested arrays, which we never ask for.
        return replies  # type: ignore[return-value]


@lru_cache(maxsize=_KEPT_QUESTIONS)
def _packed_once(commands: tuple[Command, ...]) -> bytes:
    """A customer's questions are the same each time. Not for AUTH: a password is not kept."""
    return b"".join(map(packed, commands))
