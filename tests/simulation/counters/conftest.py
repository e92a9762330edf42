"""A Valkey for the session."""

import pytest

from tests.simulation.counters.valkey_socket import ValkeySocket, valkey_socket


@pytest.fixture(scope="session")
def counters_socket() -> ValkeySocket:
    """Each run flushes it first."""
    return valkey_socket()
