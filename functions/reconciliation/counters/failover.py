"""A connection to Redis that ends when the server says that it is of no more use, and that signs in
once more where the password was changed.

After a failover the endpoint leads to another server, and a connection that stayed open reaches a
replica for as long as the process lives. redis-py takes READONLY, MASTERDOWN and MOVED for answers
and keeps the connection; here they are the end of it, so that the client's own retry connects anew,
asks the endpoint again, and makes the call once more. LOADING and NOAUTH are that in redis-py.
"""

from typing import Any

from redis.connection import Connection, SSLConnection
from redis.exceptions import AuthenticationError, MasterDownError, MovedError, ReadOnlyError
from redis.exceptions import ConnectionError as LostConnection

from functions.usage.errors import UsageError

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

    def on_connect_check_health(self, *words: Any, **named: Any) -> None:  # noqa: ANN401 - as above
        """As redis-py's; a provider that can `renew` what was refused is asked for it, once."""
        try:
            super().on_connect_check_health(*words, **named)  # type: ignore[misc]
        except AuthenticationError:
            renew = getattr(self.credential_provider, "renew", None)  # type: ignore[attr-defined]
            if renew is None or not renew():
                raise
            super().on_connect_check_health(*words, **named)  # type: ignore[misc]
        except UsageError:
            # No password to sign in with. Left open, it would pass for a connection that did.
            self.disconnect()  # type: ignore[attr-defined]
            raise


class PlainConnection(_EndsWhenUseless, Connection):
    """For `redis://`."""


class TlsConnection(_EndsWhenUseless, SSLConnection):
    """For `rediss://`."""
