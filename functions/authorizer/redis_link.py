"""One kept connection to Redis: commands go out in one write, all their replies come back.

Guaranteed: an answer or an error by the deadline (and the time of a TLS handshake); never a reply
to an earlier question, because whatever goes wrong closes the connection.

hiredis and a socket instead of redis-py: its import would double the cold start, and its timeouts
are per read, so a server that drips bytes outlasts them (performance.md 2, 4).
"""

import ssl
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import hiredis

from functions.authorizer.redis_address import RedisAddress, connect
from functions.authorizer.redis_connection import Command, Connection, packed
from functions.usage.errors import SettingsError

# A TLS handshake costs CPU, of which a small Lambda has little. A limit that it could never meet
# would leave the state unknown for ever, so connecting with TLS has a limit of its own.
TLS_CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.05
# Customers and credentials whose questions are kept packed: some hundred bytes each.
_KEPT_QUESTIONS = 4096

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
    """RESP2 over one connection, opened when first needed and kept between invocations."""

    def __init__(self, address: RedisAddress, credential: CredentialProvider | None = None) -> None:
        self._address = address
        self._credential = credential
        self._encryption = ssl.create_default_context() if address.is_encrypted else None
        self._kept: Connection | None = None
        self._grace_until = 0.0

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        """The replies in order, by `deadline` (time.monotonic). LinkError, nothing else.

        An error in place of a reply spoils the exchange; of the last `forgiven` it is read as None.
        """
        try:
            return self._exchange(commands, deadline, forgiven)
        except TimeoutError as error:
            raise LinkError("timeout") from error
        except OSError as error:
            raise LinkError("unreachable") from error
        except hiredis.ProtocolError as error:
            raise LinkError("not_redis") from error
        except hiredis.ReplyError as error:
            # The first word is the kind: NOAUTH, NOPERM, LOADING, MOVED, WRONGTYPE.
            raise LinkError(f"redis_{str(error).partition(' ')[0].lower()}") from error
        except SettingsError as error:
            raise LinkError("no_credential") from error

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

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

    def _ask(
        self, connection: Connection, request: bytes, count: int, deadline: float
    ) -> list[object]:
        try:
            return connection.ask(request, count, deadline)
        except BaseException:
            # Half an answer may still be on its way: it must not be read as the next one's.
            self.close()
            raise

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

    def _open(self, deadline: float) -> Connection:
        greeting: list[Command] = []
        if self._credential is not None:
            greeting.append(("AUTH", *self._credential.get_credentials()))
        if self._address.database:
            greeting.append(("SELECT", str(self._address.database)))
        if self._encryption is None:
            return Connection(connect(self._address, deadline, None), greeting)
        limit = max(deadline, time.monotonic() + TLS_CONNECT_SECONDS)
        secure = connect(self._address, limit, self._encryption)
        # What the handshake took must not be missing for the questions that waited for it.
        self._grace_until = time.monotonic() + ANSWER_SECONDS
        return Connection(secure, greeting)


@lru_cache(maxsize=_KEPT_QUESTIONS)
def _packed_once(commands: tuple[Command, ...]) -> bytes:
    """A customer's questions are the same each time. Not for AUTH: a password is not kept."""
    return b"".join(map(packed, commands))
