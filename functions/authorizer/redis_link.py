"""One kept connection to Redis: commands go out in one write, all their replies come back.

Guaranteed: an answer or an error by the deadline (and the time of a TLS handshake); never a reply
to an earlier question, because whatever goes wrong closes the connection.

hiredis and a socket instead of redis-py: its import would double the cold start, and its timeouts
are per read, so a server that drips bytes outlasts them (performance.md 2, 4).
"""

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Protocol

import hiredis

from functions.authorizer.redis_address import RedisAddress, connect, seconds_left
from functions.usage.errors import SettingsError

# A TLS handshake costs CPU, of which a small Lambda has little. A limit that it could never meet
# would leave the state unknown for ever, so connecting with TLS has a limit of its own.
TLS_CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.05
# AWS forgets an idle TCP flow after 350 s and drops its packets without a word.
_IDLE_SECONDS = 300.0
_READ_BYTES = 65_536

type Command = tuple[str, ...]
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
        self._kept: _Connection | None = None
        self._grace_until = 0.0

    def exchange(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        """The replies in order, by `deadline` (time.monotonic). LinkError, nothing else."""
        try:
            return self._exchange(commands, deadline)
        except TimeoutError as error:
            raise LinkError("timeout") from error
        except OSError as error:
            raise LinkError("unreachable") from error
        except hiredis.ProtocolError as error:
            raise LinkError("not_redis") from error
        except SettingsError as error:
            raise LinkError("no_credential") from error

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _exchange(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        request = b"".join(_packed(command) for command in commands)
        deadline = max(deadline, self._grace_until)
        if self._kept is not None and self._kept.is_fresh():
            try:
                return self._ask(self._kept, request, len(commands), deadline)
            except (ConnectionError, ssl.SSLError):
                # Closed while this environment was frozen: says nothing about the server's
                # health, and a read may be asked twice. A timeout is not asked again.
                pass
        self.close()
        self._kept = self._open(deadline)
        return self._ask(self._kept, request, len(commands), max(deadline, self._grace_until))

    def _ask(
        self, connection: "_Connection", request: bytes, count: int, deadline: float
    ) -> list[Reply]:
        try:
            return connection.ask(request, count, deadline)
        except BaseException:
            # Half an answer may still be on its way: it must not be read as the next one's.
            self.close()
            raise

    def _open(self, deadline: float) -> "_Connection":
        greeting: list[Command] = []
        if self._credential is not None:
            greeting.append(("AUTH", *self._credential.get_credentials()))
        if self._address.database:
            greeting.append(("SELECT", str(self._address.database)))
        if self._encryption is None:
            return _Connection(connect(self._address, deadline, None), greeting)
        limit = max(deadline, time.monotonic() + TLS_CONNECT_SECONDS)
        secure = connect(self._address, limit, self._encryption)
        # What the handshake took must not be missing for the questions that waited for it.
        self._grace_until = time.monotonic() + ANSWER_SECONDS
        return _Connection(secure, greeting)


class _Connection:
    def __init__(self, sock: socket.socket, greeting: Sequence[Command]) -> None:
        self._socket = sock
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        # Sent with the first question, so that signing in costs no round trip of its own.
        self._greeting = [_packed(command) for command in greeting]
        self._used_at = time.monotonic()

    def is_fresh(self) -> bool:
        return time.monotonic() - self._used_at < _IDLE_SECONDS

    def ask(self, request: bytes, count: int, deadline: float) -> list[Reply]:
        greeting, self._greeting = self._greeting, []
        self._socket.settimeout(seconds_left(deadline))
        self._socket.sendall(b"".join((*greeting, request)))
        replies = [self._reply(deadline) for _ in range(len(greeting) + count)]
        self._used_at = time.monotonic()
        return replies[len(greeting) :]

    def _reply(self, deadline: float) -> Reply:
        while (reply := self._reader.gets()) is False:
            self._socket.settimeout(seconds_left(deadline))
            received = self._socket.recv(_READ_BYTES)
            if not received:
                raise ConnectionResetError("Redis closed the connection")
            self._reader.feed(received)
        if isinstance(reply, hiredis.ReplyError):
            # The first word is the kind: NOAUTH, NOPERM, LOADING, MOVED, WRONGTYPE.
            raise LinkError(f"redis_{str(reply).partition(' ')[0].lower()}")
        believed: Reply = reply  # RESP2 has nothing else but nested arrays, which we never ask for
        return believed

    def close(self) -> None:
        self._socket.close()


def _packed(command: Command) -> bytes:
    # hiredis' stub asks for a tuple of exactly one word.
    return hiredis.pack_command(command)  # type: ignore[arg-type,no-any-return]
