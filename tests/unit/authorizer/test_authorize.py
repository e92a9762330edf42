"""From an event to a policy: what is read, what is remembered, what is answered."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from functions.authorizer.authorize import Authorizer, Unauthorized
from functions.authorizer.handler import answer
from functions.authorizer.light_telemetry import CALM_SECONDS
from functions.authorizer.policy import Policy
from functions.usage.errors import SettingsError
from functions.usage.quota import state_key, tenant_key
from tests.fakes.authorizer_event import METHOD_ARN, authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer
from tests.unit.authorizer.conftest import Bench

GENERATION, JWKS = tenant_key(TENANT, "generation"), tenant_key(TENANT, "jwks")
KEY, DIGEST = "Bearer sk_live_1", sha256(b"sk_live_1").hexdigest()


def effect(policy: Policy) -> str:
    statements: Any = policy["policyDocument"]["Statement"]
    return str(statements[0]["Effect"])


def code(policy: Policy) -> object:
    return policy["context"].get("code")


def test_a_warm_decision_is_one_round_trip(bench: Bench) -> None:
    """Sentinel, state, both revocations and the watermark: one exchange, each with one key."""
    event = authorizer_event(bench.good_header())
    bench.answer(event)
    bench.store.exchanges.clear()
    bench.answer(event)
    [commands] = bench.store.exchanges
    assert [command[0] for command in commands] == ["GET", "HMGET", "EXISTS", "EXISTS", "HVALS"]


@pytest.mark.parametrize(
    ("level", "draws", "found"),
    [("NONE", 0, "Allow"), ("L1_ALERT", 0, "Allow"), ("L2_THROTTLE", 1, "Deny")],
)
def test_it_draws_where_the_guard_throttles(
    bench: Bench, level: str, draws: int, found: str
) -> None:
    """A draw is a system call, and decides nothing else."""
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(60.0)
        return 60.0

    fields = {"guard_level": level, "guard_allow_percent": "50"}
    bench.store.hashes[state_key(TENANT, CUSTOMER)] |= fields
    authorizer = replace(bench.authorizer, draw=draw)
    policy = answer(authorizer_event(bench.good_header()), lambda: authorizer)
    assert (len(drawn), effect(policy)) == (draws, found)


def test_an_api_key_is_looked_up_and_kept(bench: Bench) -> None:
    """By its digest, never by itself; again after 30 s."""
    bench.know_api_key(DIGEST, usage_identifier="plan-key")
    policy = bench.answer(authorizer_event(KEY))
    assert effect(policy) == "Allow"
    assert policy["context"]["keyId"] == "key-9"
    assert policy.get("usageIdentifierKey") == "plan-key"
    assert "sk_live_1" not in str(bench.store.exchanges)
    assert len(bench.store.exchanges) == 2
    bench.answer(authorizer_event(KEY))
    assert len(bench.store.exchanges) == 3
    bench.clock.advance(31)
    bench.answer(authorizer_event(KEY))
    assert len(bench.store.exchanges) == 5


def test_a_new_api_key_is_seen_after_five_seconds(bench: Bench) -> None:
    """A refusal is kept for 5 s: a flood of a bad key does not reach Redis."""
    for _ in range(10):
        with pytest.raises(Unauthorized):
            bench.answer(authorizer_event(KEY))
    assert len(bench.store.exchanges) == 1
    bench.know_api_key(DIGEST)
    bench.clock.advance(6)
    assert effect(bench.answer(authorizer_event(KEY))) == "Allow"


def test_a_quota_that_is_used_up(bench: Bench) -> None:
    """A Deny with what the 429 body needs, and one log line."""
    bench.grant(limit=100, used=100)
    policy = bench.answer(authorizer_event(bench.good_header()))
    assert effect(policy) == "Deny"
    assert policy["context"] == {
        "code": "QUOTA_EXCEEDED",
        "message": "The quota of the current period is used up",
        "retryAfterSeconds": 1800,
        "customerId": CUSTOMER,
        "tenantId": TENANT,
    }
    [line] = bench.logged("request.denied")
    assert line["code"] == "QUOTA_EXCEEDED"
    assert line["extendedRequestId"] == "AbCdEfGhIjKlMnO="


def test_an_allowed_request_writes_nothing(bench: Bench) -> None:
    """Its only trace is a counter, which one line a minute and process carries."""
    bench.answer(authorizer_event(bench.good_header()))
    (first,) = bench.lines
    assert "_aws" in json.loads(first)
    for _ in range(1000):
        bench.clock.advance(CALM_SECONDS / 1001)
        bench.answer(authorizer_event(bench.good_header()))
    assert bench.lines == [first]
    assert bench.counted("RequestsAllowed") == 1001


def test_the_share_of_requests_whose_state_nobody_could_say(bench: Bench) -> None:
    """Of those that asked for one: a bad credential, of which anybody can send many, is none."""
    asked = authorizer_event(bench.good_header())
    bench.answer(asked)
    bench.store.fault = "timeout"
    bench.answer(asked)
    bench.answer(authorizer_event(KEY))
    with pytest.raises(Unauthorized):
        bench.answer(authorizer_event("Basic nonsense"))
    bench.clock.advance(CALM_SECONDS)
    bench.authorizer.telemetry.flush_if_due()
    bench.store.fault = ""
    bench.clock.advance(CALM_SECONDS)
    bench.answer(asked)
    shares = [line for text in bench.lines if "UnknownShare" in (line := json.loads(text))]
    assert [line["UnknownShare"] for line in shares] == [0, 100, 0]


def test_a_customer_that_the_counters_do_not_know(bench: Bench) -> None:
    """A live sentinel without a grant: NO_GRANT, by the deployment's policy."""
    header = bench.good_header(customer_id="cust-new")
    assert code(bench.answer(authorizer_event(header))) == "NO_GRANT"
    rules = replace(bench.authorizer.rules, allow_without_grant=True)
    bench.authorizer = replace(bench.authorizer, rules=rules)
    assert effect(bench.answer(authorizer_event(header))) == "Allow"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda store: store.strings.pop(GENERATION),
        lambda store: store.strings.update({GENERATION: "0"}),
        lambda store: store.strings.update({GENERATION: "many"}),
        lambda store: store.hashes[state_key(TENANT, CUSTOMER)].update({"status": "?"}),
        lambda store: store.hashes[state_key(TENANT, CUSTOMER)].update({"api_calls:limit": "x"}),
        lambda store: store.hashes[state_key(TENANT, CUSTOMER)].pop("api_calls:end_ms"),
        lambda store: setattr(store, "fault", "timeout"),
    ],
)
def test_what_cannot_be_believed_is_unknown(bench: Bench, spoil: Any) -> None:
    """Never zero and never an exception: the last known numbers for 30 s, then the policy."""
    event = authorizer_event(bench.good_header())
    assert effect(bench.answer(event)) == "Allow"
    spoil(bench.store)
    bench.clock.advance(30)
    assert effect(bench.answer(event)) == "Allow"
    bench.clock.advance(1)
    assert code(bench.answer(event)) == "QUOTA_STATE_UNKNOWN"
    bench.allow_when_unknown()
    policy = bench.answer(event)
    assert effect(policy) == "Allow"
    assert "remaining" not in policy["context"]


def test_a_top_up_that_cannot_be_read_is_not_refused_for_long(bench: Bench) -> None:
    """The last known numbers serve for 30 s at most, each time counted; then the next reading."""
    event = authorizer_event(bench.good_header())
    bench.grant(limit=100, used=100)
    assert code(bench.answer(event)) == "QUOTA_EXCEEDED"
    bench.store.fault = "timeout"
    bench.grant(limit=200, used=100)
    bench.clock.advance(30)
    assert code(bench.answer(event)) == "QUOTA_EXCEEDED"
    bench.clock.advance(0.5)
    assert code(bench.answer(event)) == "QUOTA_STATE_UNKNOWN"
    bench.store.fault = ""
    bench.clock.advance(1)  # the breaker's pause
    assert bench.answer(event)["context"]["remaining"] == 100
    assert bench.counted("DecidedByLastKnown") == 1
    assert bench.counted("StateUnknown") == 2


def test_a_lost_sentinel_is_not_an_unknown_key(bench: Bench) -> None:
    """After FLUSHALL no API key is known: that is no reason for a 401."""
    bench.store.strings.clear()
    bench.store.hashes.clear()
    policy = bench.answer(authorizer_event(KEY))
    assert code(policy) == "IDENTITY_UNKNOWN"
    assert "customerId" not in policy["context"]


def test_a_verified_key_is_believed_while_redis_is_away(bench: Bench) -> None:
    """For 15 minutes, where the plan allows calls at all."""
    bench.allow_when_unknown()
    bench.know_api_key(DIGEST)
    bench.answer(authorizer_event(KEY))
    bench.store.fault = "timeout"
    bench.clock.advance(900)
    assert effect(bench.answer(authorizer_event(KEY))) == "Allow"
    bench.clock.advance(1)
    assert code(bench.answer(authorizer_event(KEY))) == "IDENTITY_UNKNOWN"


def test_signing_keys_are_believed_while_redis_is_away(bench: Bench) -> None:
    """For 15 minutes after they were read."""
    bench.allow_when_unknown()
    bench.answer(authorizer_event(bench.good_header()))
    bench.store.fault = "timeout"
    bench.clock.advance(890)
    assert effect(bench.answer(authorizer_event(bench.good_header()))) == "Allow"
    bench.clock.advance(10)
    assert code(bench.answer(authorizer_event(bench.good_header()))) == "IDENTITY_UNKNOWN"


def test_a_suspended_customer_stays_suspended(bench: Bench) -> None:
    """Redis going away opens no door, even where the policy is to allow."""
    bench.allow_when_unknown()
    bench.store.hashes[state_key(TENANT, CUSTOMER)]["status"] = "suspended"
    event = authorizer_event(bench.good_header())
    assert code(bench.answer(event)) == "CUSTOMER_SUSPENDED"
    bench.store.fault = "timeout"
    bench.clock.advance(60)
    assert code(bench.answer(event)) == "CUSTOMER_SUSPENDED"


@pytest.mark.parametrize(("plan", "expected"), [("allow", "Allow"), ("deny", "Deny")])
def test_a_plan_decides_over_the_deployment(bench: Bench, plan: str, expected: str) -> None:
    """A token may carry its plan's policy, for a customer of whom nothing else is known."""
    if plan == "deny":
        bench.allow_when_unknown()
    bench.answer(authorizer_event(bench.good_header()))
    bench.store.fault = "timeout"
    header = bench.good_header(customer_id="cust-new", allow_when_unknown=plan)
    assert effect(bench.answer(authorizer_event(header))) == expected


def test_the_breaker_leaves_redis_alone(bench: Bench) -> None:
    """After three failures no question for a second, then one; an answer closes it."""
    event = authorizer_event(bench.good_header())
    bench.answer(event)
    bench.store.exchanges.clear()
    bench.store.fault = "timeout"
    for _ in range(10):
        bench.answer(event)
    assert len(bench.store.exchanges) == 3
    bench.clock.advance(1.0)
    for _ in range(10):
        bench.answer(event)
    assert len(bench.store.exchanges) == 4
    bench.clock.advance(1.0)
    bench.store.fault = ""
    for _ in range(10):
        bench.answer(event)
    assert len(bench.store.exchanges) == 14


def test_an_unknown_kid_causes_no_storm(bench: Bench) -> None:
    """A thousand invented kids read the key set once in 30 s."""
    for number in range(1000):
        token = bench.issuer.token(bench.clock(), header={"kid": f"invented-{number}"})
        with pytest.raises(Unauthorized):
            bench.answer(authorizer_event(f"Bearer {token}"))
    assert len(bench.store.exchanges) == 1


def test_a_new_signing_key_is_found_within_half_a_minute(bench: Bench) -> None:
    """A rotated key needs no restart, and a withdrawn one ends within five minutes."""
    old = authorizer_event(bench.good_header())
    bench.answer(old)
    bench.issuer = TokenIssuer("k2")
    bench.store.strings[JWKS] = bench.issuer.key_set()
    bench.clock.advance(30)
    assert effect(bench.answer(authorizer_event(bench.good_header()))) == "Allow"
    bench.clock.advance(60)
    with pytest.raises(Unauthorized):
        bench.answer(old)


@pytest.mark.parametrize(
    "key_set",
    ["", "[]", "{}", '{"keys": 7}', '{"keys": [', "null", '{"keys": [{"kty": "RSA"}]}'],
)
def test_a_key_set_that_cannot_be_read(bench: Bench, key_set: str) -> None:
    """Nobody is allowed and nothing is raised but a 401."""
    bench.allow_when_unknown()
    bench.store.strings[JWKS] = key_set
    try:
        policy = bench.answer(authorizer_event(bench.good_header()))
    except Unauthorized:
        return
    assert code(policy) == "IDENTITY_UNKNOWN"


def test_a_bad_entry_does_not_hide_the_others(bench: Bench) -> None:
    """A key set with a key of another type, a broken one and a good one."""
    good = bench.issuer.key_set().removeprefix('{"keys": [').removesuffix("]}")
    others = '{"kty": "EC", "kid": "k1"}, {"kty": "RSA", "kid": "k1", "n": "!"}, 7'
    bench.store.strings[JWKS] = f'{{"keys": [{others}, {good}]}}'
    assert effect(bench.answer(authorizer_event(bench.good_header()))) == "Allow"


def test_a_bug_denies_and_is_loud(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a 500 for everybody; the log names the error but not its text, which may be a secret."""
    secret = DIGEST[:20]  # not in the source, which a traceback quotes

    def wired() -> Authorizer:
        raise ValueError(secret)

    policy = answer(authorizer_event(KEY), wired)
    assert code(policy) == "AUTHORIZER_ERROR"
    assert effect(policy) == "Deny"
    written = capsys.readouterr().out
    assert "ValueError" in written
    assert "authorizer.failed" in written
    assert secret not in written


def test_a_bad_deployment_says_which_variable(capsys: pytest.CaptureFixture[str]) -> None:
    """Our own errors name the fix, and are for the log."""

    def wired() -> Authorizer:
        raise SettingsError("REDIS_URL: is not set")

    assert code(answer({"methodArn": METHOD_ARN}, wired)) == "AUTHORIZER_ERROR"
    assert "REDIS_URL: is not set" in capsys.readouterr().out


def test_a_traceparent_is_handed_on(bench: Bench) -> None:
    """Only a valid one, and only one."""
    valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    event = authorizer_event(bench.good_header(), traceparent=valid)
    assert bench.answer(event)["context"]["traceparent"] == valid
    event["multiValueHeaders"]["traceparent"] = [valid, valid.replace("4b", "4c")]
    assert "traceparent" not in bench.answer(event)["context"]
