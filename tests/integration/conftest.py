"""Servers that integration tests share: started once per session, real ones."""

from collections.abc import Iterator

import pytest

from tests.local.ministack import Ministack, start_ministack
from tests.local.valkey import Valkey, start_valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey for the session: a test uses keys of its own, or flushes first."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """A ministack for the session: a test makes queues and buckets of its own."""
    with start_ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield emulator
