"""What a body from SettledUsageQueue is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.reconciliation.commands import GrantCommand, JwksCommand
from functions.reconciliation.inbox import RefusedBody, read_body
from functions.usage.moment import HOUR_MS

GRANT: dict[str, object] = {
    "kind": "grant",
    "customerId": "cust_1",
    "meter": "api_calls",
    "limit": 1000,
    "period": "month",
    "ratePerSecond": 10,
    "burst": 20,
    "version": 1,
}
EXPLICIT = {**GRANT, "period": None, "startMs": 0, "endMs": HOUR_MS}
KEY = {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB", "alg": "RS256", "x5c": ["..."]}
JWKS = {"kind": "jwks", "keys": [KEY], "version": 1}
STATUS = {"kind": "status", "customerId": "cust_1", "status": "suspended", "version": 1}
CREDENTIAL = {
    "kind": "credential",
    "apiKeySha256": "0" * 64,
    "customerId": "cust_1",
    "keyId": "key_1",
    "environment": "sandbox",
    "version": 1,
}
USAGE = {"key": "k", "customerId": "c", "meter": "m", "quantity": 1, "occurredAt": "2026-11-23"}


@given(st.one_of(st.text(), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)))
def test_no_body_raises(body: str) -> None:
    """Whatever stands in a body, the answer is a refusal or something understood."""
    assert isinstance(read_body(body), RefusedBody)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**GRANT, "limit": -1}, "grant.limit"),
        ({**GRANT, "limit": "1000"}, "grant.limit"),
        ({**GRANT, "limit": True}, "grant.limit"),
        ({**GRANT, "customerId": ""}, "grant.customerId"),
        ({**GRANT, "customerId": "a}b"}, "grant.customerId"),
        ({**GRANT, "meter": "a:b"}, "grant.meter"),
        ({**GRANT, "period": "year"}, "grant.period"),
        ({**GRANT, "period": None}, "period: give either"),
        ({**GRANT, "startMs": 0, "endMs": HOUR_MS}, "period: give either"),
        ({**GRANT, "anchorDay": 32}, "grant.anchorDay"),
        ({**GRANT, "period": "day", "anchorDay": 2}, "anchorDay: only a month"),
        ({**GRANT, "version": 0}, "grant.version"),
        ({**GRANT, "ratePerSecond": -1}, "grant.ratePerSecond"),
        ({**GRANT, "colour": "red"}, "grant.colour"),
        ({**GRANT, "endMs": HOUR_MS}, "endMs and upcoming"),
        ({**EXPLICIT, "endMs": None}, "endMs: is missing"),
        ({**EXPLICIT, "startMs": 1}, "full hours"),
        ({**EXPLICIT, "endMs": 0}, "endMs: must be after"),
        ({**EXPLICIT, "endMs": 367 * 24 * HOUR_MS}, "366 days"),
        ({**EXPLICIT, "upcoming": {"limit": 1, "startMs": 0, "endMs": HOUR_MS}}, "upcoming.start"),
        ({**STATUS, "status": "asleep"}, "status.status"),
        ({**CREDENTIAL, "apiKeySha256": "sk_live_abc"}, "credential.apiKeySha256"),
        ({**CREDENTIAL, "environment": "test"}, "credential.environment"),
        ({**CREDENTIAL, "scopes": ["a b"]}, "credential.scopes.0"),
        ({"kind": "revocation", "untilMs": 1}, "jti: give either"),
        ({"kind": "revocation", "untilMs": 1, "jti": "a", "keyId": "b"}, "jti: give either"),
        ({**JWKS, "keys": []}, "jwks.keys"),
        ({**JWKS, "keys": [{**KEY, "d": "secret"}]}, "private key"),
        ({**JWKS, "keys": [{**KEY, "n": "AQAB"}]}, "jwks.keys.0.n"),
        ({**JWKS, "keys": [KEY, KEY]}, "same kid"),
        ({"kind": "guard", "customerId": "c", "level": "L4", "version": 1}, "guard.level"),
        ({"kind": "open"}, "open.version"),
        ({"kind": "launch", "version": 1}, "kind"),
    ],
)
def test_a_wrong_command_is_refused_by_field(body: object, named: str) -> None:
    """The refusal names the field that is wrong, as the command's own."""
    found = read_body(json.dumps(body))
    assert isinstance(found, RefusedBody)
    assert found.is_command
    assert named in found.fault


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"version": 2, "settled": [USAGE]}, "version"),
        ({"version": 1, "settled": [{**USAGE, "quantity": "many"}]}, "settled.0.quantity"),
        ({"version": 1, "settled": [{"key": "k"}]}, "settled.0.customerId"),
        ({"version": 1}, "settled"),
    ],
)
def test_wrong_usage_is_refused_by_field(body: object, named: str) -> None:
    """Settled usage of another shape or version is kept for a person, never guessed at."""
    found = read_body(json.dumps(body))
    assert isinstance(found, RefusedBody)
    assert not found.is_command
    assert named in found.fault


def test_a_refusal_does_not_repeat_the_body() -> None:
    """What stands in a wrong body, perhaps a key, does not get into the log through the refusal."""
    found = read_body(json.dumps({**CREDENTIAL, "apiKeySha256": "sk_live_0123456789"}))
    assert isinstance(found, RefusedBody)
    assert "sk_live" not in found.fault


def test_settled_usage_is_understood() -> None:
    """A settled message is its rows."""
    found = read_body(json.dumps({"version": 1, "settled": [USAGE]}))
    assert isinstance(found, list)
    assert [dict(row) for row in found] == [USAGE]


def test_commands_are_understood() -> None:
    """A command is itself, with what it did not say filled in; a key keeps only what is public."""
    grant, jwks = read_body(json.dumps(GRANT)), read_body(json.dumps(JWKS))
    assert isinstance(grant, GrantCommand)
    assert (grant.limit, grant.anchor_day, grant.lag_seconds) == (1000, 1, 180)
    assert isinstance(jwks, JwksCommand)
    assert "x5c" not in jwks.model_dump()["keys"][0]
