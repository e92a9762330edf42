"""The question to Aforo, against a real HTTP server that behaves like it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.replay import queue_round
from functions.replay.probe import Probe
from functions.replay.readiness import Readiness, ReadinessOutcome
from tests.fakes.lambda_context import lambda_context
from tests.fakes.secret_store import SecretStore
from tests.fakes.set_aside_messages import event, message, record
from tests.fakes.settable_clock import SettableClock
from tests.integration.replay.conftest import Surroundings, forget_wiring
from tests.local.aforo.console import Console
from tests.local.aforo.settings import Settings
from tests.local.aforo.standin import AforoStandIn

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

TENANT = "tenant_demo"
KEY = next(iter(Settings().api_keys))


@contextmanager
def probe_of(url: str, current: str = KEY, previous: str = "") -> Iterator[Probe]:
    store = cast("SecretsManagerClient", SecretStore(current, previous))
    credential = AforoCredential(store, "arn:secret", SettableClock())
    with aforo_client(url, []) as client:
        yield Probe(client, credential, Caller(TENANT))


def ask(url: str, current: str = KEY, previous: str = "") -> Readiness:
    with probe_of(url, current, previous) as one:
        return one.ask()


def test_it_is_ready_and_was_only_asked(aforo: AforoStandIn, console: Console) -> None:
    """Nothing is posted, so nothing can be billed."""
    assert ask(aforo.url) == Readiness(ReadinessOutcome.READY, "answered", 200)
    assert console.ledger()["accepted"] == 0


@pytest.mark.parametrize(
    ("fields", "readiness"),
    [
        (
            {"kind": "status", "status": 503, "retry_after": "7"},
            Readiness(ReadinessOutcome.DOWN, "outage", 503, 7),
        ),
        (
            {"kind": "status", "status": 429},
            Readiness(ReadinessOutcome.WAIT, "rate_limited", 429, 60),
        ),
        ({"kind": "unauthorized"}, Readiness(ReadinessOutcome.REFUSED, "credential_refused", 401)),
        ({"kind": "reset_before"}, Readiness(ReadinessOutcome.DOWN, "no_connection", None, 30)),
    ],
)
def test_an_outage_is_told_as_what_it_is(
    fields: dict[str, Any], readiness: Readiness, aforo: AforoStandIn, console: Console
) -> None:
    """Waited for, or not, as the status says."""
    console.order_faults(fields)
    assert ask(aforo.url) == readiness


def test_nobody_listens() -> None:
    """A refused connection is an outage, not an error."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert ask(url) == Readiness(ReadinessOutcome.DOWN, "no_connection", None, 30)


def test_during_a_rotation_the_other_key_is_tried(aforo: AforoStandIn) -> None:
    """Aforo does not know the new key yet."""
    assert ask(aforo.url, "sk_test_new", KEY).outcome is ReadinessOutcome.READY


@pytest.mark.parametrize("previous", ["put-your-aforo-key-here", "sk_test_revoked", '"}', ""])
def test_a_refused_key_is_told_as_that_whatever_stands_in_the_previous_version(
    previous: str, aforo: AforoStandIn, console: Console
) -> None:
    """And the first replay after Aforo takes the key again goes on."""
    with probe_of(aforo.url, KEY, previous) as one:
        console.order_faults({"kind": "unauthorized"})
        assert one.ask() == Readiness(ReadinessOutcome.REFUSED, "credential_refused", 401)
        console.clear_faults()
        assert one.ask() == Readiness(ReadinessOutcome.READY, "answered", 200)


@pytest.mark.parametrize("secret", ["pk_1", 'pk_1"'])
def test_a_secret_that_holds_no_key_is_refused_before_it_is_sent(
    secret: str, aforo: AforoStandIn
) -> None:
    """The reason tells the operator what to put into the secret, and not what is there."""
    readiness = ask(aforo.url, secret)
    assert readiness.outcome is ReadinessOutcome.REFUSED
    assert "apiKey" in readiness.reason
    assert "pk_1" not in readiness.reason


def test_a_round_asks_first_with_the_secret_of_its_environment(
    aws: Surroundings, aforo: AforoStandIn, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Aforo is away nothing is moved, and the round says how long to wait; then it moves."""
    secret = boto3.client("secretsmanager").create_secret(
        Name="replay-probe", SecretString=f'{{"apiKey": "{KEY}"}}'
    )
    monkeypatch.setenv("AFORO_BASE_URL", aforo.url)
    monkeypatch.setenv("AFORO_ALLOWED_HOSTS", "ingest.aforo.ai, ingest-sandbox.aforo.ai")
    monkeypatch.setenv("AFORO_TENANT_ID", TENANT)
    monkeypatch.setenv("AFORO_SECRET_ARN", secret["ARN"])
    forget_wiring()
    aws.set_aside(message([event(1)], record()))
    task = {
        "replayId": "by-hand",
        "startedAt": aws.started_at,
        "executionStartedAt": aws.started_at,
        "order": {},
        "progress": {"waitingAtStart": 1},
    }
    console.order_faults({"kind": "status", "status": 503, "retry_after": "7"})
    waits = queue_round.handler(task, lambda_context("round"))
    assert (waits["outcome"], waits["waitSeconds"], waits["trouble"]) == ("wait", 7, "")
    assert aws.depth(aws.usage_url) == 0
    console.clear_faults()
    again = {**task, "progress": waits["progress"]}
    moved = queue_round.handler(again, lambda_context("round"))
    assert (moved["outcome"], moved["progress"]["messages"]) == ("moved", 1)
    assert aws.depth(aws.usage_url) == 1
