"""Aforo's stand-in, and the forwarder's client of it, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.telemetry import Telemetry
from functions.forwarder.ingest_api import IngestApi
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, Settings
from tests.local.aforo.standin import AforoStandIn, running_standin

PATIENCE_SECONDS = 30.0  # of an answer that comes, on a busy machine
# Hanging answers are cut after this, not after the 8 s of production: what was posted has come in.
HANGING_SECONDS = 2.0


@pytest.fixture(scope="module")
def shared_aforo() -> Iterator[AforoStandIn]:
    with running_standin(Settings(rate_limit_per_minute=0)) as standin:
        yield standin


@pytest.fixture
def aforo(shared_aforo: AforoStandIn) -> Iterator[AforoStandIn]:
    """The module's stand-in, with its default settings, an empty book and no faults."""
    yield shared_aforo
    with httpx.Client(base_url=shared_aforo.url, trust_env=False) as console:
        console.delete("/_faults").raise_for_status()
        console.delete("/_ledger").raise_for_status()
        console.patch(
            "/_settings", json={"validation": "batch", "indexed_errors": False}
        ).raise_for_status()


@pytest.fixture
def console(aforo: AforoStandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=aforo.url, trust_env=False) as client:
        yield client


@pytest.fixture
def break_aforo(console: httpx.Client) -> Callable[..., None]:
    def order(*faults: dict[str, Any]) -> None:
        console.post("/_faults", json={"faults": faults}).raise_for_status()

    return order


@pytest.fixture
def secret() -> SecretStore:
    return SecretStore(DEFAULT_API_KEY)


@contextmanager
def ingest_api(url: str, secret: SecretStore) -> Iterator[IngestApi]:
    """The forwarder's client of a stand-in."""
    with aforo_client(url, set()) as client:
        client.timeout = httpx.Timeout(PATIENCE_SECONDS)
        yield IngestApi(
            client=client,
            credential=AforoCredential(secret, "arn:secret", clock=lambda: 0.0),  # type: ignore[arg-type]
            caller=Caller(DEFAULT_TENANT),
            now=lambda: datetime.now(UTC),
            telemetry=Telemetry("forwarder"),
        )


@pytest.fixture
def api(aforo: AforoStandIn, secret: SecretStore) -> Iterator[IngestApi]:
    with ingest_api(aforo.url, secret) as one:
        yield one
