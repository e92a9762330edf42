"""What is believed of Aforo's answers, and what is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.reconciliation.answers import Guard, KeysAnswer, Quota
from functions.reconciliation.commands import LARGEST
from functions.reconciliation.fetch_answer import Unusable, read_guard, read_keys, read_quota
from functions.usage.quota import GuardLevel

ALLOWED = {"decision": "ALLOW", "currentUsage": 12, "limit": 60, "tierName": "Gold", "new": {}}
NOT_JSON = [b"", b"<html>", b"null", b"[]", b'"ALLOW"', b"\xff", b"[" * 5000]
KEY = {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB"}
SMALL = {**KEY, "kid": "k2", "n": "A" * 100}


def text(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize("wrap", [True, False])
def test_both_forms_of_a_quota_are_read(wrap: bool) -> None:  # noqa: FBT001 - a parameter
    """Wrapped in `success` and `data`, or bare; what else it says is Aforo's business."""
    body = text({"success": True, "data": ALLOWED} if wrap else ALLOWED)
    assert read_quota(body) == Quota(limit=60, current_usage=12)


@pytest.mark.parametrize(
    ("changes", "limit"),
    [({"limit": None}, None), ({"limit": 0}, 0), ({"limit": 60.9}, 60), ({"decision": "DENY"}, 60)],
)
def test_limits_as_they_come(changes: dict[str, Any], limit: int | None) -> None:
    """None is no limit, nought is one, half a unit is not granted."""
    found = read_quota(text({**ALLOWED, **changes}))
    assert isinstance(found, Quota)
    assert found.limit == limit


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": None},
        {"decision": "PERHAPS"},
        {"limit": -1},
        {"limit": "60"},
        {"limit": True},
        {"limit": 2 * LARGEST},
        {"limit": float("inf")},
        {"limit": float("nan")},
        {"currentUsage": None},
        {"currentUsage": -1},
        {"currentUsage": "12"},
    ],
)
def test_a_quota_that_is_none_changes_nothing(changes: dict[str, Any]) -> None:
    """An error in JSON must not pass for an answer (contract 1.4)."""
    assert read_quota(text({**ALLOWED, **changes})) == Unusable("quota_not_understood")
    failed = {"success": False, "data": ALLOWED}
    assert isinstance(read_quota(text(failed)), Unusable)


@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_no_answer_at_all(body: bytes) -> None:
    """Pages, nothing, and things that would exhaust a parser."""
    assert isinstance(read_quota(body), Unusable)
    assert isinstance(read_guard(body), Unusable)
    assert isinstance(read_keys(body, 1), Unusable)


@given(st.binary())
def test_no_body_raises(body: bytes) -> None:
    """Whatever comes."""
    for found in (read_quota(body), read_guard(body), read_keys(body, 1)):
        assert isinstance(found, Unusable)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"level": "NONE"}, (GuardLevel.NONE, 50, 60)),
        ({"level": "L1_ALERT", "retryAfterSeconds": 0}, (GuardLevel.ALERT, 50, 60)),
        ({"level": "L2_THROTTLE", "throttleRate": 0}, (GuardLevel.THROTTLE, 0, 60)),
        ({"level": "L2_THROTTLE", "throttleRate": 30.0}, (GuardLevel.THROTTLE, 30, 60)),
        ({"level": "L3_BLOCK"}, (GuardLevel.BLOCK, 50, 1800)),
        ({"level": "L3_BLOCK", "retryAfterSeconds": 1e9}, (GuardLevel.BLOCK, 50, 86_400)),
    ],
)
def test_margin_guards(answer: dict[str, Any], expected: tuple[GuardLevel, int, int]) -> None:
    """With what Aforo's gateways tell where it does not; a real 0 % stays one."""
    level, percent, seconds = expected
    wanted = Guard(level=level, allow_percent=percent, retry_seconds=seconds)
    assert read_guard(text(answer)) == wanted
    assert read_guard(text({"success": True, "data": answer})) == wanted


@pytest.mark.parametrize(
    "answer", [{}, {"level": "L4"}, {"level": "NONE", "throttleRate": 101}, {"level": None}]
)
def test_a_guard_that_is_none(answer: dict[str, Any]) -> None:
    """A level that nobody knows is not taken for any."""
    assert read_guard(text(answer)) == Unusable("guard_not_understood")


def test_all_signing_keys_are_taken_and_no_others() -> None:
    """During a rotation old and new stand side by side; keys for other purposes are not for us."""
    other = [
        {"kty": "EC", "kid": "ec"},
        {**KEY, "kid": "enc", "use": "enc"},
        {**SMALL, "kid": "ps", "alg": "PS256"},
    ]
    new = {**KEY, "kid": "k2", "use": "sig", "alg": "RS256", "x5t": "..."}
    found = read_keys(text({"keys": [KEY, *other, new]}), 7)
    assert isinstance(found, KeysAnswer)
    assert [key.kid for key in found.keys] == ["k1", "k2"]
    assert found.asked_at_ms == 7


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [SMALL],
        [KEY, SMALL],
        [KEY, {**KEY, "kid": "k2", "d": "secret"}],
        [{"kty": "EC"}],
        [1],
        5,
    ],
)
def test_a_key_set_with_a_fault_replaces_nothing(keys: object) -> None:
    """Whole or not at all: too short, private, empty or none."""
    assert read_keys(text({"keys": keys}), 7) == Unusable("keys_not_understood")


def test_two_keys_of_one_name_are_a_fault() -> None:
    """Nobody could tell which of them signed."""
    assert isinstance(read_keys(text({"keys": [KEY, KEY]}), 7), Unusable)
