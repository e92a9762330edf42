"""Where Redis is, and a socket to it: a URL comes in, a connected socket leaves, by a deadline.

Guaranteed: nothing here outlasts the deadline, name resolution included.
"""

import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from functions.adapters.redis_url import fault_of

_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One endpoint: ElastiCache Serverless, or a node-based cache with cluster mode disabled."""

    host: str
    port: int
    database: int
    is_encrypted: bool

    @classmethod
    def parse(cls, url: str) -> "RedisAddress":
        """`redis://host:port/0`, or `rediss://` for TLS. ValueError says what is wrong."""
        if fault := fault_of(url):
            raise ValueError(fault)
        parts = urlsplit(url)
        database = int(parts.path.strip("/") or 0)
        port = parts.port or _DEFAULT_PORT
        return cls(str(parts.hostname), port, database, parts.scheme == "rediss")


def connect(
    address: RedisAddress, deadline: float, encryption: ssl.SSLContext | None
) -> socket.socket:
    """A connected socket by `deadline` (time.monotonic), or OSError."""
    fault: OSError = TimeoutError("no time left to connect")
    for family, endpoint in _resolve(address, deadline):
        try:
            return _connect_one(address, family, endpoint, deadline, encryption)
        except OSError as error:
            fault = error
    raise fault


def seconds_left(deadline: float) -> float:
    """Until `deadline`. TimeoutError when none are: a socket takes 0 for "do not block"."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


type _Endpoints = list[tuple[socket.AddressFamily, tuple[str, int]]]


def _resolve(address: RedisAddress, deadline: float) -> _Endpoints:
    # getaddrinfo takes no timeout and waits 5 s for a silent resolver: a thread waits instead.
    # The breaker lets at most a few of them start in a second.
    answer: queue.SimpleQueue[_Endpoints | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(address, answer), daemon=True).start()
    try:
        found = answer.get(timeout=seconds_left(deadline))
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _look_up(address: RedisAddress, answer: "queue.SimpleQueue[_Endpoints | OSError]") -> None:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        answer.put([(family, (str(end[0]), int(end[1]))) for family, _, _, _, end in found])
    except (OSError, UnicodeError) as error:
        answer.put(OSError(str(error)))


def _connect_one(
    address: RedisAddress,
    family: socket.AddressFamily,
    endpoint: tuple[str, int],
    deadline: float,
    encryption: ssl.SSLContext | None,
) -> socket.socket:
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.settimeout(seconds_left(deadline))
        plain.connect(endpoint)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if encryption is None:
            return plain
        plain.settimeout(seconds_left(deadline))
        return encryption.wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise
