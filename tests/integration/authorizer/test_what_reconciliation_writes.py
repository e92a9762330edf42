"""The two sides of the counters: what reconciliation states, the authorizer decides by."""

import json
from hashlib import sha256
from typing import Any

import pytest

from functions.adapters.telemetry import Telemetry
from functions.authorizer.authorize import Unauthorized
from functions.authorizer.policy import Policy
from functions.reconciliation.closing import Closer
from functions.reconciliation.command_executor import CommandExecutor
from functions.reconciliation.commands import COMMAND
from functions.reconciliation.counters.closed_hours import ClosedHours
from functions.reconciliation.counters.statements import Statements
from functions.usage.mark import hours_key
from functions.usage.moment import HOUR_MS
from functions.usage.quota import customer_key, tenant_key, watermark_key
from tests.fakes.authorizer import METER
from tests.fakes.token_issuer import CUSTOMER
from tests.integration.authorizer.conftest import Stack

YEAR_2100_MS = 4_102_444_800_000
DIGEST = sha256(b"sk_live_7").hexdigest()


def outcome(policy: Policy) -> str:
    statements: Any = policy["policyDocument"]["Statement"]
    effect = str(statements[0]["Effect"])
    return effect if effect == "Allow" else str(policy["context"]["code"])


@pytest.fixture
def command(stack: Stack) -> Any:
    """States a command to a tenant of whom nothing has been said yet."""
    for name in ("generation", "jwks"):
        stack.store.delete(tenant_key(stack.tenant, name))
    stack.store.delete(customer_key(stack.tenant, CUSTOMER, "state"))

    def epoch_ms() -> int:
        return int(stack.clock() * 1000)

    closer = Closer(ClosedHours(stack.store, stack.tenant, epoch_ms), Telemetry("reconciliation"))
    carrying_out = CommandExecutor(
        Statements(stack.store, stack.tenant, epoch_ms), stack.tenant, epoch_ms, closer
    )

    def state(**command: Any) -> bool:
        return carrying_out.carry_out(COMMAND.validate_json(json.dumps(command)))

    return state


def grant(limit: int, version: int) -> dict[str, Any]:
    return {
        "kind": "grant",
        "customerId": CUSTOMER,
        "meter": METER,
        "limit": limit,
        "period": "month",
        "ratePerSecond": 0,
        "burst": 0,
        "version": version,
    }


def test_a_customer_from_its_first_word_to_its_last(stack: Stack, command: Any) -> None:
    """Opened, keyed, granted, suspended, resumed, guarded, closed: each seen by the next call."""
    assert outcome(stack.answer(stack.token())) == "IDENTITY_UNKNOWN"
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    stack.clock.advance(30)
    assert outcome(stack.answer(stack.token())) == "NO_GRANT"
    command(**grant(100, 1))
    policy = stack.answer(stack.token())
    assert (policy["context"]["remaining"], policy["context"]["limit"]) == (100, 100)
    command(**grant(0, 2))
    assert outcome(stack.answer(stack.token())) == "QUOTA_EXCEEDED"
    command(**grant(10, 3))
    command(kind="status", customerId=CUSTOMER, status="suspended", version=1)
    assert outcome(stack.answer(stack.token())) == "CUSTOMER_SUSPENDED"
    command(kind="status", customerId=CUSTOMER, status="active", version=2)
    command(kind="guard", customerId=CUSTOMER, level="L3_BLOCK", version=1)
    assert outcome(stack.answer(stack.token())) == "SERVICE_RESTRICTED_MARGIN"
    command(kind="guard", customerId=CUSTOMER, level="L1_ALERT", version=2)
    assert outcome(stack.answer(stack.token())) == "Allow"
    command(kind="status", customerId=CUSTOMER, status="closed", version=3)
    assert outcome(stack.answer(stack.token())) == "CUSTOMER_CLOSED"


def test_an_api_key_from_birth_to_revocation(stack: Stack, command: Any) -> None:
    """Known by its digest; revoked by its id at once, or by its identity within 30 s."""
    identity = {
        "kind": "credential",
        "apiKeySha256": DIGEST,
        "customerId": CUSTOMER,
        "keyId": "key-only-7",
        "scopes": ["read", "write"],
        "environment": "live",
        "usageIdentifier": "plan-7",
    }
    command(kind="open", version=1)
    command(**grant(100, 1))
    command(**identity, version=1)
    policy = stack.answer("Bearer sk_live_7")
    assert policy["context"]["scopes"] == "read write"
    assert policy.get("usageIdentifierKey") == "plan-7"
    command(**identity, version=2, revoked=True)
    stack.clock.advance(31)
    with pytest.raises(Unauthorized):
        stack.answer("Bearer sk_live_7")
    command(**identity, version=3)
    stack.clock.advance(6)
    assert outcome(stack.answer("Bearer sk_live_7")) == "Allow"
    command(kind="revocation", keyId="key-only-7", untilMs=YEAR_2100_MS)
    with pytest.raises(Unauthorized):
        stack.answer("Bearer sk_live_7")


def test_a_customer_s_usage_plan(stack: Stack, command: Any) -> None:
    """Named for the tokens of a customer, changed, and taken away; the newest word stands."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    command(**grant(100, 1))
    assert "usageIdentifierKey" not in stack.answer(stack.token())
    plan = {"kind": "usage_plan", "customerId": CUSTOMER}
    command(**plan, usageIdentifier="plan-3", version=3)
    command(**plan, usageIdentifier="plan-2", version=2)
    assert stack.answer(stack.token()).get("usageIdentifierKey") == "plan-3"
    command(**plan, version=4)
    assert "usageIdentifierKey" not in stack.answer(stack.token())


def test_a_customer_s_own_mode(stack: Stack, command: Any) -> None:
    """Shadow and back, seen by the next call; the newest word stands, and none is the stack's."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    command(**grant(0, 1))
    mode = {"kind": "mode", "customerId": CUSTOMER}
    assert outcome(stack.answer(stack.token())) == "QUOTA_EXCEEDED"
    command(**mode, mode="shadow", version=2)
    command(**mode, mode="enforce", version=1)
    policy = stack.answer(stack.token())
    assert (outcome(policy), policy["context"]["wouldDeny"]) == ("Allow", "QUOTA_EXCEEDED")
    command(**mode, version=3)
    assert outcome(stack.answer(stack.token())) == "QUOTA_EXCEEDED"


def test_a_recurring_grant_needs_no_writer(stack: Stack, command: Any) -> None:
    """Months later, with nobody to write the windows, its period is a fresh one."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    command(**grant(100, 1))
    for days in (0, 31, 62):
        stack.clock.advance(days * 86_400)
        policy = stack.answer(stack.token())
        assert (policy["context"]["remaining"], policy["context"]["limit"]) == (100, 100)


def test_a_grant_for_a_time_ends(stack: Stack, command: Any) -> None:
    """After its window there is no grant."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    start_ms = int(stack.clock() // 3600) * 3_600_000
    window = {"startMs": start_ms, "endMs": start_ms + 3_600_000, "period": None}
    command(**grant(100, 1) | window)
    assert outcome(stack.answer(stack.token())) == "Allow"
    stack.clock.advance(3600)
    assert outcome(stack.answer(stack.token())) == "NO_GRANT"


def count(stack: Stack, quantity: int) -> None:
    """Usage of this hour, as the script that counts leaves it for the next grant."""
    hour = int(stack.clock() * 1000) // HOUR_MS
    stack.store.hset(hours_key(stack.tenant, CUSTOMER, METER), str(hour), quantity)


def test_a_top_up_is_seen_by_the_next_request(stack: Stack, command: Any) -> None:
    """As soon as reconciliation has applied it; an older grant that comes late changes nothing."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    count(stack, 10)
    command(**grant(10, 1))
    assert outcome(stack.answer(stack.token())) == "QUOTA_EXCEEDED"
    assert command(**grant(25, 3))
    policy = stack.answer(stack.token())
    assert (policy["context"]["remaining"], policy["context"]["limit"]) == (15, 25)
    assert not command(**grant(10, 2))
    assert outcome(stack.answer(stack.token())) == "Allow"


def test_the_headroom_grows_while_the_heartbeat_does_not_come(stack: Stack, command: Any) -> None:
    """The lag of the grant until there is a watermark, then its age."""
    command(kind="open", version=1)
    command(kind="jwks", version=1, **json.loads(stack.issuer.key_set()))
    count(stack, 9_800)  # 200 are left, and after 190 s as many may be in flight
    command(**grant(10_000, 1) | {"ratePerSecond": 1, "burst": 10, "lagSeconds": 20})
    assert outcome(stack.answer(stack.token())) == "Allow"
    newest = str(int(stack.clock() * 1000))
    stack.store.hset(watermark_key(stack.tenant), "group", newest)
    for _ in range(19):
        assert outcome(stack.answer(stack.token())) == "Allow"
        stack.clock.advance(10)
    assert outcome(stack.answer(stack.token())) == "QUOTA_EXCEEDED"
    stack.store.hset(watermark_key(stack.tenant), "group", str(int(stack.clock() * 1000)))
    assert outcome(stack.answer(stack.token())) == "Allow"
