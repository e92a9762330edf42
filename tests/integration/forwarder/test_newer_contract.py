"""Aforo as its SDKs of October 2026 describe it: another header for the key, another shape of the
answer (docs/explanation/decisions/0002-aforo-contract.md).
"""

from dataclasses import replace

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, KeyHeader, aforo_client
from functions.adapters.telemetry import Telemetry
from functions.forwarder.delivery import deliver
from functions.forwarder.ingest_api import IngestApi
from functions.usage.outcome import Confirmed, Held, SetAside
from tests.fakes.forwarding import keyed_events, now_ms
from tests.fakes.instants import NOW
from tests.fakes.open_gate import open_gate
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, PROFILES, Settings
from tests.local.aforo.standin import running_standin

NEWER = Settings.model_validate(PROFILES["sdk-2026-10"])


def _outcomes(key_header: KeyHeader, metric: str) -> set[Confirmed | Held | SetAside]:
    with running_standin(NEWER) as aforo, aforo_client(aforo.url, set()) as client:
        api = IngestApi(
            client=client,
            credential=AforoCredential(SecretStore(DEFAULT_API_KEY), "arn", lambda: 0.0),  # type: ignore[arg-type]
            caller=Caller(DEFAULT_TENANT, key_header),
            now=lambda: NOW,
            telemetry=Telemetry("forwarder"),
        )
        batch = keyed_events(4, occurred_ms=now_ms(), metric=metric)
        found = deliver(batch, open_gate(api.post))
        assert len(found.outcomes) == len(batch)
        return {
            replace(one, reason="", instance=None) if isinstance(one, SetAside) else one
            for one in found.outcomes.values()
        }


def test_events_are_confirmed_with_the_key_in_its_own_header() -> None:
    """Counts under `data` are believed as those at the top are."""
    assert _outcomes(KeyHeader.X_API_KEY, "API Calls") == {Confirmed()}


def test_the_older_header_holds_the_events_and_loses_none() -> None:
    """A wrong AforoKeyHeader looks like a refused key: visible, and cured by the parameter."""
    assert _outcomes(KeyHeader.AUTHORIZATION, "API Calls") == {Held("credential_refused", 0)}


def test_an_unknown_metric_is_set_aside() -> None:
    """Its errors say `message` where the older ones said `error`."""
    outcomes = _outcomes(KeyHeader.X_API_KEY, "Nobody Counts This")
    assert outcomes
    assert all(isinstance(one, SetAside) for one in outcomes)
