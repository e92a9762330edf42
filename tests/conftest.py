"""Servers that tests share: real ones, started once per session where a test asks for them."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.local.ministack import Ministack, start_ministack
from tests.local.valkey import Valkey, start_valkey

# Hypothesis' 200 ms for an example would make tests depend on how busy the machine is.
settings.register_profile("any_machine", settings.default, deadline=None)
settings.load_profile("any_machine")


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


@pytest.fixture
def on_ministack(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Ministack:
    """The environment of a test in which boto3, without being told, calls ministack."""
    for name, value in ministack.env.items():
        monkeypatch.setenv(name, value)
    return ministack
