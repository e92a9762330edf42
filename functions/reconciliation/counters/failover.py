"""A connection to Redis that ends when the server says that it is of no more use.

After a failover the endpoint leads to another server, and a connection that stayed open reaches a
replica for as long as the process lives. redis-py takes READONLY, MASTERDOWN and MOVED for answers
and keeps the connection; here they are the end of it, so that the client's own retry connects anew,
asks the endpoint again, and makes the call once more. LOADING and NOAUTH are that in redis-py.
"""

from typing import Any

from redis.connection import Connection, SSLConnection
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import MasterDownError, MovedError, ReadOnlyError

_OF_NO_MORE_USE = (ReadOnlyError, MasterDownError, MovedError)


class _EndsWhenUseless:
    """Every call through it must be one that may be repeated, as all of ours are."""

    def read_response(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - as redis-py has it
        """As redis-py's; LostConnection for an answer of a server that must not be used."""
        try:
            return super().read_response(*words, **named)  # type: ignore[misc]
        except _OF_NO_MORE_USE as error:
            self.disconnect()  # type: ignore[attr-defined]
            raise LostConnection(str(error)) from error


class PlainConnection(_EndsWhenUseless, Connection):
    """For `redis://`."""


class TlsConnection(_EndsWhenUseless, SSLConnection):
    """For `rediss://`."""
