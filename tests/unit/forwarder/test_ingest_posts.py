"""One post, from a batch to a verdict: what is sent, and what each fault of the network means."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller
from functions.adapters.telemetry import Telemetry
from functions.forwarder.answer import AcceptedPost, Stop
from functions.forwarder.ingest_api import IngestApi
from functions.forwarder.packing import KeyedEvent
from functions.usage.outcome import Held
from tests.fakes.forwarding import keyed_events
from tests.fakes.secret_store import SecretStore

CURRENT, PREVIOUS = "sk_test_current", "sk_test_previous"

type Answering = Callable[[httpx.Request], httpx.Response]


@contextmanager
def api(answer: Answering) -> Iterator[IngestApi]:
    with httpx.Client(
        base_url="http://127.0.0.1/", transport=httpx.MockTransport(answer)
    ) as client:
        store: Any = SecretStore(CURRENT, PREVIOUS)
        yield IngestApi(
            client=client,
            credential=AforoCredential(store, "arn:secret", lambda: 0.0),
            caller=Caller("tenant"),
            now=lambda: datetime.now(UTC),
            telemetry=Telemetry("forwarder"),
        )


def replied(status: int, body: object = None, **headers: str) -> httpx.Response:
    """As it comes from the wire: not read yet."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=names, stream=httpx.ByteStream(json.dumps(body).encode()))


def taken(request: httpx.Request) -> httpx.Response:
    return replied(202, {"accepted": request.content.count(b"idempotencyKey")})


def raising(error: type[httpx.RequestError]) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("the network", request=request)

    return answer


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
        httpx.LocalProtocolError,
    ],
)
def test_what_was_never_sent_leaves_no_doubt(error: type[httpx.RequestError]) -> None:
    """Aforo cannot have it: it is put back as certain, however long the outage takes."""
    with api(raising(error)) as one:
        assert one.post(keyed_events(1)) == Stop(Held("unreachable", 0, ambiguous=False))


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
        httpx.TooManyRedirects,
    ],
)
def test_what_may_have_been_sent_is_doubtful(error: type[httpx.RequestError]) -> None:
    """Taken for certain, it could be posted when Aforo has forgotten its key: billed twice."""
    with api(raising(error)) as one:
        assert one.post(keyed_events(1)) == Stop(Held("no_answer", 0, ambiguous=True))


def _origin_of(batch: list[KeyedEvent]) -> dict[str, str]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return taken(request)

    with api(answer) as one:
        assert one.post(batch) == AcceptedPost({})
    (request,) = seen
    assert (request.method, request.url.path) == ("POST", "/v1/ingest/batch")
    return dict(request.headers)


def test_a_post_says_who_sends_it_and_whose_it_is() -> None:
    """The key and the tenant, and the API and stage where all events are of one."""
    headers = _origin_of(keyed_events(2))
    assert headers["authorization"] == f"Bearer {CURRENT}"
    assert headers["x-tenant-id"] == "tenant"
    assert headers["x-forwarded-by"] == headers["x-gateway-source"] == "aws-apigw"
    assert headers["x-apigateway-api-id"] == "a1b2c3"
    assert headers["x-apigateway-stage"] == "prod"
    assert headers["x-aws-region"] == "eu-west-1"


@pytest.mark.parametrize("other", ["staging", "caf\u00e9", "a\nb", "", 7])
def test_what_is_not_true_of_all_events_is_said_of_none(other: object) -> None:
    """Two stages in one post, or a name that no header can hold: the header is left out."""
    batch = keyed_events(2)
    metadata: dict[str, Any] = {**batch[1].event["metadata"], "stage": other}
    odd = batch[1]._replace(event={**batch[1].event, "metadata": metadata})
    assert "x-apigateway-stage" not in _origin_of([batch[0], odd])
    if other != "staging":
        assert "x-apigateway-stage" not in _origin_of([odd])


def _refusing_all_but(key: str, tried: list[str]) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        tried.append(request.headers["authorization"].removeprefix("Bearer "))
        return taken(request) if tried[-1] == key else replied(401)

    return answer


def test_a_refused_key_is_followed_by_the_one_before_it() -> None:
    """A rotation may reach us before it reaches Aforo."""
    tried: list[str] = []
    with api(_refusing_all_but(PREVIOUS, tried)) as one:
        assert one.post(keyed_events(1)) == AcceptedPost({})
    assert tried == [CURRENT, PREVIOUS]


def test_nothing_is_sent_for_which_there_is_no_time() -> None:
    """Reading the key may have taken it: what would be cut off in the middle leaves a doubt."""
    tried: list[str] = []
    with api(_refusing_all_but("none", tried)) as one:
        assert one.post(keyed_events(1), lambda: False) == Stop(Held("out_of_time", 0))
        assert tried == []
        times = iter([True, False])
        assert one.post(keyed_events(1), lambda: next(times)) == Stop(Held("credential_refused", 0))
    assert tried == [CURRENT]


def test_a_refused_signature_is_no_matter_of_the_key() -> None:
    """No other key is tried, and what is set aside later says why."""
    tried: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tried.append(request.headers["authorization"])
        return replied(403, x_amzn_ErrorType="SignatureDoesNotMatch")

    with api(answer) as one:
        assert one.post(keyed_events(1)) == Stop(Held("signature_refused", 0))
    assert len(tried) == 1


def test_a_secret_that_cannot_be_read_is_no_outage_of_aforo() -> None:
    """Held as what it is, which past the hold is set aside for a person who mends the key."""
    with api(taken) as one:
        store: Any = SecretStore("")
        broken = IngestApi(
            client=one.client,
            credential=AforoCredential(store, "arn:secret", lambda: 0.0),
            caller=one.caller,
            now=one.now,
            telemetry=one.telemetry,
        )
        assert broken.post(keyed_events(1)) == Stop(Held("credential_unavailable", 0))
