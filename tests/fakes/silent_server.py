"""TCP servers that are no Redis: one never answers, one drips, one speaks something else, and one
takes its time over signing in.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import hiredis

type Speak = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def listening(speak: Speak) -> Iterator[int]:
    """The port of a server on 127.0.0.1 that gives every connection to `speak`."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        acceptor = threading.Thread(target=_accept, args=(server, speak, stopped))
        acceptor.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stopped.set()
            acceptor.join()


def says_nothing(connection: socket.socket, stopped: threading.Event) -> None:
    stopped.wait()


def drips(connection: socket.socket, stopped: threading.Event) -> None:
    """A reply that never ends, a byte each 10 ms: no single read waits for long."""
    connection.sendall(b"$1000000\r\n")
    while not stopped.wait(0.01):
        connection.sendall(b"x")


def speaks_http(connection: socket.socket, stopped: threading.Event) -> None:
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    stopped.wait()


def signs_in_after(seconds: float) -> Speak:
    """A store without a single key that answers AUTH so late, and everything else at once."""
    return _signs_in(lambda stopped: not stopped.wait(seconds))


def signs_in_when(told: threading.Event) -> Speak:
    """The same, that answers AUTH when it is told to."""

    def is_told(stopped: threading.Event) -> bool:
        while not stopped.is_set():
            if told.wait(0.01):
                return True
        return False

    return _signs_in(is_told)


def _signs_in(is_time: Callable[[threading.Event], bool]) -> Speak:
    def speak(connection: socket.socket, stopped: threading.Event) -> None:
        commands = hiredis.Reader()
        while asked := connection.recv(65_536):
            commands.feed(asked)
            while command := commands.gets():
                is_auth = command[0] == b"AUTH"
                if is_auth and not is_time(stopped):
                    return
                connection.sendall(b"+OK\r\n" if is_auth else b"$-1\r\n")

    return speak


def _accept(server: socket.socket, speak: Speak, stopped: threading.Event) -> None:
    speakers = []
    while not stopped.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = server.accept()
            speaker = threading.Thread(target=_speak, args=(connection, speak, stopped))
            speaker.start()
            speakers.append(speaker)
    for speaker in speakers:
        speaker.join()


def _speak(connection: socket.socket, speak: Speak, stopped: threading.Event) -> None:
    # The client goes away in the middle: that is what is tested.
    with connection, contextlib.suppress(OSError):
        speak(connection, stopped)
