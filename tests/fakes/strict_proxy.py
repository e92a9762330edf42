"""A proxy before Valkey that knows the commands of Redis 6 that we need, and ends a connection that
asks for anything else: a managed service may do so where Valkey answers with an error.
"""

import socket
from typing import override

import hiredis

from tests.fakes.cutting_proxy import one_reply, packed
from tests.fakes.loopback_proxy import READ_BYTES, LoopbackProxy

KNOWN = frozenset({"AUTH", "SELECT", "PING", "EVAL", "EVALSHA", "HGETALL", "GET"})


class StrictProxy(LoopbackProxy):
    """Forwards one command at a time; `refused` names those that it did not."""

    def __init__(self, server_port: int) -> None:
        self.refused: list[str] = []
        super().__init__(server_port)

    @override
    def serve(self, client: socket.socket, server: socket.socket) -> None:
        commands, replies = hiredis.Reader(), hiredis.Reader()
        while data := client.recv(READ_BYTES):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                name = command[0].decode().upper()
                if name not in KNOWN:
                    self.refused.append(b" ".join(command[:2]).decode().upper())
                    return
                server.sendall(packed(command))
                client.sendall(one_reply(server, replies))
