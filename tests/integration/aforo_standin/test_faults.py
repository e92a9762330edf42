"""Every fault over real HTTP: what the client sees, and what the book holds afterwards."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT

type Make = Callable[..., dict[str, Any]]
type Post = Callable[..., httpx.Response]

# For an answer that never comes: long enough for what is posted to come in first.
IMPATIENT = httpx.Timeout(30, read=2)
QUOTA = ("POST", "/api/v1/quota/check", {"customerId": "cus_1"})
GUARD = "/internal/v1/margin-guard/quick-check"
SERVICE = [
    QUOTA,
    ("GET", f"{GUARD}?tenantId={DEFAULT_TENANT}&scopeType=CUSTOMER&scopeId=cus_1", None),
    ("GET", f"/v1/events?tenant_id={DEFAULT_TENANT}", None),
    ("GET", "/internal/v1/auth/token-check?jti=x", None),
]


@pytest.mark.parametrize("retry_after", ["3", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "", None])
def test_status_is_answered_for_so_many_posts(
    post: Post, console: Console, event: Make, retry_after: str | None
) -> None:
    """A status fault refuses `count` posts with Retry-After verbatim, then all is well again."""
    told = {} if retry_after is None else {"retry_after": retry_after}
    console.order_faults({"kind": "status", "status": 503, "count": 2, **told})
    once = event()
    answers = [post(once) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 202]
    assert answers[0].headers.get("Retry-After") == retry_after
    assert answers[0].headers["Content-Type"].startswith("application/problem+json")
    assert console.ledger()["duplicates"] == 0


@pytest.mark.parametrize(
    ("kind", "committed"),
    [({"kind": "reset_before"}, 0), ({"kind": "reset_after_commit"}, 1)],
    ids=["before", "after"],
)
def test_resets(
    post: Post, console: Console, event: Make, kind: dict[str, Any], committed: int
) -> None:
    """The client sees its connection reset, and cannot tell whether the events were committed."""
    console.order_faults({**kind, "count": 1})
    once = event()
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        post(once)
    assert console.ledger()["accepted"] == committed
    assert console.posts()[-1]["status"] is None
    assert post(once).json()["duplicates"] == committed


@pytest.mark.parametrize("commit", [False, True])
def test_hang_never_answers(post: Post, console: Console, event: Make, *, commit: bool) -> None:
    """Only the client's own timeout ends it; whether it was committed is part of the order."""
    console.order_faults({"kind": "hang", "count": 1, "commit": commit})
    with pytest.raises(httpx.ReadTimeout):
        post(event(), timeout=IMPATIENT)
    assert console.ledger()["accepted"] == commit


def test_hang_ends_after_its_seconds_without_an_answer(
    post: Post, console: Console, event: Make
) -> None:
    """With seconds the connection is reset when they are over."""
    console.order_faults({"kind": "hang", "count": 1, "seconds": 0.2})
    with pytest.raises(httpx.ReadError):
        post(event())


def test_an_empty_success(post: Post, console: Console, event: Make) -> None:
    """Committed, 2xx, and nothing in the body: the old ingestor's answer."""
    console.order_faults({"kind": "empty_2xx", "count": 1})
    answer = post(event())
    assert (answer.status_code, answer.content) == (202, b"")
    assert console.ledger()["accepted"] == 1


@pytest.mark.parametrize("off_by", [1, -1, 50])
def test_counts_that_do_not_add_up(post: Post, console: Console, event: Make, off_by: int) -> None:
    """Committed, but accepted + duplicates + failed is not what was sent."""
    console.order_faults({"kind": "wrong_counts", "count": 1, "off_by": off_by})
    counts = post(event(), event()).json()
    assert counts["accepted"] + counts["duplicates"] + counts["failed"] == 2 + off_by
    assert console.ledger()["accepted"] == 2


def test_a_slow_answer_drips(post: Post, console: Console, event: Make) -> None:
    """The answer comes whole, over the time ordered, in pieces quicker than a read timeout."""
    console.order_faults({"kind": "slow", "count": 1, "seconds": 2.5})
    start = time.monotonic()
    answer = post(event(), timeout=IMPATIENT)
    assert answer.json()["accepted"] == 1
    assert time.monotonic() - start >= 2


def test_a_redirect_is_answered_not_followed(post: Post, console: Console, event: Make) -> None:
    """A client that follows it would show its key elsewhere."""
    console.order_faults({"kind": "redirect", "count": 1, "location": "http://127.0.0.1:1/x"})
    answer = post(event(), follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:1/x")
    assert console.ledger()["accepted"] == 0


def test_a_huge_body_is_a_right_answer_too_large_to_read(
    post: Post, console: Console, event: Make
) -> None:
    """Committed; only the size is wrong, so that a cap on the size is what is tested."""
    console.order_faults({"kind": "huge_body", "count": 1, "bytes": 3_000_000})
    answer = post(event())
    assert len(answer.content) > 3_000_000
    assert answer.json()["accepted"] == 1


def test_a_success_that_is_not_json(post: Post, console: Console, event: Make) -> None:
    """Committed, 2xx, and a page of HTML: what a proxy may put before Aforo."""
    console.order_faults({"kind": "not_json", "count": 1})
    answer = post(event())
    assert answer.status_code == 202
    assert answer.headers["Content-Type"].startswith("text/html")
    assert console.ledger()["accepted"] == 1


def test_a_truncated_answer(post: Post, console: Console, event: Make) -> None:
    """Committed; the answer ends before its Content-Length."""
    console.order_faults({"kind": "truncated", "count": 1})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        post(event())
    assert console.ledger()["accepted"] == 1


def test_committed_then_refused(post: Post, console: Console, event: Make) -> None:
    """A 5xx after the commit: the ambiguous case with an answer."""
    console.order_faults({"kind": "commit_then_status", "count": 1, "status": 504})
    once = event()
    assert post(once).status_code == 504
    assert post(once).json()["duplicates"] == 1


@pytest.mark.parametrize(
    "choice", [{"indexes": [1, 9]}, {"match": {"customerId": "cus_x"}},
               {"match": {"metadata.path": "/x"}}], ids=str,
)  # fmt: skip
def test_chosen_events_fail_alone(
    post: Post, console: Console, event: Make, choice: dict[str, Any]
) -> None:
    """Events chosen by place or by content are refused in a 2xx; the others are committed."""
    console.order_faults({"kind": "per_event_errors", "error": "SOME_CODE: no", **choice})
    chosen = event(customerId="cus_x", metadata={"path": "/x"})
    answer = post(event(), chosen).json()
    assert (answer["accepted"], answer["failed"]) == (1, 1)
    assert answer["errors"] == [{"index": 1, "error": "SOME_CODE: no"}]
    assert chosen not in console.events()


def test_poison_refuses_every_post_that_holds_it(post: Post, console: Console, event: Make) -> None:
    """The batch is refused whole until the poisonous event is found and left out."""
    poisonous = event()
    match = {"idempotencyKey": poisonous["idempotencyKey"]}
    console.order_faults({"kind": "poison", "match": match, "status": 422})
    good = event()
    assert post(good, poisonous).status_code == 422
    assert post(poisonous).status_code == 422
    assert post(good).json()["accepted"] == 1
    assert console.ledger()["rejected"] == 1
    assert console.ledger()["rejections"] == 2
    assert console.faults()[0]["applied"] == 2


def test_unauthorized(post: Post, console: Console, event: Make) -> None:
    """The right key is refused as if it were revoked."""
    console.order_faults({"kind": "unauthorized", "count": 1})
    assert [post(event()).status_code for _ in range(2)] == [401, 202]


def test_faults_apply_in_the_order_given(post: Post, console: Console, event: Make) -> None:
    """The first fault that is not exhausted applies; another order adds to the list."""
    console.order_faults(
        {"kind": "status", "status": 429, "count": 1}, {"kind": "empty_2xx", "count": 1}
    )
    console.order_faults({"kind": "status", "status": 500, "count": 1})
    assert [post(event()).status_code for _ in range(4)] == [429, 202, 500, 202]
    assert [(fault["applied"], fault["remaining"]) for fault in console.faults()] == [(1, 0)] * 3


def test_a_fault_of_the_answer_waits_for_a_post_that_is_accepted(
    post: Post, console: Console, event: Make
) -> None:
    """A bad post is refused as usual, and does not use up a fault that follows a commit."""
    console.order_faults({"kind": "empty_2xx", "count": 1})
    assert post(event(quantity=0)).status_code == 400
    assert console.faults()[0]["applied"] == 0
    assert post(event()).content == b""


def test_clearing_ends_all_faults(post: Post, console: Console, event: Make) -> None:
    """Without a count a fault lasts until it is cleared."""
    console.order_faults({"kind": "status", "status": 503})
    assert {post(event()).status_code for _ in range(5)} == {503}
    console.clear_faults()
    assert post(event()).status_code == 202
    assert console.faults() == []


@pytest.mark.parametrize(("method", "path", "body"), SERVICE)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "status", "status": 503}, 503),
        ({"kind": "unauthorized"}, 401),
        ({"kind": "slow", "seconds": 0.1}, 200),
        ({"kind": "reset_before"}, httpx.ReadError),
        ({"kind": "hang"}, httpx.ReadTimeout),
        ({"kind": "status", "status": 503, "count": 1}, 200),
        ({"kind": "status", "status": 503, "routes": "ingest"}, 200),
        ({"kind": "empty_2xx"}, 200),
    ],
    ids=str,
)
def test_an_outage_is_of_the_whole_service(  # noqa: PLR0917 - fixtures
    client: httpx.Client,
    console: Console,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    fault: dict[str, Any],
    expected: int | type[Exception],
) -> None:
    """Without a count an outage also silences what is not ingest; other faults never do."""
    console.order_faults(fault)

    def ask(**options: Any) -> int:
        return client.request(method, path, json=body, **options).status_code

    if isinstance(expected, int):
        assert ask() == expected
    elif expected is httpx.ReadTimeout:
        with pytest.raises(expected):
            ask(timeout=httpx.Timeout(30, read=0.3))
    else:
        with pytest.raises(expected):
            ask()
    assert console.ledger()["accepted"] == 0


@pytest.mark.parametrize(("routes", "status"), [("service", 200), ("all", 503)])
def test_identity_goes_down_only_when_told(
    client: httpx.Client, console: Console, routes: str, status: int
) -> None:
    """Tokens and JWKS are another service: they fall only with `routes: all`."""
    console.order_faults({"kind": "status", "status": 503, "routes": routes})
    assert client.get("/.well-known/jwks.json").status_code == status


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({}, "faults"),
        ({"faults": []}, "faults"),
        ({"faults": [{"kind": "nope"}]}, "kind"),
        ({"faults": [{"status": 503}]}, "kind"),
        ({"faults": [{"kind": "status"}]}, "status"),
        ({"faults": [{"kind": "status", "status": 20}]}, "status"),
        ({"faults": [{"kind": "status", "status": 503, "count": 0}]}, "count"),
        ({"faults": [{"kind": "status", "status": 503, "count": "2"}]}, "count"),
        ({"faults": [{"kind": "status", "status": 503, "retry_after": 3}]}, "retry_after"),
        ({"faults": [{"kind": "status", "status": 503, "retry_after": "a\nb"}]}, "retry_after"),
        ({"faults": [{"kind": "status", "status": 503, "count": 1, "routes": "all"}]}, "routes"),
        ({"faults": [{"kind": "hang", "seconds": -1}]}, "seconds"),
        ({"faults": [{"kind": "reset_before", "when": "now"}]}, "when"),
        ({"faults": [{"kind": "wrong_counts", "off_by": 0}]}, "off_by"),
        ({"faults": [{"kind": "per_event_errors"}]}, "indexes"),
        ({"faults": [{"kind": "poison", "match": {}}]}, "match"),
        ({"faults": [{"kind": "redirect", "status": 200}]}, "status"),
    ],
    ids=str,
)
def test_bad_orders_are_refused_naming_the_field(
    client: httpx.Client, console: Console, order: dict[str, Any], named: str
) -> None:
    """An order with a mistake changes nothing, not even by its good half."""
    answer = client.post("/_faults", json=order)
    assert answer.status_code == 400
    assert named in answer.json()["detail"]
    assert console.faults() == []


def test_keys_are_not_shown(post: Post, console: Console, event: Make) -> None:
    """The record of posts shows headers without credentials, and the fault that applied."""
    console.order_faults({"kind": "status", "status": 500, "count": 1})
    post(event(), headers={"X-Gateway-Source": "aws-apigw"})
    record = console.posts()[-1]
    assert (record["fault"], record["status"], record["events"]) == ("status", 500, 1)
    assert record["headers"]["X-Gateway-Source"] == "aws-apigw"
    assert DEFAULT_API_KEY not in str(record)
