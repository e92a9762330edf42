"""What stands between a client and a Valkey on 127.0.0.1."""

import contextlib
import socket
import threading
from abc import ABC, abstractmethod

READ_BYTES = 65_536


class LoopbackProxy(ABC):
    """Listens until it is closed; what happens on a connection is its subclass's to say."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    @abstractmethod
    def serve(self, client: socket.socket, server: socket.socket) -> None:
        """One connection, to its end; both ends are closed after it."""

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self.server_port)
        with contextlib.suppress(OSError), client, socket.create_connection(address) as server:
            self.serve(client, server)
