"""A proxy between a client and Valkey that cuts the connection at a chosen command: before the
server gets it, or after the server has carried it out and before the client hears of it.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import override

import hiredis

from tests.fakes.loopback_proxy import READ_BYTES, LoopbackProxy


@dataclass
class Cut:
    """The command to cut at, counted from 1 over all connections; `then` runs at the cut."""

    at: int
    is_after: bool
    then: Callable[[], None] = lambda: None


class CuttingProxy(LoopbackProxy):
    """Forwards one command at a time."""

    def __init__(self, server_port: int) -> None:
        self._cut: Cut | None = None
        self._lock = threading.Lock()
        super().__init__(server_port)

    def arm(self, cut: Cut | None) -> None:
        """Cut once, at the next command of that number; None: no more."""
        with self._lock:
            self._cut = cut

    @override
    def serve(self, client: socket.socket, server: socket.socket) -> None:
        commands, replies = hiredis.Reader(), hiredis.Reader()
        while data := client.recv(READ_BYTES):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                cut = self._due()
                if cut is None or cut.is_after:
                    server.sendall(packed(command))
                    reply = one_reply(server, replies)
                if cut is not None:
                    cut.then()
                    return
                client.sendall(reply)

    def _due(self) -> Cut | None:
        with self._lock:
            if self._cut is None:
                return None
            self._cut.at -= 1
            if self._cut.at:
                return None
            cut, self._cut = self._cut, None
            return cut


def packed(command: list[bytes]) -> bytes:
    """As a client sends it."""
    words = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in command)
    return b"*%d\r\n%s" % (len(command), words)


def one_reply(server: socket.socket, replies: hiredis.Reader) -> bytes:
    """The bytes of one reply: the server has no other to give, it was asked one thing."""
    found = b""
    while True:
        data = server.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the server went away")
        found += data
        replies.feed(data)
        if replies.gets() is not False:
            return found
