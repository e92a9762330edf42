"""A tenant's counters on a real, empty Valkey, with a clock that only the test moves."""

from collections.abc import Iterator

import pytest
from redis import Redis

from functions.reconciliation.counters.redis_scripts import connect
from tests.integration.reconciliation.tenant import Tenant
from tests.local.valkey import Valkey


@pytest.fixture
def client(valkey: Valkey) -> Iterator[Redis]:
    """A connection to an empty server."""
    with connect(valkey.url) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def tenant(client: Redis) -> Tenant:
    """The counters of one tenant."""
    return Tenant(client)
