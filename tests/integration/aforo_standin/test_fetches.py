"""Quota, margin guard, read-back and revocation (aforo-contract.md 1.1.7, 1.4)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_TENANT

type Make = Callable[..., dict[str, Any]]
type Post = Callable[..., httpx.Response]

QUOTA = "/api/v1/quota/check"
GUARD = "/internal/v1/margin-guard/quick-check"


def guard_of(customer: str, **changes: str) -> dict[str, str]:
    return {"tenantId": DEFAULT_TENANT, "scopeType": "CUSTOMER", "scopeId": customer, **changes}


def test_quota_counts_what_the_book_holds(
    client: httpx.Client, post: Post, console: Console, event: Make
) -> None:
    """Usage is the book's for customer, metric and month: a COUNT metric counts events."""
    console.put("_customers/cus_1", {"limit": 1000, "tierName": "gold"})
    old = "2020-01-01T00:00:00Z"
    console.turn(max_age_days=None)
    post(event(quantity=5), event(metricName="Data Transfer", quantity=512), event(occurredAt=old))
    post(event(customerId="cus_2"))
    used = {
        metric: client.post(QUOTA, json={"customerId": "cus_1", "metricName": metric}).json()
        for metric in ("API Calls", "Data Transfer", "Other", None)
    }
    assert [answer["data"]["currentUsage"] for answer in used.values()] == [1, 512, 0, 513]
    assert used["API Calls"] == {
        "success": True,
        "data": {
            "decision": "ALLOW",
            "reason": "within the limit",
            "retryAfterMs": 0,
            "headers": {},
            "currentUsage": 1,
            "limit": 1000,
            "tierName": "gold",
        },
    }


@pytest.mark.parametrize(
    ("limit", "wanted", "decision"),
    [
        (None, 10**9, "ALLOW"),
        (100, 1, "ALLOW"),
        (100, 69, "ALLOW"),
        (100, 70, "WARN"),
        (100, 90, "WARN"),
        (100, 91, "DENY"),
        (10, 1, "DENY"),
        (0, 0, "DENY"),
    ],
)
def test_quota_decisions(  # noqa: PLR0917 - fixtures
    client: httpx.Client,
    post: Post,
    console: Console,
    event: Make,
    limit: int | None,
    wanted: int,
    decision: str,
) -> None:
    """With 10 used: warn from 80 % on, deny what would go over; the status is always 200."""
    post(*[event() for _ in range(10)])
    console.put("_customers/cus_1", {"limit": limit})
    question = {"customerId": "cus_1", "metricName": "API Calls", "estimatedQuantity": wanted}
    answer = client.post(QUOTA, json=question)
    assert (answer.status_code, answer.json()["data"]["decision"]) == (200, decision)
    assert (answer.json()["data"]["retryAfterMs"] > 0) == (decision == "DENY")
    assert ("X-RateLimit-Warning" in answer.json()["data"]["headers"]) == (decision == "WARN")


def test_a_metric_may_have_a_limit_of_its_own(client: httpx.Client, console: Console) -> None:
    """`limits` goes before `limit`; what an order does not name stays."""
    console.put("_customers/cus_1", {"limit": 5})
    console.put("_customers/cus_1", {"limits": {"API Calls": 9}})
    limits = [
        client.post(QUOTA, json={"customerId": "cus_1", "metricName": metric}).json()["data"]
        for metric in ("API Calls", "Data Transfer")
    ]
    assert [answer["limit"] for answer in limits] == [9, 5]


def test_the_quota_answer_may_be_bare(client: httpx.Client, console: Console) -> None:
    """Both shapes are documented, so it is a knob."""
    console.turn(quota_wrapped=False)
    assert client.post(QUOTA, json={"customerId": "nobody"}).json()["decision"] == "ALLOW"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"customerId": " "}',
        b'{"customerId": "c", "metricName": 1}',
        b'{"customerId": "c", "estimatedQuantity": -1}',
        b'{"customerId": "c", "estimatedQuantity": true}',
    ],
)
def test_bad_quota_questions(client: httpx.Client, body: bytes) -> None:
    """A question that names no customer is a 400."""
    assert client.post(QUOTA, content=body).status_code == 400


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({}, (True, "NONE", 0)),
        ({"marginGuard": {"level": "L1_ALERT"}}, (True, "L1_ALERT", 0)),
        ({"marginGuard": {"level": "L2_THROTTLE", "throttleRate": 20}}, (True, "L2_THROTTLE", 60)),
        ({"marginGuard": {"level": "L3_BLOCK"}}, (False, "L3_BLOCK", 1800)),
        (
            {"marginGuard": {"level": "L3_BLOCK", "retryAfterSeconds": 5}},
            (False, "L3_BLOCK", 5),
        ),
    ],
    ids=str,
)
def test_margin_guard_levels(
    client: httpx.Client,
    console: Console,
    order: dict[str, Any],
    expected: tuple[bool, str, int],
) -> None:
    """The level is set per customer; only L3 blocks."""
    console.put("_customers/cus_1", order)
    answer = client.get(GUARD, params=guard_of("cus_1")).json()
    assert (answer["allowed"], answer["level"], answer["retryAfterSeconds"]) == expected
    assert answer["throttleRate"] == order.get("marginGuard", {}).get("throttleRate", 50)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"tenantId": "other"}, 403), ({"scopeType": "AGENT"}, 400), ({"scopeId": ""}, 400)],
)
def test_bad_margin_guard_questions(
    client: httpx.Client, console: Console, changes: dict[str, str], status: int
) -> None:
    """Another tenant is refused, and what is missing is named."""
    assert client.get(GUARD, params=guard_of("cus_1", **changes)).status_code == status


def test_read_back_is_newest_first_and_may_lag(
    client: httpx.Client, post: Post, console: Console, event: Make
) -> None:
    """Events can be read by their tenant, after the lag that the knob says."""
    events = [event(customerId=f"cus_{n}") for n in range(3)]
    post(*events)
    asked = {"tenant_id": DEFAULT_TENANT, "limit": "2"}
    rows = client.get("/v1/events", params=asked).json()["events"]
    assert [row["customerId"] for row in rows] == ["cus_2", "cus_1"]
    assert rows[0].items() >= events[2].items()
    one = client.get("/v1/events", params={**asked, "customer_id": "cus_0"}).json()["events"]
    assert [row["idempotencyKey"] for row in one] == [events[0]["idempotencyKey"]]
    console.turn(read_back_lag_seconds=30)
    assert client.get("/v1/events", params=asked).json()["events"] == []
    console.advance_clock(31)
    assert len(client.get("/v1/events", params=asked).json()["events"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?tenant_id=other", 403),
        (f"?tenant_id={DEFAULT_TENANT}&limit=0", 400),
        (f"?tenant_id={DEFAULT_TENANT}&limit=x", 400),
    ],
)
def test_bad_read_back(client: httpx.Client, console: Console, query: str, status: int) -> None:
    """Another tenant's events cannot be read, and the limit is 1 to 1000."""
    assert client.get(f"/v1/events{query}").status_code == status


def test_revocation_of_tokens_and_keys(client: httpx.Client, console: Console) -> None:
    """A token is revoked by its jti or by its key id."""
    path = "/internal/v1/auth/token-check"
    console.put("_revocations/key_7")
    asked = [{"jti": "j1"}, {"jti": "j1", "keyId": "key_7"}, {"keyId": "key_7"}]
    assert [client.get(path, params=p).json()["revoked"] for p in asked] == [False, True, True]
    console.delete("_revocations/key_7")
    assert client.get(path, params=asked[1]).json() == {"revoked": False}
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("path", [GUARD, "/v1/events", "/internal/v1/auth/token-check"])
def test_fetches_need_the_key(url: str, console: Console, path: str) -> None:
    """None of them answers to nobody."""
    assert httpx.get(f"{url}{path}", trust_env=False).status_code == 401
    assert httpx.post(f"{url}{QUOTA}", trust_env=False).status_code == 401
