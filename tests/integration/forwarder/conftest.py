"""Aforo's stand-in, and the forwarder's client of it, over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.telemetry import Telemetry
from functions.forwarder.ingest_api import IngestApi
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, Settings
from tests.local.aforo.standin import AforoStandIn

PATIENCE_SECONDS = 30.0  # of an answer that comes, on a busy machine
# Hanging answers are cut after this, not after the 8 s of production: what was posted has come in.
HANGING_SECONDS = 2.0


@pytest.fixture(scope="module")
def aforo_settings() -> Settings:
    return Settings(rate_limit_per_minute=0)


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
