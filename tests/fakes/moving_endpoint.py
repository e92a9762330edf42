"""An endpoint in front of two Valkeys, as a managed service gives one: after a failover its name
leads to the other server, and whoever is connected already stays where it is.
"""

import contextlib
import socket
import threading

_READ_BYTES = 65_536


class MovingEndpoint:
    """Listens on 127.0.0.1; `move_to` says where later connections go."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def move_to(self, server_port: int) -> None:
        """New connections reach the server at this port; those that are open stay."""
        self._server_port = server_port

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_READ_BYTES):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
            end.close()
