"""An endpoint in front of two Valkeys, as a managed service gives one: after a failover its name
leads to the other server, and whoever is connected already stays where it is.
"""

import contextlib
import socket
import threading
from typing import override

from tests.fakes.loopback_proxy import READ_BYTES, LoopbackProxy


class MovingEndpoint(LoopbackProxy):
    """`move_to` says where later connections go."""

    def move_to(self, server_port: int) -> None:
        """New connections reach the server at this port; those that are open stay."""
        self.server_port = server_port

    @override
    def serve(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(READ_BYTES):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
