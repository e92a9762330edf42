"""A real Valkey for all runs of this process, asked over a Unix socket: packed commands go out, the
replies come back, in the same thread and with no client's machinery in between.
"""

import atexit
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import hiredis
from redis._parsers.base import BaseParser

from tests.local.valkey import start_valkey

type Word = str | bytes | int | float
type Command = Sequence[Word]

_READ_BYTES = 262_144
# Nothing here is simulated: a server that is away for so long is a broken test.
_REAL_SECONDS = 30.0


class ValkeySocket:
    """Replies are texts and numbers; an error stands in its reply's place, as redis-py has it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_REAL_SECONDS)
        self._socket.connect(str(path))
        self._buffer = bytearray(_READ_BYTES)
        self._texts = hiredis.Reader(encoding="utf-8", replyError=_error)
        self._bytes = hiredis.Reader()

    def ask(self, commands: Sequence[Command]) -> list[object]:
        """One round trip."""
        return self._replies(self._texts, commands)

    def ask_for_bytes(self, commands: Sequence[Command]) -> list[object]:
        """For what is no text (DUMP)."""
        return self._replies(self._bytes, commands)

    def close(self) -> None:
        self._socket.close()

    def _replies(self, reader: hiredis.Reader, commands: Sequence[Command]) -> list[object]:
        pack = hiredis.pack_command
        self._socket.sendall(b"".join(map(pack, map(tuple, commands))))  # type: ignore[arg-type]
        replies: list[object] = []
        while len(replies) < len(commands):
            size = self._socket.recv_into(self._buffer)
            if not size:
                raise ConnectionResetError("Valkey ended")
            reader.feed(self._buffer, 0, size)  # type: ignore[arg-type]
            while (reply := reader.gets()) is not False:
                replies.append(reply)
        return replies


def _error(text: str) -> Exception:
    error: Exception = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]
    return error


@cache
def valkey_socket() -> ValkeySocket:
    """A server for as long as this process lives, and a connection to it. The first call is to be
    made by the machine's own clock.
    """
    until_the_end = ExitStack()
    folder = Path(until_the_end.enter_context(TemporaryDirectory(prefix="sim-")))
    options = ("--unixsocket", str(folder / "s"), "--hz", "1")
    until_the_end.enter_context(start_valkey(folder / "valkey", options=options))
    asked = ValkeySocket(folder / "s")
    until_the_end.callback(asked.close)
    # Now: so it is over before the end of what started the server.
    atexit.register(until_the_end.close)
    return asked
