"""Every row of the response table and every fault, over real HTTP: what becomes of a batch, and
what Aforo's book says of it (aforo-contract.md 1.1.4).
"""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.adapters.aforo_http import Caller
from functions.forwarder.answer import Stop
from functions.forwarder.delivery import BatchOutcome, deliver
from functions.forwarder.ingest_api import IngestApi
from functions.forwarder.packing import KeyedEvent, distinct
from functions.forwarder.parallel import Parallel
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import now_ms, usage_event
from tests.fakes.open_gate import open_gate
from tests.fakes.secret_store import SecretStore
from tests.integration.forwarder.conftest import HANGING_SECONDS, PATIENCE_SECONDS
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY

SIZE = 8


def batch(size: int = SIZE, **changes: Any) -> list[KeyedEvent]:
    moment = now_ms()
    events = (usage_event(n, occurred_ms=moment, **changes) for n in range(size))
    return list(distinct(events).keyed_events.values())


def outcomes(delivery: BatchOutcome) -> set[ForwardingOutcome]:
    return set(delivery.outcomes.values())


LONG_AGO = "Mon, 01 Jan 2024 00:00:00 GMT"
FAR_AWAY = "Fri, 01 Jan 2100 00:00:00 GMT"  # absurd: 15 minutes is the most that is obeyed
FAULTS: list[tuple[dict[str, Any], ForwardingOutcome, int]] = [
    ({"kind": "status", "status": 408}, Held("request_timeout", 0, ambiguous=True), 0),
    ({"kind": "status", "status": 429}, Held("rate_limited", 0), 0),
    ({"kind": "status", "status": 429, "retry_after": "3"}, Held("rate_limited", 3), 0),
    ({"kind": "status", "status": 429, "retry_after": "soon"}, Held("rate_limited", 0), 0),
    ({"kind": "status", "status": 429, "retry_after": "9e9"}, Held("rate_limited", 900), 0),
    ({"kind": "status", "status": 429, "retry_after": LONG_AGO}, Held("rate_limited", 0), 0),
    ({"kind": "status", "status": 429, "retry_after": FAR_AWAY}, Held("rate_limited", 900), 0),
    ({"kind": "commit_then_status", "status": 429}, Held("rate_limited", 0), SIZE),
    ({"kind": "commit_then_status", "status": 401}, Held("credential_refused", 0), SIZE),
    ({"kind": "status", "status": 500}, Held("outage", 0, ambiguous=True), 0),
    ({"kind": "status", "status": 502}, Held("outage", 0, ambiguous=True), 0),
    (
        {"kind": "status", "status": 503, "retry_after": "30"},
        Held("outage", 30, ambiguous=True),
        0,
    ),
    ({"kind": "status", "status": 504}, Held("outage", 0, ambiguous=True), 0),
    ({"kind": "status", "status": 403}, Held("credential_refused", 0), 0),
    ({"kind": "status", "status": 404}, Held("credential_refused", 0), 0),
    ({"kind": "status", "status": 418}, Held("unexpected_status", 0), 0),
    ({"kind": "unauthorized"}, Held("credential_refused", 0), 0),
    ({"kind": "redirect"}, Held("redirected", 0), 0),
    ({"kind": "redirect", "status": 302}, Held("redirected", 0), 0),
    ({"kind": "reset_before"}, Held("no_answer", 0, ambiguous=True), 0),
    ({"kind": "reset_after_commit"}, Held("no_answer", 0, ambiguous=True), SIZE),
    ({"kind": "hang"}, Held("no_answer", 0, ambiguous=True), 0),
    ({"kind": "hang", "commit": True}, Held("no_answer", 0, ambiguous=True), SIZE),
    ({"kind": "truncated"}, Held("no_answer", 0, ambiguous=True), SIZE),
    ({"kind": "commit_then_status", "status": 500}, Held("outage", 0, ambiguous=True), SIZE),
    ({"kind": "not_json"}, Held("answer_not_json", 0, ambiguous=True), SIZE),
    ({"kind": "huge_body"}, Held("answer_not_json", 0, ambiguous=True), SIZE),
    ({"kind": "wrong_counts"}, Held("counts_do_not_add_up", 0, ambiguous=True), SIZE),
    (
        {"kind": "wrong_counts", "off_by": -1},
        Held("counts_do_not_add_up", 0, ambiguous=True),
        SIZE,
    ),
    ({"kind": "empty_2xx"}, Confirmed(verified=False), SIZE),
    ({"kind": "slow", "seconds": 0.5}, Confirmed(), SIZE),
]


@pytest.mark.parametrize(("fault", "outcome", "accepted"), FAULTS, ids=lambda v: str(v)[:60])
def test_a_lasting_fault_and_then_none(
    api: IngestApi,
    console: Console,
    *,
    fault: dict[str, Any],
    outcome: ForwardingOutcome,
    accepted: int,
) -> None:
    """While it lasts, the outcome and what Aforo has of it; afterwards every event is in its book
    once, however often it was posted.
    """
    events = batch()
    console.order_faults(fault)
    if fault["kind"] == "hang":
        api.client.timeout = httpx.Timeout(HANGING_SECONDS)
    assert outcomes(deliver(events, open_gate(api.post))) == {outcome}
    api.client.timeout = httpx.Timeout(PATIENCE_SECONDS)
    assert console.ledger()["accepted"] == accepted
    console.clear_faults()
    assert outcomes(deliver(events, open_gate(api.post))) == {Confirmed()}
    assert console.ledger()["accepted"] == SIZE


# The slow kinds, quickly: what they are like for the client does not change.
IN_PAIRS: dict[str, dict[str, Any]] = {
    "hang": {"seconds": 0.01},
    "slow": {"seconds": 0.02},
    "huge_body": {"bytes": 100_000},  # more than the client reads
}
QUICK = [{**fault, **IN_PAIRS.get(fault["kind"], {}), "count": 1} for fault, *_ in FAULTS]
# Faults that choose events: what is chosen is set aside, what stands beside it is billed.
CHOOSING: list[dict[str, Any]] = [
    {"kind": "per_event_errors", "match": {"metadata.n": 3}},
    {"kind": "poison", "match": {"metadata.n": 3}},
    {"kind": "poison", "match": {"metadata.n": 3}, "status": 422},
]


@pytest.mark.parametrize("first", QUICK, ids=str)
def test_any_two_faults_in_a_row(api: IngestApi, console: Console, first: dict[str, Any]) -> None:
    """Three tries see any two faults out: nothing is set aside, and Aforo has each event once."""
    for second in QUICK:
        events = batch()
        console.order_faults(first, second)
        found = [outcomes(deliver(events, open_gate(api.post))) for _ in range(3)]
        assert not any(isinstance(one, SetAside) for outcome in found for one in outcome)
        assert found[-1] == {Confirmed()}, second
        assert console.ledger()["accepted"] == SIZE
        assert console.ledger()["conflicts"] == 0
        console.delete("_ledger")


@pytest.mark.parametrize("choosing", CHOOSING, ids=str)
def test_any_fault_beside_one_that_chooses_an_event(
    api: IngestApi, console: Console, choosing: dict[str, Any]
) -> None:
    """Two tries see the other fault out; the chosen event alone is set aside, the others are in
    Aforo's book once, whatever it did before.
    """
    for other in QUICK:
        events = batch()
        console.order_faults(other, choosing)
        deliver(events, open_gate(api.post))
        last = deliver(events, open_gate(api.post))
        refused = [key for key, one in last.outcomes.items() if isinstance(one, SetAside)]
        assert refused == [events[3].key], other
        assert set(last.outcomes.values()) - {last.outcomes[events[3].key]} == {Confirmed()}
        assert SIZE - 1 <= console.ledger()["accepted"] <= SIZE
        assert console.ledger()["conflicts"] == 0
        console.clear_faults()
        console.delete("_ledger")


@pytest.mark.parametrize("first", CHOOSING, ids=str)
@pytest.mark.parametrize("second", CHOOSING, ids=str)
def test_two_faults_that_choose(
    api: IngestApi,
    console: Console,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    """Whatever of them Aforo refuses is set aside in one delivery, all else is billed. (A post
    meets one fault: beside errors for one event, Aforo accepts the other.)
    """
    events = batch(32)
    console.order_faults(first, {**second, "match": {"metadata.n": 17}})
    delivery = deliver(events, open_gate(api.post))
    refused = {key for key, one in delivery.outcomes.items() if isinstance(one, SetAside)}
    both = first["kind"] == "poison"
    assert refused == {events[3].key} | ({events[17].key} if both else set())
    assert console.ledger()["accepted"] == 32 - len(refused)
    # k bad events of n: k * (ceil(log2 n) + 2) + 1 posts at most.
    assert delivery.posts <= 2 * (5 + 2) + 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "status", "status": 400}, SetAsideClass.POISON),
        ({"kind": "status", "status": 409}, SetAsideClass.POISON),
        ({"kind": "status", "status": 422}, SetAsideClass.POISON),
        ({"kind": "status", "status": 413}, SetAsideClass.POISON),
    ],
    ids=str,
)
def test_an_event_that_is_refused_alone_is_set_aside_at_the_second_answer(
    api: IngestApi,
    console: Console,
    fault: dict[str, Any],
    expected: SetAsideClass,
) -> None:
    """Nothing smaller can be tried; 409 is a duplicate only where Aforo says so. No word of these
    answers blames the event, so the first of them is asked again.
    """
    console.order_faults(fault)
    (held,) = deliver(batch(1), open_gate(api.post)).outcomes.values()
    assert isinstance(held, Held)
    assert not held.ambiguous
    outcome = held.refusal
    assert isinstance(outcome, SetAside)
    assert (outcome.set_aside_class, outcome.status) == (expected, fault["status"])
    assert console.ledger()["accepted"] == 0


def test_a_conflict_is_set_aside_alone(api: IngestApi, console: Console) -> None:
    """The same key with other content, at an Aforo that refuses it with 409."""
    console.turn(conflict="reject")
    events = batch()
    deliver(events, open_gate(api.post))
    changed = {**events[5].event, "quantity": 2}
    again = list(distinct([*(p.event for p in events[:5]), changed]).keyed_events.values())  # type: ignore[list-item]
    delivery = deliver(again, open_gate(api.post))
    console.turn(conflict="first_wins")
    refused = {key: one for key, one in delivery.outcomes.items() if isinstance(one, SetAside)}
    assert refused.keys() == {events[5].key}
    assert refused[events[5].key].status == 409
    assert console.ledger()["accepted"] == SIZE


@pytest.mark.parametrize("kind", ["empty_2xx", "wrong_counts", "not_json"])
def test_a_success_that_says_too_little_is_settled_by_asking_again(
    api: IngestApi, console: Console, kind: str
) -> None:
    """Once: the second post finds duplicates, and that is proof."""
    console.order_faults({"kind": kind, "count": 1})
    delivery = deliver(batch(), open_gate(api.post))
    assert outcomes(delivery) == {Confirmed(verified=True)}
    assert (delivery.posts, console.ledger()["accepted"]) == (2, SIZE)


def test_nothing_listens(api: IngestApi) -> None:
    """A refused connection leaves no doubt: nothing was sent."""
    with httpx.Client(base_url="http://127.0.0.1:9", trust_env=False) as client:
        delivery = deliver(batch(), open_gate(replace(api, client=client).post))
    assert outcomes(delivery) == {Held("unreachable", 0)}


@pytest.mark.parametrize("validation", ["batch", "event"])
@pytest.mark.parametrize("indexed", [True, False])
def test_a_poisoned_event_is_set_aside_alone(
    api: IngestApi, console: Console, *, validation: str, indexed: bool
) -> None:
    """However Aforo refuses it, the other 63 are in its book, in few posts."""
    changes = {"validation": validation, "indexed_errors": indexed}
    console.turn(**changes)
    good = batch(64)
    blank = usage_event(1_000, occurred_ms=now_ms(), customer=" ")
    events = [*(keyed.event for keyed in good[:40]), blank, *(p.event for p in good[40:])]
    delivery = deliver(list(distinct(events).keyed_events.values()), open_gate(api.post))
    refused = [key for key, one in delivery.outcomes.items() if isinstance(one, SetAside)]
    assert refused == [blank["idempotencyKey"]]
    assert console.ledger()["accepted"] == 64
    assert delivery.posts <= (2 if validation == "event" or indexed else 10)


def test_an_unknown_metric_is_of_class_config(api: IngestApi, console: Console) -> None:
    """422 UNKNOWN_METRIC: replayable once the metric exists; other meters are not delayed."""
    unknown = (usage_event(100 + n, occurred_ms=now_ms(), metric="Petz") for n in range(20))
    keyed_events = [*batch(20), *distinct(unknown).keyed_events.values()]
    delivery = deliver(keyed_events, open_gate(api.post))
    classes = [
        one.set_aside_class for one in delivery.outcomes.values() if isinstance(one, SetAside)
    ]
    assert classes == [SetAsideClass.CONFIG] * 20
    assert console.ledger()["accepted"] == 20


def test_aforo_s_support_can_be_asked_about_a_refusal(api: IngestApi) -> None:
    """The set-aside outcome carries Aforo's id of its answer."""
    delivery = deliver(batch(1, metric="Petz"), open_gate(api.post))
    (outcome,) = delivery.outcomes.values()
    assert isinstance(outcome, SetAside)
    assert outcome.status == 422
    assert outcome.instance


def test_the_missing_tenant_holds(api: IngestApi) -> None:
    """Our own header is no event's fault."""
    delivery = deliver(batch(), open_gate(replace(api, caller=Caller("")).post))
    assert outcomes(delivery) == {Held("systemic_refusal", 0)}


def test_another_tenant_s_key_holds(api: IngestApi) -> None:
    """403: nothing is set aside for a wrong parameter."""
    delivery = deliver(batch(), open_gate(replace(api, caller=Caller("tenant_other")).post))
    assert outcomes(delivery) == {Held("credential_refused", 0)}


def test_a_limit_of_events_below_ours_is_found_by_halving(api: IngestApi, console: Console) -> None:
    """Aforo's own limit is not documented: a smaller one costs posts, not events."""
    console.turn(max_events=20)
    delivery = deliver(batch(100), open_gate(api.post))
    console.turn(max_events=100)
    assert outcomes(delivery) == {Confirmed()}
    assert console.ledger()["accepted"] == 100


def test_413_is_halved(api: IngestApi, console: Console) -> None:
    """A body over Aforo's limit goes in parts."""
    console.turn(max_body_bytes=8_000)
    delivery = deliver(batch(64), open_gate(api.post))
    console.turn(max_body_bytes=10_485_760)
    assert outcomes(delivery) == {Confirmed()}
    assert console.ledger()["accepted"] == 64


def test_after_a_rotation_the_new_key_is_read_at_once(api: IngestApi, secret: SecretStore) -> None:
    """401 with the key in memory: the secret is read once more, and the post goes again."""
    secret.values["AWSCURRENT"] = "sk_test_retired"
    next(api.credential.keys_for(str(api.client.base_url)))
    secret.values["AWSCURRENT"] = DEFAULT_API_KEY
    delivery = deliver(batch(), open_gate(api.post))
    assert outcomes(delivery) == {Confirmed()}


def test_before_a_rotation_reaches_aforo_the_previous_key_is_used(
    api: IngestApi, secret: SecretStore
) -> None:
    """401 with the new key: AWSPREVIOUS still works."""
    secret.values = {"AWSCURRENT": "sk_test_too_new", "AWSPREVIOUS": DEFAULT_API_KEY}
    assert outcomes(deliver(batch(), open_gate(api.post))) == {Confirmed()}


@pytest.mark.parametrize("previous", ["put-your-aforo-key-here", "sk_test_revoked", '"}', ""])
def test_a_refused_key_is_the_reason_whatever_stands_in_the_previous_version(
    previous: str,
    api: IngestApi,
    secret: SecretStore,
    console: Console,
) -> None:
    """And the first post after Aforo takes the key again is taken."""
    secret.values["AWSPREVIOUS"] = previous
    console.order_faults({"kind": "unauthorized"})
    assert outcomes(deliver(batch(), open_gate(api.post))) == {Held("credential_refused", 0)}
    console.clear_faults()
    posts = len(console.posts())
    assert outcomes(deliver(batch(), open_gate(api.post))) == {Confirmed()}
    assert len(console.posts()) == posts + 1


def test_a_second_sending_needs_time_of_its_own(
    api: IngestApi, secret: SecretStore, console: Console
) -> None:
    """The key is refused, another one is found, and the function is about to end: nothing is sent
    that could not end; the next post goes with the other key.
    """
    secret.values["AWSCURRENT"] = "sk_test_retired"
    next(api.credential.keys_for(str(api.client.base_url)))
    secret.values["AWSCURRENT"] = DEFAULT_API_KEY
    time_left = iter([True, False])
    assert api.post(batch(), lambda: next(time_left)) == Stop(Held("credential_refused", 0))
    assert console.ledger()["accepted"] == 0
    assert outcomes(deliver(batch(), open_gate(api.post))) == {Confirmed()}


def test_a_key_that_took_too_long_to_read_is_not_used(api: IngestApi, console: Console) -> None:
    """Secrets Manager was slow: there is no time left for the first sending."""
    posts = len(console.posts())
    assert api.post(batch(), lambda: False) == Stop(Held("out_of_time", 0))
    assert len(console.posts()) == posts


def test_posts_at_once_share_the_connections_and_the_key(
    api: IngestApi, secret: SecretStore, console: Console
) -> None:
    """Four posts at once, a key that is refused in all of them: it is read again, and every event
    is in the book once.
    """
    secret.values["AWSCURRENT"] = "sk_test_retired"
    next(api.credential.keys_for(str(api.client.base_url)))
    secret.values["AWSCURRENT"] = DEFAULT_API_KEY
    events = batch(120)
    batches = [events[first : first + 10] for first in range(0, 120, 10)]
    found = Parallel(4).run(lambda one: deliver(one, open_gate(api.post)), batches)
    assert {outcome for one in found for outcome in outcomes(one)} == {Confirmed()}
    assert console.ledger()["accepted"] == 120


def test_without_a_secret_nothing_is_posted(
    api: IngestApi, secret: SecretStore, console: Console
) -> None:
    """Secrets Manager is away: held."""
    posts = len(console.posts())
    secret.is_down = True
    assert outcomes(deliver(batch(), open_gate(api.post))) == {Held("credential_unavailable", 0)}
    assert len(console.posts()) == posts


def test_what_a_post_says_of_itself(api: IngestApi, console: Console) -> None:
    """The headers of the contract; the API's own only when the post is of one API and stage."""
    deliver(batch(2), open_gate(api.post))
    one, other = batch(2)
    elsewhere = {**other.event, "metadata": {**other.event["metadata"], "stage": "beta"}}
    mixed = list(distinct([one.event, elsewhere]).keyed_events.values())  # type: ignore[list-item]
    deliver(mixed, open_gate(api.post))
    first, second = (
        {name.lower(): value for name, value in post["headers"].items()}
        for post in console.posts()[-2:]
    )
    assert first["x-tenant-id"] == "tenant_demo"
    assert first["content-type"] == "application/json"
    assert first["user-agent"].startswith("aforo-aws-metering/")
    assert first["x-forwarded-by"] == "aws-apigw"
    assert first["x-apigateway-api-id"] == "a1b2c3"
    assert first["x-apigateway-stage"] == "prod"
    assert "x-apigateway-stage" not in second
    assert second["x-apigateway-api-id"] == "a1b2c3"
    assert "idempotency-key" not in first
