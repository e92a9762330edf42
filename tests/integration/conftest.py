"""Aforo's stand-in and its console, for every folder that asks for them."""

from collections.abc import Iterator

import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import Settings
from tests.local.aforo.standin import AforoStandIn, running_standin


@pytest.fixture(scope="module")
def aforo_settings() -> Settings:
    """What the stand-in starts with, for a folder or a module to say otherwise."""
    return Settings()


@pytest.fixture(scope="module")
def shared_aforo(aforo_settings: Settings) -> Iterator[AforoStandIn]:
    """One for a module: whoever orders something of it takes it back, or asks for `console`."""
    with running_standin(aforo_settings) as standin:
        yield standin


@pytest.fixture
def console(shared_aforo: AforoStandIn) -> Iterator[Console]:
    """The operator's side of it. Afterwards all is as at the start, but for the signing keys."""
    with Console(shared_aforo.url) as console:
        yield console
        console.reset()


@pytest.fixture
def aforo(shared_aforo: AforoStandIn, console: Console) -> AforoStandIn:
    """The module's stand-in for a test that may do with it what it likes."""
    return shared_aforo
