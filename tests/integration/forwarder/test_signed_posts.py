"""An Aforo behind IAM: the stand-in verifies each signature by what came over the wire."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from botocore.credentials import Credentials

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, KeyHeader, aforo_client
from functions.adapters.aforo_signing import AforoSignature
from functions.adapters.telemetry import Telemetry
from functions.forwarder.answer import AcceptedPost, Stop
from functions.forwarder.ingest_api import BATCH_PATH, IngestApi
from functions.forwarder.settings import ForwarderSettings
from functions.replay.probe import Probe
from functions.replay.readiness import ReadinessOutcome
from functions.usage.outcome import Held
from tests.fakes.forwarding import keyed_events
from tests.fakes.secret_store import SecretStore
from tests.integration.forwarder.conftest import PATIENCE_SECONDS
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, Settings, SigV4
from tests.local.aforo.standin import AforoStandIn

REGION, SERVICE, TOKEN = "eu-west-1", "execute-api", "FwoGZXIvYXdzE//+a=b"
SECRETS = {"ASIAFIRST": "first-secret/+", "ASIASECOND": "second-secret"}
CALLER = Caller(DEFAULT_TENANT, KeyHeader.X_API_KEY)


@pytest.fixture(scope="module")
def aforo_settings() -> Settings:
    door = SigV4(service=SERVICE, region=REGION, access_keys=SECRETS, session_token=TOKEN)
    return Settings(sigv4=door, auth="x_api_key")


def credential(key_id: str = "ASIAFIRST", secret: str = "") -> Credentials:
    return Credentials(key_id, secret or SECRETS.get(key_id, "none"), TOKEN)


def signing(
    credentials: Callable[[], Credentials] = credential, region: str = REGION
) -> AforoSignature:
    return AforoSignature(SERVICE, region, credentials)


def key_of(store: SecretStore) -> AforoCredential:
    return AforoCredential(store, "arn:secret", lambda: 0.0)  # type: ignore[arg-type]


@contextmanager
def ingest(url: str, auth: AforoSignature | None) -> Iterator[IngestApi]:
    """With two keys, of which the first is Aforo's: a second sending would be seen."""
    store = SecretStore(DEFAULT_API_KEY, "sk_test_another")
    with aforo_client(url, set(), signing=auth) as client:
        client.timeout = httpx.Timeout(PATIENCE_SECONDS)
        yield IngestApi(
            client=client,
            credential=key_of(store),
            caller=CALLER,
            now=lambda: datetime.now(UTC),
            telemetry=Telemetry("forwarder"),
        )


def test_a_signed_post_is_taken(aforo: AforoStandIn, console: Console) -> None:
    """Any number of events, the key beside the signature, on one client."""
    with ingest(aforo.url, signing()) as api:
        for size in (1, 7, 100):
            assert api.post(keyed_events(size)) == AcceptedPost()
    assert console.posts()[-1]["key_ending"] == DEFAULT_API_KEY[-4:]


def test_the_question_before_a_replay_is_signed_too(aforo: AforoStandIn) -> None:
    """It stands behind the same door: unsigned, no replay would ever move."""
    for auth, outcome in ((signing(), ReadinessOutcome.READY), (None, ReadinessOutcome.REFUSED)):
        with aforo_client(aforo.url, set(), signing=auth) as client:
            probe = Probe(client, key_of(SecretStore(DEFAULT_API_KEY)), CALLER)
            assert probe.ask().outcome is outcome


def test_each_sending_is_signed_anew(aforo: AforoStandIn, console: Console) -> None:
    """With the credential of its own time, after an outage too: they are exchanged each hour."""
    keys = iter(["ASIAFIRST", "ASIASECOND", "ASIAFIRST"])
    with ingest(aforo.url, signing(lambda: credential(next(keys)))) as api:
        assert api.post(keyed_events(1)) == AcceptedPost()
        console.order_faults({"kind": "status", "status": 503, "count": 1})
        assert api.post(keyed_events(1)) == Stop(Held("outage", 0, ambiguous=True))
        assert api.post(keyed_events(1)) == AcceptedPost()
    assert next(keys, None) is None


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        (signing(lambda: credential(secret="another")), "signature_refused"),
        (signing(lambda: credential("ASIATHIRD")), "signature_refused"),
        (signing(lambda: Credentials("ASIAFIRST", SECRETS["ASIAFIRST"])), "signature_refused"),
        (signing(region="us-east-1"), "signature_refused"),
        (None, "credential_refused"),
    ],
)
def test_a_signature_that_is_refused_holds_usage(
    auth: AforoSignature | None,
    reason: str,
    aforo: AforoStandIn,
    console: Console,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without a doubt: nothing of Aforo's has seen it. The log says so, and holds no key."""
    with caplog.at_level(logging.ERROR), ingest(aforo.url, auth) as api:
        assert api.post(keyed_events(3)) == Stop(Held(reason, 0))
    assert console.posts() == []
    faults = [str(record.__dict__.get("fault", "")) for record in caplog.records]
    assert any(reason in fault for fault in faults) is (auth is not None)
    assert not any(DEFAULT_API_KEY in fault for fault in faults)


@pytest.mark.parametrize("seconds", [400, -400])
def test_a_clock_that_is_wrong_is_said(
    seconds: float, aforo: AforoStandIn, console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal of its own, with both clocks beside each other; it is no key's fault."""
    console.advance_clock(seconds)
    with caplog.at_level(logging.ERROR), ingest(aforo.url, signing()) as api:
        assert api.post(keyed_events(3)) == Stop(Held("clock_skew", 0))
    assert "its clock says" in caplog.records[-1].__dict__["fault"]
    assert "unknown" not in caplog.records[-1].__dict__["fault"]
    assert console.posts() == []


def test_the_body_that_was_signed_is_the_body_that_is_taken(
    aforo: AforoStandIn, console: Console
) -> None:
    """One changed byte on the way, or another path, and AWS takes it no more: so does the
    stand-in, or it would prove nothing.
    """
    url = f"{aforo.url}{BATCH_PATH}"
    request = httpx.Request("POST", url, content=b'{"events":[]}', headers=CALLER.headers("k"))
    signed = next(iter(signing().auth_flow(request)))
    with httpx.Client(timeout=PATIENCE_SECONDS) as client:
        for content, place in (
            (b'{"events":[1]}', url),
            (signed.content, f"{aforo.url}/v1/ingest"),
        ):
            sent = client.post(place, content=content, headers=_without_length(signed.headers))
            assert (sent.status_code, sent.headers["x-amzn-ErrorType"]) == (
                403,
                "InvalidSignatureException",
            )
        taken = client.post(url, content=signed.content, headers=_without_length(signed.headers))
        assert taken.status_code != 403
    assert len(console.posts()) == 1


def _without_length(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}


def test_the_function_s_own_credential_signs(
    aforo: AforoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wired from its environment: the role's credential, the Region that is given."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIASECOND")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS["ASIASECOND"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    names = ForwarderSettings.model_fields
    known = {name: "x" for name, field in names.items() if field.is_required()} | {
        "aforo_base_url": aforo.url,
        "aforo_key_header": "X-API-Key",
        "aforo_sigv4_service": SERVICE,
        "aforo_sigv4_region": REGION,
        "aws_region": "us-east-1",
    }
    settings = ForwarderSettings.model_validate(known)
    with ingest(aforo.url, settings.signing()) as api:
        assert api.post(keyed_events(2)) == AcceptedPost()
