"""Decisions from a real Valkey, and without one."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from functions.authorizer import read_time, redis_link
from functions.authorizer.authorize import Unauthorized
from functions.authorizer.policy import Policy
from functions.usage.quota import meter_field, revocation_keys, state_key, tenant_key
from tests.fakes.authorizer import METER
from tests.fakes.token_issuer import CUSTOMER
from tests.integration.authorizer.conftest import PATIENCE_SECONDS, Stack
from tests.local.valkey import Valkey, start_valkey


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey that the test may freeze, kill and empty."""
    with start_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def own_stack(own_valkey: Valkey, make_stack: Callable[[Valkey], Stack]) -> Stack:
    """A tenant in it."""
    return make_stack(own_valkey)


def outcome(policy: Policy) -> str:
    """Allow, or the code of a Deny."""
    statements: Any = policy["policyDocument"]["Statement"]
    effect = str(statements[0]["Effect"])
    return effect if effect == "Allow" else str(policy["context"]["code"])


def test_calls_until_the_quota(stack: Stack) -> None:
    """Allowed while something remains, stopped at the limit, served again after a top-up."""
    stack.grant(limit=10)
    outcomes = []
    for _ in range(12):
        outcomes.append(outcome(stack.answer(stack.token())))
        stack.store.hincrby(state_key(stack.tenant, CUSTOMER), meter_field(METER, "used"), 1)
    assert outcomes == ["Allow"] * 10 + ["QUOTA_EXCEEDED"] * 2
    stack.grant(limit=20, used=12)
    policy = stack.answer(stack.token())
    assert outcome(policy) == "Allow"
    assert (policy["context"]["remaining"], policy["context"]["limit"]) == (8, 20)


def test_an_api_key(stack: Stack) -> None:
    """By its digest."""
    stack.know_api_key(sha256(b"sk_live_1").hexdigest())
    assert stack.answer("Bearer sk_live_1")["context"]["keyId"] == "key-9"
    with pytest.raises(Unauthorized):
        stack.answer("Bearer sk_live_2")


def test_revocations_act_at_once(stack: Stack) -> None:
    """By token and by client."""
    by_jti, by_key = revocation_keys("jti-only-here", "key-only-here")
    token = stack.token(jti="jti-only-here", key_id="key-only-here")
    for key in (by_jti, by_key):
        assert outcome(stack.answer(token)) == "Allow"
        stack.store.set(key, "1")
        with pytest.raises(Unauthorized):
            stack.answer(token)
        stack.store.delete(key)


def test_a_valkey_that_was_emptied(own_stack: Stack) -> None:
    """FLUSHALL is UNKNOWN and never "nothing used"; opened again, decisions go on."""
    assert outcome(own_stack.answer(own_stack.token())) == "Allow"
    own_stack.store.flushall()
    own_stack.clock.advance(31)
    assert outcome(own_stack.answer(own_stack.token())) == "QUOTA_STATE_UNKNOWN"
    own_stack.open()
    assert outcome(own_stack.answer(own_stack.token())) == "NO_GRANT"
    own_stack.grant(limit=5)
    assert outcome(own_stack.answer(own_stack.token())) == "Allow"


def test_counters_without_a_sentinel(own_stack: Stack) -> None:
    """However good they look, nobody has said that they are trustworthy."""
    own_stack.answer(own_stack.token())
    own_stack.store.delete(tenant_key(own_stack.tenant, "generation"))
    own_stack.clock.advance(31)
    assert outcome(own_stack.answer(own_stack.token())) == "QUOTA_STATE_UNKNOWN"


def test_a_valkey_that_hangs(own_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last known numbers serve for 30 s, then the policy; it comes back by itself."""
    assert outcome(own_stack.answer(own_stack.token())) == "Allow"
    own_stack.valkey.freeze()
    monkeypatch.setattr(read_time, "ANSWER_SECONDS", redis_link.ANSWER_SECONDS)
    for _ in range(5):
        assert outcome(own_stack.answer(own_stack.token())) == "Allow"
    own_stack.clock.advance(31)
    assert outcome(own_stack.answer(own_stack.token())) == "QUOTA_STATE_UNKNOWN"
    own_stack.valkey.thaw()
    monkeypatch.setattr(read_time, "ANSWER_SECONDS", PATIENCE_SECONDS)
    own_stack.clock.advance(2)
    assert outcome(own_stack.answer(own_stack.token())) == "Allow"


def test_a_valkey_that_dies_and_comes_back(own_stack: Stack, tmp_path: Path) -> None:
    """Empty, so it is UNKNOWN until somebody opens it."""
    own_stack.answer(own_stack.token())
    own_stack.valkey.kill()
    own_stack.clock.advance(31)
    for _ in range(5):
        assert outcome(own_stack.answer(own_stack.token())) == "QUOTA_STATE_UNKNOWN"
    with start_valkey(tmp_path / "again", own_stack.valkey.port):
        own_stack.clock.advance(2)
        assert outcome(own_stack.answer(own_stack.token())) == "QUOTA_STATE_UNKNOWN"
        own_stack.open()
        own_stack.grant(limit=5)
        assert outcome(own_stack.answer(own_stack.token())) == "Allow"


def test_no_valkey_at_all(own_stack: Stack) -> None:
    """A new environment that never reached it lets nobody in, whatever the credential."""
    own_stack.valkey.kill()
    assert outcome(own_stack.answer(own_stack.token())) == "IDENTITY_UNKNOWN"
    assert outcome(own_stack.answer("Bearer sk_live_1")) == "IDENTITY_UNKNOWN"
    with pytest.raises(Unauthorized):
        own_stack.answer("Basic dXNlcjpwYXNz")
