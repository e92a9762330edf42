"""A connected socket as Redis speaks on it (RESP2): packed commands go out, replies come back.

Guaranteed: nothing here outlasts its deadline. A connection that raised must not be used again:
half an answer may still be on its way. Only the greeting may be waited for in several goes.

The socket does not block: one with a timeout costs twice the system calls. A single read may bring
all replies, or a reply may take many: a server that drips bytes is stopped by the deadline.
"""

import math
import select
import socket
import ssl
import time
from collections.abc import Sequence

import hiredis

from functions.authorizer.redis_address import seconds_left

# AWS forgets an idle TCP flow after 350 s and drops its packets without a word.
_IDLE_SECONDS = 300.0
# A greeting that is unanswered for so long never will be: the other end is gone. Long enough for
# ten looks of a process whose breaker (breaker.py) lets it look once a second.
GREETING_SECONDS = 10.0
# A decision's answer has some hundred bytes, a key set some thousand.
_READ_BYTES = 16_384
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

type Command = tuple[str, ...]


class Connection:
    """`sock` is connected. What has to be said before the first question goes out by `greet`."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        self._buffer = bytearray(_READ_BYTES)
        self._unanswered = 0
        self._used_at = time.monotonic()

    @property
    def is_greeted(self) -> bool:
        return self._unanswered == 0

    def is_fresh(self) -> bool:
        limit = _IDLE_SECONDS if self.is_greeted else GREETING_SECONDS
        return time.monotonic() - self._used_at < limit

    def greet(self, commands: Sequence[Command], deadline: float) -> None:
        """Sends them; `hear_greeting` has the answers."""
        self._send(b"".join(map(packed, commands)), deadline)
        self._unanswered = len(commands)

    def hear_greeting(self, deadline: float) -> None:
        """Returns when every answer is there. TimeoutError when not: then it may be called again.
        Another OSError, hiredis.ProtocolError, or hiredis.ReplyError when signing in was refused.
        """
        while self._unanswered:
            if (reply := self._reader.gets()) is False:
                self._receive(deadline)
                continue
            if isinstance(reply, hiredis.ReplyError):
                raise reply
            self._unanswered -= 1

    def ask(self, request: bytes, count: int, deadline: float) -> list[object]:
        """The replies to `count` commands, errors among them. OSError or hiredis.ProtocolError
        when they do not come.
        """
        self._send(request, deadline)
        # Nothing can be here yet: waiting first spares a read that finds nothing.
        _wait(self._readable, deadline)
        replies = self._replies(count, deadline)
        self._used_at = time.monotonic()
        return replies

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes, deadline: float) -> None:
        seconds_left(deadline)
        while data:
            try:
                data = data[self._socket.send(data) :]
            except _NOT_YET as not_yet:
                self._wait_as_told(not_yet, select.POLLOUT, deadline)

    def _replies(self, count: int, deadline: float) -> list[object]:
        replies: list[object] = []
        while True:
            self._receive(deadline)
            while (reply := self._reader.gets()) is not False:
                replies.append(reply)
            if len(replies) >= count:
                return replies

    def _receive(self, deadline: float) -> None:
        while True:
            # A server that always has a few more bytes never makes us wait.
            seconds_left(deadline)
            try:
                received = self._socket.recv_into(self._buffer)
            except _NOT_YET as not_yet:
                self._wait_as_told(not_yet, select.POLLIN, deadline)
                continue
            if not received:
                raise ConnectionResetError("Redis closed the connection")
            # hiredis takes any buffer; its stub does not know.
            self._reader.feed(self._buffer, 0, received)  # type: ignore[arg-type]
            return

    def _wait_as_told(self, not_yet: Exception, plain: int, deadline: float) -> None:
        """TLS may have to read before it can write, and the reverse; `plain` has its own."""
        if isinstance(not_yet, ssl.SSLWantReadError):
            plain = select.POLLIN
        elif isinstance(not_yet, ssl.SSLWantWriteError):
            plain = select.POLLOUT
        ready = select.poll()
        ready.register(self._socket, plain)
        _wait(ready, deadline)


def packed(command: Command) -> bytes:
    """A command as it goes over the wire."""
    # hiredis' stub asks for a tuple of exactly one word.
    return hiredis.pack_command(command)  # type: ignore[arg-type,no-any-return]


def _wait(ready: select.poll, deadline: float) -> None:
    if not ready.poll(math.ceil(seconds_left(deadline) * 1000)):
        raise TimeoutError("no answer in time")
