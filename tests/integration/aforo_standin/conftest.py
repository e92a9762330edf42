"""Who calls the stand-in, and what is posted to it."""

import ssl
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.aforo.standin import AforoStandIn

PATIENCE_SECONDS = 30.0  # of an answer that comes, on a busy machine
AS_PRODUCT = {"Authorization": f"Bearer {DEFAULT_API_KEY}", "X-Tenant-Id": DEFAULT_TENANT}


@pytest.fixture
def url(shared_aforo: AforoStandIn) -> str:
    return shared_aforo.url


@pytest.fixture
def client(url: str, console: Console) -> Iterator[httpx.Client]:
    """A client that calls as the product does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # empty: loading certificates is slow
    options: dict[str, Any] = {"timeout": PATIENCE_SECONDS, "trust_env": False, "verify": context}
    with httpx.Client(base_url=url, headers=AS_PRODUCT, **options) as client:
        yield client


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """A good event with a key of its own; a field given as None is left out."""

    def make(**fields: Any) -> dict[str, Any]:
        made = {
            "customerId": "cus_1",
            "metricName": "API Calls",
            "quantity": 1,
            "occurredAt": _now(),
            "idempotencyKey": f"apigw1-{uuid.uuid4().hex}",
            **fields,
        }
        return {name: value for name, value in made.items() if value is not None}

    return make


@pytest.fixture
def post(client: httpx.Client) -> Callable[..., httpx.Response]:
    def send(*events: Any, **options: Any) -> httpx.Response:
        return client.post("/v1/ingest/batch", json={"events": list(events)}, **options)

    return send


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
