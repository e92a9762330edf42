"""One kept connection to Redis: commands go out in one write, all their replies come back.

Guaranteed: an answer or an error by the deadline (and the time of a TLS handshake); never a reply
to an earlier question, because whatever goes wrong closes the connection.

hiredis and a socket instead of redis-py: its import would double the cold start, and its timeouts
are per read, so a server that drips bytes outlasts them (performance.md 2, 4). The socket does not
block: a socket with a timeout costs twice the system calls.
"""

import math
import select
import socket
import ssl
import time
from collections.abc import Sequence
from functools import lru_cache
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
# A decision's answer has some hundred bytes, a key set some thousand.
_READ_BYTES = 16_384
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

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
        except SettingsError as error:
            raise LinkError("no_credential") from error

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _exchange(self, commands: Sequence[Command], deadline: float, forgiven: int) -> list[Reply]:
        request = b"".join(map(_packed_once, commands))
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
        self, connection: "_Connection", request: bytes, count: int, deadline: float
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
                    raise _refusal(reply)
                replies[place] = None
        return replies  # type: ignore[return-value] # RESP2 has nothing else but nested arrays

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
    """`sock` is connected; from here on it does not block."""

    def __init__(self, sock: socket.socket, greeting: Sequence[Command]) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._ready = select.poll()
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        self._buffer = bytearray(_READ_BYTES)
        # Sent with the first question, so that signing in costs no round trip of its own.
        self._greeting = [_packed(command) for command in greeting]
        self._used_at = time.monotonic()

    def is_fresh(self) -> bool:
        return time.monotonic() - self._used_at < _IDLE_SECONDS

    def ask(self, request: bytes, count: int, deadline: float) -> list[object]:
        """The replies, errors among them. LinkError where signing in was refused."""
        greeting, self._greeting = self._greeting, []
        seconds_left(deadline)
        self._send(b"".join((*greeting, request)), deadline)
        # Nothing can be here yet: waiting first spares a read that finds nothing.
        self._wait(select.POLLIN, deadline)
        replies = [self._reply(deadline) for _ in range(len(greeting) + count)]
        self._used_at = time.monotonic()
        for reply in replies[: len(greeting)]:
            if isinstance(reply, hiredis.ReplyError):
                raise _refusal(reply)
        return replies[len(greeting) :]

    def _send(self, data: bytes, deadline: float) -> None:
        while data:
            try:
                data = data[self._socket.send(data) :]
            except _NOT_YET as not_yet:
                self._wait(_direction(not_yet, select.POLLOUT), deadline)

    def _reply(self, deadline: float) -> object:
        while (reply := self._reader.gets()) is False:
            try:
                received = self._socket.recv_into(self._buffer)
            except _NOT_YET as not_yet:
                self._wait(_direction(not_yet, select.POLLIN), deadline)
                continue
            if not received:
                raise ConnectionResetError("Redis closed the connection")
            # A server that always has a few more bytes never makes us wait.
            seconds_left(deadline)
            # hiredis takes any buffer; its stub does not know.
            self._reader.feed(self._buffer, 0, received)  # type: ignore[arg-type]
        return reply

    def _wait(self, event: int, deadline: float) -> None:
        self._ready.register(self._socket, event)
        if not self._ready.poll(math.ceil(seconds_left(deadline) * 1000)):
            raise TimeoutError("no answer in time")

    def close(self) -> None:
        self._socket.close()


def _direction(not_yet: Exception, plain: int) -> int:
    """What to wait for: TLS may have to read before it can write, and the reverse."""
    if isinstance(not_yet, ssl.SSLWantReadError):
        return select.POLLIN
    return select.POLLOUT if isinstance(not_yet, ssl.SSLWantWriteError) else plain


def _refusal(error: hiredis.ReplyError) -> LinkError:
    # The first word is the kind: NOAUTH, NOPERM, LOADING, MOVED, WRONGTYPE.
    return LinkError(f"redis_{str(error).partition(' ')[0].lower()}")


def _packed(command: Command) -> bytes:
    # hiredis' stub asks for a tuple of exactly one word.
    return hiredis.pack_command(command)  # type: ignore[arg-type,no-any-return]


# A customer's questions are the same each time. Not for AUTH: a password is not kept.
_packed_once = lru_cache(maxsize=4096)(_packed)
