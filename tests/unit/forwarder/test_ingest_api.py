"""The key against the host, before anything is sent."""

from datetime import UTC, datetime

import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.telemetry import Telemetry
from functions.forwarder.answer import Stop
from functions.forwarder.ingest_api import IngestApi
from functions.usage.outcome import Held
from tests.fakes.forwarding import keyed_events
from tests.fakes.secret_store import SecretStore

HOST = "ingest.aforo.ai"


@pytest.mark.parametrize("key", ["sk_test_0123456789", "put-your-aforo-key-here", "pk_live_1"])
def test_a_key_of_another_environment_is_not_sent(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The first post says what is wrong and where, never the key; usage waits, without a doubt."""
    store = SecretStore(key)
    with aforo_client(f"https://{HOST}", {HOST}) as client:
        api = IngestApi(
            client=client,
            credential=AforoCredential(store, "arn:secret", lambda: 0.0),  # type: ignore[arg-type]
            caller=Caller("tenant"),
            now=lambda: datetime.now(UTC),
            telemetry=Telemetry("forwarder"),
        )
        assert api.post(keyed_events(1)) == Stop(Held("credential_unavailable", 0))
    record = caplog.records[-1]
    assert (record.levelname, record.message) == ("ERROR", "aforo.refused")
    assert "apiKey" in record.__dict__["fault"]
    assert key not in str(record.__dict__)
