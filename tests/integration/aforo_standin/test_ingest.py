"""Posting to the stand-in over real HTTP (aforo-contract.md 1.1.1 to 1.1.4)."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, PROFILES, Settings
from tests.local.aforo.standin import running_standin

type Make = Callable[..., dict[str, Any]]
type Post = Callable[..., httpx.Response]

BATCH = "/v1/ingest/batch"
LIVE_KEY = f"sk_live_{'x' * 40}"


def test_a_batch_is_accepted_and_stands_in_the_book_as_posted(
    post: Post, console: Console, event: Make
) -> None:
    """Accepted events are answered 202 with counts and kept in the order accepted."""
    events = [event(customerId="cus_1", anything={"new": 1}), event(customerId="cus_2")]
    answer = post(*events)
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 2,
        "duplicates": 0,
        "failed": 0,
        "errors": [],
        "killedSessionIds": [],
    }
    assert answer.headers["X-Request-Id"].startswith("req_")
    assert console.events() == events
    ledger = console.ledger()
    assert (ledger["accepted"], ledger["duplicates"], ledger["rejected"]) == (2, 0, 0)
    assert ledger["by_customer"] == {"cus_1": 1, "cus_2": 1}


def test_one_event_may_be_posted_without_a_wrapper(
    client: httpx.Client, console: Console, event: Make
) -> None:
    """`/v1/ingest` takes the event itself and refuses the wrapper."""
    assert client.post("/v1/ingest", json=event()).json()["accepted"] == 1
    assert client.post("/v1/ingest", json={"events": [event()]}).status_code == 400
    assert console.ledger()["accepted"] == 1


def test_the_same_key_is_a_duplicate_also_within_a_batch(
    post: Post, console: Console, event: Make
) -> None:
    """A key is billed once, whether it comes again in the same post or in another."""
    once = event()
    assert post(once, once).json() | {"errors": []} == {
        "accepted": 1,
        "duplicates": 1,
        "failed": 0,
        "errors": [],
        "killedSessionIds": [],
    }
    assert post(once).json()["duplicates"] == 1
    assert console.events() == [once]


def test_after_the_dedup_window_the_same_key_is_billed_again(
    post: Post, console: Console, event: Make
) -> None:
    """Aforo forgets a key a day after it first came in; the book shows that it happened."""
    once = event()
    post(once)
    console.advance_clock(24 * 3600 - 5)
    assert post(once).json()["duplicates"] == 1
    console.advance_clock(10)
    assert post(once).json()["accepted"] == 1
    assert console.ledger()["billed_again"] == 1


@pytest.mark.parametrize(
    ("conflict", "status", "quantity"),
    [("first_wins", 202, 1), ("last_wins", 202, 7), ("reject", 409, 1)],
)
def test_a_duplicate_with_other_content_is_a_conflict(  # noqa: PLR0917 - fixtures
    post: Post, console: Console, event: Make, conflict: str, status: int, quantity: int
) -> None:
    """Which content wins, or whether it is refused, is a knob; the default keeps the first."""
    console.turn(conflict=conflict)
    first = event()
    post(first)
    answer = post({**first, "quantity": 7})
    assert answer.status_code == status
    assert [one["quantity"] for one in console.events()] == [quantity]
    assert console.ledger()["by_customer"] == {"cus_1": 1}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 401, "MISSING_CREDENTIALS"),
        ({"Authorization": f"Basic {DEFAULT_API_KEY}"}, 401, "MISSING_CREDENTIALS"),
        ({"Authorization": "Bearer sk_test_unknown"}, 401, "INVALID_API_KEY"),
        ({"Authorization": f"Bearer {LIVE_KEY}"}, 401, "WRONG_ENVIRONMENT"),
        ({"X-API-Key": "sk_test_other"}, 401, "AMBIGUOUS_CREDENTIALS"),
        ({"X-Tenant-Id": ""}, 400, "MISSING_TENANT"),
        ({"X-Tenant-Id": "tenant_other"}, 403, "TENANT_MISMATCH"),
        ({"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_headers_that_are_refused(  # noqa: PLR0917 - fixtures
    post: Post, console: Console, event: Make, headers: dict[str, str], status: int, code: str
) -> None:
    """Key, tenant and content type are checked before the body, and named as a problem."""
    answer = post(event(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["instance"] == answer.headers["X-Request-Id"]
    assert console.ledger()["accepted"] == 0


def test_a_foreign_tenant_may_be_hidden_as_404(post: Post, console: Console, event: Make) -> None:
    """Aforo hides what belongs to others: the status is a knob."""
    console.turn(tenant_mismatch_status=404)
    assert post(event(), headers={"X-Tenant-Id": "tenant_other"}).status_code == 404


def test_keys_rotate(post: Post, console: Console, event: Make) -> None:
    """During a rotation both keys work; a revoked one is refused at once."""
    new = "sk_test_the_next_key"
    console.put(f"_api_keys/{new}")
    with_new = {"Authorization": f"Bearer {new}"}
    assert post(event()).status_code == post(event(), headers=with_new).status_code == 202
    console.delete(f"_api_keys/{DEFAULT_API_KEY}")
    assert post(event()).status_code == 401
    assert post(event(), headers=with_new).status_code == 202
    assert [one["key_ending"] for one in console.posts()] == ["89ab", "_key", "89ab", "_key"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"events": []}', 400),
        (b'{"events": {}}', 400),
        (b'{"events": [1]}', 400),
        (b'{"events": [{"quantity": NaN}]}', 400),
        (b'{"event_id": "e", "event_timestamp": "t", "metric_id": "m", "body": {}}', 400),
        (b'{"events": [' + b"[" * 100_000 + b"]}", 400),
        (b" " * (10 * 1024 * 1024 + 1), 413),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else str(value),
)
def test_bodies_that_are_refused(
    client: httpx.Client, console: Console, body: bytes, status: int
) -> None:
    """A body that is not a wrapped list of camelCase events is refused whole."""
    answer = client.post(BATCH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert console.ledger()["accepted"] == 0


def test_compressed_bodies_are_refused(client: httpx.Client, event: Make) -> None:
    """No client of Aforo compresses, so nobody knows that it would be understood."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"events": [event()]}).encode())
    assert client.post(BATCH, content=body, headers=headers).status_code == 415


def test_more_events_than_a_batch_may_hold_are_refused(
    post: Post, console: Console, event: Make
) -> None:
    """100 by default; the limit is a knob because it is not documented."""
    assert post(*[event() for _ in range(100)]).json()["accepted"] == 100
    assert post(*[event() for _ in range(101)]).status_code == 400
    console.turn(max_events=101)
    assert post(*[event() for _ in range(101)]).json()["accepted"] == 101


def test_one_bad_event_fails_its_batch_whole(post: Post, console: Console, event: Make) -> None:
    """By default nothing of a refused batch is committed, and the place is not told."""
    bad = event(quantity=0)
    answer = post(event(), bad, event())
    problem = answer.json()
    assert answer.status_code == 400
    assert problem["detail"] == "quantity must be greater than 0"
    assert [error["field"] for error in problem["errors"]] == ["quantity"]
    assert "index" not in problem["errors"][0]
    assert console.ledger()["accepted"] == 0
    assert console.ledger()["rejected"] == 1
    assert console.posts()[-1]["findings"] == ["events[1].quantity must be greater than 0"]


def test_places_of_bad_events_are_told_by_knob(post: Post, console: Console, event: Make) -> None:
    """`errors[].index` of a 422 is what lets a client do without bisecting."""
    console.turn(indexed_errors=True)
    answer = post(event(), event(metricName="nope"))
    assert answer.status_code == 422
    assert [(e["index"], e["code"]) for e in answer.json()["errors"]] == [(1, "UNKNOWN_METRIC")]


def test_bad_events_may_fail_alone(post: Post, console: Console, event: Make) -> None:
    """With validation by event the good ones are committed and the bad ones listed in a 2xx."""
    console.turn(validation="event")
    answer = post(event(), event(metricName="nope"), event(quantity=-1))
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["failed"]) == (1, 2)
    assert answer.json()["errors"] == [
        {"index": 1, "error": "UNKNOWN_METRIC: nope"},
        {"index": 2, "error": "VALIDATION_FAILED: quantity must be greater than 0"},
    ]


def test_form_is_judged_before_business(post: Post, event: Make) -> None:
    """A batch with a blank field and an unknown metric is a 400, not a 422."""
    assert post(event(metricName="nope"), event(customerId=" ")).status_code == 400


def test_the_success_status_is_a_knob(post: Post, console: Console, event: Make) -> None:
    """200 or 202: sources disagree, and any 2xx is success."""
    console.turn(success_status=200)
    assert post(event()).status_code == 200


def test_the_rate_limit_counts_events_per_key(post: Post, console: Console, event: Make) -> None:
    """Over the limit is 429 with when to come back, and consumes nothing of the window."""
    console.turn(rate_limit_per_minute=3)
    console.advance_clock(60 - console.now() % 60)
    assert post(event(), event()).headers["X-RateLimit-Remaining"] == "1"
    refused = post(event(), event())
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["retryAfter"] == int(refused.headers["Retry-After"])
    names = {"X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Window"}
    assert names <= {name.title().replace("Ratelimit", "RateLimit") for name in refused.headers}
    assert post(event()).status_code == 202
    console.advance_clock(60)
    assert post(event(), event()).status_code == 202


@pytest.mark.parametrize("scope", ["key", "tenant"])
def test_the_rate_limit_may_be_shared_by_a_tenants_keys(
    post: Post, console: Console, event: Make, scope: str
) -> None:
    """Whether keys of one tenant share the limit is unknown, so it is a knob."""
    console.turn(rate_limit_per_minute=1, rate_counts="requests", rate_scope=scope)
    console.put("_api_keys/sk_test_second")
    console.advance_clock(60 - console.now() % 60)
    assert post(event(), event()).status_code == 202
    second = post(event(), headers={"Authorization": "Bearer sk_test_second"})
    assert second.status_code == (202 if scope == "key" else 429)


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    """A wrong path is 404 and a wrong method 405, both problem+json with a request id."""
    for answer, status in ((client.post("/v1/ingest/events"), 404), (client.get(BATCH), 405)):
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.headers["X-Request-Id"]


SDK_HEADERS = [
    # The SDK read for the fact sheet (2026-06): Bearer, and the tenant where a plugin sends it.
    {"Authorization": f"Bearer {DEFAULT_API_KEY}", "X-Tenant-Id": DEFAULT_TENANT},
    # The SDK of 2026-10 (1.1): X-API-Key alone, the tenant follows from the key.
    {"X-API-Key": DEFAULT_API_KEY},
]
SDK_EVENT = {
    "customerId": "cus_7Qm2",
    "metricName": "API Calls",
    "quantity": 1,
    "idempotencyKey": "2f0e9f7e-5c55-4c0f-9f0e-3c8b9a1d2e4f",
    "productType": "API",
    "endpointPath": "/pets/{id}",
    "httpMethod": "GET",
    "metadata": {"endpoint_path": "/pets/{id}", "status_code": 200, "cached": False},
}


@pytest.mark.parametrize("headers", SDK_HEADERS, ids=["bearer", "x-api-key"])
def test_a_request_like_that_of_aforos_python_sdk_is_accepted(
    url: str, console: Console, event: Make, headers: dict[str, str]
) -> None:
    """Endpoint, headers and body as Aforo's published SDK makes them, in both generations."""
    body = {"events": [{**SDK_EVENT, "occurredAt": event()["occurredAt"]}]}
    answer = httpx.post(f"{url}{BATCH}", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert console.ledger()["by_customer"] == {"cus_7Qm2": 1}


def test_the_profile_of_the_sdk_contract(event: Make) -> None:
    """As Aforo's contract file of 2026-10 says: X-API-Key only, wrapped answers, 1000 events."""
    api_key = {"X-API-Key": DEFAULT_API_KEY}
    with (
        running_standin(Settings(**PROFILES["sdk-2026-10"])) as standin,
        httpx.Client(base_url=standin.url, trust_env=False) as client,
    ):
        events = [event(productType="API") for _ in range(101)]
        events[7]["quantity"] = 0.1234567
        answer = client.post(BATCH, json={"events": events}, headers=api_key)
        refused = client.post(
            BATCH,
            json={"events": events},
            headers={**api_key, "Authorization": f"Bearer {DEFAULT_API_KEY}"},
        )
    assert answer.json()["success"] is True
    assert (answer.json()["data"]["accepted"], answer.json()["data"]["failed"]) == (100, 1)
    assert {*answer.json()["data"]["errors"][0]} == {"index", "message"}
    assert refused.status_code == 401
