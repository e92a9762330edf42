"""A Valkey for the session."""

from collections.abc import Iterator

import pytest

from tests.simulation.counters.valkey_socket import ValkeySocket, valkey_socket


@pytest.fixture(scope="session")
def counters_socket() -> Iterator[ValkeySocket]:
    """Each run flushes it first."""
    with valkey_socket() as asked:
        yield asked
